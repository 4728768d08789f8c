"""What scores are made of: the stored rollup and its tail, or the log where that cannot tell.

Reads the activity log, stores nothing, decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import pyarrow as pa

from accord.agreement import Agreement
from accord.log import ActivityLog
from accord.records import to_us
from accord.scoring import ROLLUP_COLUMNS, each, half_lives_of, kind_terms, to_lazy
from accord.services.merges import Merges

Lazy = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked of the log: of whom (all if None), up to when, known by when (None: now)."""

    lead_ids: tuple[str, ...] | None
    as_of: datetime
    known_at: datetime | None

    @property
    def known_us(self) -> int | None:
        return None if self.known_at is None else to_us(self.known_at)


def read_evidence(
    log: ActivityLog,
    lead_ids: Sequence[str] | None,
    merges: Merges,
    agreement: Agreement,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
) -> Any:
    """Read what the scores of these leads (all if None) at ``as_of`` are made of.

    Any number of rollup rows a lead and kind (columns as :func:`accord.scoring.roll_up` gives
    them; also of kinds that are not in scoring), of what occurred up to as_of and, if asked, was
    taken up to ``known_at``; activities of a merged lead stand under the lead it was merged into.
    Some leads: an Arrow table; all: a lazy DuckDB relation on the log's connection, good until the
    log is compacted.
    """
    wanted = None if lead_ids is None else (*lead_ids, *merges.into)
    asked = _Asked(lead_ids=wanted, as_of=as_of, known_at=known_at)
    rows = _under_roots(log, _read_rows(log, agreement, asked), merges)
    return rows.to_native() if lead_ids is None else rows.to_native().to_arrow_table()


def read_each(
    log: ActivityLog,
    merges: Merges,
    agreement: Agreement,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
) -> Lazy:
    """Read every activity of a scoring kind as a rollup row of its own, of all leads, lazily.

    As :func:`read_evidence`, from the log alone: what the scores of any earlier instant are made
    of too.
    """
    asked = _Asked(lead_ids=None, as_of=as_of, known_at=known_at)
    kinds = tuple(kind_terms(agreement))
    return _under_roots(log, _from_log(log, agreement, asked, kinds=kinds), merges)


def unstored_kinds(log: ActivityLog, agreement: Agreement) -> tuple[str, ...]:
    """Return the scoring kinds whose stored rows have another half-life than is agreed, or none.

    The move of the cut asks for more: also for kinds that have left scoring, which score nothing.
    """
    stored = log.stored_half_lives
    agreed = half_lives_of(agreement)
    return tuple(kind for kind, half_life in agreed.items() if stored.get(kind) != half_life)


def _read_rows(log: ActivityLog, agreement: Agreement, asked: _Asked) -> Lazy:
    """Read the stored rollup where it answers, the log for the kinds that it does not hold."""
    if not _stored_answers(log, asked):
        return _from_log(log, agreement, asked)
    tail = log.read_tail(lead_ids=asked.lead_ids, until_us=to_us(asked.as_of))
    if asked.known_us is not None:
        tail = tail.filter(f"taken_us <= {asked.known_us}")
    parts = [to_lazy(log.read_rollup(lead_ids=asked.lead_ids)), each(tail, agreement)]
    if stale := unstored_kinds(log, agreement):
        parts = [part.filter(~nw.col("kind").is_in(stale)) for part in parts]
        parts.append(_from_log(log, agreement, asked, kinds=stale))
    return nw.concat([part.select(*ROLLUP_COLUMNS) for part in parts])


def _stored_answers(log: ActivityLog, asked: _Asked) -> bool:
    """Whether the stored rollup tells about the instant: it holds nothing that is later than it."""
    cut = log.cut
    return (
        cut is not None
        and cut.occurred_us <= to_us(asked.as_of)
        and (asked.known_us is None or cut.taken_us <= asked.known_us)
    )


def _from_log(
    log: ActivityLog, agreement: Agreement, asked: _Asked, *, kinds: Sequence[str] | None = None
) -> Lazy:
    activities = log.read(
        lead_ids=asked.lead_ids,
        kinds=kinds,
        until_us=to_us(asked.as_of),
        known_us=asked.known_us,
    )
    return each(activities, agreement)


def _under_roots(log: ActivityLog, rows: Lazy, merges: Merges) -> Lazy:
    """Put the rows of merged leads under the leads they count for."""
    if not merges.into:
        return rows
    pairs = {"lead_id": list(merges.into), "into_lead_id": list(merges.into.values())}
    mapping = to_lazy(log.connection.from_arrow(pa.table(pairs)))
    joined = rows.join(mapping, on="lead_id", how="left")
    root = nw.coalesce("into_lead_id", "lead_id")
    return joined.with_columns(lead_id=root).select(*ROLLUP_COLUMNS)
