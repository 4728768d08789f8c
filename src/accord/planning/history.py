"""Planning with what history shows instead of what was agreed, where enough of it was seen.

Per segment: the average deal, the conversion of each step, the share of revenue that came from
leads, and how long deals took. What was seen too little of stays as agreed, and is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from accord.agreement import Agreement
from accord.findings import Finding
from accord.intervals import exact, wilson
from accord.planning.funnel import (
    CONVERSIONS,
    PLAN_STAGES,
    Plan,
    SegmentPlan,
    agreed_rates,
    round_half_up,
)

ENOUGH = 10
"""Of fewer a rate says too little to plan with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A share of counted things: ``count`` of ``of``."""

    count: int
    of: int

    @property
    def is_enough(self) -> bool:
        """Whether it can be planned with: of ten or more, and not nothing."""
        return self.of >= ENOUGH and self.count > 0

    @property
    def share(self) -> Fraction:
        """The share; ``of`` is not zero."""
        return Fraction(self.count, self.of)

    @property
    def limits(self) -> tuple[Decimal, Decimal] | None:
        """Its Wilson interval of 95 %; None of nothing."""
        return wilson(self.count, self.of) if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHistory:
    """What a segment has shown: deals won that state an amount and their sum, and its steps.

    ``steps`` is by the names of the agreed conversions, ``closing`` from MQL to deal.
    """

    segment: str
    deals: int
    revenue: Decimal
    steps: Mapping[str, Seen]
    closing: Seen
    cycle_days: Decimal | None = None

    @property
    def average_deal(self) -> Decimal | None:
        """The average deal; None where none was won."""
        return self.revenue / self.deals if self.deals else None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was seen over a time: per segment, the share of revenue from leads, and who judged it.

    ``ready`` is false where the first half of that time had passed before we handed anything over:
    nobody then had agreed on what a qualified lead is, so its rates are of another thing (A100).
    """

    since: str
    until: str
    segments: tuple[SegmentHistory, ...]
    revenue: Decimal
    revenue_from_leads: Decimal
    ready: bool

    @property
    def marketing_share(self) -> Fraction | None:
        """The share of revenue that came from leads; None without revenue."""
        return Fraction(self.revenue_from_leads) / Fraction(self.revenue) if self.revenue else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPlan:
    """A plan with history's rates, the MQLs it may take at the limits, and what is to be said.

    ``mqls_between``: by segment, the need at the upper and at the lower limit of its closing share,
    where enough closed; ``used`` names, by segment, the rates that are history's own.
    """

    plan: Plan
    mqls_between: Mapping[str, tuple[int, int] | None]
    used: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def plan_from_history(agreement: Agreement, history: History) -> HistoryPlan:
    """Compute what each segment needs of every stage at the rates that history shows.

    Revenue goals stay those of the agreement; so does each rate of which fewer than
    :data:`ENOUGH` were seen, and the average deal of a segment that won fewer.
    """
    share = history.marketing_share
    marketing = Fraction(agreement.targets.marketing_share) if share is None else share
    known = {one.segment: one for one in history.segments}
    planned = {
        name: _segment(agreement, name, known.get(name), marketing)
        for name in agreement.targets.segments
    }
    return HistoryPlan(
        plan=Plan(
            period=agreement.targets.period,
            segments=tuple(one for one, _, _ in planned.values()),
            warnings=tuple(finding.sentence for finding in agreement.warnings),
        ),
        mqls_between={name: between for name, (_, between, _) in planned.items()},
        used={name: used for name, (_, _, used) in planned.items()},
        findings=tuple(_find(agreement, history)),
    )


_Planned = tuple[SegmentPlan, tuple[int, int] | None, tuple[str, ...]]


def _segment(
    agreement: Agreement, name: str, seen: SegmentHistory | None, marketing: Fraction
) -> _Planned:
    target = agreement.targets.segments[name]
    rates = dict(zip(CONVERSIONS, agreed_rates(agreement), strict=True))
    deal, used = Fraction(target.average_deal), []
    if seen is not None and seen.deals >= ENOUGH and seen.average_deal:
        deal = Fraction(seen.average_deal)
        used.append("average_deal")
    for step in CONVERSIONS:
        if seen is not None and step in seen.steps and seen.steps[step].is_enough:
            rates[step] = seen.steps[step].share
            used.append(step)
    deals = Fraction(target.revenue) * marketing / deal
    figures = _backwards(deals, tuple(rates.values()))
    shown = SegmentPlan(segment=name, figures=figures, average_deal=exact(deal))
    return shown, _between(deals, seen), tuple(used)


def _backwards(deals: Fraction, rates: tuple[Fraction, ...]) -> dict[str, Fraction]:
    figures = [deals]
    for rate in reversed(rates):
        figures.append(figures[-1] / rate)
    return dict(zip(PLAN_STAGES, reversed(figures), strict=True))


def _between(deals: Fraction, seen: SegmentHistory | None) -> tuple[int, int] | None:
    """Return the MQLs needed at the limits of the closing share, fewest first."""
    if seen is None or not seen.closing.is_enough or seen.closing.limits is None:
        return None
    low, high = (Fraction(limit) for limit in seen.closing.limits)
    return round_half_up(deals / high), round_half_up(deals / low)


def _find(agreement: Agreement, history: History) -> Iterator[Finding]:
    if not history.ready:
        yield Finding(
            rule="plan.no_readiness",
            subject="history",
            sentence=(
                f"From {history.since} to {history.until} leads were for the most part not handed"
                " over by an agreed rule: rates of that time are not of what is now called"
                " qualified, so goals made of them are skewed."
            ),
            remedy="Run the agreed hand-over for a quarter before planning with its rates.",
        )
    for one in history.segments:
        yield from _contradictions(agreement, one)


def _contradictions(agreement: Agreement, seen: SegmentHistory) -> Iterator[Finding]:
    """Say where an agreed rate lies outside what history leaves open."""
    rates = dict(zip(CONVERSIONS, agreed_rates(agreement), strict=True))
    for step, share in seen.steps.items():
        if share.limits is None or share.of < ENOUGH:
            continue
        low, high = (Fraction(limit) for limit in share.limits)
        if not low <= rates[step] <= high:
            yield Finding(
                rule="plan.rate_contradicted",
                subject=f"{seen.segment} {step}",
                sentence=(
                    f"{seen.segment}: {step.replace('_', ' ')} is agreed at"
                    f" {_percent(rates[step])}, and {share.count} of {share.of} went on"
                    f" ({_percent(share.share)}, surely between {_percent(low)} and"
                    f" {_percent(high)})."
                ),
                remedy="Agree on the rate that is, or change what makes it.",
            )


def _percent(value: Fraction) -> str:
    return f"{round_half_up(value * 100)} %"
