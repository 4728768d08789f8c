"""How far back a cadence reaches: what had begun before some instant is settled by another.

Pure. It is asked which hand-offs can matter to a period at all, before any is followed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import numpy as np

from accord.calendars import Calendar
from accord.records import from_us, to_us

_MARGIN = timedelta(seconds=1)  # a step counts as missed the microsecond after it was due
_DAYS = np.arange(1, 731) * np.timedelta64(1, "D")  # a step that takes longer is not looked for


def begun_to_be_settled(
    calendars: Collection[Calendar], within: timedelta, *, before: datetime, changes: int = 0
) -> datetime | None:
    """Return an instant: a step that began by it was due before another, with a second to spare.

    That holds for steps of up to ``within`` open time, on any of the calendars and on any that is
    joined of them with up to so many ``changes``. None where a calendar is not open for so long
    in two years.

    Of as many stretches as there are parts, one more than changes, a joined calendar keeps to one
    part in at least one: in each there is time enough on every calendar.
    """
    at = before
    for _ in range(changes + 1):
        begun = [_begun(calendar, within, before=at) for calendar in calendars]
        known = [one for one in begun if one is not None]
        if not known or len(known) < len(begun):
            return None
        at = min(known)
    return at


def _begun(calendar: Calendar, within: timedelta, *, before: datetime) -> datetime | None:
    end = np.datetime64(to_us(before), "us")
    starts = end - _DAYS.astype("m8[us]")
    open_time = calendar.elapsed_many(starts, np.full(len(starts), end))
    enough = open_time >= np.timedelta64(within + _MARGIN)
    return from_us(int(starts[enough.argmax()].astype(np.int64))) if enough.any() else None
