"""The plan against the documents' worked table, and what must hold of every plan."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import Agreement, load
from accord.errors import InputError
from accord.planning import (
    PLAN_STAGES,
    forward,
    period_days,
    plan,
    round_half_up,
    weekly_share,
)

SHIPPED = load(Path(__file__).resolve().parents[2] / "agreement.yaml")
SEGMENTS = ("small", "middle", "large")


def with_targets(**changes: object) -> Agreement:
    """The shipped agreement with other targets."""
    return SHIPPED.model_copy(update={"targets": SHIPPED.targets.model_copy(update=changes)})


def table(mqls: dict[str, int]) -> dict[str, list[int]]:
    made = forward(mqls, SHIPPED)
    return {one.segment: [one.shown[stage] for stage in PLAN_STAGES] for one in made.segments}


def test_the_documents_table_is_reproduced_to_the_digit():
    assert table({"small": 220, "middle": 143, "large": 44}) == {
        "small": [220, 66, 46, 28, 17, 15],
        "middle": [143, 43, 30, 18, 11, 10],
        "large": [44, 13, 9, 6, 3, 3],
    }


def test_nearest_shows_the_exact_need_half_up():
    assert plan(SHIPPED).mqls == {"small": 220, "middle": 147, "large": 44}
    assert plan(SHIPPED, rounding="nearest") == plan(SHIPPED)
    need = {one.segment: float(one.figures["mql"]) for one in plan(SHIPPED).segments}
    assert need == pytest.approx(
        {"small": 220.4586, "middle": 146.9724, "large": 44.0917}, abs=1e-4
    )


def test_ceil_raises_the_mqls_to_whole_ones_and_goes_forward_from_there():
    made = plan(SHIPPED, rounding="ceil")
    assert made.mqls == {"small": 221, "middle": 147, "large": 45}
    assert made == forward(made.mqls, SHIPPED)


def test_the_agreement_says_which_rounding_is_used():
    assert plan(with_targets(rounding="ceil")).mqls == {"small": 221, "middle": 147, "large": 45}


def test_the_deals_to_close_are_the_target_over_the_average_deal():
    deals = {one.segment: one.figures["deal"] for one in plan(SHIPPED).segments}
    assert deals == {"small": 15, "middle": 10, "large": 3}


def test_marketing_answers_for_its_share_of_the_revenue_goal():
    half = plan(with_targets(marketing_share=Decimal("0.5")))
    for one, whole in zip(half.segments, plan(SHIPPED).segments, strict=True):
        assert one.figures["mql"] * 2 == whole.figures["mql"]


def test_the_extra_reverse_example_needs_140_leads_for_7_customers_at_5_percent():
    one = Decimal(1)
    conversion = SHIPPED.targets.conversion.model_copy(
        update={
            "mql_to_sql": Decimal("0.05"),
            "sql_to_opportunity": one,
            "opportunity_to_proposal": one,
            "proposal_to_contracting": one,
            "contracting_to_deal": one,
        }
    )
    target = SHIPPED.targets.segments["small"].model_copy(update={"revenue": Decimal(70000)})
    made = plan(with_targets(conversion=conversion, segments={"small": target}))
    assert made.mqls == {"small": 140}


def test_the_143_mqls_of_the_documents_do_not_reach_their_target():
    (middle,) = forward({"middle": 143}, SHIPPED).segments
    assert middle.figures["deal"] == Fraction("9.72972")
    assert middle.expected_revenue == Fraction("291891.6")


def _promising(**mqls):
    targets = SHIPPED.targets.segments
    segments = {
        name: target.model_copy(update={"mqls": mqls.get(name)}) for name, target in targets.items()
    }
    return with_targets(segments=segments)


@pytest.mark.parametrize("rounding", ["nearest", "ceil"])
def test_mqls_that_are_agreed_on_are_planned_as_they_are(rounding):
    made = plan(_promising(small=220, middle=143, large=44), rounding=rounding)
    assert made.segments == forward({"small": 220, "middle": 143, "large": 44}, SHIPPED).segments
    (finding,) = made.findings
    assert finding.rule == "plan.mqls_below_target"
    assert finding.sentence == (
        "middle: the 143 MQLs agreed on bring 9.7 deals of the 10 that its target takes; it needs"
        " 147."
    )
    assert finding.sentence in made.warnings


def test_a_segment_without_a_promise_is_planned_from_its_goal():
    made = plan(_promising(middle=150))
    assert made.mqls == {"small": 220, "middle": 150, "large": 44}
    assert made.findings == ()


def test_no_mqls_promised_are_none_planned():
    made = plan(_promising(large=0))
    assert made.mqls["large"] == 0
    assert "large: the 0 MQLs agreed on bring 0 deals of the 3" in made.findings[0].sentence


def test_a_plan_as_plain_values_holds_whole_figures_sums_and_warnings():
    made = plan(SHIPPED).as_dict()
    assert made["segments"]["small"] == {
        "mql": 220,
        "sql": 66,
        "opportunity": 46,
        "proposal": 28,
        "contracting": 17,
        "deal": 15,
    }
    assert list(made["segments"]) == list(SEGMENTS)
    assert made["total"]["mql"] == 220 + 147 + 44
    assert "contradict" in made["warnings"][0]
    assert json.loads(json.dumps(made)) == made


def test_the_documents_total_is_407():
    assert forward({"small": 220, "middle": 143, "large": 44}, SHIPPED).total["mql"] == 407


def test_a_segment_that_is_not_named_is_not_planned():
    assert list(forward({"large": 44}, SHIPPED).as_dict()["segments"]) == ["large"]


def test_unknown_segments_negative_figures_and_unknown_roundings_are_refused():
    with pytest.raises(InputError, match="midle: is no segment; expected small, middle, large"):
        forward({"midle": 1}, SHIPPED)
    with pytest.raises(InputError, match="small: is -1"):
        forward({"small": -1}, SHIPPED)
    with pytest.raises(InputError, match="nearest or ceil"):
        plan(SHIPPED, rounding="floor")


@pytest.mark.parametrize(
    ("period", "on", "days"),
    [
        ("month", date(2026, 2, 28), 28),
        ("month", date(2028, 2, 1), 29),
        ("quarter", date(2026, 1, 1), 90),
        ("quarter", date(2028, 3, 31), 91),
        ("quarter", date(2026, 4, 1), 91),
        ("quarter", date(2026, 12, 31), 92),
        ("year", date(2026, 7, 1), 365),
        ("year", date(2028, 7, 1), 366),
    ],
)
def test_a_period_has_the_days_of_its_months(period, on, days):
    assert period_days(period, on) == days


def test_the_weekly_share_is_the_figure_by_seven_over_the_days_of_the_period():
    assert weekly_share(92, 92) == 7
    made = forward({"small": 92, "large": 46}, SHIPPED)
    assert made.weekly(date(2026, 11, 18)) == {"small": 7, "large": Fraction(7, 2)}
    assert made.weekly(date(2026, 11, 18), stage="sql")["small"] == Fraction("2.1")


def test_halves_are_rounded_up():
    assert [round_half_up(Fraction(n, 2)) for n in range(6)] == [0, 1, 1, 2, 2, 3]


counts = st.dictionaries(st.sampled_from(SEGMENTS), st.integers(0, 10**6), min_size=1)
rates = st.integers(1, 1000).map(lambda n: Decimal(n) / 1000)
conversions = st.fixed_dictionaries(
    dict.fromkeys(SHIPPED.targets.conversion.model_dump(), rates)
).map(lambda changes: SHIPPED.targets.conversion.model_copy(update=changes))
goals = st.fixed_dictionaries(
    {
        "revenue": st.integers(0, 10**9).map(Decimal),
        "average_deal": st.integers(1, 10**7).map(Decimal),
    }
)
agreements = st.builds(
    lambda conversion, changes, share: with_targets(
        conversion=conversion,
        marketing_share=share,
        segments={
            name: SHIPPED.targets.segments[name].model_copy(update=change)
            for name, change in changes.items()
        },
    ),
    conversions,
    st.dictionaries(st.sampled_from(SEGMENTS), goals, min_size=1),
    rates,
)


@given(counts, st.sampled_from(SEGMENTS), st.integers(1, 1000))
def test_more_mqls_never_bring_less_of_anything(mqls, segment, more):
    fewer, further = (
        forward(mqls, SHIPPED),
        forward({**mqls, segment: mqls.get(segment, 0) + more}, SHIPPED),
    )
    for one in fewer.segments:
        (other,) = [line for line in further.segments if line.segment == one.segment]
        assert all(other.shown[stage] >= one.shown[stage] for stage in PLAN_STAGES)
        assert other.expected_revenue >= one.expected_revenue


@given(agreements)
def test_a_raised_plan_reaches_its_targets_and_one_mql_less_does_not(agreement):
    share = Fraction(agreement.targets.marketing_share)
    made = plan(agreement, rounding="ceil")
    for one in forward(made.mqls, agreement).segments:
        goal = Fraction(agreement.targets.segments[one.segment].revenue) * share
        assert one.expected_revenue >= goal
        if made.mqls[one.segment]:
            (short,) = forward({one.segment: made.mqls[one.segment] - 1}, agreement).segments
            assert short.expected_revenue < goal


@given(agreements)
def test_the_exact_need_brings_exactly_the_goal(agreement):
    exact = plan(agreement, rounding="nearest")
    back = forward({one.segment: one.figures["mql"] for one in exact.segments}, agreement)
    assert back.segments == exact.segments
    for one in exact.segments:
        goal = agreement.targets.segments[one.segment].revenue
        assert one.expected_revenue == Fraction(goal) * Fraction(agreement.targets.marketing_share)


@given(agreements)
def test_each_stage_of_a_plan_is_no_larger_than_the_one_before(agreement):
    for one in plan(agreement).segments:
        figures = [one.shown[stage] for stage in PLAN_STAGES]
        assert figures == sorted(figures, reverse=True)


@given(agreements, st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_the_weekly_shares_of_all_days_of_a_period_add_up_to_seven_times_the_plan(agreement, on):
    made = plan(agreement)
    days = period_days(made.period, on)
    first = on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)
    for one in made.segments:
        total = sum(made.weekly(first + timedelta(days=n))[one.segment] for n in range(days))
        assert total == one.figures["mql"] * 7
