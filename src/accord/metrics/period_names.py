"""A period by its name, as a statement is asked for: a week, a month, a quarter."""

from __future__ import annotations

import re
from datetime import date

from accord.errors import InputError
from accord.metrics.periods import Period, midnight, week_named

_MONTHS = re.compile(r"^(\d{4})-(?:Q([1-4])|(0[1-9]|1[0-2]))$")


def period_named(label: str, zone: str) -> Period:
    """Return the week (2026-W46), month (2026-11) or quarter (2026-Q4) of that name, in a zone.

    InputError if it is none of them.

    >>> period_named("2026-Q4", "UTC").end.isoformat()
    '2027-01-01T00:00:00+00:00'
    """
    if "W" in label:
        return week_named(label, zone)
    match = _MONTHS.match(label)
    if match is None or match[1] in ("0000", "9999"):
        raise InputError(
            where="period",
            found=f"{label!r} is no week, month or quarter",
            expected="2026-W46, 2026-11 or 2026-Q4",
        )
    quarter = match[2] is not None
    first = 3 * int(match[2]) - 2 if quarter else int(match[3])
    months = int(match[1]) * 12 + first - 1
    start, end = (date(at // 12, at % 12 + 1, 1) for at in (months, months + (3 if quarter else 1)))
    return Period(label=label, start=midnight(start, zone), end=midnight(end, zone))
