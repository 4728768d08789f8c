"""A period's figure, levelled over its days in whole units that add up to it exactly."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction
from math import floor

from accord.planning.funnel import MONTHS, Period, period_days


def share_of_day(figure: Fraction | int, on: date, period: Period, *, units: int = 1) -> int:
    """Return a day's share of a period's figure, in whole parts of which ``units`` make one.

    Each day has what brings the sum since the period began to the floor of its exact share, so
    that any days in a row are exact to one part, and a whole period adds up to its figure.

    >>> [share_of_day(100, date(2026, 2, day), "month") for day in (1, 2, 28)]
    [3, 4, 4]
    """
    days, place = period_days(period, on), (on - period_start(period, on)).days
    whole = Fraction(figure) * units
    return floor(whole * (place + 1) / days) - floor(whole * place / days)


def period_start(period: Period, on: date) -> date:
    """Return the first day of the month, quarter or year that holds a day.

    >>> period_start("quarter", date(2026, 11, 16))
    datetime.date(2026, 10, 1)
    """
    months = MONTHS[period]
    return date(on.year, (on.month - 1) // months * months + 1, 1)


def period_end(period: Period, on: date) -> date:
    """Return the last day of the month, quarter or year that holds a day.

    >>> period_end("quarter", date(2026, 11, 16))
    datetime.date(2026, 12, 31)
    """
    last = period_start(period, on).month + MONTHS[period] - 1
    return date(on.year, last, monthrange(on.year, last)[1])
