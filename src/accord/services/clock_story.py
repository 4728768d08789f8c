"""The story of one clock: what was agreed, what began it, what it counted, what ended it.

Ids only. What happened after the instant that is asked about is not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.calendars import Calendar
from accord.errors import InputError
from accord.ledger.clock_rows import read_clock, read_reps
from accord.ledger.clock_story_rows import find_clocks, read_clocks_of_leads
from accord.ledger.fact_rows import read_survivors
from accord.metrics import midnight
from accord.services.clock_facts import ended_by, event_at, read_facts_around
from accord.services.clock_records import reps_of, terms_of
from accord.services.clock_reports import status_at, told_status
from accord.services.clock_steps import read_taken_steps
from accord.services.first_known import refuse_unknown
from accord.sla import ClockTerms, Rep, business_calendar, clock_calendar, rung_times

Row = Mapping[str, Any]
Story = dict[str, Any]

_MOST_DAYS = 14  # a longer clock is told in total, not day by day
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def tell_clock(connection: Connection, beginning: str, *, as_of: datetime) -> Story:
    """Tell the story of the clock whose id begins so, as it stood at ``as_of``.

    InputError if there is no such clock, if several begin so, or if it had not started.
    """
    row = read_clock(connection, _only_clock(connection, beginning))
    if row is None or row["started_at"] > as_of:
        raise _unknown(beginning, found="had not started then")
    return _story(connection, row, reps_of(read_reps(connection)), as_of=as_of)


def tell_clocks_of(
    connection: Connection, lead_id: str, *, as_of: datetime
) -> list[dict[str, Any]]:
    """Tell the stories of all clocks of a lead that had started, the earliest first.

    Of a lead that was merged, those of the one it counts for. InputError if it was not known.
    """
    survivor = read_survivors(connection, [lead_id]).get(lead_id, lead_id)
    rows = read_clocks_of_leads(connection, [survivor])
    if not rows:
        refuse_unknown(connection, lead_id, at=as_of, options="--as-of")
    reps = reps_of(read_reps(connection))
    begun = [row for row in rows if row["started_at"] <= as_of]
    return [_story(connection, row, reps, as_of=as_of) for row in begun]


def _only_clock(connection: Connection, beginning: str) -> str:
    found = find_clocks(connection, beginning) if beginning else []
    if len(found) == 1 or beginning in found:
        return beginning if beginning in found else found[0]
    raise _unknown(beginning, found="several begin so" if found else "there is no such clock")


def _unknown(beginning: str, *, found: str) -> InputError:
    return InputError(
        where=f"clock {beginning}",
        found=found,
        expected="the id of a clock, or how it alone begins",
        remedy="accord sla breaches and accord sla explain --lead LEAD show ids",
    )


def _story(connection: Connection, row: Row, reps: Mapping[str, Rep], *, as_of: datetime) -> Story:
    status = status_at(row, reps, as_of)
    rep, terms = reps.get(row["owner_id"] or ""), terms_of(row)
    over = _is_over(row, as_of)
    until = row["ended_at"] if over else as_of
    events = read_facts_around(connection, row)
    return {
        "clock": row["clock_id"],
        "lead": row["lead_id"],
        "term": _term(row, terms),
        "owner": row["owner_id"],
        "team": row["team"],
        "origin": row["origin"],
        "cycle": row["cycle"],
        "started": row["started_at"],
        "started_by": event_at(events, row["from_event"], row["started_at"], row),
        "hours": _hours(row, terms, rep, until=until),
        "due": row["due_at"],
        "due_local": _local(row["due_at"], terms),
        "ladder": _ladder(connection, row, terms, rep, as_of=as_of),
        "ended": row["ended_at"] if over else None,
        "ended_how": row["ended_by"] if over else None,
        "ended_by": ended_by(events, row) if over else None,
        "used_share": round(status.used, 4),
        **told_status(status),
        "others": _others(connection, row, as_of=as_of),
    }


def _term(row: Row, terms: ClockTerms) -> dict[str, Any]:
    return {
        "name": row["term"],
        "side": row["side"],
        "from": row["from_event"],
        "until": row["until_event"],
        "within_seconds": terms.within // _SECOND,
        "clock": "business" if terms.business else "wall",
        "calendar": terms.calendar,
        "timezone": _zone(terms),
        "pauses": list(terms.pauses),
        "escalation": terms.escalation,
        "segment": terms.segment,
        "agreement": terms.version,
    }


def _zone(terms: ClockTerms) -> str:
    return Calendar.parse(terms.calendar_terms).zone if terms.calendar_terms else "UTC"


def _local(at: datetime, terms: ClockTerms) -> str:
    return at.astimezone(ZoneInfo(_zone(terms))).isoformat()


def _hours(row: Row, terms: ClockTerms, rep: Rep | None, *, until: datetime) -> dict[str, Any]:
    """Tell what a clock counted, and beside it the business time: per local day if it is short.

    ``pauses`` are the owner's absences that stopped it, as far as they lie within it.
    """
    start: datetime = row["started_at"]
    counted, business = clock_calendar(terms, rep), business_calendar(terms, rep)
    pauses = [
        {"from": max(since, start), "until": min(end, until)}
        for since, end in (rep.absences if rep is not None and terms.pauses else ())
        if since < until and end > start
    ]
    return {
        "counted_seconds": counted.elapsed(start, until) // _SECOND,
        "business_seconds": business.elapsed(start, until) // _SECOND,
        "wall_seconds": (until - start) // _SECOND,
        "pauses": pauses,
        "days": _days(counted, start, until, zone=_zone(terms)),
    }


def _days(
    calendar: Calendar, start: datetime, until: datetime, *, zone: str
) -> list[dict[str, Any]]:
    """Return what was counted on each local day; empty where there are too many days to read."""
    tz = ZoneInfo(zone)
    first, last = start.astimezone(tz).date(), until.astimezone(tz).date()
    if (last - first).days >= _MOST_DAYS:
        return []
    days = [first + _DAY * number for number in range((last - first).days + 1)]
    found = []
    for day in days:
        begin = max(start, midnight(day, zone))
        end = min(until, midnight(day + _DAY, zone))
        found.append({"day": day, "counted_seconds": calendar.elapsed(begin, end) // _SECOND})
    return found


def _ladder(
    connection: Connection, row: Row, terms: ClockTerms, rep: Rep | None, *, as_of: datetime
) -> list[dict[str, Any]]:
    """Tell each step: when it is due, who is told, and what became of it.

    A step that no sweep has come to is ``waiting``, or ``not needed`` once the clock has ended;
    one of an observed hand-off is ``never``: loading the past mails nobody.
    """
    taken = {
        one["step"]: one
        for one in read_taken_steps(connection, [row["clock_id"]], as_of=as_of).get(
            row["clock_id"], []
        )
    }
    times = rung_times(
        terms.rungs,
        clock_calendar(terms, rep),
        start=row["started_at"],
        within=terms.within,
        due=row["due_at"],
    )
    over = _is_over(row, as_of)
    rest = "never" if row["origin"] != "decided" else "not needed" if over else "waiting"
    none: Story = {"status": rest, "why": None, "told": [], "swept": None}
    return [
        {"step": index, "at": str(rung.at), "due": at, "notify": list(rung.notify), **none}
        | taken.get(index, {})
        for index, (rung, at) in enumerate(zip(terms.rungs, times, strict=True))
    ]


def _others(connection: Connection, row: Row, *, as_of: datetime) -> list[dict[str, Any]]:
    """Return the other clocks of the same term, lead and cycle: who owed it before and after."""
    if row["lead_id"] is None:
        return []
    same = [
        each
        for each in read_clocks_of_leads(connection, [row["lead_id"]])
        if (each["term"], each["cycle"]) == (row["term"], row["cycle"])
        and each["clock_id"] != row["clock_id"]
        and each["started_at"] <= as_of
    ]
    return [
        {
            "clock": each["clock_id"],
            "owner": each["owner_id"],
            "started": each["started_at"],
            "ended": each["ended_at"] if _is_over(each, as_of) else None,
            "ended_how": each["ended_by"] if _is_over(each, as_of) else None,
            "when": "before" if each["started_at"] < row["started_at"] else "after",
        }
        for each in same
    ]


def _is_over(row: Row, as_of: datetime) -> bool:
    return row["ended_at"] is not None and row["ended_at"] <= as_of
