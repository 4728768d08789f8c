"""Every won amount leads back to a hand-off, or says why it does not; together they are all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.metrics import (
    METRICS,
    Cube,
    NoTouch,
    Untraced,
    attribute,
    compute,
    prepare,
    trace_won,
    window,
)
from tests.conftest import ROOT
from tests.metrics.traced import START, at, companies, entered, frames, handed, lead, won

AGREEMENT = load(ROOT / "agreement.yaml")
LATER = START + timedelta(days=60)


def _trace(**rows):
    (found,) = trace_won(frames(**rows)).to_dict("records")
    return {name: None if pd.isna(value) else value for name, value in found.items()}


def test_a_deal_leads_back_to_the_hand_offs_of_the_cycle_that_it_was_opened_in():
    found = _trace(
        lead=[lead("a")],
        handoff=[handed("a", 10), handed("a", 20, stage="sql", origin="observed")],
        deal=[won("d", "a", 30, 90)],
    )
    assert (found["handoff_id"], found["mql_us"], found["mql_origin"]) == (
        "a/1/mql", at(10), "decided",
    )  # fmt: skip
    assert (found["sql_handoff_id"], found["sql_us"], found["sql_origin"]) == (
        "a/1/sql", at(20), "observed",
    )  # fmt: skip
    assert found["why"] is None


@pytest.mark.parametrize(
    ("opened", "handoff"), [(29, "a/1/mql"), (30, "a/2/mql"), (31, "a/2/mql"), (500, "a/2/mql")]
)
def test_of_two_cycles_the_latest_that_began_at_or_before_the_opening_counts(opened, handoff):
    handoffs = [handed("a", 10), handed("a", 30, cycle=2)]
    found = _trace(lead=[lead("a")], handoff=handoffs, deal=[won("d", "a", opened, 900)])
    assert found["handoff_id"] == handoff


def test_a_cycle_begins_with_the_entry_into_mql_and_not_when_it_was_handed_over():
    found = _trace(
        lead=[lead("a")], move=[entered("a", "mql", 10)], handoff=[handed("a", 40)],
        deal=[won("d", "a", 30, 90)],
    )  # fmt: skip
    assert found["handoff_id"] == "a/1/mql"


def test_a_cycle_that_was_overtaken_later_still_led_to_what_was_opened_in_it():
    found = _trace(
        lead=[lead("a")], overtaken=[handed("a", 10)], handoff=[handed("a", 50, cycle=2)],
        deal=[won("d", "a", 30, 90)],
    )  # fmt: skip
    assert found["handoff_id"] == "a/1/mql"


def test_where_no_opening_is_known_the_closing_counts():
    rows = {"lead": [lead("a")], "handoff": [handed("a", 10), handed("a", 50, cycle=2)]}
    assert _trace(**rows, deal=[won("d", "a", None, 49)])["handoff_id"] == "a/1/mql"
    assert _trace(**rows, deal=[won("d", "a", None, 50)])["handoff_id"] == "a/2/mql"


def test_what_was_merged_counts_for_the_lead_that_stands():
    found = _trace(
        lead=[lead("a"), lead("b"), lead("c")],
        merge=[{"lead_id": "b", "into_lead_id": "c"}, {"lead_id": "c", "into_lead_id": "a"}],
        handoff=[handed("b", 10), handed("b", 20, stage="sql")],
        deal=[won("d", "c", 30, 90)],
    )
    assert (found["lead_id"], found["handoff_id"], found["sql_handoff_id"]) == (
        "a", "b/1/mql", "b/1/sql",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, ("paid_search", "then")),
        ({"channel": None}, (None, "then")),
        ({"campaign": None}, ("paid_search", None)),
        ({"channel": None, "campaign": None}, ("email", "now")),
    ],
)
def test_channel_and_campaign_are_the_hand_offs_as_it_was_then_else_the_leads(said, found):
    row = _trace(
        lead=[lead("a", channel="email")], handoff=[handed("a", 10, **said)],
        deal=[won("d", "a", 30, 90)],
    )  # fmt: skip
    assert (row["channel"], row["campaign"]) == found


@pytest.mark.parametrize(
    ("deal", "why"),
    [
        (won("d", None, 30, 90), Untraced.NO_LEAD),
        (won("d", "nobody", 30, 90), Untraced.UNKNOWN_LEAD),
        (won("d", "gone", 30, 90), Untraced.ERASED),
        (won("d", "a", None, None), Untraced.NO_DATE),
        (won("d", "a", 9, 90), Untraced.NO_HANDOFF),
        (won("d", "b", 30, 90), Untraced.NO_HANDOFF),
    ],
)
def test_what_leads_nowhere_says_why(deal, why):
    found = _trace(
        lead=[lead("a"), lead("b"), lead("gone")], erasure=[{"lead_id": "gone"}],
        handoff=[handed("a", 10), handed("b", 5, stage="sql")], deal=[deal],
    )  # fmt: skip
    assert (found["why"], found["handoff_id"]) == (why, None)


def test_the_deal_of_an_erased_lead_still_leads_back_by_ids_alone():
    found = _trace(
        lead=[lead("gone")], erasure=[{"lead_id": "gone"}], handoff=[handed("gone", 10)],
        deal=[won("d", "gone", 30, 90)],
    )  # fmt: skip
    assert (found["handoff_id"], found["why"]) == ("gone/1/mql", None)


def test_a_deal_that_is_open_again_is_no_longer_traced():
    assert trace_won(frames(deal=[won("d", "a", 30, None, stage="opportunity")])).empty


def _attribute(raw, **touches):
    given = {"marketing": {}, "sales": {}, **touches}
    return attribute(trace_won(raw), raw["rates"], erased=frozenset(), currency="USD", **given)


def test_first_touches_are_told_with_the_days_to_the_closing_and_what_is_missing_is_said():
    raw = frames(
        lead=[lead("a"), lead("b")], handoff=[handed("a", 10)],
        deal=[won("d1", "a", 30, 90), won("d2", None, 30, 91), won("d3", "b", 30, 92)],
    )  # fmt: skip
    touches = {"a": (at(66), "email_clicked"), "b": (at(92) + 1, "page_viewed")}
    first, second, third = _attribute(raw, marketing=touches, sales={"a": (at(90), "call")}).deals
    assert first.marketing_touch.days == Decimal(1)
    assert (first.sales_touch.kind, first.sales_touch.days) == ("call", 0)
    assert (second.marketing_touch, second.sales_touch) == (NoTouch.NO_LEAD, NoTouch.NO_LEAD)
    assert (third.marketing_touch, third.sales_touch) == (
        NoTouch.ONLY_LATER, NoTouch.NONE_KNOWN,
    )  # fmt: skip
    assert (first.marketing_team, third.marketing_team) == ("demand_generation",) * 2


_WINDOWS = st.tuples(st.integers(0, 400), st.integers(1, 300)) | st.none()


def _periods(asked):
    if asked is None:
        return window(None, None, as_of=LATER)
    first = START + timedelta(hours=asked[0])
    return window(first, first + timedelta(hours=asked[1]), as_of=LATER)


def _within(traced, periods):
    at_us = traced["at_us"]
    inside = (at_us >= periods.edges_us[0]) & (at_us < periods.horizons_us[0])
    return traced[inside.fillna(value=periods.undated).astype(bool)]


@given(companies(), _WINDOWS)
def test_traced_and_untraced_are_the_revenue_of_the_same_time_to_the_cent(raw, asked):
    periods = _periods(asked)
    cube = Cube(prepare(raw, AGREEMENT, frames=("deals", "earnings")), periods)
    revenue, traced = (
        compute(cube, METRICS[name])[0].value for name in ("revenue", "traced_revenue")
    )
    rows = _within(trace_won(raw), periods)
    found = attribute(
        rows, raw["rates"], marketing={}, sales={}, erased=frozenset(), currency="USD"
    )
    untraced = sum((amount for _, amount in found.untraced.values()), Decimal(0))
    assert found.traced + untraced == found.revenue == (revenue or 0)
    assert found.traced == (traced or 0)
    assert sum(count for count, _ in found.untraced.values()) == sum(rows["why"].notna())


@given(companies(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(raw, random):
    shuffled = {
        name: frame.sample(frac=1, random_state=random.randrange(2**32)).reset_index(drop=True)
        if name != "rates"
        else frame
        for name, frame in raw.items()
    }
    one, other = (
        trace_won(given).sort_values("deal_id").reset_index(drop=True) for given in (raw, shuffled)
    )
    pd.testing.assert_frame_equal(one, other)


@given(companies())
def test_a_trace_is_what_a_look_at_every_cycle_of_the_lead_finds(raw):
    """The rule once more, one deal and one hand-off at a time."""
    into = dict(raw["merge"][["lead_id", "into_lead_id"]].to_numpy())

    def root(lead_id):
        while lead_id in into:
            lead_id = into[lead_id]
        return lead_id

    handoffs = pd.concat([raw["handoff"], raw["overtaken"]]).to_dict("records")
    moves = raw["move"].to_dict("records")
    for deal in trace_won(raw).to_dict("records"):
        opened = deal["at_us"] if pd.isna(deal["opened_us"]) else deal["opened_us"]
        led = []
        for one in handoffs:
            begins = [
                move["at_us"] for move in moves
                if (move["lead_id"], move["cycle"]) == (one["lead_id"], one["cycle"])
                and move["to_stage"] == "mql"
            ]  # fmt: skip
            began = min(begins, default=one["queued_us"])
            same = root(one["lead_id"]) == deal["lead_id"]
            if one["stage"] == "mql" and same and not pd.isna(opened) and began <= opened:
                led.append((began, one["cycle"], one["handoff_id"]))
        expected = max(led)[-1] if led else None
        assert (None if pd.isna(deal["handoff_id"]) else deal["handoff_id"]) == expected
