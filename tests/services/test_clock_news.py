"""Clocks after a hand-over: what a run looks at is all that a look at everything would change."""

from __future__ import annotations

import pytest

from accord.ledger import insert_rows, tables
from accord.services.clocks import sync_clocks
from accord.services.handoff_keys import handoff_id
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

AGAIN = MONDAY + 42 * DAY


@pytest.fixture
def world(workspace) -> World:
    world = World(workspace)
    world.reps("r1", "r2")
    world.reps("x1", role="ae", team="closers")
    return world


def looked_at_again(world: World, *names: str, at) -> int:
    agreement = world.workspace.agreement(at)
    with world.ledger.begin() as connection:
        return sync_clocks(
            connection, world.workspace, agreement=agreement, lead_ids=names, as_of=at
        )


def come_and_gone(world: World) -> tuple[str, ...]:
    """Leads of many pasts that are handed over again, or on, at one instant."""
    names = ("new", "met", "late", "back", "waits", "on")
    world.activity("met", "form_submitted", at=MONDAY - 12 * HOUR)
    world.mqls(*names[1:4], "waits", "on")
    world.run()
    world.decision("late", "return", at=MONDAY + 2 * HOUR)
    world.activity("back", "email_sent", at=MONDAY + 3 * HOUR)
    world.activity("back", "webinar_attended", at=MONDAY + DAY)
    world.decision("back", "return", at=MONDAY + HOUR, reason="not_ready")
    world.activity("late", "webinar_attended", at=MONDAY + DAY)
    world.decision("waits", "defer", at=MONDAY + HOUR, defer_until=AGAIN)
    world.decision("met", "accept", at=MONDAY + HOUR)
    world.decision("on", "convert", at=AGAIN - HOUR)
    world.score("back", "late", crossed=None, at=AGAIN)
    world.mqls("new", at=AGAIN, hot=True)
    return names


def test_a_hand_over_leaves_nothing_that_a_look_at_all_clocks_would_change(world):
    names = come_and_gone(world)
    result = world.run(AGAIN)
    assert (result.decided, result.woken, result.to_sql, result.assigned) == (3, 1, 1, 5)
    before = sorted(world.rows("clock"), key=lambda row: row["clock_id"])
    assert {row["lead_id"] for row in before} == set(names)
    assert looked_at_again(world, *names, at=AGAIN) == 0
    assert sorted(world.rows("clock"), key=lambda row: row["clock_id"]) == before
    second = [row for row in before if row["started_at"] == AGAIN and row["term"] == "first_touch"]
    assert sorted(row["lead_id"] for row in second) == ["back", "late", "new", "waits"]


def test_a_clock_of_an_earlier_cycle_that_still_runs_ends_with_the_next(world):
    come_and_gone(world)
    world.run(AGAIN)
    nurture = {row["lead_id"]: row for row in world.rows("clock") if row["term"] == "nurture"}
    assert (nurture["back"]["ended_by"], nurture["back"]["ended_at"]) == ("met", MONDAY + 3 * HOUR)
    assert (nurture["late"]["ended_by"], nurture["late"]["ended_at"]) == ("cancelled", AGAIN)


def test_a_hand_off_that_is_there_already_stays_as_it_is_and_is_not_told_of(world):
    world.mqls("l1")
    there = {
        "handoff_id": handoff_id("l1", 1, "mql"),
        "lead_id": "l1",
        "cycle": 1,
        "stage": "mql",
        "origin": "decided",
        "rep_id": "r2",
        "hot": False,
        "forced": False,
        "kept": False,
        "queued_at": MONDAY - DAY,
        "assigned_at": MONDAY - DAY,
        "ended_at": MONDAY - HOUR,
        "outcome": "returned",
    }
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.handoff, [there])
    assert world.run().assigned == 0
    (row,) = world.rows("handoff")
    assert {name: row[name] for name in there} == there
    assert world.rows("outbox") == []
    assert world.rows("handoff_owner") == []


def test_who_waits_is_written_once_with_the_reason_and_the_score_it_had(world):
    names = [f"l{number:02d}" for number in range(20)]
    world.mqls(*names)
    result = world.run()
    held = [row for row in world.rows("handoff") if row["rep_id"] is None]
    assert 0 < len(held) == result.queued < 20
    assert {row["waits_for"] for row in held} == {"levelling"}
    assert {row["assigned_at"] for row in held} == {None}
    assert {(row["fit"], row["engagement"], row["queued_at"]) for row in held} == {
        (400, 300, MONDAY)
    }
    given = [row for row in world.rows("handoff") if row["rep_id"] is not None]
    assert {(row["waits_for"], row["assigned_at"]) for row in given} == {(None, MONDAY)}
    owners = {row["handoff_id"]: row["rep_id"] for row in world.rows("handoff_owner")}
    assert owners == {row["handoff_id"]: row["rep_id"] for row in given}
