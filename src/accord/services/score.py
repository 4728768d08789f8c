"""The stage that scores: the leads with something new, or all of them.

Gather (who is due, their attributes, their activities), decide (:mod:`accord.scoring`), apply
(scores, their changes, crossings upwards), one transaction a portion of leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.killpoints import reach
from accord.ledger.score_rows import (
    NEED,
    clear_pending,
    read_known,
    read_pending,
    read_scores,
    write_scores,
)
from accord.records import Stage
from accord.services.scored import Merges, Scored, read_merges, read_rollup, score_leads
from accord.services.workspace import Workspace

_PORTION = 20_000
"""Leads a transaction: what fits into memory with ease, and what another writer waits for."""

_STAGES = (Stage.ENGAGED.value, Stage.TARGET.value, Stage.MQL.value)
"""The thresholds that are stages, in the order of the funnel."""

_NUMBERS = ("fit", "engagement", "intent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """Leads scored, of these with other numbers than before, of these over a threshold anew."""

    scored: int
    changed: int
    crossed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """Whose score is due: leads that stand for themselves, and the merges that concern them."""

    lead_ids: tuple[str, ...]
    merges: Merges
    up_to: int  # the highest row of pending that was read


def run_score(workspace: Workspace, *, as_of: datetime, full: bool = False) -> ScoreResult:
    """Score the leads that have something new, or all leads if ``full``, as they are at ``as_of``.

    Activities of a merged lead count for the lead it was merged into; a merged lead has no score.
    An activity of a lead that nobody has told us of waits until the lead arrives. A crossing is
    seen where a lead holds a threshold (engaged, target, mql) that its former score did not hold;
    the furthest stands in ``crossed`` until a stage has acted on it. Decay alone crosses nothing
    and takes nothing back. Up to 20,000 leads are one transaction, more are several; killed
    anywhere, the next run goes on.
    """
    with workspace.ledger.lease("score"):
        with workspace.ledger.read() as connection:
            due = _read_due(connection, full=full)
        if not due.lead_ids and not due.merges.into:
            return ScoreResult(scored=0, changed=0, crossed=0)
        agreement = workspace.agreement(as_of)
        return _total(_score(workspace, due, agreement, as_of=as_of, full=full))


def _read_due(connection: Connection, *, full: bool) -> _Due:
    """Read who is due; a merged lead's work is its root's."""
    waiting, up_to = read_pending(connection, NEED)
    merges = read_merges(connection, None if full else waiting)
    wanted = read_known(connection, None) if full else waiting
    roots = {merges.root(lead_id) for lead_id in wanted}
    return _Due(lead_ids=read_known(connection, roots), merges=merges, up_to=up_to)


def _score(
    workspace: Workspace, due: _Due, agreement: Agreement, *, as_of: datetime, full: bool
) -> Iterator[ScoreResult]:
    portions = list(_portions(due.lead_ids))
    whole = None
    if full:
        whole = read_rollup(workspace.log, None, due.merges, agreement, as_of=as_of)
    for portion in portions:
        merges = due.merges.among(portion)
        rollup = (
            read_rollup(workspace.log, portion, merges, agreement, as_of=as_of)
            if whole is None
            else whole.filter(pc.is_in(whole.column("lead_id"), pa.array(portion, pa.string())))
        )
        with workspace.ledger.read() as connection:
            scored = score_leads(connection, portion, rollup, agreement, as_of=as_of)
        reach("score.before_write")
        with workspace.ledger.begin() as connection:
            result = _write(connection, scored, merges, version=agreement.version, as_of=as_of)
            if portion is portions[-1]:
                clear_pending(connection, NEED, up_to=due.up_to)
            reach("score.before_commit")
        yield result


def _portions(lead_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, max(len(lead_ids), 1), _PORTION):
        yield lead_ids[start : start + _PORTION]


def _write(
    connection: Connection,
    scored: Sequence[Scored],
    merges: Merges,
    *,
    version: str,
    as_of: datetime,
) -> ScoreResult:
    former = read_scores(connection, [one.lead_id for one in scored])
    changed = [one.lead_id for one in scored if _is_changed(one, former.get(one.lead_id))]
    crossings = {one.lead_id: _crossing(one, former.get(one.lead_id)) for one in scored}
    rows = [
        _row(one, former.get(one.lead_id), crossings[one.lead_id], version=version, as_of=as_of)
        for one in scored
    ]
    write_scores(connection, rows, changed=changed, gone=merges.into)
    return ScoreResult(
        scored=len(scored),
        changed=len(changed),
        crossed=sum(1 for crossing in crossings.values() if crossing is not None),
    )


def _is_changed(one: Scored, former: Mapping[str, Any] | None) -> bool:
    return former is None or any(getattr(one, name) != former[name] for name in _NUMBERS)


def _crossing(one: Scored, former: Mapping[str, Any] | None) -> str | None:
    """Return the furthest stage whose threshold holds now and did not hold in the former score."""
    held = former["qualifies"] if former is not None else ()
    return _furthest(name for name in one.qualifies if name not in held)


def _furthest(names: Iterable[str]) -> str | None:
    return max((name for name in names if name in _STAGES), key=_STAGES.index, default=None)


def _row(
    one: Scored,
    former: Mapping[str, Any] | None,
    crossing: str | None,
    *,
    version: str,
    as_of: datetime,
) -> dict[str, Any]:
    waiting = former["crossed"] if former is not None else None
    return {
        "lead_id": one.lead_id,
        "fit": one.fit,
        "engagement": one.engagement,
        "intent": one.intent,
        "position": one.position,
        "reasons": [dict(reason) for reason in one.reasons],
        "qualifies": list(one.qualifies),
        "crossed": _furthest(name for name in (waiting, crossing) if name is not None),
        "scored_at": as_of,
        "version": version,
    }


def _total(results: Iterable[ScoreResult]) -> ScoreResult:
    counted = list(results)
    return ScoreResult(
        scored=sum(one.scored for one in counted),
        changed=sum(one.changed for one in counted),
        crossed=sum(one.crossed for one in counted),
    )
