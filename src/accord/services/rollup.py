"""Moving the cut: what the stored rollup does not hold yet is added to it, once a night.

After it a score costs the rows of the rollup and what came since, however long the history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw

from accord.agreement import Agreement
from accord.log import ActivityLog, Cut
from accord.records import from_us, to_us
from accord.scoring import ROLLUP_COLUMNS, combine, each, half_lives_of, roll_up, to_lazy
from accord.services.workspace import Workspace

Lazy = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutResult:
    """What moving the cut did: activities ``added``, kinds ``rebuilt``, ``rows`` stored by it.

    Where nothing was new nothing is written: not ``moved``, and no rows.
    """

    moved: bool
    added: int = 0
    rebuilt: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """From one cut to the next: where to, with how many activities more, which kinds anew."""

    cut: Cut
    added: int
    stale: tuple[str, ...]


def move_cut(workspace: Workspace, *, as_of: datetime) -> CutResult:
    """Let the stored rollup hold all that the log has of what occurred up to ``as_of``.

    What occurred later waits in the tail. The cut never moves back: for an earlier as_of it stays
    where it is in time, and what was taken since is added. Kinds whose half-life is agreed
    otherwise than they were stored with are rebuilt from the log, the others keep their rows.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.lease("ingest"), workspace.ledger.lease("score"):
        return advance_rollup(workspace.log, agreement, as_of=as_of)


def advance_rollup(log: ActivityLog, agreement: Agreement, *, as_of: datetime) -> CutResult:
    """Move the cut of a log as :func:`move_cut` does, under an agreement; nobody else is at it."""
    step = _next_step(log, half_lives_of(agreement), as_of=as_of)
    if not step.added and not step.stale:
        return CutResult(moved=False)
    return _take(log, step, agreement)


def next_cut(old: Cut | None, *, as_of: datetime, newest_us: int | None) -> Cut:
    """Return the cut that follows one at ``as_of``, when the tail's newest was taken then."""
    if old is None:
        return Cut(occurred_us=to_us(as_of), taken_us=newest_us or 0)
    return Cut(
        occurred_us=max(to_us(as_of), old.occurred_us),
        taken_us=max(newest_us or old.taken_us, old.taken_us),
    )


def stale_kinds(stored: Mapping[str, float], agreed: Mapping[str, float]) -> tuple[str, ...]:
    """Return the kinds that decay otherwise than stored: also those that only one of them names."""
    kinds = stored.keys() | agreed.keys()
    return tuple(sorted(kind for kind in kinds if stored.get(kind) != agreed.get(kind)))


def carried(stored: Any, tail: Any, agreement: Agreement, *, cut: Cut) -> Lazy:
    """Return the rollup at a cut from the one before and its tail up to the cut, lazily."""
    return _joined(to_lazy(stored), each(tail, agreement), cut=cut)


def carried_without(
    stored: Any, tail: Any, agreement: Agreement, *, cut: Cut, anew: tuple[tuple[str, ...], Any]
) -> Lazy:
    """Return the same, but for some kinds from all their activities up to the cut: ``anew``."""
    kinds, activities = anew
    is_other = ~nw.col("kind").is_in(kinds)
    new = nw.concat([each(tail, agreement).filter(is_other), each(activities, agreement)])
    return _joined(to_lazy(stored).filter(is_other), new, cut=cut)


def _joined(kept: Lazy, new: Lazy, *, cut: Cut) -> Lazy:
    """Add new rows to those of their leads; the rows of all others stay as they are, to the bit."""
    named = new.select("lead_id").unique()
    others = kept.join(named, on="lead_id", how="anti").select(*ROLLUP_COLUMNS)
    theirs = kept.join(named, on="lead_id", how="semi")
    return nw.concat([others, combine(theirs, new, as_of=from_us(cut.occurred_us))])


def _next_step(log: ActivityLog, agreed: Mapping[str, float], *, as_of: datetime) -> _Step:
    """Look at the tail: all that is there counts as taken, up to the newest instant of a taking."""
    old = log.cut
    until_us = next_cut(old, as_of=as_of, newest_us=None).occurred_us
    counts = f"count(*) FILTER (occurred_us <= {until_us}), max(taken_us)"
    added, newest_us = log.read_tail().aggregate(counts).fetchall()[0]
    return _Step(
        cut=next_cut(old, as_of=as_of, newest_us=newest_us),
        added=added,
        stale=() if old is None else stale_kinds(log.stored_half_lives, agreed),
    )


def _take(log: ActivityLog, step: _Step, agreement: Agreement) -> CutResult:
    rollup = _rolled_up(log, step, agreement)
    rows = log.write_rollup(rollup.to_native(), cut=step.cut, half_lives=half_lives_of(agreement))
    return CutResult(moved=True, added=step.added, rebuilt=step.stale, rows=rows)


def _rolled_up(log: ActivityLog, step: _Step, agreement: Agreement) -> Lazy:
    until_us = step.cut.occurred_us
    tail = log.read_tail(until_us=until_us)
    if log.cut is None:
        return roll_up(tail, agreement, as_of=from_us(until_us))
    stored = log.read_rollup()
    if not step.stale:
        return carried(stored, tail, agreement, cut=step.cut)
    anew = step.stale, log.read(kinds=step.stale, until_us=until_us)
    return carried_without(stored, tail, agreement, cut=step.cut, anew=anew)
