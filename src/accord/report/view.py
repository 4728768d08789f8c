"""What a page is made of: the week, its numbers by name, and the lists behind them."""

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
from accord.metrics import ALL, METRICS, Cube, Number, Period, Promise, compute
from accord.records import to_us
from accord.report.cells import of
from accord.report.model import Cell

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFacts:
    """What quality found, as rows by name; ids and counts only.

    ``weeks``: rows of each source by week, newest week first (week, source, rows_in, accepted,
    quarantined, duplicates, held, flagged). ``rules``: what rows failed this week (rule, severity,
    source, failing, tolerated, batches, sentence, batch, row). ``batches``: what was said of whole
    batches (at, batch, source, rule, severity, sentence). ``waiting``: the oldest open rows set
    aside (at, batch, row, source, rules), of ``open_count``.
    """

    weeks: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    batches: tuple[Mapping[str, Any], ...] = ()
    waiting: tuple[Mapping[str, Any], ...] = ()
    open_count: int = 0


WEEKS_SHOWN = 10
"""Weeks that charts and weekly tables look back on."""


@dataclass(slots=True, kw_only=True)
class View:
    """One week, ready to be asked.

    ``weeks`` cuts the time by ISO week up to this one; ``quarter`` is one window over the 13 weeks
    that end with it. ``at`` is the last instant that counts: as_of, or the end of a past week.
    ``frames`` are the fact frames, ``plan`` the period's figures per segment, ``weekly_plan`` its
    share of a week, ``names`` what reps are called.
    """

    agreement: Agreement
    week: Period
    at: datetime
    partial: bool
    weeks: Cube
    quarter: Cube
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
    quality: QualityFacts = QualityFacts()
    _known: dict[tuple[int, str, str], dict[tuple[str, str], Number]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The weeks shown, this one last."""
        return self.weeks.periods.labels[-WEEKS_SHOWN:]

    @property
    def before(self) -> str | None:
        """The week before this one, if there is any."""
        labels = self.weeks.periods.labels
        return labels[-2] if len(labels) > 1 else None

    @property
    def at_us(self) -> int:
        """The last instant that counts, in microseconds."""
        return to_us(self.at)

    def numbers(
        self, metric: str, dimension: str = ALL, *, quarter: bool = False
    ) -> dict[tuple[str, str], Number]:
        """Return a metric's numbers by period and member."""
        cube = self.quarter if quarter else self.weeks
        key = (int(quarter), metric, dimension)
        if key not in self._known:
            found = compute(cube, METRICS[metric], dimension)
            self._known[key] = {(one.period, one.member): one for one in found}
        return self._known[key]

    def number(
        self, metric: str, dimension: str = ALL, member: str = "", *, period: str | None = None
    ) -> Number | None:
        """Return one number of this week (or another)."""
        return self._found(metric, dimension, member, period or self.week.label, quarter=False)

    def over_quarter(self, metric: str, dimension: str = ALL, member: str = "") -> Number | None:
        """Return one number of the 13 weeks up to this one."""
        return self._found(metric, dimension, member, "window", quarter=True)

    def _found(
        self, metric: str, dimension: str, member: str, period: str, *, quarter: bool
    ) -> Number | None:
        """A member without a fact has none of what is counted, once there are facts at all."""
        found = self.numbers(metric, dimension, quarter=quarter).get((period, member))
        counted = METRICS[metric].denominator is None and METRICS[metric].quantile is None
        if found is not None or not counted:
            return found
        total = self.numbers(metric, ALL, quarter=quarter).get((period, ""))
        if total is None or total.value is None:
            return None
        return replace(total, dimension=dimension, member=member, numerator=_ZERO, value=_ZERO)

    def cell(
        self, metric: str, dimension: str = ALL, member: str = "", *, period: str | None = None
    ) -> Cell:
        """Return one number as a cell."""
        return of(self.number(metric, dimension, member, period=period), METRICS[metric].unit)

    def quarter_cell(self, metric: str, dimension: str = ALL, member: str = "") -> Cell:
        """Return one number of the quarter as a cell."""
        return of(self.over_quarter(metric, dimension, member), METRICS[metric].unit)

    def members(self, metric: str, dimension: str, *, quarter: bool = True) -> tuple[str, ...]:
        """Return the members with any fact, largest first, those without a member last."""
        found = list(self.numbers(metric, dimension, quarter=quarter).values())
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
