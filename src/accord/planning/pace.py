"""Pace: how what has come stands against the levelled plan on any day, and where it ends.

A *line* is one goal of one period: a segment's, or the sum. All of it follows from the days: how
much came on each, of the period and of the weeks before it.

The expected end is what has come, and for each day that is left the mean day of the last
:data:`SEEN_DAYS`. Its band leaves out 2.5 % on either side if days are as unlike as those were: the
variance of a day is that of the days seen, for counted things at least their mean (as if they came
by chance; that none came in so many days does not say that none will), and the mean itself is as
unsure as so many days make it. On the last day it is closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import localcontext
from fractions import Fraction
from math import ceil

from accord.findings import Finding
from accord.intervals import exact
from accord.planning.funnel import round_half_up
from accord.planning.mix import ON_GOAL

SEEN_DAYS = 28
"""The days whose mean is the present rate: four whole weeks, so that each weekday counts alike."""

TOTAL = "total"
"""The name of the line that sums the others."""

_SEVERAL = 2
_Z = Fraction("1.959963984540054")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceLine:
    """One goal of a period of so many ``days``, on the day that is the last of ``came``.

    ``came`` is what came on each day of the period so far, ``before`` on the days before it, oldest
    first, of which the last ``known`` days count for the rate: before them nobody counted.
    ``counted`` things come one by one; money does not.
    """

    name: str
    goal: Fraction
    days: int
    came: tuple[Fraction, ...]
    before: tuple[Fraction, ...] = ()
    known: int = SEEN_DAYS
    counted: bool = True

    @property
    def elapsed(self) -> int:
        """Days of the period that have passed, the last one included."""
        return len(self.came)

    @property
    def left(self) -> int:
        """Days of the period still to come."""
        return self.days - self.elapsed

    @property
    def actual(self) -> Fraction:
        """What has come since the period began."""
        return sum(self.came, Fraction(0))

    @property
    def planned(self) -> Fraction:
        """What the levelled plan has come to by this day."""
        return self.planned_by(self.elapsed)

    def planned_by(self, day: int) -> Fraction:
        """Return the levelled plan's sum over the first so many days."""
        return self.goal * day / self.days

    @property
    def cumulated(self) -> tuple[Fraction, ...]:
        """What had come by the end of each day."""
        total, sums = Fraction(0), []
        for one in self.came:
            total += one
            sums.append(total)
        return tuple(sums)

    @property
    def gap(self) -> Fraction:
        """How much is missing to the plan of this day; negative where it is ahead."""
        return self.planned - self.actual

    @property
    def share(self) -> Fraction | None:
        """What has come, of the plan of this day; None where nothing is planned."""
        return self.actual / self.planned if self.planned else None

    @property
    def percent(self) -> str:
        """The share in whole per cent, half up: all of it where nothing is planned."""
        return "100 %" if self.share is None else f"{round_half_up(self.share * 100)} %"

    @property
    def is_on_goal(self) -> bool:
        """Whether at least 0.98 of the plan of this day has come."""
        return self.share is None or self.share >= ON_GOAL

    @property
    def seen(self) -> tuple[Fraction, ...]:
        """The days that the present rate is the mean of."""
        days = (*self.before, *self.came)
        return days[len(days) - min(len(days), self.known, SEEN_DAYS) :]

    @property
    def rate(self) -> Fraction:
        """What comes a day, at present."""
        return sum(self.seen, Fraction(0)) / len(self.seen) if self.seen else Fraction(0)

    @property
    def expected(self) -> Fraction:
        """Where the period ends if it goes on like this."""
        return self.actual + self.rate * self.left

    @property
    def reach(self) -> Fraction:
        """How far the end may lie from what is expected, on either side."""
        if not self.left or not self.seen:
            return Fraction(0)
        left = Fraction(self.left)
        return _Z * _root(self._variance * left * (1 + left / len(self.seen)))

    @property
    def low(self) -> Fraction:
        """The lower limit of the end: not below what has come, if that cannot be taken back."""
        return max(self.expected - self.reach, min(self.actual, self.expected))

    @property
    def high(self) -> Fraction:
        """The upper limit of the end."""
        return self.expected + self.reach

    @property
    def needed_a_day(self) -> Fraction | None:
        """What has to come on each day left, to reach the goal; None on the last day."""
        return max(self.goal - self.actual, Fraction(0)) / self.left if self.left else None

    @property
    def days_to_recover(self) -> int | None:
        """In how many days the present rate is back on the plan; 0 where it is there.

        None if it never is: the rate is not above the plan's.
        """
        if self.gap <= 0:
            return 0
        faster = self.rate - self.goal / self.days
        return ceil(self.gap / faster) if faster > 0 else None

    @property
    def recovers(self) -> bool:
        """Whether it is back on the plan before the period ends, at the present rate."""
        days = self.days_to_recover
        return days is not None and days <= self.left

    @property
    def _variance(self) -> Fraction:
        """The variance of a day."""
        count, mean = len(self.seen), self.rate
        spread = sum(((day - mean) ** 2 for day in self.seen), Fraction(0)) / max(count - 1, 1)
        return max(spread, mean, Fraction(1, count)) if self.counted else spread


def total_of(lines: Sequence[PaceLine], *, name: str = TOTAL) -> PaceLine:
    """Add lines of one period up, day by day; ``lines`` is not empty."""
    first = lines[0]
    return PaceLine(
        name=name,
        goal=sum((line.goal for line in lines), Fraction(0)),
        days=first.days,
        came=_added([line.came for line in lines]),
        before=_added([line.before for line in lines]),
        known=first.known,
        counted=first.counted,
    )


def find_pace(
    lines: Sequence[PaceLine], total: PaceLine, *, what: str, period: str
) -> tuple[Finding, ...]:
    """Say what a period's lines come to: that all are behind, or who hides behind the total.

    ``what`` is counted (MQLs, revenue), ``period`` what it is the goal of (the quarter).
    """
    return tuple(_find(lines, total, what=what, period=period))


def _find(
    lines: Sequence[PaceLine], total: PaceLine, *, what: str, period: str
) -> Iterator[Finding]:
    if not total.is_on_goal:
        yield _behind(lines, total, what=what, period=period)
        return
    for line in lines:
        if not line.is_on_goal:
            yield _hidden(line, total, what=what, period=period)


def _behind(lines: Sequence[PaceLine], line: PaceLine, *, what: str, period: str) -> Finding:
    return Finding(
        rule="pace.behind",
        subject=f"{period} {line.name}",
        sentence=(
            f"All segments together are at {line.percent} of the {period}'s plan to date:"
            f" {_whole(line.actual)} of {_whole(line.planned)} {what}; {_when(line, period)}"
            f"{_missing(lines)}"
        ),
        remedy=_remedy(line, what=what, period=period),
    )


def _missing(lines: Sequence[PaceLine]) -> str:
    """Name the segments that are short, the most missing first, where there are several."""
    short = sorted((one for one in lines if not one.is_on_goal), key=lambda one: -one.gap)
    if len(lines) < _SEVERAL or not short:
        return ""
    return " Short: " + ", ".join(f"{one.name} by {_whole(one.gap)}" for one in short) + "."


def _hidden(line: PaceLine, total: PaceLine, *, what: str, period: str) -> Finding:
    return Finding(
        rule="pace.total_hides_segment",
        subject=f"{period} {line.name}",
        sentence=(
            f"The total is on goal ({total.percent} of the {period}'s plan to date), but"
            f" {line.name} is short by {_whole(line.gap)}: {_whole(line.actual)} of"
            f" {_whole(line.planned)} {what} ({line.percent})."
        ),
        remedy=f"Move effort to {line.name}; more of the others does not reach its goal.",
    )


def _when(line: PaceLine, period: str) -> str:
    days = line.days_to_recover
    if days is None:
        return "at the present rate it falls further behind."
    if not line.recovers:
        return f"at the present rate it is not back before the {period} ends."
    return f"at the present rate it is back on plan in {_days(days)}."


def _remedy(line: PaceLine, *, what: str, period: str) -> str:
    needed = line.needed_a_day
    if needed is None:
        return f"The {period} is over; plan the next with what was learnt."
    return (
        f"{_tenths(needed * 7)} {what} a week reach the goal of {_whole(line.goal)};"
        f" {_tenths(line.rate * 7)} come now."
    )


def _added(series: Sequence[tuple[Fraction, ...]]) -> tuple[Fraction, ...]:
    return tuple(sum(days, Fraction(0)) for days in zip(*series, strict=True))


def _root(value: Fraction) -> Fraction:
    with localcontext(prec=40):
        return Fraction(exact(value).sqrt())


def _whole(value: Fraction) -> str:
    return f"{round_half_up(value):,}"


def _tenths(value: Fraction) -> str:
    tenths = round_half_up(value * 10)
    return f"{tenths // 10:,}" + (f".{tenths % 10}" if tenths % 10 else "")


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
