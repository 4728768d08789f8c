"""The counting itself: boundaries, order, zero and missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.metrics import METRICS, Cube, Cut, compute, cut, quotient, week_named, window
from accord.records import to_us

_ZONE = "America/New_York"
_WEEK = week_named("2026-W46", _ZONE)
_AS_OF = datetime(2026, 11, 30, 12, tzinfo=UTC)
_US = timedelta(microseconds=1)


def _leads(*created: datetime, won: tuple = ()) -> dict[str, pd.DataFrame]:
    wins = [*won, *[None] * (len(created) - len(won))]
    frame = pd.DataFrame(
        {
            "created_us": pd.array([to_us(at) for at in created], dtype="Int64"),
            "won_us": pd.array([None if w is None else to_us(w) for w in wins], dtype="Int64"),
            "segment": pd.Series([None] * len(created), dtype="str"),
        }
    )
    return {"leads": frame}


def _by_week(frames, name: str, *, as_of: datetime = _AS_OF, first: datetime = _WEEK.start):
    cube = Cube(frames, cut(Cut.WEEK, first=first, as_of=as_of, zone=_ZONE))
    return {number.period: number for number in compute(cube, METRICS[name])}


def test_the_first_instant_of_a_week_is_in_it_and_its_end_is_not():
    frames = _leads(_WEEK.start, _WEEK.end - _US, _WEEK.end)
    found = _by_week(frames, "new_leads")
    assert found["2026-W46"].value == 2
    assert found["2026-W47"].value == 1


def test_a_fact_at_exactly_as_of_counts_and_one_after_does_not():
    frames = _leads(_AS_OF, _AS_OF + _US)
    assert _by_week(frames, "new_leads")["2026-W49"].value == 1


def test_before_a_source_says_anything_a_count_is_missing_then_zero():
    frames = _leads(_WEEK.end)
    found = _by_week(frames, "new_leads")
    assert found["2026-W46"].value is None
    assert found["2026-W47"].value == 1
    assert found["2026-W48"].value == 0


def test_a_ratio_without_a_base_is_missing_and_keeps_both_parts():
    found = _by_week(_leads(_WEEK.start - timedelta(weeks=20)), "lead_to_sale")["2026-W46"]
    assert (found.numerator, found.denominator, found.value) == (0, 0, None)


def test_a_closed_week_does_not_change_as_its_cohort_ripens():
    frames = _leads(_WEEK.start, _WEEK.start, won=(_WEEK.end + timedelta(days=1),))
    early = _by_week(frames, "lead_to_sale", as_of=_WEEK.end)["2026-W46"]
    late = _by_week(frames, "lead_to_sale")["2026-W46"]
    assert early == late
    assert (late.numerator, late.denominator) == (0, 2)
    assert _by_week(frames, "lead_to_sale")["2026-W47"].value == Decimal("0.5")


def test_over_a_window_a_cohort_is_followed_to_as_of():
    frames = _leads(_WEEK.start, _WEEK.end, won=(_AS_OF, _AS_OF))
    periods = window(_WEEK.start, _WEEK.end, as_of=_AS_OF)
    (found,) = compute(Cube(frames, periods), METRICS["lead_to_sale"])
    assert (found.numerator, found.denominator) == (1, 1)


def test_a_stored_cohort_spans_thirteen_weeks():
    frames = _leads(_WEEK.start)
    found = _by_week(frames, "lead_to_sale", as_of=_WEEK.start + timedelta(weeks=14))
    bases = [number.denominator for number in found.values()]
    assert bases == [1] * 13 + [0, 0]


def test_undated_deals_count_over_all_time_and_in_no_week():
    deals = pd.DataFrame(
        {
            "opened_us": pd.array([None, to_us(_WEEK.start)], dtype="Int64"),
            "segment": pd.Series([None, None], dtype="str"),
        }
    )
    (whole,) = compute(
        Cube({"deals": deals}, window(None, None, as_of=_AS_OF)), METRICS["opportunities"]
    )
    assert whole.value == 2
    assert sum(n.value for n in _by_week({"deals": deals}, "opportunities").values()) == 1


def test_a_deal_is_open_until_the_instant_it_closes():
    deals = pd.DataFrame(
        {
            "opened_us": pd.array([to_us(_WEEK.start)] * 2, dtype="Int64"),
            "closed_us": pd.array([to_us(_WEEK.end), to_us(_WEEK.end - _US)], dtype="Int64"),
            "segment": pd.Series([None, None], dtype="str"),
        }
    )
    found = _by_week({"deals": deals}, "open_deals")
    assert found["2026-W46"].value == 1
    assert found["2026-W47"].value == 0


_FACTS = st.lists(
    st.tuples(
        st.integers(0, 40 * 86_400),
        st.sampled_from(["small", "large", None]),
        st.one_of(st.none(), st.integers(0, 40 * 86_400)),
    ),
    max_size=40,
)


def _frame(facts) -> dict[str, pd.DataFrame]:
    start = to_us(_WEEK.start)
    frame = pd.DataFrame(
        {
            "created_us": pd.array([start + s * 1_000_000 for s, _, _ in facts], dtype="Int64"),
            "won_us": pd.array(
                [None if w is None else start + w * 1_000_000 for _, _, w in facts], dtype="Int64"
            ),
            "segment": pd.Series([segment for _, segment, _ in facts], dtype="str"),
        }
    )
    return {"leads": frame}


@settings(deadline=None, max_examples=40)
@given(_FACTS, st.randoms(), st.sampled_from(["new_leads", "lead_to_sale"]))
def test_the_order_of_facts_does_not_matter_and_members_add_up(facts, random, name):
    shuffled = list(facts)
    random.shuffle(shuffled)
    as_of = _WEEK.start + timedelta(days=45)
    results = []
    for given_facts in (facts, shuffled):
        periods = cut(Cut.WEEK, first=_WEEK.start, as_of=as_of, zone=_ZONE)
        cube = Cube(_frame(given_facts), periods)
        whole = compute(cube, METRICS[name])
        parts = compute(cube, METRICS[name], "segment")
        results.append((whole, set(parts)))
        for number in whole:
            own = [part.numerator or 0 for part in parts if part.period == number.period]
            assert sum(own) == (number.numerator or 0)
    assert results[0] == results[1]


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_a_quotient_is_rounded_half_up_to_ten_places(above, below):
    found = quotient(above, below)
    exact = Decimal(above) / Decimal(below)
    assert abs(found - exact) <= Decimal("5.1E-11")
    assert "E" not in f"{found:f}"
