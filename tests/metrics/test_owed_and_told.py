"""Promises of a week, and the sentences about them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from accord.agreement import load
from accord.metrics import Number, Status, Week, promises, tell
from accord.records import Side
from tests.conftest import ROOT

_PLAN = {"small": Fraction(17), "middle": Fraction(11), "large": Fraction(4)}


def _number(metric: str, dimension: str, member: str, value, of=None) -> Number:
    divided = of is not None
    return Number(
        period="2026-W46",
        metric=metric,
        dimension=dimension,
        member=member,
        numerator=Decimal(value),
        denominator=Decimal(of) if divided else None,
        value=Decimal(value) if not divided else Decimal(value) / Decimal(of),
    )


def _asked(*numbers: Number):
    known = {(one.metric, one.dimension, one.member): one for one in numbers}
    return lambda metric, dimension, member: known.get((metric, dimension, member))


@pytest.fixture(scope="module")
def agreement():
    return load(ROOT / "agreement.yaml")


def _promises(agreement, *numbers: Number, partial: bool = False) -> dict:
    found = promises(agreement, _asked(*numbers), weekly_plan=_PLAN, partial=partial)
    return {(one.kind, one.name): one for one in found}


@pytest.mark.parametrize(
    ("mqls", "partial", "status"),
    [
        (9, False, Status.MISSED),  # 0.9 of 11 is 9.9
        (10, False, Status.KEPT),
        (9, True, Status.RUNNING),
        (10, True, Status.KEPT),
    ],
)
def test_volume_is_kept_from_the_agreed_share_of_the_plan_on(agreement, mqls, partial, status):
    numbers = [_number("mqls", "segment", "middle", mqls)]
    assert _promises(agreement, *numbers, partial=partial)["volume", "middle"].status is status


def test_acceptance_at_exactly_the_agreed_share_is_kept(agreement):
    kept = _promises(agreement, _number("acceptance", "all", "", 8, 10))
    missed = _promises(agreement, _number("acceptance", "all", "", 79, 100))
    assert kept["acceptance", "acceptance"].status is Status.KEPT
    assert missed["acceptance", "acceptance"].status is Status.MISSED


def test_where_nothing_was_handed_over_no_acceptance_is_due(agreement):
    assert _promises(agreement)["acceptance", "acceptance"].status is Status.NOTHING


def test_one_late_clock_is_a_promise_not_kept(agreement):
    met = _number("clocks_met", "term", "first_touch", 9)
    found = _promises(agreement, met, _number("clocks_breached", "term", "first_touch", 1))
    clock = found["clock", "first_touch"]
    assert (clock.status, clock.side, clock.share) == (Status.MISSED, Side.SALES, Decimal("0.9"))
    assert clock.gap == Fraction(1, 10)
    assert found["clock", "qualify"].status is Status.NOTHING
    assert found["clock", "nurture"].side is Side.MARKETING


def test_terms_are_written_as_people_say_them(agreement):
    found = _promises(agreement)
    first, last = found["clock", "first_touch"], found["clock", "opportunity"]
    assert first.terms == "a touch within 5 minutes of assignment, in open hours"
    assert last.terms == "a decision within 7 days of entry into SQL"


def _week(agreement, *numbers: Number, before: tuple = (), reasons: dict | None = None, **more):
    owed = promises(agreement, _asked(*numbers), weekly_plan=_PLAN, partial=False)
    return Week(
        now={(n.metric, n.dimension, n.member): n for n in numbers},
        before={(n.metric, n.dimension, n.member): n for n in before},
        promises=owed,
        reasons=reasons or {},
        names=more.get("names", {}),
        on_goal=Fraction(98, 100),
        currency="USD",
    )


def _sentences(week: Week) -> list[str]:
    return [finding.sentence for finding in tell(week)]


_ON_PLAN = tuple(
    _number("mqls", "segment", name, value)
    for name, value in (("small", 17), ("middle", 11), ("large", 4))
)


def test_a_total_on_goal_with_a_short_segment_is_a_finding_of_its_own(agreement):
    mqls = [("small", 26), ("middle", 5), ("large", 2)]
    week = _week(agreement, *(_number("mqls", "segment", *pair) for pair in mqls))
    told = _sentences(week)
    assert any("The total is on goal (33 of 32 MQLs)" in sentence for sentence in told)
    assert len(told) <= 3


def test_at_most_three_findings_and_each_side_hears_of_its_worst(agreement):
    week = _week(
        agreement,
        _number("clocks_met", "term", "first_touch", 1),
        _number("clocks_breached", "term", "first_touch", 9),
        _number("clocks_met", "term", "qualify", 8),
        _number("clocks_breached", "term", "qualify", 2),
        _number("acceptance", "all", "", 1, 10),
        reasons={"not_ready": 3, "timing": 1},
    )
    told = _sentences(week)
    assert len(told) == 3
    assert any(sentence.startswith("9 of 10 first touch clocks") for sentence in told)
    assert any("Marketing delivered" in s or "Sales accepted" in s for s in told)


def test_a_rep_who_stands_out_is_named_by_name(agreement):
    shares = [
        _number("first_touch_met_share", "rep", "crm:a", 1, 9),
        _number("first_touch_met_share", "rep", "crm:b", 9, 9),
        _number("first_touch_met_share", "rep", "crm:c", 8, 9),
    ]
    week = _week(
        agreement,
        *_ON_PLAN,
        *shares,
        _number("clocks_met", "term", "first_touch", 18),
        _number("clocks_breached", "term", "first_touch", 9),
        names={"crm:a": "Ada"},
    )
    assert any(s.endswith("; 8 of them were Ada's.") for s in _sentences(week))


def test_when_all_is_kept_that_is_said(agreement):
    week = _week(agreement, *_ON_PLAN, _number("acceptance", "all", "", 10, 10))
    assert "Marketing kept all 4 promises that were due." in _sentences(week)


def test_money_spent_without_an_mql_is_said(agreement):
    week = _week(agreement, *_ON_PLAN, _number("spend", "channel", "display", 700))
    assert "USD 700 went into display this week and no MQL came of it." in _sentences(week)


def test_a_week_in_which_nothing_happened_says_nothing_untrue(agreement):
    owed = promises(agreement, _asked(), weekly_plan={}, partial=True)
    week = Week(
        now={}, before={}, promises=owed, reasons={}, names={}, on_goal=Fraction(1), currency="USD"
    )
    assert tell(week) == ()
