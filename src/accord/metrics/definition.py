"""What a metric is: data that names a fact frame, a filter and an aggregate. No arithmetic here.

A metric is one or two :class:`Part` s. A part counts rows of a fact frame, or adds up one of its
columns; two parts are a ratio, whose numerator and denominator are both kept so that it adds up
over any grouping; a part with a ``quantile`` is read off its sorted values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from accord.records import Side


class Unit(StrEnum):
    """What a metric's value is counted in."""

    COUNT = "count"
    SHARE = "share"  # 0..1, shown in per cent
    MONEY = "money"  # of the agreement's currency
    MINUTES = "minutes"
    DAYS = "days"  # of 24 hours
    MEAN = "mean"  # how many of one thing there are of another


class Direction(StrEnum):
    """Which way is good."""

    UP = "up"
    DOWN = "down"
    NONE = "none"  # neither: it describes


class Placing(StrEnum):
    """How a fact is placed in periods.

    A *flow* belongs to the period of its instant. A *stock* belongs to every period at whose end it
    stood. A *cohort* belongs to its own period and those after it within a quarter: what has become
    of it is judged at each period's end, so that a closed period does not change as its cohort
    ripens.
    """

    FLOW = "flow"
    STOCK = "stock"
    COHORT = "cohort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one frame, counted, or one column of them added up.

    ``where`` maps a column to the values it may have; ``at`` is the column that places a row in
    time; ``value`` the column added up (rows without it do not count), none counts rows; ``until``
    ends a stock; ``then`` must have happened by the period's end for a row to count. A cohort is
    that of ``quarters`` up to the period's end, or, if ``earlier``, of as many before those.
    """

    frame: str
    at: str
    where: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    value: str | None = None
    placing: Placing = Placing.FLOW
    until: str | None = None
    then: str | None = None
    quarters: int = 1
    earlier: bool = False

    def holds(self, other: Part) -> bool:
        """Whether every row that counts in another part counts in this one too."""
        same = (self.frame, self.at, self.placing, self.quarters, self.earlier, self.until) == (
            other.frame, other.at, other.placing, other.quarters, other.earlier, other.until,
        )  # fmt: skip
        narrower = all(
            column in other.where and set(other.where[column]) <= set(allowed)
            for column, allowed in self.where.items()
        )
        return same and narrower and self.then in (None, other.then)


class Reading(StrEnum):
    """How the value is read off numerator and denominator."""

    QUOTIENT = "quotient"  # numerator / denominator, or the numerator where there is no other
    CLOSENESS = "closeness"  # the smaller / the larger: 1 is just as planned, over and under alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number that both teams are held to, defined once.

    ``formula`` is its definition in a sentence, ``grain`` what one counted thing is. ``plus`` and
    ``less`` are added to the numerator and taken from it. ``parted_by`` are dimensions that divide
    the numerator alone: each member's part of the whole. ``weekly`` are the dimensions it is stored
    by every week, besides all, segment and channel.
    """

    name: str
    title: str
    formula: str
    grain: str
    unit: Unit
    owner: Side
    direction: Direction
    requirements: tuple[str, ...]
    numerator: Part
    denominator: Part | None = None
    plus: tuple[Part, ...] = ()
    less: tuple[Part, ...] = ()
    quantile: Decimal | None = None
    reading: Reading = Reading.QUOTIENT
    parted_by: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    weekly: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of its parts: what makes the numerator, then the denominator if there is one."""
        last = () if self.denominator is None else (self.denominator,)
        return (self.numerator, *self.plus, *self.less, *last)

    @property
    def frames(self) -> tuple[str, ...]:
        """The fact frames it reads."""
        return tuple(dict.fromkeys(part.frame for part in self.parts))

    @property
    def is_divided(self) -> bool:
        """Whether it has no value where there is nothing to divide by, or nothing to sort."""
        return self.denominator is not None or self.quantile is not None

    @property
    def reach(self) -> int:
        """How many quarters up to a period's end it is made of at most."""
        return max(part.quarters * (1 + part.earlier) for part in self.parts)

    @property
    def is_compared(self) -> bool:
        """Whether it sets a time against the one before."""
        return any(part.earlier for part in self.parts)

    @property
    def is_proportion(self) -> bool:
        """Whether it counts some of those it counts: the share has an interval then."""
        of = self.denominator
        if of is None or self.plus or self.less or self.reading is Reading.CLOSENESS:
            return False
        return self.numerator.value is None and of.value is None and of.holds(self.numerator)
