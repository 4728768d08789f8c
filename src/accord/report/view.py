"""What a page is made of: the time asked for, its numbers by name, the lists behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from accord.agreement import Agreement
from accord.findings import Finding
from accord.metrics import ALL, METRICS, WINDOW, Cube, Number, Period, Promise, Weighed, compute
from accord.planning import GoalPace, Outlook
from accord.records import to_us
from accord.report.asked import Asked, Words
from accord.report.cells import of
from accord.report.model import Cell

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFacts:
    """What quality found, as rows by name; ids and counts only.

    ``weeks``: rows of each source by week or month, newest first (week, source, rows_in, accepted,
    quarantined, duplicates, held, flagged). ``rules``: what rows failed in the time asked for
    (rule, severity, source, failing, tolerated, batches, sentence, batch, row). ``batches``: what
    was said of whole batches (at, batch, source, rule, severity, sentence). ``waiting``: the oldest
    open rows set aside (at, batch, row, source, rules), of ``open_count``.
    """

    weeks: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    batches: tuple[Mapping[str, Any], ...] = ()
    waiting: tuple[Mapping[str, Any], ...] = ()
    open_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatedNumber:
    """A number of a closed week that is not what was printed; None is missing."""

    period: str
    metric: str
    dimension: str
    member: str
    was: Decimal | None
    now: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """What was restated since the last print; ``since`` is None where there was none."""

    since: datetime | None = None
    numbers: tuple[RestatedNumber, ...] = ()


@dataclass(slots=True, kw_only=True)
class View:
    """One week, month or span, ready to be asked.

    ``cube`` cuts the time by week or month up to the end of it; ``base`` is one window over the
    longer time that ends with it (13 weeks, 3 months; of a span the span itself). ``at`` is the
    last instant that counts: as_of, or the end of what has ended. ``frames`` are the fact frames,
    ``plan`` the period's figures per segment, ``weekly_plan`` its share of a week. ``promises``
    are those of the time asked for, ``last_promises`` those of the month before it, ``weighed``
    are all findings. ``earlier`` is one window over the 3 months before a month. ``paces`` stand at
    the last day that has ended, ``outlook`` is what is known beside the plan, ``against_plan`` what
    speaks against it: promises that do not reach their goals, rates that history contradicts.
    """

    agreement: Agreement
    asked: Asked
    at: datetime
    partial: bool
    cube: Cube
    base: Cube
    frames: Mapping[str, pd.DataFrame]
    reps: pd.DataFrame
    period_word: str
    plan: Mapping[str, Mapping[str, int]]
    plan_to_date: Mapping[str, Fraction]
    delivered_to_date: Mapping[str, int]
    weekly_plan: Mapping[str, Fraction]
    promises: tuple[Promise, ...]
    findings: tuple[Finding, ...]
    signed: bool
    signed_versions: frozenset[str] = frozenset()
    quality: QualityFacts = QualityFacts()
    paces: tuple[GoalPace, ...] = ()
    outlook: Outlook | None = None
    against_plan: tuple[Finding, ...] = ()
    restated: Restated = Restated()
    weighed: tuple[Weighed, ...] = ()
    last_promises: tuple[Promise, ...] = ()
    earlier: Cube | None = None
    _known: dict[tuple[int, str, str], dict[tuple[str, str], Number]] = field(default_factory=dict)

    @property
    def period(self) -> Period:
        """The time asked for."""
        return self.asked.period

    @property
    def words(self) -> Words:
        """How the page speaks of it."""
        return self.asked.words

    @property
    def each(self) -> str:
        """What the row of periods is cut into: week or month."""
        return self.asked.cut.value

    @property
    def labels(self) -> tuple[str, ...]:
        """The periods shown, the newest last."""
        return self.cube.periods.labels[-self.asked.shown :]

    @property
    def before(self) -> str | None:
        """The period before this one, if there is any."""
        labels = self.cube.periods.labels
        return labels[-2] if len(labels) > 1 and not self.asked.is_span else None

    @property
    def at_us(self) -> int:
        """The last instant that counts, in microseconds."""
        return to_us(self.at)

    @property
    def bounds_us(self) -> tuple[int, int]:
        """Where the time asked for begins, and the first instant that no longer counts in it."""
        return (self.base if self.asked.is_span else self.cube).periods.last_us

    def numbers(
        self, metric: str, dimension: str = ALL, *, base: bool = False
    ) -> dict[tuple[str, str], Number]:
        """Return a metric's numbers by period and member."""
        cube = self.base if base else self.cube
        key = (int(base), metric, dimension)
        if key not in self._known:
            found = compute(cube, METRICS[metric], dimension)
            self._known[key] = {(one.period, one.member): one for one in found}
        return self._known[key]

    def here(self, metric: str, dimension: str = ALL) -> list[Number]:
        """Return a metric's numbers of the time asked for, one a member."""
        label = WINDOW if self.asked.is_span else self.period.label
        numbers = self.numbers(metric, dimension, base=self.asked.is_span)
        return [number for (period, _), number in numbers.items() if period == label]

    def number(
        self, metric: str, dimension: str = ALL, member: str = "", *, period: str | None = None
    ) -> Number | None:
        """Return one number of the time asked for, or of one of the periods."""
        if period is None and self.asked.is_span:
            return self.over_base(metric, dimension, member)
        return self._found(metric, dimension, member, period or self.period.label, base=False)

    def over_base(self, metric: str, dimension: str = ALL, member: str = "") -> Number | None:
        """Return one number of the longer time that ends with this one."""
        return self._found(metric, dimension, member, WINDOW, base=True)

    def _found(
        self, metric: str, dimension: str, member: str, period: str, *, base: bool
    ) -> Number | None:
        """A member without a fact has none of what is counted, once there are facts at all."""
        found = self.numbers(metric, dimension, base=base).get((period, member))
        counted = METRICS[metric].denominator is None and METRICS[metric].quantile is None
        if found is not None or not counted:
            return found
        total = self.numbers(metric, ALL, base=base).get((period, ""))
        if total is None or total.value is None:
            return None
        return replace(total, dimension=dimension, member=member, numerator=_ZERO, value=_ZERO)

    def cell(
        self, metric: str, dimension: str = ALL, member: str = "", *, period: str | None = None
    ) -> Cell:
        """Return one number as a cell."""
        return of(self.number(metric, dimension, member, period=period), METRICS[metric].unit)

    def base_cell(self, metric: str, dimension: str = ALL, member: str = "") -> Cell:
        """Return one number of the longer time as a cell."""
        return of(self.over_base(metric, dimension, member), METRICS[metric].unit)

    def members(self, metric: str, dimension: str, *, base: bool = True) -> tuple[str, ...]:
        """Return the members with any fact, largest first, those without a member last."""
        found = list(self.numbers(metric, dimension, base=base).values())
        found.sort(key=lambda one: (one.member == "", -(one.value or 0), one.member))
        return tuple(dict.fromkeys(one.member for one in found))

    def rep_name(self, rep: str) -> str:
        """Return what a rep is called; the id where no name is known."""
        return self.rep_names.get(rep) or rep

    @property
    def rep_names(self) -> dict[str, str]:
        """Names by rep id."""
        named = self.reps[self.reps["name"].notna()]
        return dict(zip(named["rep"], named["name"], strict=True))
