"""The audit: it is silent where the laws of the hand-off hold, and says each one that is broken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from accord.ledger import tables
from accord.ledger.told_rows import OF_CRM
from accord.services import audit
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

LATER = MONDAY + HOUR
MOMENT = timedelta(microseconds=1)
OF_HANDOFFS = {"L4", "L5", "L7", "L9"}


@pytest.fixture
def world(workspace) -> World:
    """Two leads with one rep, told by two entries that wait."""
    made = World(workspace)
    made.reps("r1")
    made.mqls("l1", "l2")
    assert made.run().assigned == 2
    return made


def found(world: World, at=LATER) -> list[str]:
    """Scores are made up here, so the laws about them are not asked."""
    return [
        f"{one.rule} {one.subject}: {one.sentence}"
        for one in audit.run_audit(world.workspace, as_of=at)
        if one.rule in OF_HANDOFFS
    ]


def change(world: World, table, *conditions, **values) -> None:
    with world.ledger.begin() as connection:
        connection.execute(update(table).where(*conditions).values(**values))


def entry(world: World, lead_id: str = "l1") -> dict:
    rows = world.rows("outbox")
    return next(row for row in rows if row["lead_id"] == lead_id and row["kind"] == "handoff")


def of_lead(table, lead_id: str = "l1"):
    return table.c.lead_id == lead_id


def hand_on(world: World) -> None:
    """The rep leaves, and another takes his leads over."""
    world.reps("r1", left_at=LATER)
    world.reps("r2")
    assert world.run(LATER + HOUR).reassigned == 2


def test_it_is_silent_where_all_laws_hold(world):
    assert found(world) == []
    hand_on(world)
    world.decision("l1", "return", at=LATER + 2 * HOUR, reason="not_ready")
    world.decision("l2", "convert", at=LATER + 2 * HOUR)
    world.run(LATER + 3 * HOUR)
    assert found(world, LATER + 3 * HOUR) == []


# L4


@pytest.mark.parametrize("status", ["waiting", "sent", "dead"])
def test_an_entry_that_waits_or_went_or_is_dead_tells_its_owner(world, status):
    change(world, tables.outbox, of_lead(tables.outbox), status=status)
    assert found(world) == []


def test_an_owner_of_whom_the_outbox_knows_nothing_breaks_l4(world):
    with world.ledger.begin() as connection:
        connection.execute(delete(tables.outbox).where(of_lead(tables.outbox)))
    assert found(world) == [
        "L4 lead l1: given to r1 at mql, and nothing in the outbox tells it",
    ]


def test_who_takes_over_must_be_told_too(world):
    hand_on(world)
    key = f"handoff:{world.handoff('l1')['handoff_id']}:r2"
    with world.ledger.begin() as connection:
        connection.execute(delete(tables.outbox).where(tables.outbox.c.key == key))
    assert found(world, LATER + HOUR) == [
        "L4 lead l1: given to r2 at mql, and nothing in the outbox tells it",
    ]


def test_who_gets_a_lead_a_second_time_is_told_a_second_time(world):
    hand_on(world)
    world.reps("r1", left_at=None)
    world.reps("r2", left_at=LATER + 2 * HOUR)
    assert world.run(LATER + 3 * HOUR).reassigned == 2
    assert found(world, LATER + 3 * HOUR) == []
    again = f"handoff:{world.handoff('l1')['handoff_id']}:r1#2"
    with world.ledger.begin() as connection:
        connection.execute(delete(tables.outbox).where(tables.outbox.c.key == again))
    assert found(world, LATER + 3 * HOUR) == [
        "L4 lead l1: given to r1 at mql, and nothing in the outbox tells it",
    ]


def test_an_owner_whom_the_crm_named_is_not_told_by_us(world):
    row = world.handoff("l1")
    owner = {"handoff_id": row["handoff_id"], "since": LATER, "rep_id": "r2", "why": OF_CRM}
    with world.ledger.begin() as connection:
        connection.execute(insert(tables.handoff_owner).values(owner))
    change(world, tables.handoff, of_lead(tables.handoff), rep_id="r2")
    change(world, tables.clock, of_lead(tables.clock), owner_id="r2")
    assert found(world) == []


def test_an_entry_withdrawn_by_nobody_breaks_l4_while_its_hand_off_is_open(world):
    key = entry(world)["key"]
    change(world, tables.outbox, of_lead(tables.outbox), status="withdrawn")
    broken = [f"L4 lead l1: {key} is withdrawn, its hand-off is open and nothing else tells it"]
    assert found(world) == broken
    change(world, tables.outbox, of_lead(tables.outbox), error="dropped by a person at noon")
    assert found(world) == []
    change(world, tables.outbox, of_lead(tables.outbox), error=None)
    world.decision("l1", "return", at=LATER, reason="not_ready")
    assert found(world) == []


def test_an_entry_that_nothing_replaced_breaks_l4_if_it_says_so(world):
    change(world, tables.outbox, of_lead(tables.outbox), status="superseded")
    assert [one[:12] for one in found(world)] == ["L4 lead l1: "]
    newer = {name: value for name, value in entry(world).items() if name != "outbox_id"}
    newer |= {"key": entry(world)["key"] + "#2", "status": "waiting"}
    with world.ledger.begin() as connection:
        connection.execute(insert(tables.outbox).values(newer))
    assert found(world) == []


def test_what_was_sent_without_a_hand_off_breaks_l4(world):
    change(world, tables.outbox, of_lead(tables.outbox), status="sent", key="handoff:none:r1")
    assert found(world) == [
        "L4 lead l1: given to r1 at mql, and nothing in the outbox tells it",
        "L4 handoff:none:r1: sent, and no hand-off of ours is of that name",
    ]


def test_telling_a_rep_oftener_than_he_was_given_the_lead_breaks_l4(world):
    sent = {name: value for name, value in entry(world).items() if name != "outbox_id"}
    key = sent["key"]
    change(world, tables.outbox, of_lead(tables.outbox), status="sent")
    with world.ledger.begin() as connection:
        twice = {**sent, "key": f"{key}#2", "status": "sent"}
        connection.execute(insert(tables.outbox).values(twice))
    assert found(world) == [f"L4 {key}: sent 2 times, given 1 times"]


# L5


def test_an_open_hand_off_without_a_running_clock_breaks_l5_unless_it_says_why(world):
    change(world, tables.clock, of_lead(tables.clock), ended_at=LATER, ended_by="cancelled")
    assert found(world) == ["L5 lead l1: handed over at mql without owner or running clock"]
    change(world, tables.handoff, of_lead(tables.handoff), waits_for="r1 has left")
    assert found(world) == []


def test_a_clock_that_runs_for_somebody_else_is_none(world):
    change(world, tables.clock, of_lead(tables.clock), owner_id="r9")
    assert found(world) == ["L5 lead l1: handed over at mql without owner or running clock"]


def test_a_rep_who_is_not_the_owner_set_last_breaks_l5(world):
    change(world, tables.handoff, of_lead(tables.handoff), rep_id="r9")
    change(world, tables.clock, of_lead(tables.clock), owner_id="r9")
    assert found(world) == ["L5 lead l1: with r9 at mql, the owner set last is r1"]


@pytest.mark.parametrize("half", [{"ended_at": LATER}, {"outcome": "returned"}])
def test_half_an_ending_breaks_l5(world, half):
    change(world, tables.handoff, of_lead(tables.handoff), **half)
    assert "L5 lead l1: its hand-off at mql has half an ending" in found(world)


def test_a_lead_that_waits_without_a_reason_breaks_l5(world):
    nobody = {"assigned_at": None, "rep_id": None}
    change(world, tables.handoff, of_lead(tables.handoff), **nobody)
    assert "L5 lead l1: waits for an owner without a reason" in found(world)


def test_a_lead_of_a_rep_who_has_left_breaks_l5_after_the_next_run(world):
    change(world, tables.rep, tables.rep.c.rep_id == "r1", left_at=LATER)
    runs = insert(tables.handoff_run)
    with world.ledger.begin() as connection:
        connection.execute(runs.values(as_of=LATER, decided=0))  # not after he had left
    assert found(world, LATER + DAY) == []
    with world.ledger.begin() as connection:
        connection.execute(runs.values(as_of=LATER + MOMENT, decided=0))
    broken = "still with r1 at mql, who left 2026-11-16"
    assert found(world, LATER + DAY) == [f"L5 lead l1: {broken}", f"L5 lead l2: {broken}"]
    change(world, tables.handoff, waits_for="nobody can take over")
    assert found(world, LATER + DAY) == []


def test_that_a_rep_has_left_binds_a_run_only_once_it_is_known(world):
    change(world, tables.rep, left_at=MONDAY + MOMENT, known_at=LATER + DAY)
    with world.ledger.begin() as connection:
        connection.execute(insert(tables.handoff_run).values(as_of=LATER, decided=0))
    assert found(world, LATER + DAY) == []


# L7


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ({"current_stage": "sal"}, "kept as sal, its history says mql"),
        ({"cycle": 2}, "kept in cycle 2, its history says 1"),
    ],
)
def test_a_stage_or_cycle_that_is_not_the_historys_breaks_l7(world, kept, sentence):
    change(world, tables.lead, of_lead(tables.lead), **kept)
    assert found(world) == [f"L7 lead l1: {sentence}"]


def test_moves_that_do_not_follow_each_other_break_l7(world):
    entered = tables.stage_change.c.to_stage == "mql"
    change(world, tables.stage_change, of_lead(tables.stage_change), entered, from_stage="sql")
    (line,) = found(world)
    assert line.startswith("L7 lead l1: left sql for mql, and stood at ")


# L9


def test_a_hand_off_under_a_version_that_one_side_has_not_signed_breaks_l9(world):
    with world.ledger.begin() as connection:
        sales = delete(tables.signature).where(tables.signature.c.side == "sales")
        connection.execute(sales)
    assert found(world) == [
        f"L9 lead {lead}: handed over under version 2026.4, which not both sides signed"
        for lead in ("l1", "l2")
    ]


def test_signatures_of_two_contents_are_none(world):
    change(world, tables.signature, tables.signature.c.side == "sales", fingerprint="another")
    assert [one[:2] for one in found(world)] == ["L9", "L9"]


def test_an_owner_set_before_the_second_signature_breaks_l9_and_at_its_instant_does_not(world):
    sales = tables.signature.c.side == "sales"
    change(world, tables.signature, sales, signed_at=MONDAY)
    assert found(world) == []
    change(world, tables.signature, sales, signed_at=MONDAY + MOMENT)
    assert len(found(world)) == 2
    assert found(world)[0] == (
        "L9 lead l1: given to r1 at 2026-11-16T14:00:00Z under version 2026.4,"
        " which both had signed at 2026-11-16T14:00:00.000001Z only"
    )
