"""A metric's numbers: exact, by period, dimension and member."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from accord.errors import InputError
from accord.intervals import wilson
from accord.metrics.cube import Cube, Tally
from accord.metrics.definition import Metric, Part, Reading, Unit
from accord.metrics.facts import ALL, FRAMES
from accord.metrics.quantiles import Sorted

PLACES = 10
"""Decimal places that a value is kept to, half up; numerators and denominators are kept whole."""

FEW = 30
"""A share of fewer is shown with its interval."""

_PER_UNIT = {Unit.MINUTES: 60_000_000, Unit.DAYS: 86_400_000_000}
_PER_COLUMN = {"cents": 100, "micros": 1_000_000, "sevenths": 7}
"""How many of a column's whole numbers make one of its unit, by the end of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number: None is missing (no source said anything, or nothing to divide by), 0 is zero.

    For a quantile the numerator is missing and the denominator counts the values. ``member`` is ""
    for the dimension all, and for facts without a member. Of a ``proportion``, which counts some of
    those it counts, ``low`` and ``high`` say how sure the share is.
    """

    period: str
    metric: str
    dimension: str
    member: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    proportion: bool = False

    @property
    def low(self) -> Decimal | None:
        """The lower limit of the Wilson interval of 95 %; None where there is no share of some."""
        return None if self.limits is None else self.limits[0]

    @property
    def high(self) -> Decimal | None:
        """The upper limit."""
        return None if self.limits is None else self.limits[1]

    @property
    def limits(self) -> tuple[Decimal, Decimal] | None:
        """Both limits, half up to :data:`PLACES` decimals."""
        if not self.proportion or self.numerator is None or not self.denominator:
            return None
        low, high = wilson(int(self.numerator), int(self.denominator))
        return plain(shown(low, PLACES)), plain(shown(high, PLACES))

    @property
    def is_of_few(self) -> bool:
        """Whether it is a share of so few that it says little without its interval."""
        return self.limits is not None and (self.denominator or 0) < FEW


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
    """Return the dimensions a metric can be asked by: those that all of its frames carry.

    And those by which its numerator alone is divided.
    """
    frames = [FRAMES[name] for name in metric.frames]
    common = (name for name in frames[0] if all(name in frame for frame in frames))
    return tuple(dict.fromkeys((ALL, *common, *metric.parted_by)))


def compute(
    cube: Cube, metric: Metric, dimension: str = ALL, *, periods: Collection[str] | None = None
) -> tuple[Number, ...]:
    """Compute one metric by one dimension, for every period of the cube, or those named.

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
        return tuple(_quantiles(cube, metric, dimension, periods))
    return tuple(_totals(cube, metric, dimension, periods))


def _totals(
    cube: Cube, metric: Metric, dimension: str, periods: Collection[str] | None
) -> Iterator[Number]:
    terms = [_Term.of(cube, part, dimension) for part in (metric.numerator, *metric.plus)]
    lessened = [_Term.of(cube, part, dimension) for part in metric.less]
    by = ALL if dimension in metric.parted_by else dimension
    base = None if metric.denominator is None else _Term.of(cube, metric.denominator, by)
    wanted = _wanted(cube, periods)
    for period, member in _cells(_counted([*terms, *lessened], base), dimension, wanted):
        net = _net(terms, lessened, period, member)
        denominator = None if base is None else base.at(period, member)
        yield Number(
            period=cube.periods.labels[period],
            metric=metric.name,
            dimension=dimension,
            member=cube.members(dimension)[member],
            numerator=net,
            denominator=denominator,
            value=net if base is None else _ratio(net, denominator, metric.reading),
            proportion=metric.is_proportion,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """One part of a metric, counted; of one column if it is not divided by the dimension."""

    part: Part
    tally: Tally
    begun: NDArray[np.bool_]

    @classmethod
    def of(cls, cube: Cube, part: Part, dimension: str) -> _Term:
        return cls(part=part, tally=cube.tally(part, dimension), begun=cube.begun(part))

    def at(self, period: int, member: int) -> Decimal | None:
        """Return a cell; None before the frame's first fact, and where no fact states a value."""
        column = min(member, self.tally.rows.shape[1] - 1)
        return _exact(self.tally, self.part, period, column) if self.begun[period] else None

    def stated_at(self, period: int, member: int) -> Decimal | None:
        """Return a cell; None before the frame's first fact, zero where no fact states a value."""
        return self.at(period, member) or (Decimal(0) if self.begun[period] else None)


def _counted(terms: list[_Term], base: _Term | None) -> NDArray[np.int64]:
    """Return how many facts each cell rests on; a base that is not divided makes no cell."""
    counted = np.sum([term.tally.rows for term in terms], axis=0)
    if base is None or base.tally.rows.shape != counted.shape:
        return np.asarray(counted)
    return np.asarray(counted + base.tally.rows)


def _net(terms: list[_Term], lessened: list[_Term], period: int, member: int) -> Decimal | None:
    """Add up the first and what comes to it, less the rest; missing where one is missing.

    Of what is added and taken, that which no fact states is none: a deal without a cost has none.
    """
    first, *more = terms
    values = [first.at(period, member), *(term.stated_at(period, member) for term in more)]
    taken = [term.stated_at(period, member) for term in lessened]
    if None in values or None in taken:
        return None
    return sum(filter(None, values), Decimal(0)) - sum(filter(None, taken), Decimal(0))


def _quantiles(
    cube: Cube, metric: Metric, dimension: str, periods: Collection[str] | None
) -> Iterator[Number]:
    values = cube.sorted_values(metric.numerator, dimension)
    begun = cube.begun(metric.numerator)
    for period, member in _cells(values.counts, dimension, _wanted(cube, periods)):
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


def _wanted(cube: Cube, periods: Collection[str] | None) -> NDArray[np.int64]:
    labels = cube.periods.labels
    kept = [place for place, label in enumerate(labels) if periods is None or label in periods]
    return np.array(kept, np.int64)


def _cells(
    counted: NDArray[np.int64], dimension: str, wanted: NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    """Yield period and member of each cell that has a number, of the wanted periods."""
    if dimension == ALL:
        yield from ((int(period), 0) for period in wanted)
    else:
        found = np.argwhere(counted[wanted] > 0)
        yield from ((int(wanted[place]), int(member)) for place, member in found)


def _exact(tally: Tally, part: Part, period: int, member: int) -> Decimal | None:
    """Return a cell in its unit: cents as money; None where facts state no value."""
    if not tally.stated[period, member]:
        return None
    total = int(tally.total[period, member])
    per = _PER_COLUMN.get((part.value or "").rpartition("_")[2], 1)
    return quotient(total, per) if per > 1 else Decimal(total)


def _ratio(
    numerator: Decimal | None, denominator: Decimal | None, reading: Reading
) -> Decimal | None:
    if numerator is None or not denominator:
        return None
    if reading is Reading.CLOSENESS:
        numerator, denominator = sorted((max(numerator, Decimal(0)), denominator))
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
