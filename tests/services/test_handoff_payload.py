"""What a rep receives with a lead: who, why now, what happened before, until when, what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.ledger import insert_rows, tables
from accord.records import payload_hash
from accord.services.handoff_payload import enqueue_handoffs, handoff_entries
from accord.services.handoff_reasons import top_reasons, why_now
from accord.services.handoff_timeline import TIMELINE
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

SECOND = timedelta(seconds=1)
DEMO = {
    "score": "intent",
    "name": "demo_requested",
    "points": "66.3",
    "count": 1,
    "last_at": "2026-11-15T10:00:00Z",
}


@pytest.fixture
def world(workspace) -> World:
    world = World(workspace)
    world.reps("r1", name="Ada Byron", email="ada@us.example")
    return world


def returned(world: World, *, reason: str | None = "not_ready", **terms) -> None:
    """A lead that sales sent back, and that comes again after forty days."""
    world.mqls("l1")
    world.run()
    world.decision("l1", "return", at=MONDAY + HOUR, reason=reason)
    world.activity("l1", "webinar_attended", at=MONDAY + 2 * DAY)
    again = MONDAY + 42 * DAY
    world.score("l1", crossed=None, at=again, **terms)
    assert world.run(again).decided == 1


def test_the_rep_is_named_with_the_address_by_which_a_crm_knows_owners(world):
    world.mqls("l1")
    world.run()
    expected = {"rep_id": "r1", "name": "Ada Byron", "email": "ada@us.example"}
    assert world.payloads()["l1"]["rep"] == expected
    assert world.payloads()["l1"]["rep_id"] == "r1"


def test_a_rep_without_name_and_address_is_still_named_by_id(world):
    world.reps("r1", name=None, email=None)
    world.mqls("l1")
    world.run()
    assert world.payloads()["l1"]["rep"] == {"rep_id": "r1", "name": None, "email": None}


def test_a_first_hand_over_has_no_passes_before_it(world):
    world.mqls("l1")
    world.run()
    payload = world.payloads()["l1"]
    assert (payload["cycle"], payload["passes"]) == (1, [])
    assert payload["timeline"] == []


def test_a_lead_that_came_back_tells_of_its_pass_with_the_reason_given(world):
    returned(world)
    payload = world.payloads()["l1"]
    assert payload["cycle"] == 2
    assert payload["passes"] == [
        {
            "cycle": 1,
            "stage": "mql",
            "rep_id": "r1",
            "outcome": "returned",
            "reason": "not_ready",
            "assigned_at": "2026-11-16T14:00:00Z",
            "ended_at": "2026-11-16T15:00:00Z",
        }
    ]
    assert payload["why_now"] == [
        "Returned at mql on 2026-11-16: not ready.",
        "Decision maker (25.0 points of fit).",
    ]


def test_a_pass_that_ended_without_a_reason_says_none(world):
    returned(world, reason=None)
    payload = world.payloads()["l1"]
    assert payload["passes"][0]["reason"] is None
    assert payload["why_now"][0] == "Returned at mql on 2026-11-16."


def test_the_timeline_holds_activities_contacts_and_the_hand_over_before_newest_first(world):
    world.activity("l1", "email_sent", at=MONDAY - DAY, detail="autumn")
    returned(world)
    assert world.payloads()["l1"]["timeline"] == [
        {"at": "2026-11-18T14:00:00Z", "what": "activity", "kind": "webinar_attended"},
        {
            "at": "2026-11-16T15:00:00Z",
            "what": "decision",
            "kind": "return",
            "detail": "not_ready",
        },
        {"at": "2026-11-16T14:00:00Z", "what": "handoff", "kind": "mql", "detail": "r1"},
        {
            "at": "2026-11-15T14:00:00Z",
            "what": "activity",
            "kind": "email_sent",
            "detail": "autumn",
        },
    ]


def test_an_executive_is_told_of_the_development_rep_before(world):
    world.reps("x1", role="ae", team="closers")
    world.mqls("l1")
    world.run()
    world.decision("l1", "convert", at=MONDAY + HOUR)
    world.run(MONDAY + 2 * HOUR)
    payload = world.payloads()["l1"]
    assert [(one["stage"], one["rep_id"], one["outcome"]) for one in payload["passes"]] == [
        ("mql", "r1", "converted")
    ]
    assert payload["why_now"][0] == "Converted at mql on 2026-11-16."
    assert payload["timeline"][-1]["what"] == "handoff"


def test_what_was_merged_into_a_lead_is_part_of_its_timeline_and_passes(world, workspace):
    world.mqls("l0", at=MONDAY - 2 * DAY)
    world.run(MONDAY - 2 * DAY)
    world.decision("l0", "return", at=MONDAY - 2 * DAY + HOUR, reason="timing")
    world.activity("l0", "page_viewed", at=MONDAY - 3 * HOUR, detail="/old")
    world.activity("l1", "page_viewed", at=MONDAY - 2 * HOUR, detail="/new")
    world.activity("l0", "page_viewed", at=MONDAY - HOUR, detail="/older")
    world.mqls("l1")
    merged = {"lead_id": "l0", "into_lead_id": "l1", "merged_at": MONDAY, "why": "hand"}
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.merge, [merged])
    world.run()
    payload = world.payloads()["l1"]
    details = [one["detail"] for one in payload["timeline"] if one["what"] == "activity"]
    assert details == ["/older", "/new", "/old"]
    assert [one["reason"] for one in payload["passes"]] == ["timing"]


def test_only_the_newest_are_told_to_the_microsecond_and_ties_go_by_kind(world):
    for number in range(TIMELINE):
        world.activity("l1", "page_viewed", at=MONDAY - number * SECOND, detail=f"/{number}")
    at = MONDAY - timedelta(microseconds=1)
    world.activity("l1", "email_opened", at=at, detail="a")
    world.activity("l1", "email_clicked", at=at)
    world.mqls("l1")
    world.run()
    timeline = world.payloads()["l1"]["timeline"]
    assert len(timeline) == TIMELINE
    assert timeline[:3] == [
        {
            "at": "2026-11-16T14:00:00Z",
            "what": "activity",
            "kind": "page_viewed",
            "detail": "/0",
        },
        {"at": "2026-11-16T13:59:59.999999Z", "what": "activity", "kind": "email_clicked"},
        {
            "at": "2026-11-16T13:59:59.999999Z",
            "what": "activity",
            "kind": "email_opened",
            "detail": "a",
        },
    ]
    assert timeline[-1]["detail"] == "/17"


def test_what_the_run_stores_is_what_its_digest_is_of(world, workspace):
    world.mqls("l1", name='Zoë "Z" Müller\\Søn\n', company="Ünïcode 株式会社")
    world.activity("l1", "page_viewed", at=MONDAY - HOUR, detail='/a"b\\c\u2028\t')
    world.run()
    (row,) = world.rows("outbox")
    assert row["payload"]["lead"]["name"] == 'Zoë "Z" Müller\\Søn\n'
    assert row["payload"]["timeline"][0]["detail"] == '/a"b\\c\u2028\t'
    assert row["payload_hash"] == payload_hash(row["payload"])
    assert (row["status"], row["attempts"]) == ("waiting", 0)
    assert (row["created_at"], row["not_before"]) == (MONDAY, MONDAY)


def test_portions_change_nothing_of_what_is_written_and_twice_is_once(
    world, workspace, monkeypatch
):
    names = [f"l{number}" for number in range(7)]
    world.mqls(*names, hot=True)
    world.run()
    before = [
        {name: row[name] for name in row if name != "outbox_id"} for row in world.rows("outbox")
    ]
    rows = [{**row, "rep_id": "r1", "team": "inbound"} for row in world.rows("handoff")]
    leads = {row["lead_id"]: row for row in world.rows("lead")}
    agreement = workspace.agreement(MONDAY)
    monkeypatch.setattr("accord.services.handoff_payload.PORTION", 3)
    known = {"rows": rows, "leads": leads, "as_of": MONDAY}
    with workspace.ledger.begin() as connection:
        enqueue_handoffs(connection, workspace.log, agreement, **known)
        entries = handoff_entries(connection, workspace.log, agreement, **known)
    after = world.rows("outbox")
    assert len(after) == 7
    assert [{name: row[name] for name in row if name != "outbox_id"} for row in after] == before
    told = {entry.key: (entry.payload, entry.lead_id) for entry in entries}
    assert told == {row["key"]: (row["payload"], row["lead_id"]) for row in after}


@pytest.mark.parametrize(
    ("count", "times"), [(1, "once"), (2, "twice"), (3, "3 times"), (11, "11 times")]
)
def test_why_now_says_how_often_and_when_last(count, times):
    told = f"Demo requested {times}, last on 2026-11-15 (66.3 points of intent)."
    assert why_now([{**DEMO, "count": count}], []) == [told]


def test_why_now_leaves_out_what_speaks_against_the_lead_and_the_limit():
    against = {"score": "fit", "name": "private mailbox", "points": "-15.0"}
    limit = {"score": "fit", "name": "limit", "points": "4.0"}
    need = {"score": "fit", "name": "need", "points": "5.0"}
    assert why_now([against, limit, need], []) == ["Need (5.0 points of fit)."]


def test_the_weightiest_reasons_come_first_ties_by_name():
    points = {"b": "10.0", "a": "10.0", "c": "-30.0", "d": "9.9", "e": "0.5", "f": "100.0"}
    reasons = [{"score": "fit", "name": name, "points": one} for name, one in points.items()]
    assert [one["name"] for one in top_reasons(reasons)] == ["f", "c", "a", "b", "d"]
