"""Between rows of the ledger and the values that clocks are decided on. No queries, no rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from accord.agreement import parse_step_at
from accord.records import Side
from accord.services.rep_news import statement_of
from accord.sla import (
    Clock,
    ClockTerms,
    Ended,
    Period,
    Rep,
    Rung,
    Watch,
    parse_absences,
    posting_at,
    postings_of,
)

Row = Mapping[str, Any]

_MICROSECOND = timedelta(microseconds=1)

MOVING = (
    "handoff_id",
    "owner_id",
    "team",
    "calendar",
    "calendar_terms",
    "started_at",
    "due_at",
    "ended_at",
    "ended_by",
    "origin",
)
"""The columns of a clock that may still change; the others it keeps from its start."""


def reps_of(
    rows: Sequence[Row], said: Mapping[str, Sequence[Row]] = MappingProxyType({})
) -> dict[str, Rep]:
    """Return the reps by id, as clocks need them; ``said``: the rows of their postings, by rep."""
    return {
        row["rep_id"]: Rep(
            rep_id=row["rep_id"],
            team=row["team"],
            calendar=row["calendar"],
            absences=_absences(row["absences"]),
            postings=postings_of(map(statement_of, said.get(row["rep_id"], ()))),
        )
        for row in rows
    }


@lru_cache(maxsize=1024)
def _absences(text: str | None) -> Any:
    return parse_absences(text)


def terms_of(row: Row) -> ClockTerms:
    """Return the terms that a stored clock was started with."""
    return ClockTerms(
        watch=watch_of(row["term"], row["side"], row["from_event"], row["until_event"]),
        within=row["within_us"] * _MICROSECOND,
        business=row["business"],
        calendar=row["calendar"],
        calendar_terms=row["calendar_terms"],
        pauses=tuple(row["pauses"]),
        escalation=row["escalation"],
        rungs=_rungs(json.dumps(row["steps"])),
        segment=row["segment"],
        version=row["version"],
        follows_owner=bool(row["follows_owner"]),
    )


class SharedTerms:
    """The terms of many stored clocks, each distinct one made once.

    Rows share what was read from the same text, and are kept as long as this is.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[Row, ClockTerms]] = {}

    def of(self, row: Row) -> ClockTerms:
        """Return the terms that a stored clock was started with."""
        shared = (id(row["calendar_terms"]), id(row["pauses"]), id(row["steps"]))
        key = (*shared, *map(row.__getitem__, _PLAIN))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (row, terms_of(row))
        return found[1]


_PLAIN = (
    "term",
    "side",
    "from_event",
    "until_event",
    "within_us",
    "business",
    "calendar",
    "escalation",
    "segment",
    "version",
    "follows_owner",
)


@lru_cache(maxsize=1024)
def watch_of(term: str, side: str, from_event: str, until_event: str) -> Watch:
    """Return what decides when clocks of a term start and end."""
    return Watch(name=term, side=Side(side), from_event=from_event, until_event=until_event)


@lru_cache(maxsize=1024)
def _rungs(text: str) -> tuple[Rung, ...]:
    return tuple(
        Rung(at=parse_step_at(step["at"]), notify=tuple(step["notify"]))
        for step in json.loads(text)
    )


@lru_cache(maxsize=1024)
def steps_of(rungs: tuple[Rung, ...]) -> list[dict[str, Any]]:
    """Return a ladder in JSON's own types, as it is kept with a clock; not to be changed."""
    return [{"at": str(rung.at), "notify": list(rung.notify)} for rung in rungs]


def ended_of(row: Row) -> Ended | None:
    """Return how a stored clock ended."""
    return None if row["ended_by"] is None else Ended(row["ended_by"])


def row_of(clock: Clock, reps: Mapping[str, Rep]) -> dict[str, Any]:
    """Return the ledger's row of a clock; which step comes next is not its to say.

    What many clocks share (hours, pauses, ladder) is one object in their rows, not to be changed.
    """
    period, terms = clock.period, clock.terms
    return {
        "clock_id": clock.clock_id,
        "lead_id": clock.lead_id,
        "term": terms.watch.name,
        "side": terms.watch.side.value,
        "from_event": terms.watch.from_event,
        "until_event": terms.watch.until_event,
        "segment": terms.segment,
        "cycle": period.cycle,
        "within_us": terms.within // _MICROSECOND,
        "business": terms.business,
        "follows_owner": terms.follows_owner,
        "pauses": terms.pauses,
        "escalation": terms.escalation,
        "steps": steps_of(terms.rungs),
        "version": terms.version,
        **dict(zip(MOVING, _moving(clock, reps), strict=True)),
    }


def _moving(clock: Clock, reps: Mapping[str, Rep]) -> tuple[Any, ...]:
    """Return what of a clock may still change, as :data:`MOVING` names it."""
    period = clock.period
    return (
        period.handoff_id,
        period.owner_id,
        period.team or _team_then(reps.get(period.owner_id or ""), period),
        clock.terms.calendar,
        clock.terms.calendar_terms,
        period.started_at,
        clock.due_at,
        period.ended_at,
        None if period.ended_by is None else period.ended_by.value,
        period.origin.value,
    )


def _team_then(rep: Rep | None, period: Period) -> str | None:
    """Return the team that an owner had when the clock started, where the hand-off names none."""
    held = None if rep is None else posting_at(rep.postings, period.started_at)
    if held is not None:
        return held.team
    return None if rep is None else rep.team


def has_moved(clock: Clock, stored: Row, reps: Mapping[str, Rep]) -> bool:
    """Whether a derived clock says anything else than the stored row."""
    return _moving(clock, reps) != tuple(stored[name] for name in MOVING)


def is_otherwise(clock: Clock, stored: Row, reps: Mapping[str, Rep]) -> bool:
    """Whether anything of a derived clock is not as it is stored, what it was started with too."""
    return any(differing(row_of(clock, reps), stored))


def differing(row: Row, stored: Row) -> Iterator[str]:
    """Yield the columns in which a derived row differs; its next step is the ladder's to say."""
    for name, value in row.items():
        if name not in _OF_LADDER and _plain(value) != _plain(stored[name]):
            yield name


_OF_LADDER = frozenset({"next_step", "next_step_at"})


def _plain(value: Any) -> Any:
    """JSON has no tuples."""
    return list(value) if isinstance(value, tuple) else value


def instant_text(at: datetime) -> str:
    """Render an instant for a message: ISO 8601 with its offset, to the second."""
    return at.replace(microsecond=0).isoformat(sep=" ")
