"""The reverse funnel: how many MQLs a goal needs, and how many deals some MQLs bring.

Exact fractions are carried along the chain MQL, SQL, opportunity, proposal, contracting, deal.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

from accord.agreement import Agreement, Conversion
from accord.errors import InputError
from accord.findings import Finding

Number = int | Decimal | Fraction
Period = Literal["month", "quarter", "year"]

PLAN_STAGES: tuple[str, ...] = ("mql", "sql", "opportunity", "proposal", "contracting", "deal")
"""The columns of a plan, in the order of the funnel."""

CONVERSIONS: tuple[str, ...] = (
    "mql_to_sql",
    "sql_to_opportunity",
    "opportunity_to_proposal",
    "proposal_to_contracting",
    "contracting_to_deal",
)
"""The steps between them, by the names of the agreed conversions."""

_ROUNDINGS = ("nearest", "ceil")
MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}
"""How many months make each period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlan:
    """One segment's figures of a period: exact, one a stage of :data:`PLAN_STAGES`."""

    segment: str
    figures: Mapping[str, Fraction]
    average_deal: Decimal

    @property
    def shown(self) -> dict[str, int]:
        """The figures as people read them: whole, half up."""
        return {stage: round_half_up(figure) for stage, figure in self.figures.items()}

    @property
    def expected_revenue(self) -> Fraction:
        """What the deals bring, exactly, in the agreement's currency."""
        return self.figures["deal"] * Fraction(self.average_deal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The figures of one period, per segment in the agreement's order.

    ``findings`` say of each segment whose agreed MQLs do not reach its goal what is missing;
    ``warnings`` are their sentences, and what the agreement itself warns of.
    """

    period: Period
    segments: tuple[SegmentPlan, ...]
    warnings: tuple[str, ...] = field(default=())
    findings: tuple[Finding, ...] = field(default=())

    @property
    def mqls(self) -> dict[str, int]:
        """MQLs needed in the period, per segment, as shown."""
        return {one.segment: one.shown["mql"] for one in self.segments}

    @property
    def total(self) -> dict[str, int]:
        """The sums over the segments of the figures as shown, so that a table adds up."""
        shown = [one.shown for one in self.segments]
        return {stage: sum(row[stage] for row in shown) for stage in PLAN_STAGES}

    def weekly(self, on: date, *, stage: str = "mql") -> dict[str, Fraction]:
        """Return each segment's exact share of a week, in the period that holds the day ``on``."""
        days = period_days(self.period, on)
        return {one.segment: weekly_share(one.figures[stage], days) for one in self.segments}

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain values: whole figures per segment, their sums, warnings."""
        return {
            "segments": {one.segment: one.shown for one in self.segments},
            "total": self.total,
            "warnings": list(self.warnings),
        }


def plan(agreement: Agreement, *, rounding: str | None = None) -> Plan:
    """Compute what each segment needs of every stage to reach the period's revenue goals.

    Of a segment whose MQLs are agreed on, it is what those bring.

    ``nearest`` shows the exact need half up; ``ceil`` raises the MQLs to the next whole one and
    goes forward from there, so that the expected deals reach the target. None takes what the
    agreement says; any other word is an InputError.
    """
    how = agreement.targets.rounding if rounding is None else rounding
    if how not in _ROUNDINGS:
        raise InputError(where="rounding", found=f"is {how!r}", expected=" or ".join(_ROUNDINGS))
    needs = _needs(agreement)
    mqls: dict[str, Fraction] = {}
    for segment, target in agreement.targets.segments.items():
        need = Fraction(ceil(needs[segment])) if how == "ceil" else needs[segment]
        mqls[segment] = need if target.mqls is None else Fraction(target.mqls)
    made = _plan_of(mqls, agreement)
    found = tuple(_below_target(agreement, needs))
    said = (*made.warnings, *(finding.sentence for finding in found))
    return replace(made, findings=found, warnings=said)


def _needs(agreement: Agreement) -> dict[str, Fraction]:
    """Return the MQLs that each segment's goal needs, exactly."""
    share, way = Fraction(agreement.targets.marketing_share), _whole_way(agreement)
    return {
        name: Fraction(target.revenue) * share / Fraction(target.average_deal) / way
        for name, target in agreement.targets.segments.items()
    }


def _below_target(agreement: Agreement, needs: Mapping[str, Fraction]) -> Iterator[Finding]:
    """Say whose agreed MQLs are fewer than its goal needs, rounded as people read it."""
    way = _whole_way(agreement)
    for name, target in agreement.targets.segments.items():
        need = round_half_up(needs[name])
        if target.mqls is None or target.mqls >= need:
            continue
        yield Finding(
            rule="plan.mqls_below_target",
            subject=f"targets.segments.{name}.mqls",
            sentence=(
                f"{name}: the {target.mqls} MQLs agreed on bring {_tenths(target.mqls * way)} deals"
                f" of the {_tenths(needs[name] * way)} that its target takes; it needs {need}."
            ),
            remedy=f"Agree on {need} MQLs, on a lower target, or on better conversions.",
        )


def _tenths(figure: Fraction) -> str:
    """Write a figure with one decimal, half up; none where it is whole."""
    return f"{float(Fraction(round_half_up(figure * 10), 10)):g}"


def forward(mqls: Mapping[str, Number], agreement: Agreement) -> Plan:
    """Compute what some MQLs per segment bring at the agreed conversions.

    Segments that are not named are not planned. InputError on a segment that the agreement does
    not know, or a negative number.
    """
    known = agreement.targets.segments
    for segment, figure in mqls.items():
        if segment not in known:
            raise InputError(where=str(segment), found="is no segment", expected=", ".join(known))
        if figure < 0:
            raise InputError(where=segment, found=f"is {figure}", expected="MQLs from 0 on")
    return _plan_of({name: Fraction(mqls[name]) for name in known if name in mqls}, agreement)


def weekly_share(figure: Number, days: int) -> Fraction:
    """Return a week's share of a period's figure: figure x 7 / days in the period, exactly."""
    return Fraction(figure) * 7 / days


def period_days(period: Period, on: date) -> int:
    """Count the days of the month, quarter or year that holds a day.

    >>> period_days("quarter", date(2026, 11, 16))
    92
    """
    months = MONTHS[period]
    first = (on.month - 1) // months * months + 1
    return sum(calendar.monthrange(on.year, month)[1] for month in range(first, first + months))


def round_half_up(figure: Fraction) -> int:
    """Round to the nearest whole number, halves up.

    >>> round_half_up(Fraction(1, 2)), round_half_up(Fraction(5, 2))
    (1, 3)
    """
    return floor(figure + Fraction(1, 2))


def _plan_of(mqls: Mapping[str, Fraction], agreement: Agreement) -> Plan:
    targets = agreement.targets
    segments = tuple(
        SegmentPlan(
            segment=name,
            figures=dict(zip(PLAN_STAGES, _chain(figure, targets.conversion), strict=True)),
            average_deal=targets.segments[name].average_deal,
        )
        for name, figure in mqls.items()
    )
    warnings = tuple(finding.sentence for finding in agreement.warnings)
    return Plan(period=targets.period, segments=segments, warnings=warnings)


def _chain(figure: Fraction, conversion: Conversion) -> Iterator[Fraction]:
    yield figure
    for rate in _rates(conversion):
        figure *= rate
        yield figure


def agreed_rates(agreement: Agreement) -> tuple[Fraction, ...]:
    """Return the agreed conversions, in the order of :data:`CONVERSIONS`."""
    return _rates(agreement.targets.conversion)


def _rates(conversion: Conversion) -> tuple[Fraction, ...]:
    return tuple(Fraction(getattr(conversion, name)) for name in CONVERSIONS)


def _whole_way(agreement: Agreement) -> Fraction:
    product = Fraction(1)
    for rate in agreed_rates(agreement):
        product *= rate
    return product
