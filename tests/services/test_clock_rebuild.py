"""Clocks follow from what happened and what was agreed then: made anew they are the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from accord.agreement import loads
from accord.ledger import tables
from accord.ledger.clock_rows import note_reps_changed
from accord.ledger.company_rows import IDENTITY
from accord.services.agreements import register
from accord.services.clock_rebuild import rebuild_clocks
from tests.services.clock_world import MONDAY, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TUESDAY = MONDAY + DAY
LATER = MONDAY + 3 * DAY


@pytest.fixture
def world(workspace):
    return World(workspace)


@pytest.fixture
def told(world):
    """Leads of two agreements, told in an order of its own: transfers, late facts, a way back."""
    world.add_lead()
    handoff = world.hand_over("crm:1", "crm:ann")
    world.sync()
    world.add_lead("crm:2", created=MONDAY - DAY)
    agree_anew(world)
    world.hand_over("crm:2", "crm:ann", TUESDAY)
    world.sync("crm:2", as_of=TUESDAY)
    world.sweep(TUESDAY + 9 * MINUTE)
    world.touch("crm:2", "crm:ann", TUESDAY + 7 * MINUTE)
    world.assign(handoff, "crm:bob", MONDAY + 30 * MINUTE)
    world.assign(handoff, "crm:ann", MONDAY + 50 * MINUTE)
    world.touch("crm:1", "crm:bob", MONDAY + 40 * MINUTE)
    world.decide("crm:1", "return", MONDAY + 70 * MINUTE)
    world.enter("crm:1", "nurture", MONDAY + 70 * MINUTE, programme="returned")
    world.act("crm:1", "enrolled", MONDAY + 80 * MINUTE)
    world.sync("crm:1", "crm:2", as_of=LATER)
    world.sweep(LATER)
    return world


def agree_anew(world, at=TUESDAY - HOUR) -> None:
    """From Tuesday on the first touch has nine minutes."""
    text = world.workspace.agreement(MONDAY).document
    later = loads(
        text.replace('version: "2026.4"', 'version: "2026.5"').replace("within: 5m", "within: 9m"),
        where="later",
    )
    world.workspace.settings.agreement.write_text(later.document, encoding="utf-8")
    with world.workspace.ledger.begin() as connection:
        register(connection, later, seen_at=at)


def rebuilt(world, **more):
    return rebuild_clocks(world.workspace, as_of=LATER, **more)


def test_clocks_that_were_lost_come_back_to_the_bit(told) -> None:
    before = told.clocks()
    assert {row["version"] for row in before} == {"2026.4", "2026.5"}
    assert {row["term"] for row in before} >= {"first_touch", "qualify", "nurture", "engage"}
    assert rebuilt(told).differ == 0
    with told.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.clock).where(tables.clock.c.lead_id.is_not(None)))
    found = rebuilt(told)
    lost = [row for row in before if row["lead_id"] is not None]
    assert (found.leads, found.missing, found.changed, found.unsupported) == (2, len(lost), 0, 0)
    assert [row for row in told.clocks() if row["lead_id"]] == []  # to look changes nothing
    rebuilt(told, apply=True)
    assert told.clocks() == before
    assert rebuilt(told).differ == 0


def test_what_is_stored_otherwise_is_shown_with_what_differs_and_mended(told) -> None:
    before = told.clocks()
    wrong = told.clocks("first_touch")[0]
    with told.workspace.ledger.begin() as connection:
        named = tables.clock.c.clock_id == wrong["clock_id"]
        changed = {"version": "2025.1", "within_us": 1, "follows_owner": False}
        connection.execute(update(tables.clock).where(named).values(**changed))
    found = rebuilt(told)
    assert (found.differ, found.changed) == (1, 1)
    (shown,) = found.shown
    assert shown["clock_id"] == wrong["clock_id"]
    assert shown["columns"] == ["follows_owner", "version", "within_us"]
    steps = told.read(tables.step)
    rebuilt(told, apply=True)
    assert told.clocks() == before
    assert told.read(tables.step) == steps


def test_a_clock_that_follows_from_nothing_goes_and_one_that_was_climbed_stays_as_proof(
    told,
) -> None:
    told.add_lead("crm:3", created=MONDAY)
    handoff = told.hand_over("crm:3", "crm:ann", TUESDAY)
    told.sync("crm:3", as_of=TUESDAY)
    (clock,) = [row for row in told.clocks("first_touch") if row["lead_id"] == "crm:3"]
    with told.workspace.ledger.begin() as connection:
        owners = tables.handoff_owner
        connection.execute(delete(owners).where(owners.c.handoff_id == handoff))
    assert rebuilt(told).unsupported == 1
    step = {"clock_id": clock["clock_id"], "step": 0, "at": "due", "due_at": TUESDAY}
    told.write(tables.step, step | {"swept_at": TUESDAY, "status": "sent", "why": None})
    rebuilt(told, apply=True)
    (proof,) = [row for row in told.clocks("first_touch") if row["lead_id"] == "crm:3"]
    assert (proof["ended_by"], proof["ended_at"]) == ("cancelled", LATER)
    assert rebuilt(told).differ == 0


def test_what_stands_of_a_merged_lead_is_of_the_one_it_went_into(told) -> None:
    """As a ledger may have it that a clock outlived its lead's merge."""
    merged = {"lead_id": "crm:2", "into_lead_id": "crm:1", "merged_at": LATER, "why": "hand"}
    told.write(tables.merge, merged)
    theirs = [row["clock_id"] for row in told.clocks() if row["lead_id"] == "crm:2"]
    found = rebuilt(told)
    assert found.leads == 1
    assert found.differ >= found.unsupported > 0
    rebuilt(told, apply=True)
    assert rebuilt(told).differ == 0
    left = [row for row in told.clocks() if row["clock_id"] in theirs]
    assert all(row["ended_at"] is not None for row in left)  # what was climbed stays as proof


def test_leads_with_facts_that_wait_to_be_placed_are_left_out(told) -> None:
    told.touch("crm:1", "crm:ann", MONDAY + 55 * MINUTE)
    told.need("crm:1", "lifecycle")
    found = rebuilt(told)
    assert (found.leads, found.waiting, found.differ) == (1, 1, 0)


def test_a_clock_without_a_hand_over_has_the_segment_of_its_beginning(world) -> None:
    """Marketing's clocks: the lead was small when it came, and a source says later it is large."""
    world.add_lead()
    say(world, 20, MONDAY - 3 * DAY)
    world.enter("crm:1", "nurture", MONDAY, programme="returned", cycle=0)
    world.sync()
    before = world.clocks()
    assert {row["segment"] for row in before} == {"small"}
    say(world, 9000, TUESDAY)
    with world.workspace.ledger.begin() as connection:
        connection.execute(update(tables.lead).values(segment="large", employees=9000))
    assert rebuilt(world).differ == 0
    world.enter("crm:1", "sal", LATER - HOUR, cycle=1)
    world.enter("crm:1", "nurture", LATER, programme="returned", cycle=1)
    world.sync(as_of=LATER)
    old = {row["clock_id"] for row in before}
    assert {row["segment"] for row in world.clocks() if row["clock_id"] in old} == {"small"}
    assert {row["segment"] for row in world.clocks() if row["clock_id"] not in old} == {"large"}
    assert rebuilt(world).differ == 0


def say(world, employees: int, known_at) -> None:
    row = {"lead_id": "crm:1", "batch_id": f"b{employees}", "row_number": 1, "known_at": known_at}
    row |= {"created_at": MONDAY - 3 * DAY, "employees": employees}
    world.write(tables.lead_version, row)


def test_what_came_later_rewrites_nothing_neither_other_words_nor_an_earlier_first_day(
    world,
) -> None:
    """History before any first day falls under what was seen first, for good."""
    shipped = world.workspace.agreement(MONDAY).document
    start = datetime(2026, 7, 1, 15, tzinfo=UTC)
    world.add_lead(created=start - DAY)
    world.hand_over("crm:1", "crm:ann", start, origin="observed")
    world.sync()
    put(world, _other(shipped, since="2026-05-01"), seen_at=TUESDAY)
    assert rebuilt(world).differ == 0
    world.add_lead("crm:2", created=start - DAY)
    world.hand_over("crm:2", "crm:ann", start, origin="observed")
    world.sync("crm:2", as_of=TUESDAY)
    assert {row["version"] for row in world.clocks()} == {"2026.4"}
    put(world, shipped.replace("within: 5m", "within: 7m"), seen_at=TUESDAY + HOUR)
    world.add_lead("crm:3", created=TUESDAY + HOUR)
    world.hand_over("crm:3", "crm:ann", TUESDAY + 2 * HOUR)
    world.sync("crm:3", as_of=TUESDAY + 2 * HOUR)
    assert rebuilt(world).differ == 0
    put(world, shipped, seen_at=TUESDAY + 3 * HOUR)  # it is put back
    world.add_lead("crm:4", created=LATER)
    world.hand_over("crm:4", "crm:ann", LATER)
    world.sync("crm:4", as_of=LATER)
    (last,) = [row for row in world.clocks("first_touch") if row["lead_id"] == "crm:4"]
    assert last["within_us"] == 5 * 60_000_000
    assert rebuilt(world).differ == 0


def _other(document: str, *, since: str) -> str:
    return (
        document.replace('version: "2026.4"', 'version: "2026.3"')
        .replace("within: 5m", "within: 9m")
        .replace("effective_from: 2026-10-01", f"effective_from: {since}")
    )


def put(world, text: str, *, seen_at) -> None:
    """Put a text into the file, and let a stage see it."""
    world.workspace.settings.agreement.write_text(text, encoding="utf-8")
    world.workspace.agreement(seen_at)


LADDER = "      - {at: 80%,     notify: [rep]}\n"
LONGER = "".join(LADDER.replace("80%", each) for each in ("40%", "60%", "80%"))


@pytest.mark.parametrize(
    ("before", "after"),
    [(LADDER, LONGER), ("[owner_away], escalation: ladder", "[owner_away], escalation: reminder")],
    ids=["longer", "shorter"],
)
def test_a_ladder_that_was_begun_is_climbed_to_its_end_whatever_the_terms_are_now(
    world, before, after
) -> None:
    """A touch of Sunday is corrected to Monday, on which another ladder holds."""
    world.add_lead()
    shipped = world.workspace.agreement(MONDAY - DAY).document
    assert shipped.count(before) == 1
    world.hand_over("crm:1", "crm:ann", MONDAY - 20 * HOUR)
    later = _other(shipped.replace(before, after), since="2026-11-02").replace("2026.3", "2026.5")
    put(world, later, seen_at=MONDAY - 15 * HOUR)
    world.touch("crm:1", "crm:ann", MONDAY - 11 * HOUR)
    world.sync()
    world.sweep(MONDAY + 6 * DAY)
    assert world.steps("qualify") == [("80%", "sent")]
    with world.workspace.ledger.begin() as connection:
        connection.execute(update(tables.touch).values(touched_at=MONDAY - HOUR))
    world.sync(as_of=MONDAY + 6 * DAY + HOUR)
    (clock,) = world.clocks("qualify")
    assert (clock["version"], clock["started_at"]) == ("2026.5", MONDAY - HOUR)
    for minutes in range(0, 120, 15):
        world.sweep(MONDAY - HOUR + 7 * DAY + minutes * MINUTE)
    told = [("80%", "sent"), ("due", "sent"), ("due+30m", "sent"), ("due+1h", "sent")]
    assert world.steps("qualify") == told
    found = rebuild_clocks(world.workspace, as_of=MONDAY + 8 * DAY)
    assert found.differ == 0


def test_an_earlier_stay_that_is_taken_back_renames_a_clock_and_tells_nobody_again(world) -> None:
    world.add_lead()
    handoff = world.hand_over("crm:1", "crm:bob")
    for minutes, rep in ((5, "crm:ann"), (10, "crm:bob"), (20, "crm:ann")):
        world.assign(handoff, rep, MONDAY + minutes * MINUTE)
    world.touch("crm:1", "crm:ann", MONDAY + 30 * MINUTE)
    world.sync(as_of=MONDAY + HOUR)
    due = MONDAY + 30 * MINUTE + 7 * DAY
    world.sweep(due)
    assert [step for step, _ in world.told("qualify")] == [1]
    with world.workspace.ledger.begin() as connection:
        owners = tables.handoff_owner
        connection.execute(delete(owners).where(owners.c.since == MONDAY + 5 * MINUTE))
    world.sync(as_of=due + MINUTE)
    world.sweep(due + 2 * MINUTE)
    assert [step for step, _ in world.told("qualify")] == [1]
    world.sweep(due + 30 * MINUTE)
    assert [step for step, _ in world.told("qualify")] == [1, 2]


def test_clocks_of_erased_leads_stay_as_the_erasure_left_them(told) -> None:
    told.write(
        tables.erasure,
        {"lead_id": "crm:1", "certificate_id": "c", "erased_at": LATER, "why": "asked"},
    )
    with told.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.touch).where(tables.touch.c.lead_id == "crm:1"))
    before = told.clocks()
    assert (rebuilt(told).leads, rebuilt(told, apply=True).differ) == (1, 0)
    with told.workspace.ledger.begin() as connection:
        note_reps_changed(connection, ["crm:ann", "crm:bob"])
    told.sweep(LATER + HOUR)
    assert [row for row in told.clocks() if row["lead_id"] == "crm:1"] == [
        row for row in before if row["lead_id"] == "crm:1"
    ]


def test_a_segment_by_stage_is_that_which_a_source_stated_last(world) -> None:
    """What merging and inferring make of a lead says nothing of its stage."""
    large = "{name: large,  when: {employees: {gte: 1000}}}"
    text = world.workspace.agreement(MONDAY - DAY).document
    assert text.count(large) == 1
    put(world, text.replace(large, "{name: large,  when: {stage: sql}}"), seen_at=MONDAY - DAY)
    world.add_lead()
    row = {"lead_id": "crm:1", "row_number": 1, "created_at": MONDAY - 3 * DAY}
    known = {"batch_id": "b1", "known_at": MONDAY - 3 * DAY, "stage": "sql"}
    world.write(tables.lead_version, row | known)
    made = {"batch_id": IDENTITY, "known_at": MONDAY - 2 * DAY, "country": "DE"}
    world.write(tables.lead_version, row | made)
    world.enter("crm:1", "nurture", MONDAY, programme="returned", cycle=0)
    world.sync()
    assert {row["segment"] for row in world.clocks("nurture")} == {"large"}
