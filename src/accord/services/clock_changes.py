"""What bringing clocks up to date changes in the ledger: gathered first, then written in bulk.

A clock that ends takes its waiting messages with it; one that nothing supports any more goes. What
a ladder has climbed stays climbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from accord.ledger.clock_rows import (
    count_steps,
    delete_clocks,
    note_known_late,
    withdraw_messages,
    write_clocks,
    write_steps,
)
from accord.records import Origin
from accord.services.clock_known import Known
from accord.services.clock_records import row_of, terms_of
from accord.sla import Clock, Ended, Rep, clock_calendar, missed, rung_times

Row = Mapping[str, Any]

_NO_ROWS: Mapping[str, Row] = {}

_UNSWEPT = "its clock ended before a sweep came"
WITHDRAWN = "withdrawn: its clock ended while it waited"
_KNOWN_LATE = "sent before it was known that the clock had ended"
_TOLD_BEFORE = "taken before an earlier beginning of the term was known"
_UNSUPPORTED = "withdrawn: what is known no longer supports its clock"


Differs = Callable[[Clock, Row, Mapping[str, Rep]], bool]
"""Says whether a derived clock is to be written over the stored row; the reps by id."""


@dataclass(slots=True, kw_only=True)
class Changes:
    """What is to be written: clocks and steps, what has ended, what nothing supports any more.

    ``stored`` are the rows that stood before, by clock_id, of the clocks that had one.
    """

    clocks: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    ended: dict[str, datetime] = field(default_factory=dict)
    gone: list[Row] = field(default_factory=list)
    stored: dict[str, Row] = field(default_factory=dict)


def compare(
    connection: Connection,
    known: Known,
    clocks: Iterable[Clock],
    *,
    reps: Mapping[str, Rep],
    as_of: datetime,
    differs: Differs,
) -> Changes:
    """Compare derived clocks with the stored ones; what is to be written."""
    changes = Changes()
    gone = {key: row for rows in known.stored.values() for key, row in rows.items()}
    moved: list[_Moved] = []
    for clock in clocks:
        stored = gone.pop(clock.clock_id, None)
        if stored is None or differs(clock, stored, reps):
            moved.append(_Moved(clock, row_of(clock, reps), stored))
    changes.gone.extend(gone.values())
    taken = _taken(connection, moved, as_of=as_of)
    moved = [_on_its_ladder(one, reps) if taken.get(one.key) else one for one in moved]
    former = _former(known, moved)
    climbed = count_steps(connection, sorted(former.values())) if former else {}
    placing = _Placing(changes, reps, as_of)
    for one in moved:
        behind = taken.get(one.key, 0)
        carried = min(climbed.get(former.get(one.key, ""), 0), len(one.clock.terms.rungs))
        placing.carry(one.clock, range(behind, carried))
        if one.stored is None or differs(one.clock, one.stored, reps):
            placing.place(one.clock, one.row, one.stored, max(behind, carried))
    return changes


class _Moved(NamedTuple):
    """A derived clock, its row, and what is stored of it, if anything is."""

    clock: Clock
    row: dict[str, Any]
    stored: Row | None

    @property
    def key(self) -> str:
        return self.clock.clock_id


def _on_its_ladder(one: _Moved, reps: Mapping[str, Rep]) -> _Moved:
    """Leave a clock on the ladder that it has begun to climb, whatever its terms are now.

    Its steps are known by their number: on another ladder one would be told twice, or never.
    """
    if one.stored is None:
        return one
    begun, terms = terms_of(one.stored), one.clock.terms
    if begun.rungs == terms.rungs:
        return one
    kept = replace(terms, rungs=begun.rungs, escalation=begun.escalation)
    clock = replace(one.clock, terms=kept)
    return one._replace(clock=clock, row=row_of(clock, reps))


def _former(known: Known, moved: Iterable[_Moved]) -> dict[str, str]:
    """Return by clock the name it had before: its owner's turns came to be counted otherwise.

    Its steps stand under that name, and are not to be told again.
    """
    begun = (
        one
        for one in moved
        if one.stored is None or one.stored["started_at"] != one.row["started_at"]
    )
    same = ("started_at", "lead_id", "term", "cycle", "owner_id")
    return {
        one.key: row["clock_id"]
        for one in begun
        for row in known.stored.get(one.clock.lead_id or "", _NO_ROWS).values()
        if row["clock_id"] != one.key and all(row[name] == one.row[name] for name in same)
    }


def _taken(connection: Connection, moved: Iterable[_Moved], *, as_of: datetime) -> dict[str, int]:
    """Return how many steps of clocks are behind them; those that never had one are not asked.

    A clock that is not stored may have had some if it started before now: it is made again.
    """
    unsure = [
        one.key
        for one in moved
        if (one.row["steps"] or (one.stored is not None and one.stored["steps"]))
        and (one.row["started_at"] < as_of if one.stored is None else one.stored["next_step"] != 0)
    ]
    return count_steps(connection, unsure) if unsure else {}


class _Placing:
    """Notes how clocks are written, with the steps of their ladders."""

    def __init__(self, changes: Changes, reps: Mapping[str, Rep], as_of: datetime) -> None:
        self._changes = changes
        self._reps = reps
        self._as_of = as_of

    def carry(self, clock: Clock, indexes: range) -> None:
        """Note steps that were taken under another name of this clock."""
        for index, at in zip(indexes, self._times(clock, indexes.start), strict=False):
            self._skip(clock, index, at, why=_TOLD_BEFORE)

    def place(self, clock: Clock, row: dict[str, Any], stored: Row | None, taken: int) -> None:
        """Note how a clock is written: with the step that comes next, or with what it ends."""
        ended_at = clock.period.ended_at
        climbs = bool(clock.terms.rungs) and clock.period.origin is Origin.DECIDED
        times = self._times(clock, taken) if climbs else iter(())
        if ended_at is not None:
            for index, at in enumerate(missed(times, ended_at=ended_at), taken):
                self._skip(clock, index, at, why=_UNSWEPT)
            if stored is not None and taken:
                self._changes.ended[clock.clock_id] = ended_at
        following = next(times, None) if ended_at is None else None
        row["next_step"] = None if following is None else taken
        row["next_step_at"] = following
        self._changes.clocks.append(row)
        if stored is not None:
            self._changes.stored[clock.clock_id] = stored

    def _times(self, clock: Clock, taken: int) -> Iterator[datetime]:
        """Yield when the steps still to come are due; each is worked out only if asked for."""
        rep = self._reps.get(clock.period.owner_id or "")
        return rung_times(
            clock.terms.rungs[taken:],
            clock_calendar(clock.terms, rep),
            start=clock.period.started_at,
            within=clock.terms.within,
            due=clock.due_at,
        )

    def _skip(self, clock: Clock, index: int, due_at: datetime, *, why: str) -> None:
        self._changes.steps.append(
            {
                "clock_id": clock.clock_id,
                "step": index,
                "at": str(clock.terms.rungs[index].at),
                "due_at": due_at,
                "swept_at": self._as_of,
                "status": "skipped",
                "why": why,
            }
        )


def write(connection: Connection, changes: Changes, *, as_of: datetime) -> None:
    """Write what has changed; a step that is recorded already stays as it is."""
    write_clocks(connection, changes.clocks)
    write_steps(connection, changes.steps)
    if changes.ended:
        withdraw_messages(connection, sorted(changes.ended), why=WITHDRAWN)
        note_known_late(connection, changes.ended, why=_KNOWN_LATE)
    _let_go(connection, changes.gone, as_of=as_of)


def _let_go(connection: Connection, gone: Sequence[Row], *, as_of: datetime) -> None:
    """Delete clocks that nothing supports; one whose ladder was climbed ends and stays as proof."""
    if not gone:
        return
    keys = [row["clock_id"] for row in gone]
    climbed = count_steps(connection, keys)
    delete_clocks(connection, [key for key in keys if key not in climbed])
    withdraw_messages(connection, sorted(climbed), why=_UNSUPPORTED)
    write_clocks(
        connection,
        [
            {
                **row,
                "ended_at": as_of,
                "ended_by": Ended.CANCELLED.value,
                "next_step": None,
                "next_step_at": None,
            }
            for row in gone
            if row["clock_id"] in climbed and row["ended_at"] is None
        ],
    )
