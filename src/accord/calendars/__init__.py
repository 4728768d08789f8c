"""Open time: when a calendar is open, when a term runs out, how much open time has passed.

A leaf: no agreement, no clock, no I/O but the zone data and the holidays library. What a calendar
means stands in the project's semantics under *Time*.
"""

from accord.calendars.calendar import ALWAYS_OPEN, Calendar
from accord.calendars.faults import CalendarError
from accord.calendars.hours import is_zone
from accord.calendars.spans import Span

__all__ = ["ALWAYS_OPEN", "Calendar", "CalendarError", "Span", "is_zone"]
