"""A metric's numbers: exact, by period, dimension and member."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from accord.errors import InputError
from accord.metrics.cube import Cube, Tally
from accord.metrics.definition import Metric, Part, Unit
from accord.metrics.facts import ALL, FRAMES
from accord.metrics.quantiles import Sorted

PLACES = 10
"""Decimal places that a value is kept to, half up; numerators and denominators are kept whole."""

_PER_UNIT = {Unit.MINUTES: 60_000_000, Unit.DAYS: 86_400_000_000, Unit.MONEY: 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number: None is missing (no source said anything, or nothing to divide by), 0 is zero.

    For a quantile the numerator is missing and the denominator counts the values. ``member`` is ""
    for the dimension all, and for facts without a member.
    """

    period: str
    metric: str
    dimension: str
    member: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None


def quotient(numerator: int | Fraction, denominator: int | Fraction) -> Decimal:
    """Divide, rounded half up to :data:`PLACES` decimals, without trailing zeros.

    >>> quotient(842, 8000)
    Decimal('0.10525')
    >>> quotient(2, 3)
    Decimal('0.6666666667')
    """
    exact = Fraction(numerator) / Fraction(denominator)
    scaled = abs(exact.numerator) * 10**PLACES * 2 + exact.denominator
    digits = scaled // (2 * exact.denominator)
    return plain(Decimal(digits if exact >= 0 else -digits).scaleb(-PLACES))


def plain(number: Decimal) -> Decimal:
    """Drop trailing zeros, without an exponent.

    >>> plain(Decimal("100.50"))
    Decimal('100.5')
    """
    whole = number == number.to_integral_value()
    return number.quantize(Decimal(1)) if whole else number.normalize()


def shown(number: Decimal, places: int) -> Decimal:
    """Round half up, once, for showing."""
    with localcontext() as context:
        context.prec = 60
        return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def dimensions_of(metric: Metric) -> tuple[str, ...]:
    """Return the dimensions a metric can be asked by: those that all of its frames carry."""
    frames = [FRAMES[name] for name in metric.frames]
    return (ALL, *(name for name in frames[0] if all(name in frame for frame in frames)))


def compute(cube: Cube, metric: Metric, dimension: str = ALL) -> tuple[Number, ...]:
    """Compute one metric by one dimension, for every period of the cube.

    A member has a number in each period in which a fact of it counts; the dimension all has one in
    every period. InputError if the metric cannot be asked by that dimension.
    """
    known = dimensions_of(metric)
    if dimension not in known:
        raise InputError(
            where=f"metric {metric.name}",
            found=f"cannot be asked by {dimension!r}",
            expected="one of " + ", ".join(known),
        )
    if metric.quantile is not None:
        return tuple(_quantiles(cube, metric, dimension))
    return tuple(_totals(cube, metric, dimension))


def _totals(cube: Cube, metric: Metric, dimension: str) -> Iterator[Number]:
    parts = [part for part in (metric.numerator, metric.denominator) if part is not None]
    tallies = [cube.tally(part, dimension) for part in parts]
    begun = [cube.begun(part) for part in parts]
    counted = np.sum([tally.rows for tally in tallies], axis=0)
    for period, member in _cells(counted, dimension):
        exact = [
            _exact(tally, part, period, member) if known[period] else None
            for tally, part, known in zip(tallies, parts, begun, strict=True)
        ]
        divided = len(exact) > 1
        yield Number(
            period=cube.periods.labels[period],
            metric=metric.name,
            dimension=dimension,
            member=cube.members(dimension)[member],
            numerator=exact[0],
            denominator=exact[1] if divided else None,
            value=_ratio(exact[0], exact[1]) if divided else exact[0],
        )


def _quantiles(cube: Cube, metric: Metric, dimension: str) -> Iterator[Number]:
    values = cube.sorted_values(metric.numerator, dimension)
    begun = cube.begun(metric.numerator)
    for period, member in _cells(values.counts, dimension):
        count = int(values.counts[period, member])
        yield Number(
            period=cube.periods.labels[period],
            metric=metric.name,
            dimension=dimension,
            member=cube.members(dimension)[member],
            numerator=None,
            denominator=Decimal(count) if begun[period] else None,
            value=_quantile(values, metric, period, member),
        )


def _quantile(values: Sorted, metric: Metric, period: int, member: int) -> Decimal | None:
    if metric.quantile is None:
        return None
    found = values.quantile(period, member, metric.quantile)
    return None if found is None else quotient(found, _PER_UNIT[metric.unit])


def _cells(counted: NDArray[np.int64], dimension: str) -> Iterator[tuple[int, int]]:
    if dimension == ALL:
        yield from ((period, 0) for period in range(len(counted)))
    else:
        yield from ((int(period), int(member)) for period, member in np.argwhere(counted > 0))


def _exact(tally: Tally, part: Part, period: int, member: int) -> Decimal | None:
    """Return a cell as it is shown: money in whole units; None where facts state no value."""
    if not tally.stated[period, member]:
        return None
    total = int(tally.total[period, member])
    in_cents = part.value is not None and part.value.endswith("_cents")
    return quotient(total, _PER_UNIT[Unit.MONEY]) if in_cents else Decimal(total)


def _ratio(numerator: Decimal | None, denominator: Decimal | None) -> Decimal | None:
    if numerator is None or not denominator:
        return None
    return quotient(Fraction(numerator), Fraction(denominator))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the values behind a median or percentile are spread, in the metric's unit."""

    count: int
    median: Decimal | None
    p90: Decimal | None
    largest: Decimal | None


def spread(
    cube: Cube, metric: Metric, dimensions: tuple[str, ...]
) -> dict[tuple[str, str], Spread]:
    """Return the spread of a quantile metric's values in the cube's first period.

    Keyed by dimension and member.
    """
    found = {}
    for dimension in dimensions:
        values = cube.sorted_values(metric.numerator, dimension)
        for member in np.flatnonzero(values.counts[0]):
            key = (dimension, cube.members(dimension)[int(member)])
            found[key] = _spread_of(values, metric, int(member))
    return found


def _spread_of(values: Sorted, metric: Metric, member: int) -> Spread:
    def at(share: str) -> Decimal | None:
        exact = values.quantile(0, member, Decimal(share))
        return None if exact is None else quotient(exact, _PER_UNIT[metric.unit])

    return Spread(
        count=int(values.counts[0, member]), median=at("0.5"), p90=at("0.9"), largest=at("1")
    )
