"""Values as cells: shown rounded once, kept exact for the CSV."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from accord.intervals import wilson
from accord.metrics import (
    FEW,
    MISSING,
    Number,
    Status,
    Unit,
    duration,
    percent,
    plain,
    quotient,
    shown,
)
from accord.metrics import worded as in_words
from accord.records import to_text
from accord.report.model import Cell

_TENTH = Decimal("0.1")
_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1_000)


def text(value: str | None) -> Cell:
    """A word or a name; a missing one is a dash, and empty in the CSV."""
    return Cell(shown=MISSING, raw="") if not value else Cell(shown=value, raw=value)


def blank() -> Cell:
    """Nothing to say: an empty cell, where a dash would say that something is missing."""
    return Cell(shown="", raw="")


def member(value: str) -> Cell:
    """A dimension's member, as people write it: underscores are spaces, none is (none)."""
    return Cell(shown=value.replace("_", " ") or "(none)", raw=value)


def count(value: int | Decimal | None) -> Cell:
    """A whole number."""
    if value is None:
        return Cell(shown=MISSING, raw="")
    return Cell(shown=in_words(Decimal(value), Unit.COUNT), raw=f"{Decimal(value):f}")


def share(value: Decimal | None, *, places: int | None = None) -> Cell:
    """A share in per cent: whole, below ten with one decimal."""
    if places is None:
        places = 1 if value is not None and 0 < value < _TENTH else 0
    return Cell(shown=percent(value, places), raw="" if value is None else f"{value:f}")


def proportion(number: Number | None, *, places: int | None = None) -> Cell:
    """A share of some; of few, with the interval in which the true share lies: 33 % (12 to 63).

    The CSV has the exact share alone.
    """
    if number is None:
        return share(None)
    cell = share(number.value, places=places)
    return _with_limits(cell, number.limits) if number.is_of_few else cell


def part(count: int, total: int) -> Cell:
    """How many of a total, as a share likewise."""
    if not total:
        return share(None)
    cell = share(quotient(count, total))
    return cell if total >= FEW else _with_limits(cell, wilson(count, total))


def _with_limits(cell: Cell, limits: tuple[Decimal, Decimal] | None) -> Cell:
    if limits is None:
        return cell
    low, high = (percent(limit).removesuffix(" %") for limit in limits)
    return replace(cell, shown=f"{cell.shown} ({low} to {high})")


def minutes(value: Decimal | None) -> Cell:
    """A length of time, in minutes in the CSV."""
    return Cell(shown=duration(value), raw="" if value is None else f"{value:f}")


def tenths(value: Fraction | Decimal | None) -> Cell:
    """A number with at most one decimal."""
    if value is None:
        return Cell(shown=MISSING, raw="")
    exact = quotient(Fraction(value), 1)
    return Cell(shown=f"{plain(shown(exact, 1)):,f}", raw=f"{exact:f}")


def money(value: Decimal | None) -> Cell:
    """An amount: short on the page (1.2 M, 84 k), whole in the CSV."""
    return Cell(shown=short_money(value), raw="" if value is None else f"{value:f}")


def short_money(value: Decimal | None) -> str:
    """Write an amount short.

    >>> short_money(Decimal("1234567")), short_money(Decimal("84210")), short_money(Decimal("12.5"))
    ('1.23 M', '84.2 k', '12.50')
    """
    if value is None:
        return MISSING
    if abs(value) >= _MILLION:
        return f"{shown(value / _MILLION, 2):,f} M"
    if abs(value) >= _THOUSAND * 10:
        return f"{shown(value / _THOUSAND, 1):,f} k"
    whole = value == value.to_integral_value()
    return f"{shown(value, 0 if whole else 2):,f}"


def instant(at: datetime | None, zone: str) -> Cell:
    """An instant: local on the page, UTC in the CSV."""
    if at is None:
        return Cell(shown=MISSING, raw="")
    return Cell(shown=f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}", raw=to_text(at))


def marked(status: Status, words: str) -> Cell:
    """A status, with its mark."""
    return Cell(shown=words, raw=status.value, status=status)


def of(number: Number | None, unit: Unit) -> Cell:
    """A metric's number in its unit; a share of few with its interval."""
    if unit is Unit.SHARE:
        return proportion(number)
    return in_unit(None if number is None else number.value, unit)


def in_unit(value: Decimal | None, unit: Unit) -> Cell:
    """A value in a metric's unit."""
    match unit:
        case Unit.COUNT:
            return count(value)
        case Unit.SHARE:
            return share(value)
        case Unit.MONEY:
            return money(value)
        case Unit.MINUTES:
            return minutes(value)
        case Unit.DAYS | Unit.MEAN:
            return tenths(value)
