"""Numbers that look back for long: growth over two quarters, the sent back over 24 months.

Each is counted again in plain Python, week by week, from a list of what happened.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.metrics import METRICS, Cube, Cut, compute, cut, quotient
from accord.metrics.marks import with_marks
from accord.records import to_us
from tests.metrics.company import FIRST
from tests.proof import count

_ZONE = "America/New_York"
_WEEKS = 130
_AS_OF = FIRST + timedelta(weeks=_WEEKS, days=3)
_DAY = timedelta(days=1)


def _weeks():
    return cut(Cut.WEEK, first=FIRST, as_of=_AS_OF, zone=_ZONE)


def _texts(count_):
    return pd.Series([None] * count_, dtype="str")


_DAYS = st.integers(0, _WEEKS * 7)


@given(st.lists(st.tuples(_DAYS, st.integers(1, 10**7)), max_size=25))
@settings(max_examples=count(60))
def test_growth_is_a_quarter_against_the_one_before(deals):
    at = [to_us(FIRST + day * _DAY + timedelta(hours=6)) for day, _ in deals]
    frame = pd.DataFrame(
        {
            "state": pd.Series(["won"] * len(deals), dtype="str"),
            "opened_us": pd.array(at, "Int64"),
            "closed_us": pd.array(at, "Int64"),
            "amount_cents": pd.array([cents for _, cents in deals], "Int64"),
        }
    )
    periods = _weeks()
    found = compute(Cube({"deals": frame}, periods), METRICS["revenue_growth"])
    for place, number in enumerate(found):
        ends = [periods.edges_us[max(0, place - back)] for back in (25, 12)]
        quarter = sum(c for us, (_, c) in zip(at, deals, strict=True)
                      if ends[1] <= us < periods.edges_us[place + 1])  # fmt: skip
        before = sum(c for us, (_, c) in zip(at, deals, strict=True)
                     if place >= 13 and ends[0] <= us < ends[1])  # fmt: skip
        if number.denominator is None:
            assert not before
            continue
        assert number.denominator == quotient(before, 100)
        assert number.numerator == quotient(quarter - before, 100)
        assert number.value == (quotient(quarter - before, before) if before else None)


_WAYS = st.lists(
    st.tuples(_DAYS, st.sampled_from(["mql", "returned", "lost", "customer"])), max_size=8
)


@given(st.lists(_WAYS, max_size=6))
@settings(max_examples=count(60))
def test_the_sent_back_are_followed_for_24_months(ways):
    moves = _moves(ways)
    frame = with_marks(moves)
    frame["segment"] = _texts(len(frame))
    periods = _weeks()
    cube = Cube({"entries": frame}, periods)
    for name, goal in (("requalified_after_return", "mql"), ("won_after_return", "customer")):
        for place, number in enumerate(compute(cube, METRICS[name])):
            cohort, went_on = _count(moves, periods, place, goal)
            if number.denominator is None:
                assert not cohort
                continue
            assert (number.denominator, number.numerator) == (cohort, went_on)
            assert number.value == (quotient(went_on, cohort) if cohort else None)


def _moves(ways) -> pd.DataFrame:
    rows = []
    for lead, way in enumerate(ways):
        stage = "new_name"
        for day, what in sorted(dict(way).items()):
            goal = "nurture" if what in ("returned", "lost") else what
            rows.append((f"lead {lead}", stage, goal, what if goal == "nurture" else None, day))
            stage = goal
    names = ("lead_id", "from_stage", "to_stage", "programme")
    columns = {
        name: pd.Series([row[place] for row in rows], dtype="str")
        for place, name in enumerate(names)
    }
    at = [to_us(FIRST + row[4] * _DAY + timedelta(hours=6)) for row in rows]
    return pd.DataFrame(
        {
            **columns,
            "step": _texts(len(rows)),
            "at_us": pd.array(at, "Int64"),
            "position": pd.array([0] * len(rows), "Int64"),
        }
    )


def _count(moves: pd.DataFrame, periods, place: int, goal: str) -> tuple[int, int]:
    """Of those sent back in the 104 weeks up to this one: who went on before they were again."""
    begin, end = periods.edges_us[max(0, place - 103)], periods.horizons_us[place]
    cohort = went_on = 0
    for _, rows in moves.groupby("lead_id"):
        story = [(row.at_us, row.to_stage, row.from_stage) for row in rows.itertuples()]
        back = [at for at, to, was in story if to == "nurture" and was != "nurture"]
        for at in back:
            if not begin <= at < end:
                continue
            cohort += 1
            again = min((one for one in back if one > at), default=end)
            reached = [one for one, to, was in story if to == goal != was and at < one < end]
            went_on += any(one < again for one in reached)
    return cohort, went_on


@pytest.mark.parametrize(("weeks", "counted"), [(0, 1), (103, 1), (104, 0)])
def test_a_return_counts_for_104_weeks(weeks, counted):
    frame = with_marks(_moves([[(1, "returned")]]))
    frame["segment"] = _texts(len(frame))
    number = compute(Cube({"entries": frame}, _weeks()), METRICS["won_after_return"])[weeks]
    assert number.denominator == Decimal(counted)
