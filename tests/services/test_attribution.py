"""From the ledger and the activity log: what led to each won deal, on both stores."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accord.errors import InputError
from accord.metrics import NoTouch, Untraced
from accord.records import Origin
from accord.services.attribution import read_attribution, read_first_activities
from accord.services.erase import run_erase
from accord.services.identity_hand import merge_by_hand
from accord.services.measure import measure
from accord.services.merges import read_merges
from tests.services.earning_world import DAY, HOUR, MONDAY, NOON, Earning

WON = MONDAY + 8 * DAY
LATE = MONDAY + 20 * DAY


@pytest.fixture
def world(workspace):
    made = Earning(workspace)
    made.reps("r1")
    made.reps("e1", role="ae", team="closers")
    return made


def _read(world, **terms):
    return read_attribution(world.workspace, **{"as_of": LATE, **terms})


def _only(world, **terms):
    (deal,) = _read(world, **terms).deals
    return deal


def test_a_won_deal_leads_back_to_its_hand_offs_its_campaign_and_its_first_touches(world):
    world.hand_over("a", segment="large")
    world.activity("a", "page_viewed", at=MONDAY - DAY)
    world.activity("a", "form_submitted", at=MONDAY - 2 * DAY)
    world.touch("t1", "a", "r1", at=NOON)
    world.accept("a")
    world.say("a", "convert", at=NOON + DAY, rep="r1")
    world.run(NOON + DAY)
    world.win("d1", "a", opened=NOON + 2 * DAY, closed=WON, amount="12345.67", cost=Decimal(99))
    deal = _only(world)
    mql, sql = (world.handoff("a", stage=stage)["handoff_id"] for stage in ("mql", "sql"))
    assert (deal.deal_id, deal.closed_at, deal.amount, deal.cost) == (
        "d1", WON, Decimal("12345.67"), 99,
    )  # fmt: skip
    assert (deal.mql.handoff_id, deal.mql.origin, deal.sql.handoff_id) == (
        mql, Origin.DECIDED, sql,
    )  # fmt: skip
    assert (deal.channel, deal.campaign, deal.marketing_team, deal.segment) == (
        "paid_search", "autumn", "demand_generation", "large",
    )  # fmt: skip
    first, answer = deal.marketing_touch, deal.sales_touch
    assert (first.kind, first.at, first.days) == ("form_submitted", MONDAY - 2 * DAY, 10)
    assert (answer.kind, answer.at, answer.days) == ("call", NOON, Decimal("7.875"))
    assert deal.why is None


def test_channel_and_campaign_stay_those_of_the_hand_off_when_the_lead_is_told_otherwise(world):
    world.hand_over("a")
    world.win("d1", "a", opened=NOON, closed=WON)
    with world.ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE lead SET channel = 'email', campaign = 'spring'")
    deal = _only(world)
    assert (deal.channel, deal.campaign) == ("paid_search", "autumn")


@pytest.mark.parametrize(("later", "cycle"), [(-HOUR, 1), (0 * HOUR, 2), (DAY, 2)])
def test_of_two_cycles_the_one_counts_in_which_the_deal_was_opened(world, later, cycle):
    """A deal that was opened before the second entry into mql leaves no room for it."""
    world.hand_over("a")
    world.state_of_source("a", "nurture", at=NOON, known=NOON)
    world.state_of_source("a", "mql", at=NOON + 4 * DAY, known=NOON + 4 * DAY)
    cycles = {row["cycle"]: row["handoff_id"] for row in world.rows("handoff")}
    world.win("d1", "a", opened=NOON + 4 * DAY + later, closed=WON)
    handoff = _only(world).mql
    assert (handoff.handoff_id, handoff.origin) == (
        cycles[cycle], Origin.DECIDED if cycle == 1 else Origin.OBSERVED,
    )  # fmt: skip


def test_what_was_done_with_a_merged_lead_counts_for_the_one_that_stands(world):
    world.hand_over("young")
    world.leads("old", at=MONDAY - 9 * DAY)
    world.activity("young", "webinar_attended", at=MONDAY - DAY)
    world.activity("old", "email_opened", at=MONDAY - 3 * DAY)
    world.touch("t1", "young", "r1", at=NOON)
    world.win("d1", "young", opened=NOON + HOUR, closed=WON)
    before = _only(world)
    merge_by_hand(world.workspace, "young", "old", as_of=NOON + DAY)
    world.place("old", at=NOON + DAY)
    after = _only(world)
    assert (before.lead_id, before.marketing_touch.kind) == ("young", "webinar_attended")
    assert (after.lead_id, after.marketing_touch.kind) == ("old", "email_opened")
    assert after.sales_touch.at == NOON
    assert (after.why, after.channel) == (None, "paid_search")


def test_what_leads_nowhere_says_why_and_all_of_it_is_the_revenue(world):
    world.leads("a", "late", channel="email")
    world.win("d1", None, opened=NOON, closed=WON, amount="1.10")
    world.win("d2", "a", opened=NOON, closed=WON + HOUR, amount="2.20")
    with world.ledger.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE opportunity SET lead_id = 'nobody' WHERE amount = 220"
            if connection.dialect.name == "sqlite"
            else "UPDATE opportunity SET lead_id = 'nobody' WHERE amount = 2.20"
        )
    world.win("d3", "late", opened=NOON, closed=WON + 2 * HOUR, amount="3.30")
    world.win("d4", "late", opened=None, closed=None, amount="4.40")
    found = _read(world)
    assert {deal.deal_id: deal.why for deal in found.deals} == {
        "d1": Untraced.NO_LEAD, "d2": Untraced.UNKNOWN_LEAD, "d3": Untraced.NO_HANDOFF,
        "d4": Untraced.NO_DATE,
    }  # fmt: skip
    assert (found.traced, found.revenue) == (0, Decimal("11.00"))
    assert measure(world.workspace, "revenue", as_of=LATE).total.value == found.revenue
    third = found.deals[2]
    assert (third.channel, third.marketing_team) == ("email", "customer_marketing")
    assert (third.marketing_touch, third.sales_touch) == (NoTouch.NONE_KNOWN,) * 2


def test_an_erased_lead_keeps_its_trace_by_ids_and_loses_its_first_activity(world):
    world.hand_over("a", name="Ada Lovelace", email="ada@acme.example")
    world.activity("a", "form_submitted", at=MONDAY - DAY)
    world.touch("t1", "a", "r1", at=NOON)
    world.leads("b", email="bob@acme.example", name="Bob Carpenter")
    world.win("d1", "a", opened=NOON, closed=WON)
    world.win("d2", "b", opened=NOON, closed=WON + HOUR)
    before = _read(world).deals
    for lead_id in ("a", "b"):
        run_erase(world.workspace, lead_id, as_of=WON + DAY)
    after = _read(world).deals
    assert before[0].marketing_touch.kind == "form_submitted"
    assert (after[0].mql, after[0].campaign) == (before[0].mql, "autumn")
    assert (after[0].marketing_touch, after[0].sales_touch.at) == (NoTouch.ERASED, NOON)
    assert (before[1].why, after[1].why) == (Untraced.NO_HANDOFF, Untraced.ERASED)


def test_a_deal_that_is_opened_again_is_gone_until_it_is_won_anew(world):
    world.hand_over("a")
    world.win("d1", "a", opened=NOON, closed=WON)
    world.win("d1", "a", opened=NOON, closed=None, stage="opportunity", known=WON + DAY)
    assert _read(world).deals == ()
    with pytest.raises(InputError, match=r"'d1' is not won, it stands in opportunity"):
        _read(world, deal_id="d1")
    world.win("d1", "a", opened=NOON, closed=WON + 2 * DAY, amount="1")
    assert [deal.amount for deal in _read(world, deal_id="d1").deals] == [1]


def test_days_are_asked_in_the_agreements_zone_both_included(world):
    evening = MONDAY.replace(hour=4, minute=30) + DAY  # 23:30 of Monday in New York
    world.hand_over("a")
    for number, closed in enumerate((evening, evening + HOUR)):
        world.win(f"d{number}", "a", opened=MONDAY, closed=closed)
    asked = _read(world, since="2026-11-16", until="2026-11-16")
    assert [deal.deal_id for deal in asked.deals] == ["d0"]
    assert [deal.deal_id for deal in _read(world, since="2026-11-17").deals] == ["d1"]
    assert _read(world, as_of=evening - HOUR).deals == ()
    with pytest.raises(InputError, match="no day"):
        _read(world, since="someday")


def test_a_deal_that_nobody_knows_is_refused(world):
    with pytest.raises(InputError, match="no deal 'd9' is known"):
        _read(world, deal_id="d9")


def test_first_activities_are_one_question_to_the_log_and_what_comes_later_is_not_seen(world):
    world.leads("a", "b")
    for lead_id, kind, at in (
        ("a", "page_viewed", MONDAY), ("a", "email_opened", MONDAY), ("b", "page_viewed", WON),
    ):  # fmt: skip
        world.activity(lead_id, kind, at=at)
    with world.ledger.read() as connection:
        merges = read_merges(connection, None)
    log = world.workspace.log
    found = read_first_activities(log, ["a", "b"], merges, as_of=MONDAY)
    assert {lead_id: kind for lead_id, (_, kind) in found.items()} == {"a": "email_opened"}
    assert read_first_activities(log, [], merges, as_of=LATE) == {}
    assert set(read_first_activities(log, ["a", "b"], merges, as_of=LATE)) == {"a", "b"}
