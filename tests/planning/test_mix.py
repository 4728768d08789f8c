"""A total on goal can hide a segment that is short."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.planning import forward, mix

SHIPPED = load(Path(__file__).resolve().parents[2] / "agreement.yaml")
PLAN = forward({"small": 220, "middle": 143, "large": 44}, SHIPPED)


def test_the_documents_case_is_148_43_and_45_percent_with_middle_short_by_82():
    seen = mix(PLAN, {"small": 326, "middle": 61, "large": 20})
    assert [(one.percent, one.short) for one in seen.segments] == [(148, 0), (43, 82), (45, 24)]
    assert (seen.total.delivered, seen.total.need, seen.total.is_on_goal) == (407, 407, True)
    first, second = seen.findings
    assert (first.rule, first.subject) == ("mix.segment_short", "middle")
    assert first.sentence == (
        "The total is on goal (407 of 407 MQLs), but middle is short by 82: 61 of 143 (43 %)."
    )
    assert second.subject == "large"


def test_on_goal_is_at_least_98_percent_of_it():
    plan = forward({"small": 100, "large": 100}, SHIPPED)
    assert mix(plan, {"small": 97, "large": 99}).findings[0].subject == "small"
    assert mix(plan, {"small": 98, "large": 98}).findings == ()
    assert mix(plan, {"small": 98, "large": 97}).findings == ()  # 195 of 200: the total is short


def test_a_total_that_is_short_hides_nothing():
    seen = mix(PLAN, {"small": 10, "middle": 10, "large": 10})
    assert not seen.total.is_on_goal
    assert seen.findings == ()


def test_a_segment_that_needs_nothing_is_on_goal_without_a_share():
    seen = mix(forward({"small": 0, "large": 10}, SHIPPED), {"large": 10})
    assert (seen.segments[0].share, seen.segments[0].percent) == (None, None)
    assert seen.segments[0].is_on_goal
    assert seen.findings == ()


def test_a_segment_that_delivered_nothing_is_short_by_all_it_needs():
    seen = mix(PLAN, {"small": 407})
    assert [one.short for one in seen.segments] == [0, 143, 44]
    assert [one.subject for one in seen.findings] == ["middle", "large"]


delivered = st.fixed_dictionaries(dict.fromkeys(["small", "middle", "large"], st.integers(0, 500)))


@given(delivered)
def test_a_segment_is_found_short_exactly_when_the_total_is_on_goal_and_it_is_not(counts):
    seen = mix(PLAN, counts)
    short = [one.name for one in seen.segments if one.delivered * 100 < one.need * 98]
    is_on_goal = sum(counts.values()) * 100 >= 407 * 98
    assert [one.subject for one in seen.findings] == (short if is_on_goal else [])
