"""The stage on real stores: the order of arrival does not matter, twice is once, law L7."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accord.ledger.history_rows import read_recorded
from accord.ledger.stage_rows import read_changes
from accord.lifecycle import standing
from accord.records import Stage
from tests.services.handoff_world import DAY, HOUR, MONDAY
from tests.services.ways_world import Ways

FACTS = {
    "defer": lambda w, lead, known: w.say(
        lead, "defer", at=MONDAY + HOUR, until=MONDAY + 9 * DAY, known=known, key=f"{lead}:1"
    ),
    "accept": lambda w, lead, known: w.say(
        lead, "accept", at=MONDAY + 2 * HOUR, known=known, key=f"{lead}:2"
    ),
    "owner": lambda w, lead, known: w.report(
        lead, "r2", at=MONDAY + timedelta(minutes=30), known=known, key=f"{lead}:h1"
    ),
    "next owner": lambda w, lead, known: w.report(
        lead, "r3", at=MONDAY + 3 * HOUR, known=known, key=f"{lead}:h2"
    ),
    "earlier hand-over": lambda w, lead, known: w.report(
        lead, "r3", at=MONDAY - 4 * HOUR, known=known, key=f"{lead}:h0"
    ),
    "earlier return": lambda w, lead, known: w.say(
        lead, "return", at=MONDAY - 3 * HOUR, known=known, key=f"{lead}:0"
    ),
    "deal": lambda w, lead, known: w.deal(
        lead, "opportunity", opened_at=MONDAY + 4 * HOUR, known=known
    ),
}
NUMBERS = count()


@pytest.fixture
def world(workspace) -> Ways:
    made = Ways(workspace)
    made.reps("r1", per_week=1000, per_month=1000)
    return made


def tell(world: Ways, lead_id: str, order: list[str], *, twice: bool = False) -> None:
    """Hand a lead over, then learn facts in an order, an hour apart."""
    world.mqls(lead_id)
    world.run()
    world.reps("r2", "r3", per_week=0)
    known = MONDAY + DAY
    for name in order:
        for _ in range(1 + twice):
            FACTS[name](world, lead_id, known)
            assert_l7(world, lead_id)
        known += HOUR


def assert_l7(world: Ways, lead_id: str) -> None:
    """The kept stage is the fold of what stands."""
    state = world.state(lead_id)
    row = next(row for row in world.rows("lead") if row["lead_id"] == lead_id)
    assert (row["current_stage"], row["cycle"]) == (state.stage, state.cycle)


def told(world: Ways, lead_id: str) -> tuple[object, ...]:
    """What is derived of a lead, without its name and what only says when it was learnt."""
    with world.ledger.read() as connection:
        changes = read_changes(connection, [lead_id])[lead_id]
    moves = tuple(
        (c.from_stage, c.to_stage, c.cycle, c.occurred_at, c.position, c.origin, c.inferred)
        for c in changes
    )
    ours = [row for row in world.rows("handoff") if row["lead_id"] == lead_id]
    stages = {row["handoff_id"]: (row["cycle"], row["stage"]) for row in ours}
    owners = sorted(
        (*stages[row["handoff_id"]], row["since"], row["rep_id"])
        for row in world.rows("handoff_owner")
        if row["handoff_id"] in stages
    )
    ended = sorted(
        (row["cycle"], row["stage"], row["origin"], row["rep_id"], str(row["ended_at"]))
        for row in ours
    )
    return moves, world.ends(lead_id), ended, owners


@settings(
    max_examples=3,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a smaller order says no more
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(order=st.permutations(sorted(FACTS)), twice=st.booleans())
def test_the_order_in_which_facts_are_learnt_changes_nothing(world, order, twice):
    if not world.rows("lead"):
        tell(world, "first", sorted(FACTS))
    lead_id = f"l{next(NUMBERS)}"
    tell(world, lead_id, list(order), twice=twice)
    assert told(world, lead_id) == told(world, "first")
    assert world.left_behind() == []


def test_no_row_of_the_history_is_ever_changed(world):
    world.mqls("l1")
    world.run()
    seen: dict[str, dict[str, object]] = {}
    for number, name in enumerate(("accept", "earlier hand-over", "defer", "deal")):
        FACTS[name](world, "l1", MONDAY + DAY + number * HOUR)
        rows = {row["change_id"]: row for row in world.rows("stage_change")}
        assert {key: rows[key] for key in seen} == seen
        seen = rows


def test_what_was_known_then_is_what_stood_then(world):
    world.mqls("l1")
    world.run()
    views = {}
    for number, name in enumerate(("accept", "earlier return", "earlier hand-over", "deal")):
        known = MONDAY + DAY + number * HOUR
        FACTS[name](world, "l1", known)
        with world.ledger.read() as connection:
            views[known] = read_changes(connection, ["l1"])["l1"]
    with world.ledger.read() as connection:
        recorded = read_recorded(connection, "l1")
    for known, changes in views.items():
        assert standing(recorded, known_at=known) == changes


def test_a_run_with_nothing_new_changes_nothing(world):
    world.mqls("l1")
    world.run()
    FACTS["defer"](world, "l1", MONDAY + DAY)
    before = [world.rows(name) for name in ("stage_change", "handoff", "clock", "outbox")]
    result = world.learn("l1", known=MONDAY + 2 * DAY)
    assert (result.moves, result.retracted, result.ended, result.owners) == (0, 0, 0, 0)
    after = [world.rows(name) for name in ("stage_change", "handoff", "clock", "outbox")]
    assert after == before


def test_every_cycle_is_counted_once(world):
    world.mqls("l1")
    world.run()
    for name in ("earlier hand-over", "earlier return", "defer"):
        FACTS[name](world, "l1", MONDAY + DAY)
    world.run(MONDAY + 9 * DAY)
    cycles = Counter(row["cycle"] for row in world.rows("handoff") if row["stage"] == "mql")
    assert cycles == {1: 1, 2: 1, 3: 1}


def test_a_move_that_holds_is_taken_back_and_holds_again_at_one_instant(world):
    """Three runs of one ``as_of``, between which a source says, unsays and says again."""
    world.mqls("l1")
    world.run()
    known = MONDAY + DAY
    for _ in range(2):
        world.say("l1", "return", at=MONDAY + HOUR, known=known, key="d1", reason="timing")
        assert world.state("l1").stage is Stage.NURTURE
        world.unsay("d1", "l1", known=known)
        assert world.state("l1").stage is Stage.MQL
