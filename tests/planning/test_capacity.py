from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.planning import capacity_plan, forward, plan, rep_capacity
from tests.conftest import ROOT

AGREEMENT = load(ROOT / "agreement.yaml")
ON = date(2026, 11, 16)


def test_120_a_month_are_360_a_quarter():
    assert rep_capacity(AGREEMENT, ON) == 360


def test_both_limits_bind():
    assert rep_capacity(AGREEMENT, ON, per_week=7) == 92
    assert rep_capacity(AGREEMENT, ON, per_week=1000, per_month=10) == 30
    assert rep_capacity(AGREEMENT, ON, per_week=0) == 0


def test_one_rep_a_segment_is_used_at_61_40_and_12_per_cent_and_one_for_all_at_113():
    """The documents' 220 / 143 / 44 MQLs."""
    needed = forward({"small": 220, "middle": 143, "large": 44}, AGREEMENT)
    found = capacity_plan(needed, each=Fraction(360), reps=1)
    assert [line.percent for line in found.segments] == [61, 40, 12]
    assert found.alone.percent == 113
    assert found.reps_needed == 2
    (finding,) = found.findings
    assert "407 MQLs, 47 more than the one rep can take (113 % of capacity). 1 more" in str(finding)


def test_enough_reps_are_nothing_to_say():
    found = capacity_plan(plan(AGREEMENT), each=Fraction(360), reps=2)
    assert found.findings == ()
    assert found.all.percent == 57


def test_unlike_reps_are_added_up():
    found = capacity_plan(plan(AGREEMENT), each=Fraction(360), reps=2, total=Fraction(400))
    assert found.all.over == 11


def test_nobody_can_take_anything():
    found = capacity_plan(plan(AGREEMENT), each=Fraction(0), reps=0)
    assert found.reps_needed is None
    assert found.all.use is None
    assert "411 more than the 0 reps can take" in str(found.findings[0])


def _by_teams(routed, staff):
    own = [Fraction(one) for team in staff.values() for one in team]
    return capacity_plan(
        forward({"small": 220, "middle": 143, "large": 44}, AGREEMENT),
        each=Fraction(360), reps=len(own), total=sum(own),
        staff={name: [Fraction(one) for one in team] for name, team in staff.items()},
        routed={one: {team: Fraction(part) for team, part in to.items()}
                for one, to in routed.items()},
    )  # fmt: skip


def test_a_team_takes_what_comes_to_it():
    """One rep more than enough in all, and too few where the most goes."""
    routed = {
        "small": {"inbound": "3/4", "emea": "1/4"},
        "middle": {"inbound": 1},
        "large": {"enterprise": 1},
    }
    found = _by_teams(routed, {"inbound": [200, 92], "enterprise": [360], "emea": [360]})
    assert {one.name: (one.need, one.capacity, one.reps) for one in found.teams} == {
        "emea": (55, 360, 1),
        "enterprise": (44, 360, 1),
        "inbound": (165 + 143, 292, 2),
    }
    assert sum(one.need for one in found.teams) == found.all.need == 407
    (finding,) = found.findings
    assert finding.rule == "plan.team_over_capacity"
    assert (
        "308 come to the inbound team, 16 more than its 2 reps can take (105 % of capacity)."
        " 1 more would do." in finding.sentence
    )


def test_a_team_of_nobody_can_take_nothing_and_one_without_leads_is_told():
    found = _by_teams({"large": {"enterprise": 1}}, {"inbound": [900]})
    assert [(one.name, one.need, one.percent) for one in found.teams] == [
        ("enterprise", 44, None),
        ("inbound", 0, 0),
    ]
    (finding,) = found.findings
    assert "44 more than its 0 reps can take. 1 more would do." in finding.sentence


def test_what_is_said_of_all_is_not_said_again_of_the_one_team():
    every = {one: {"inbound": 1} for one in ("small", "middle", "large")}
    found = _by_teams(every, {"inbound": [360]})
    assert [finding.rule for finding in found.findings] == ["plan.over_capacity"]
    beside = _by_teams(every, {"inbound": [360], "emea": [360]})
    assert [finding.rule for finding in beside.findings] == ["plan.team_over_capacity"]


@given(st.integers(1, 50), st.integers(1, 400))
def test_as_many_reps_as_are_needed_can_take_all_and_one_fewer_cannot(reps, each):
    made = plan(AGREEMENT)
    needed = capacity_plan(made, each=Fraction(each), reps=reps).reps_needed
    assert capacity_plan(made, each=Fraction(each), reps=needed).all.over == 0
    assert capacity_plan(made, each=Fraction(each), reps=needed - 1).all.over > 0


@pytest.mark.parametrize("on", [date(2028, 2, 1), date(2026, 2, 28)])
def test_a_week_of_a_short_quarter_is_a_week(on):
    days = 91 if on.year == 2028 else 90
    assert rep_capacity(AGREEMENT, on, per_month=10_000) == Fraction(30 * days, 7)
