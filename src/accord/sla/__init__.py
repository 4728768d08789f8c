"""Clocks, ladders, cadence: what each side owes and since when. Pure: events in, clocks out."""

from accord.calendars import Calendar, CalendarError
from accord.sla.clocks import Started, clock_key, derive_clocks, digest, needs_activities
from accord.sla.due import (
    business_calendar,
    clock_calendar,
    due_times,
    parse_absences,
    rung_times,
)
from accord.sla.events import EVENTS, NURTURE_KINDS
from accord.sla.ladder import Climb, climb, missed
from accord.sla.model import (
    Activity,
    Clock,
    ClockTerms,
    Decision,
    Ended,
    Entry,
    Handoff,
    LeadEvents,
    Owner,
    Period,
    Rep,
    Rung,
    Term,
    Touch,
    Watch,
)
from accord.sla.status import State, Status, business_elapsed, status_of, wall_elapsed
from accord.sla.terms import MARKETING_OWNER, TermBook, default_calendar, rungs_of, term_book

__all__ = [
    "EVENTS",
    "MARKETING_OWNER",
    "NURTURE_KINDS",
    "Activity",
    "Calendar",
    "CalendarError",
    "Climb",
    "Clock",
    "ClockTerms",
    "Decision",
    "Ended",
    "Entry",
    "Handoff",
    "LeadEvents",
    "Owner",
    "Period",
    "Rep",
    "Rung",
    "Started",
    "State",
    "Status",
    "Term",
    "TermBook",
    "Touch",
    "Watch",
    "business_calendar",
    "business_elapsed",
    "climb",
    "clock_calendar",
    "clock_key",
    "default_calendar",
    "derive_clocks",
    "digest",
    "due_times",
    "missed",
    "needs_activities",
    "parse_absences",
    "rung_times",
    "rungs_of",
    "status_of",
    "term_book",
    "wall_elapsed",
]
