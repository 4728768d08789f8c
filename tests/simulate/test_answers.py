"""What people at the company do with what the system hands them, from a hand-made CRM file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accord.agreement import load
from accord.calendars import Calendar
from accord.simulate import Flaw, Nature, read_truth
from tests.simulate.conftest import ROOT, START, World

TUESDAY_TEN = datetime(2026, 10, 6, 14, tzinfo=UTC)
OUTCOMES = {"convert", "defer", "return", "disqualify"}
FORGETFUL = "INB-2"


@pytest.fixture
def office() -> Calendar:
    return Calendar.parse(load(ROOT / "agreement.yaml").calendars["office"])


@pytest.fixture
def world(make_world) -> World:
    """A company of 3600, so that all habits occur, on the Tuesday morning of its first week."""
    opened = make_world(size=3600)
    opened.company.step(TUESDAY_TEN)
    return opened


def leads_of(world: World, *natures: Nature) -> list[str]:
    """Leads that the company has stored by now, of these natures or of all."""
    known = {row["id"] for row in world.rows("leads")}
    return [
        lead.lead_id
        for lead in read_truth(world.folder).leads.values()
        if lead.lead_id in known and not lead.same_as and (lead.nature in natures or not natures)
    ]


def clean(world: World, kind: str, lead_id: str) -> list[dict[str, str]]:
    """Rows about a lead, each once, without the spoilt ones: their ids end in a letter or lack."""
    rows = {row["id"]: row for row in world.about(kind, lead_id) if row["id"][-1:].isdigit()}
    return list(rows.values())


def test_a_rep_touches_a_handed_lead_in_office_hours_and_decides(world, office):
    leads = leads_of(world)[:60]
    for lead_id in leads:
        world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    for hours in range(1, 24 * 27, 6):
        world.company.step(TUESDAY_TEN + timedelta(hours=hours))
    for lead_id in leads:
        touches = clean(world, "touches", lead_id)
        decisions = clean(world, "decisions", lead_id)
        assert touches
        assert {row["rep"] for row in touches + decisions} == {"INB-1"}
        assert all(datetime.fromisoformat(row["at"]) >= TUESDAY_TEN for row in touches)
        calls = [row for row in touches if row["how"] == "call"]
        assert all(office.is_open(datetime.fromisoformat(row["at"])) for row in calls[:1])
        ends = [row for row in decisions if row["decision"] in OUTCOMES]
        assert len(ends) == 1, lead_id
        assert max(row["at"] for row in touches) <= ends[0]["at"]


def test_a_fast_rep_is_mostly_within_five_minutes_and_a_slow_one_is_not(world):
    leads = leads_of(world)[:80]
    for number, lead_id in enumerate(leads):
        world.hand_off(lead_id, "INB-1" if number % 2 else "EME-1", TUESDAY_TEN)
    world.company.step(TUESDAY_TEN + timedelta(hours=7))
    fast = []
    for lead_id in leads[1::2]:
        touches = clean(world, "touches", lead_id)
        if touches:
            fast.append(datetime.fromisoformat(touches[0]["at"]) - TUESDAY_TEN)
    within = sum(delay <= timedelta(minutes=5) for delay in fast)
    assert within > 0.7 * len(fast)
    assert within < len(fast)


def test_reasons_are_those_of_the_agreement(world):
    agreement = load(ROOT / "agreement.yaml")
    leads = leads_of(world, Nature.RESEARCHER, Nature.CASUAL, Nature.COMPETITOR, Nature.LATER)[:120]
    for lead_id in leads:
        world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    for hours in range(1, 24 * 20, 3):
        world.company.step(TUESDAY_TEN + timedelta(hours=hours))
    named = {"return": "returned", "defer": "deferred", "disqualify": "disqualified"}
    met = set()
    for lead_id in leads:
        for row in clean(world, "decisions", lead_id):
            if row["decision"] in named:
                met.add(row["decision"])
                assert row["reason"] in agreement.sla.reasons[named[row["decision"]]]
                assert bool(row["until"]) == (row["decision"] == "defer")
    assert met == set(named)


def test_a_forgetful_rep_does_nothing_about_some_leads_until_the_manager_knows(world):
    leads = leads_of(world)[:100]
    for lead_id in leads:
        world.hand_off(lead_id, FORGETFUL, TUESDAY_TEN)
    friday = TUESDAY_TEN + timedelta(days=3)
    world.company.step(friday)
    idle = [lead_id for lead_id in leads if not clean(world, "touches", lead_id)]
    assert 10 <= len(idle) <= 60
    for lead_id in idle:
        world.tell(lead_id, friday, "rep", "manager")
    world.company.step(friday + timedelta(hours=4))
    still = [lead_id for lead_id in idle if not clean(world, "touches", lead_id)]
    assert len(still) < len(idle) / 2
    for lead_id in still:
        world.tell(lead_id, friday + timedelta(hours=4), "ceo")
    world.company.step(friday + timedelta(days=4))
    assert all(clean(world, "touches", lead_id) for lead_id in still)


def test_a_message_about_a_lead_that_is_worked_on_changes_nothing(make_world):
    one, other = make_world("one", size=400), make_world("other", size=400)
    for world in (one, other):
        world.company.step(TUESDAY_TEN)
    leads = leads_of(one)[:10]
    for world in (one, other):
        for lead_id in leads:
            world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
        world.company.step(TUESDAY_TEN + timedelta(hours=2))
    worked = [lead_id for lead_id in leads if clean(one, "decisions", lead_id)]
    assert worked
    for lead_id in worked:
        if len(clean(one, "decisions", lead_id)) > 1:
            continue
        one.tell(lead_id, TUESDAY_TEN + timedelta(hours=2), "marketing_owner")
    for world in (one, other):
        world.company.step(TUESDAY_TEN + timedelta(days=9))
    assert one.rows("touches") == other.rows("touches")


def test_a_lead_handed_to_another_rep_is_worked_on_by_that_one_alone(world):
    lead_id = leads_of(world, Nature.BUYER)[0]
    world.hand_off(lead_id, FORGETFUL, TUESDAY_TEN)
    world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    world.company.step(TUESDAY_TEN + timedelta(days=12))
    assert {row["rep"] for row in clean(world, "touches", lead_id)} == {"INB-1"}


def test_marketing_writes_to_leads_that_came_back_mostly_in_time(world, office):
    leads = leads_of(world, Nature.RESEARCHER, Nature.CASUAL)[:150]
    for lead_id in leads:
        world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    for day in range(1, 26):
        world.company.step(TUESDAY_TEN + timedelta(days=day))
    delays = []
    for lead_id in leads:
        back = [row for row in clean(world, "decisions", lead_id) if row["decision"] == "return"]
        if back:
            returned = datetime.fromisoformat(back[0]["at"])
            wrote = [
                datetime.fromisoformat(row["at"])
                for row in world.about("activities", lead_id)
                if row["kind"] in ("email_sent", "enrolled")
            ]
            delays += [office.elapsed(returned, min(wrote))] if wrote else []
    assert len(delays) > 40
    in_time = sum(delay <= timedelta(hours=16) for delay in delays) / len(delays)
    assert 0.65 < in_time < 0.95


def test_an_executive_opens_a_deal_and_ends_it_with_the_true_value_or_a_reason(world):
    agreement = load(ROOT / "agreement.yaml")
    truth = read_truth(world.folder).leads
    leads = leads_of(world, Nature.BUYER, Nature.LATER, Nature.RESEARCHER)
    for lead_id in leads:
        world.hand_off(lead_id, "CLO-1", TUESDAY_TEN, stage="sql")
    for day in range(1, 27):
        world.company.step(TUESDAY_TEN + timedelta(days=day))
    ends = Counter()
    for lead_id in leads:
        states = world.about("opportunities", lead_id)
        for state in states:
            assert state["opened_at"] <= state["stage_at"]
            assert bool(state["closed_at"]) == (state["stage"] != "Engaging")
        if states and states[-1]["stage"] == "Won":
            ends["won"] += 1
            assert Decimal(states[-1]["amount"]) == truth[lead_id].value
            assert [state["step"] for state in states[:3]] == ["", "proposal", "contracting"]
        elif states and states[-1]["stage"] == "Closed Lost":
            ends["lost"] += 1
            assert states[-1]["reason"] in agreement.sla.reasons["lost"]
    assert ends["won"] >= 3
    assert ends["lost"] >= 3


def test_sales_makes_dirt_of_its_own_and_truth_lists_it(world):
    for number, lead_id in enumerate(leads_of(world)):
        world.hand_off(lead_id, f"INB-{number % 3 + 2}", TUESDAY_TEN)
    for day in range(1, 12):
        world.company.step(TUESDAY_TEN + timedelta(days=day))
    dirty = [
        each for each in read_truth(world.folder).dirty if each.entity in ("touch", "decision")
    ]
    assert {each.flaw for each in dirty} >= {
        Flaw.UNKNOWN_WORD,
        Flaw.DUPLICATE_ROW,
        Flaw.MISSING_ID,
        Flaw.BAD_DATE,
        Flaw.UNKNOWN_LEAD,
    }


def test_half_a_line_is_heard_once_it_is_whole(make_world):
    world = make_world(size=400)
    world.company.step(TUESDAY_TEN)
    lead_id = leads_of(world)[0]
    world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    content = world.crm.read_bytes()
    world.crm.write_bytes(content[:40])
    assert world.company.step(TUESDAY_TEN + timedelta(hours=1)).heard == 0
    world.crm.write_bytes(content)
    assert world.company.step(TUESDAY_TEN + timedelta(hours=2)).heard == 1
    assert world.company.step(TUESDAY_TEN + timedelta(hours=3)).heard == 0


def test_between_steps_sales_can_be_asked_alone(make_world):
    world = make_world(size=400)
    world.company.step(TUESDAY_TEN)
    for lead_id in leads_of(world)[:20]:
        world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    before = world.files()
    world.company.answer(TUESDAY_TEN + timedelta(minutes=5))
    new = {name.partition("-")[0] for name in world.files().keys() - before.keys()}
    assert new <= {"touches", "decisions", "opportunities"}
    assert "touches" in new
    assert world.company.until == TUESDAY_TEN


def test_a_company_opened_again_goes_on_as_if_never_closed(make_world):
    steady, again = make_world("steady", size=500), make_world("again", size=500)
    for world in (steady, again):
        world.company.step(TUESDAY_TEN)
        for lead_id in leads_of(world)[:40]:
            world.hand_off(lead_id, FORGETFUL if lead_id[-1] < "5" else "INB-1", TUESDAY_TEN)
    for hours in range(1, 24 * 9, 25):
        at = TUESDAY_TEN + timedelta(hours=hours)
        again.company = again.open()
        for world in (steady, again):
            if hours == 26:
                for lead_id in leads_of(world)[:40]:
                    world.tell(lead_id, at - timedelta(hours=1), "manager")
            world.company.answer(at - timedelta(hours=1))
            world.company.step(at)
    assert steady.files() == again.files()
    for name in ("truth.jsonl", "heard.jsonl", "world.json"):
        assert (steady.folder / name).read_bytes() == (again.folder / name).read_bytes()


def test_a_step_that_was_killed_before_its_state_was_kept_is_written_again(make_world):
    world = make_world(size=400)
    world.company.step(TUESDAY_TEN)
    for lead_id in leads_of(world)[:20]:
        world.hand_off(lead_id, "INB-1", TUESDAY_TEN)
    state = (world.folder / "world.json").read_bytes()
    world.company.step(TUESDAY_TEN + timedelta(hours=3))
    files, truth = world.files(), (world.folder / "truth.jsonl").read_bytes()
    (world.folder / "world.json").write_bytes(state)
    world.company = world.open()
    world.company.step(TUESDAY_TEN + timedelta(hours=3))
    assert world.files() == files
    assert (world.folder / "truth.jsonl").read_bytes() == truth


def test_nobody_works_while_away(make_world):
    world = make_world(size=3600)
    world.company.step(TUESDAY_TEN)
    people = {row["id"] for row in world.rows("reps") if row["role"] == "sdr"}
    for number, lead_id in enumerate(leads_of(world)[:120]):
        world.hand_off(lead_id, sorted(people)[number % len(people)], TUESDAY_TEN)
    for day in range(1, 22):
        world.company.step(TUESDAY_TEN + timedelta(days=day))
    spans = {}
    for row in world.rows("reps"):
        for span in filter(None, row["absences"].split(";")):
            start, _, end = span.partition("/")
            spans.setdefault(row["id"], set()).add((start, end))
    assert spans
    calls = [row for row in world.rows("touches") if row["how"] == "call" and row["at"][:1] == "2"]
    for row in calls:
        away = spans.get(row["rep"], ())
        assert not any(start < row["at"] < end for start, end in away)
    assert START < TUESDAY_TEN
