"""A number in words, as people read it: rounded half up, once, here."""

from __future__ import annotations

from decimal import Decimal

from accord.agreement import Duration, SlaTerm
from accord.metrics.definition import Unit
from accord.metrics.numbers import plain, shown

MISSING = "\u2013"
"""Stands where a number is missing; zero is written 0."""

_MINUTES_PER_HOUR = 60
_MINUTES_PER_DAY = 1440


def worded(value: Decimal | None, unit: Unit, *, currency: str = "") -> str:
    """Write a value in its unit: ``10.525 %``, ``42.4 min``, ``USD 10,005,534``.

    >>> worded(Decimal("0.6315005216"), Unit.SHARE)
    '63.15 %'
    """
    if value is None:
        return MISSING
    match unit:
        case Unit.COUNT:
            return f"{shown(value, 0):,f}"
        case Unit.SHARE:
            return f"{plain(shown(value * 100, 3)):,f} %"
        case Unit.MONEY:
            return f"{currency} {_money(value)}".strip()
        case Unit.MINUTES:
            return f"{plain(shown(value, 1)):,f} min"
        case Unit.DAYS | Unit.MEAN:
            words = f"{plain(shown(value, 2)):,f}"
            return f"{words} days" if unit is Unit.DAYS else words


def percent(value: Decimal | None, places: int = 0) -> str:
    """Write a share in per cent, half up.

    >>> percent(Decimal("0.125"))
    '13 %'
    """
    return MISSING if value is None else f"{shown(value * 100, places):,f} %"


def duration(minutes: Decimal | None) -> str:
    """Write minutes in the unit that reads best.

    >>> duration(Decimal("0.5")), duration(Decimal(95)), duration(Decimal(2880))
    ('0.5 min', '1.6 h', '2.0 d')
    """
    if minutes is None:
        return MISSING
    if minutes < _MINUTES_PER_HOUR:
        return f"{plain(shown(minutes, 1)):f} min"
    if minutes < _MINUTES_PER_DAY:
        return f"{shown(minutes / _MINUTES_PER_HOUR, 1):f} h"
    return f"{shown(minutes / _MINUTES_PER_DAY, 1):,f} d"


_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_EVENTS = {
    "assigned": "assignment",
    "touch": "a touch",
    "touched": "the first touch",
    "decision": "a decision",
    "returned": "the return",
    "nurture_activity": "a nurture activity",
    "activity": "an activity",
    "closed": "closing",
}
_SHORT = ("mql", "sal", "sql", "sla")


def spelled(length: Duration) -> str:
    """Write a duration of the agreement out.

    >>> spelled(Duration(16, "h"))
    '16 hours'
    """
    return f"{length.count} {_UNITS[length.unit]}{'' if length.count == 1 else 's'}"


def titled(name: str) -> str:
    """Write a name of the agreement as people do.

    >>> titled("mql_to_sql"), titled("first_touch")
    ('MQL to SQL', 'First touch')
    """
    words = [word.upper() if word in _SHORT else word for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def spoken(name: str) -> str:
    """Write a name within a sentence: ``first_touch`` is first touch, ``mql`` MQL."""
    return " ".join(word.upper() if word in _SHORT else word for word in name.split("_"))


def agreed(term: SlaTerm) -> str:
    """Write what a term asks: ``a touch within 5 minutes of assignment, in open hours``."""
    start = term.from_.removeprefix("entered_")
    since = _EVENTS.get(term.from_, f"entry into {spoken(start)}")
    until = _EVENTS.get(term.until, f"entry into {spoken(term.until.removeprefix('entered_'))}")
    hours = ", in open hours" if term.clock == "business" else ""
    return f"{until} within {spelled(term.within)} of {since}{hours}"


def _money(value: Decimal) -> str:
    whole = value == value.to_integral_value()
    return f"{shown(value, 0 if whole else 2):,f}"
