"""Marketing's weekly terms as clocks: written once a week has ended, breached ones climb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from accord.agreement import AcceptanceTerm, Agreement, VolumeTerm
from accord.calendars import Calendar
from accord.ledger.clock_rows import write_clocks
from accord.ledger.weekly_clock_rows import (
    count_accepted,
    count_mqls,
    first_lead_at,
    known_week_ends,
    was_handing_off,
)
from accord.planning import plan
from accord.records import Origin, Side
from accord.services.clock_records import steps_of
from accord.sla import (
    Ended,
    Week,
    acceptance_verdict,
    default_calendar,
    digest,
    last_week,
    rung_times,
    rungs_of,
    volume_verdict,
    weeks_until,
)

_MICROSECOND = timedelta(microseconds=1)
_WEEKLY = (VolumeTerm, AcceptanceTerm)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """How one weekly term of one segment (None: of all) ended."""

    term: str
    escalation: str
    segment: str | None
    ended_by: Ended | None


def last_week_end(agreement: Agreement, *, as_of: datetime) -> datetime | None:
    """Return the end of the newest ended week that weekly terms are agreed for, None without."""
    if not any(isinstance(term, _WEEKLY) for term in agreement.sla.marketing.values()):
        return None
    week = last_week(as_of, agreement.timezone)
    return week.end if week.monday >= agreement.effective_from else None


def start_weekly_clocks(connection: Connection, agreement: Agreement, *, as_of: datetime) -> int:
    """Write the clocks of every week that has ended and has none yet; how many.

    No week before the first lead came, and none that was not wholly under the agreement.
    """
    since = first_lead_at(connection)
    if since is None or last_week_end(agreement, as_of=as_of) is None:
        return 0
    zone = agreement.timezone
    weeks = weeks_until(
        last_week(as_of, zone), since=since, in_force=agreement.effective_from, zone=zone
    )
    known = known_week_ends(connection)
    rows = [
        _row(connection, agreement, week, verdict)
        for week in weeks
        if week.end not in known
        for verdict in _verdicts(connection, agreement, week)
    ]
    write_clocks(connection, rows)
    return len(rows)


def _verdicts(connection: Connection, agreement: Agreement, week: Week) -> Iterator[_Verdict]:
    for name, term in agreement.sla.marketing.items():
        if isinstance(term, VolumeTerm):
            yield from _volumes(connection, agreement, week, name, term)
        elif isinstance(term, AcceptanceTerm):
            accepted, handed = count_accepted(connection, start=week.start, end=week.end)
            yield _Verdict(
                term=name,
                escalation=term.escalation,
                segment=None,
                ended_by=acceptance_verdict(accepted, handed, at_least=Fraction(term.at_least)),
            )


def _volumes(
    connection: Connection, agreement: Agreement, week: Week, name: str, term: VolumeTerm
) -> Iterator[_Verdict]:
    delivered = count_mqls(connection, start=week.start, end=week.end)
    for segment, owed in _owed(agreement, week, term).items():
        verdict = volume_verdict(
            delivered.get(segment, 0), owed=owed, at_least=Fraction(term.at_least)
        )
        yield _Verdict(term=name, escalation=term.escalation, segment=segment, ended_by=verdict)


def _owed(agreement: Agreement, week: Week, term: VolumeTerm) -> dict[str, Fraction]:
    """Return the MQLs a segment that a week owes: the plan's share, or the number agreed."""
    if term.mqls_per_week == "plan":
        return plan(agreement).weekly(week.monday)
    return {segment.name: Fraction(term.mqls_per_week) for segment in agreement.segments}


def _row(
    connection: Connection, agreement: Agreement, week: Week, verdict: _Verdict
) -> dict[str, Any]:
    """Return the clock of a verdict; weeks before our first hand-off are history and tell nobody.

    Steps count on the marketing owner's calendar from the end of the week on.
    """
    name = default_calendar(agreement, Side.MARKETING)
    calendar = Calendar.parse(agreement.calendars[name])
    within = calendar.elapsed(week.start, week.end)
    rungs = rungs_of(agreement, verdict.escalation)
    ours = was_handing_off(connection, before=week.end)
    climbs = ours and verdict.ended_by is None and bool(rungs)
    times = rung_times(rungs, calendar, start=week.start, within=within, due=week.end)
    return {
        "clock_id": digest(verdict.term, verdict.segment or "", week.monday.isoformat()),
        "lead_id": None,
        "handoff_id": None,
        "term": verdict.term,
        "side": Side.MARKETING.value,
        "from_event": "week_began",
        "until_event": "week_ended",
        "segment": verdict.segment,
        "cycle": 0,
        "owner_id": None,
        "team": None,
        "started_at": week.start,
        "within_us": within // _MICROSECOND,
        "business": True,
        "calendar": name,
        "calendar_terms": calendar.terms,
        "follows_owner": False,
        "pauses": [],
        "escalation": verdict.escalation,
        "steps": steps_of(rungs),
        "due_at": week.end,
        "ended_at": None if verdict.ended_by is None else week.end,
        "ended_by": None if verdict.ended_by is None else verdict.ended_by.value,
        "next_step": 0 if climbs else None,
        "next_step_at": next(times) if climbs else None,
        "origin": (Origin.DECIDED if ours else Origin.OBSERVED).value,
        "version": agreement.version,
    }
