from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.planning import (
    CONVERSIONS,
    ENOUGH,
    History,
    Seen,
    SegmentHistory,
    plan,
    plan_from_history,
)
from tests.conftest import ROOT

AGREEMENT = load(ROOT / "agreement.yaml")
AGREED = (30, 70, 60, 60, 90)


def _segment(name, *, deals=0, revenue="0", steps=(), closing=(0, 0)):
    return SegmentHistory(
        segment=name,
        deals=deals,
        revenue=Decimal(revenue),
        steps={step: Seen(count=seen[0], of=seen[1]) for step, seen in steps},
        closing=Seen(count=closing[0], of=closing[1]),
    )


def _history(*segments, revenue="0", led="0", ready=True):
    return History(
        since="2026-04-01", until="2026-09-30", segments=segments, revenue=Decimal(revenue),
        revenue_from_leads=Decimal(led), ready=ready,
    )  # fmt: skip


def test_nothing_seen_plans_as_agreed():
    found = plan_from_history(AGREEMENT, _history())
    assert found.plan.segments == plan(AGREEMENT, rounding="nearest").segments
    assert found.findings == ()
    assert set(found.used.values()) == {()}


def test_the_rates_that_were_agreed_give_the_agreed_plan():
    steps = [(step, (rate * 10, 1000)) for step, rate in zip(CONVERSIONS, AGREED, strict=True)]
    seen = _segment("small", deals=10, revenue="100000", steps=steps)
    found = plan_from_history(AGREEMENT, _history(seen))
    agreed = {one.segment: one.figures for one in plan(AGREEMENT).segments}
    assert {one.segment: one.figures for one in found.plan.segments} == agreed
    assert found.used["small"] == ("average_deal", *CONVERSIONS)


def test_a_larger_deal_and_a_lower_share_of_leads_need_fewer_mqls():
    seen = _segment("small", deals=12, revenue="240000")
    found = plan_from_history(AGREEMENT, _history(seen, revenue="1000000", led="250000"))
    small = found.plan.segments[0]
    assert small.average_deal == 20_000
    assert small.figures["deal"] == Fraction(150_000, 4) / 20_000
    assert small.shown["mql"] == 28  # 220.46 / 2 / 4 is 27.56


def test_the_worked_example_of_seven_customers_at_5_per_cent_is_140_leads():
    steps = [(step, (20, 20)) for step in CONVERSIONS[1:]]
    seen = _segment(
        "small", deals=ENOUGH, revenue=f"{Fraction(150_000 * ENOUGH, 7).limit_denominator(1)}",
        steps=[("mql_to_sql", (5, 100)), *steps],
    )  # fmt: skip
    found = plan_from_history(AGREEMENT, _history(seen))
    assert found.plan.segments[0].shown["deal"] == 7
    assert found.plan.segments[0].shown["mql"] == 140


def test_a_rate_of_nine_is_too_little_and_of_ten_is_enough():
    for of, used in ((ENOUGH - 1, ()), (ENOUGH, ("mql_to_sql",))):
        seen = _segment("small", steps=[("mql_to_sql", (3, of))])
        assert plan_from_history(AGREEMENT, _history(seen)).used["small"] == used


def test_nobody_who_went_on_is_no_rate_to_plan_with_and_is_said():
    seen = _segment("small", steps=[("mql_to_sql", (0, 20))])
    found = plan_from_history(AGREEMENT, _history(seen))
    assert found.used["small"] == ()
    assert [finding.rule for finding in found.findings] == ["plan.rate_contradicted"]
    assert "agreed at 30 %, and 0 of 20 went on" in str(found.findings[0])


def test_a_time_without_a_readiness_process_is_warned_of():
    found = plan_from_history(AGREEMENT, _history(ready=False))
    assert [finding.rule for finding in found.findings] == ["plan.no_readiness"]
    assert "goals made of them are skewed" in str(found.findings[0])


def test_the_need_lies_between_the_limits_of_the_closing_share():
    seen = _segment("small", closing=(7, 100))
    fewest, most = plan_from_history(AGREEMENT, _history(seen)).mqls_between["small"]
    assert fewest < 15 / 0.07 < most
    assert (fewest, most) == (109, 437)  # 15 deals at 13.75 % and at 3.43 %


_STEPS = st.fixed_dictionaries(
    {step: st.tuples(st.integers(0, 49), st.integers(50, 90)) for step in CONVERSIONS}
)


@given(_STEPS, st.sampled_from(CONVERSIONS))
def test_a_better_step_never_needs_more(steps, better):
    seen = _segment("small", steps=steps.items())
    count, of = steps[better]
    improved = replace(seen, steps={**seen.steps, better: Seen(count=count + 1, of=of)})

    def mqls(one):
        return plan_from_history(AGREEMENT, _history(one)).plan.segments[0].figures["mql"]

    if count:
        assert mqls(improved) <= mqls(seen)


@given(_STEPS)
def test_the_figures_go_forward_to_the_deals_the_goal_needs(steps):
    seen = _segment("small", steps=steps.items())
    found = plan_from_history(AGREEMENT, _history(seen))
    assert found.plan.segments[0].figures["deal"] == 15
