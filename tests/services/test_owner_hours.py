"""An owner's calendar and team that change while their clocks run: told in time, late, or again."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from accord.ledger import read_rows, tables
from accord.services.clock_rebuild import rebuild_clocks
from accord.services.clocks import breaches, explain_clock
from accord.services.ingest import run_ingest
from tests.services.clock_world import MONDAY, World, at

HOUR = timedelta(hours=1)
LONG_AGO = at("2026-10-05 09:00")
COLUMNS = ("id", "name", "role", "team", "calendar", "since", "absences")
SOURCE = """
sources:
  - name: people
    entity: rep
    system: crm
    path: in/reps-*.csv
    fields:
      rep_id: id
      name: name
      role: role
      team: team
      calendar: calendar
      since: since
      absences: absences
"""


class Office(World):
    """A world whose first touch takes four hours, and whose people are told of by files."""

    def __init__(self, workspace) -> None:
        super().__init__(workspace)
        self.files = 0
        settings = workspace.settings
        text = settings.agreement.read_text()
        settings.agreement.write_text(text.replace("within: 5m", "within: 4h"))
        settings.sources.write_text(SOURCE)
        (settings.sources.parent / "in").mkdir()

    def tell(self, *people: dict[str, str], as_of=LONG_AGO) -> None:
        usual = {"role": "sdr", "team": "inbound"}
        lines = [",".join((usual | one).get(name, "") for name in COLUMNS) for one in people]
        self.files += 1
        folder = self.workspace.settings.sources.parent / "in"
        text = "\n".join([",".join(COLUMNS), *lines, ""])
        (folder / f"reps-{self.files}.csv").write_text(text)
        assert run_ingest(self.workspace, as_of=as_of).accepted

    def amend(self, version: str, begins: str, *changes: tuple[str, str]) -> None:
        path = self.workspace.settings.agreement
        text = path.read_text()
        old = self.workspace.agreement(at("2026-12-01 09:00"))
        for before, after in (
            (f'version: "{old.version}"', f'version: "{version}"'),
            (f"effective_from: {old.effective_from}", f"effective_from: {begins}"),
            *changes,
        ):
            assert before in text
            text = text.replace(before, after)
        path.write_text(text)

    def rebuilt(self, *lead_ids: str, as_of=MONDAY) -> list[dict]:
        with self.workspace.ledger.begin() as connection:
            connection.execute(delete(tables.clock))
        self.sync(*lead_ids, as_of=as_of)
        return self.clocks("first_touch")

    def waiting(self) -> list[str]:
        with self.workspace.ledger.read() as connection:
            rows = read_rows(connection, select(tables.pending))
        return [row["lead_id"] for row in rows if row["need"] == "owner"]


@pytest.fixture
def world(workspace):
    """Ann works in New York, and has a lead since Monday at ten: due at three, after lunch."""
    world = Office(workspace)
    world.tell({"id": "ann"}, {"id": "bob"})
    world.add_lead(created=at("2026-11-02 09:00"))
    world.hand_over("crm:1", "crm:ann")
    world.sync()
    return world


def test_a_clock_goes_on_by_the_hours_that_its_owner_has_from_the_change_on(world):
    assert world.clock("first_touch")["due_at"] == at("2026-11-02 15:00")
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + HOUR)
    assert world.sweep(MONDAY + HOUR).synced == 1
    clock = world.clock("first_touch")
    # an hour in New York, an hour of Monday in Berlin, from nine to eleven of Tuesday there
    assert clock["due_at"] == at("2026-11-03 05:00")
    assert clock["next_step_at"] == at("2026-11-03 04:12")
    assert clock["calendar"] == "office"
    assert [part.get("since") for part in clock["calendar_terms"]["parts"]] == [
        None,
        "2026-11-02T16:00:00+00:00",
    ]
    assert world.rebuilt() == [clock]


def test_the_very_first_that_is_known_of_a_rep_holds_from_the_beginning(workspace):
    world = Office(workspace)
    world.add_lead(created=at("2026-11-02 09:00"))
    world.hand_over("crm:1", "crm:new", team="no such team")
    world.sync()
    assert world.clock("first_touch")["calendar"] == "office"
    world.tell({"id": "new", "calendar": "berlin"}, as_of=MONDAY + 3 * HOUR)
    world.sweep(MONDAY + 3 * HOUR)
    clock = world.clock("first_touch")
    assert (clock["calendar"], clock["due_at"]) == ("berlin", at("2026-11-03 05:00"))
    assert world.rebuilt() == [clock]


def test_a_change_told_late_moves_due_and_next_step_and_what_was_sent_stays_sent(world):
    world.sweep(at("2026-11-02 14:12"))
    assert world.steps() == [("80%", "sent")]
    world.tell(
        {"id": "ann", "calendar": "berlin", "since": (MONDAY + HOUR).isoformat()},
        as_of=at("2026-11-02 14:30"),
    )
    world.sweep(at("2026-11-02 15:00"))
    clock = world.clock("first_touch")
    assert (clock["due_at"], clock["next_step_at"]) == (at("2026-11-03 05:00"),) * 2
    assert world.steps() == [("80%", "sent")]
    world.sweep(at("2026-11-03 05:00"))
    assert world.steps() == [("80%", "sent"), ("due", "sent")]


def test_a_clock_that_ended_before_the_change_is_left_alone(world):
    world.touch("crm:1", "crm:ann", MONDAY + HOUR / 2)
    world.sync()
    before = world.clock("first_touch")
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + HOUR)
    world.sweep(MONDAY + HOUR)
    assert world.clock("first_touch") == before
    assert world.rebuilt() == [before]


def test_a_clock_that_ended_is_judged_again_when_a_change_within_it_is_told_late(world):
    world.touch("crm:1", "crm:ann", at("2026-11-02 16:00"))
    world.sync()
    with world.workspace.ledger.read() as connection:
        assert len(breaches(connection, as_of=at("2026-11-04 09:00"), met_late=True)) == 1
    world.tell(
        {"id": "ann", "calendar": "berlin", "since": (MONDAY + HOUR).isoformat()},
        as_of=at("2026-11-04 09:00"),
    )
    world.sweep(at("2026-11-04 09:00"))
    clock = world.clock("first_touch")
    assert (clock["ended_by"], clock["due_at"]) == ("met", at("2026-11-03 05:00"))
    with world.workspace.ledger.read() as connection:
        assert breaches(connection, as_of=at("2026-11-04 09:00"), met_late=True) == []


def test_an_absence_told_late_moves_the_clock_that_ran_in_it(world):
    world.touch("crm:1", "crm:ann", MONDAY)
    world.decide("crm:1", "return", at("2026-11-09 12:00"))
    world.enter("crm:1", "nurture", at("2026-11-09 12:00"), programme="returned")
    world.sync(as_of=at("2026-11-09 12:00"))
    assert world.clock("qualify")["due_at"] == at("2026-11-09 10:00")
    away = "2026-11-03T00:00-05:00/2026-11-05T00:00-05:00"
    world.tell({"id": "ann", "absences": away}, as_of=at("2026-11-10 09:00"))
    world.sweep(at("2026-11-10 09:00"))
    clock = world.clock("qualify")
    assert (clock["ended_by"], clock["due_at"]) == ("met", at("2026-11-11 10:00"))


def test_an_absence_announced_after_a_clock_was_met_moves_when_it_would_have_been_due(world):
    """As it does when it was announced before: in whatever order it is told, due is the same."""
    world.touch("crm:1", "crm:ann", MONDAY)
    world.decide("crm:1", "convert", at("2026-11-03 12:00"))
    world.sync(as_of=at("2026-11-03 12:00"))
    assert world.clock("qualify")["ended_by"] == "met"
    away = "2026-11-05T00:00-05:00/2026-11-07T00:00-05:00"
    world.tell({"id": "ann", "absences": away}, as_of=at("2026-11-04 09:00"))
    world.sweep(at("2026-11-04 09:00"))
    clock = world.clock("qualify")
    assert (clock["ended_by"], clock["ended_at"]) == ("met", at("2026-11-03 12:00"))
    assert clock["due_at"] == at("2026-11-11 10:00")
    assert rebuild_clocks(world.workspace, as_of=at("2026-11-04 09:00")).differ == 0


def test_late_is_told_in_the_hours_that_the_owner_had(world):
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=at("2026-11-02 16:00"))
    world.sweep(at("2026-11-02 16:00"))
    with world.workspace.ledger.read() as connection:
        (late,) = breaches(connection, as_of=at("2026-11-03 05:00"))
        story = explain_clock(connection, late["clock"], as_of=at("2026-11-03 05:00"))
    # from three to four in New York, from nine to eleven of Tuesday in Berlin
    assert late["late_business_seconds"] == story["late_business_seconds"] == 3 * 3600
    assert late["due"] == at("2026-11-02 15:00")


def test_who_has_no_calendar_of_their_own_has_the_new_teams(world):
    world.tell({"id": "ann", "team": "emea"}, as_of=MONDAY + HOUR)
    world.sweep(MONDAY + HOUR)
    clock = world.clock("first_touch")
    assert (clock["due_at"], clock["team"]) == (at("2026-11-03 05:00"), "inbound")


def test_a_calendar_that_the_term_names_is_not_touched(workspace):
    world = Office(workspace)
    world.amend(
        "2026.4a",
        "2026-10-02",
        ("until: touch,    within: 4h,", "until: touch, within: 4h, calendar: office,"),
    )
    world.tell({"id": "ann"})
    world.add_lead(created=at("2026-11-02 09:00"))
    world.hand_over("crm:1", "crm:ann")
    world.sync()
    before = world.clock("first_touch")
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + HOUR)
    world.sweep(MONDAY + HOUR)
    assert world.clock("first_touch") == before
    assert before["due_at"] == at("2026-11-02 15:00")


def test_hours_that_a_later_agreement_changes_are_those_of_the_clocks_start(world):
    berlin = 'berlin: {timezone: Europe/Berlin,    hours: {mon-thu: ["09:00-18:00"]'
    world.amend("2026.5", "2026-11-02", (berlin, berlin.replace("09:00", "07:00")))
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + HOUR)
    world.sweep(MONDAY + HOUR)
    assert world.clock("first_touch")["due_at"] == at("2026-11-03 05:00")
    world.add_lead("crm:2", created=at("2026-11-02 09:00"))
    world.hand_over("crm:2", "crm:ann", MONDAY + HOUR)
    world.sync("crm:2", as_of=MONDAY + HOUR)
    (fresh,) = [row for row in world.clocks("first_touch") if row["lead_id"] == "crm:2"]
    assert fresh["due_at"] == at("2026-11-03 04:00")  # an hour of Monday, then from seven to ten


def test_a_calendar_that_was_unknown_at_the_start_is_taken_from_the_agreement_at_the_change(world):
    office = "  office: {timezone: America/New_York"
    early = '  early: {timezone: America/New_York, hours: {mon-fri: ["11:00-12:00"]}}\n'
    world.amend("2026.5", "2026-11-02", (office, early + office))
    world.tell({"id": "ann", "calendar": "early"}, as_of=MONDAY + HOUR)
    world.sweep(MONDAY + HOUR)
    assert world.clock("first_touch")["due_at"] == at("2026-11-04 12:00")
    world.amend("2026.6", "2026-11-03", (early, early.replace("12:00", "15:00")))
    world.sync(as_of=at("2026-11-03 09:00"))
    assert world.clock("first_touch")["due_at"] == at("2026-11-04 12:00")


def test_there_and_back_is_by_each_in_its_time(world):
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + HOUR)
    world.tell({"id": "ann"}, as_of=at("2026-11-02 11:30"))
    world.sweep(at("2026-11-02 11:30"))
    # one hour and a half in New York and in Berlin, and two and a half more in New York
    assert world.clock("first_touch")["due_at"] == at("2026-11-02 15:00")
    assert len(world.clock("first_touch")["calendar_terms"]["parts"]) == 3


CHANGES = (
    {"id": "ann", "calendar": "berlin", "since": (MONDAY + HOUR).isoformat()},
    {"id": "ann", "team": "emea", "since": (MONDAY + 3 * HOUR).isoformat()},
    {"id": "ann", "calendar": "office", "since": at("2026-11-03 04:00").isoformat()},
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_changes_told_in_any_order_and_twice_give_the_same_clocks_to_the_bit(world, order):
    tuesday = at("2026-11-03 12:00")
    for number, index in enumerate((*order, order[0])):
        again = CHANGES[index] | {"name": f"file {number}"}
        world.tell(again, as_of=tuesday + number * HOUR)
        world.sweep(tuesday + number * HOUR)
    clock = world.clock("first_touch")
    # 10-11 in New York, 17-18 on Monday and 9-10 on Tuesday in Berlin, 9-10 in New York
    assert clock["due_at"] == at("2026-11-03 10:00")
    assert world.rebuilt(as_of=tuesday) == [clock]
    assert len(world.read(tables.posting)) == 5  # ann's three and the first, and bob's


def test_nothing_is_looked_at_for_a_rep_of_whom_nothing_changes_for_clocks(world):
    world.sweep(MONDAY)
    world.tell({"id": "ann", "name": "Ann Other"}, {"id": "bob", "calendar": "berlin"})
    assert world.waiting() == []
    assert world.sweep(MONDAY + HOUR).synced == 0


def test_what_is_learnt_without_a_time_gives_way_to_an_earlier_time_told_later(world):
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + 2 * HOUR)
    since = (MONDAY + HOUR).isoformat()
    world.tell({"id": "ann", "team": "emea", "since": since}, as_of=MONDAY + 3 * HOUR)
    world.sweep(MONDAY + 3 * HOUR)
    (first, second) = world.clock("first_touch")["calendar_terms"]["parts"]
    assert second["since"] == "2026-11-02T16:00:00+00:00"
    assert (first["timezone"], second["timezone"]) == ("America/New_York", "Europe/Berlin")


def test_a_change_announced_for_later_moves_the_clock_now(world):
    world.tell({"id": "ann", "calendar": "berlin", "since": (MONDAY + HOUR).isoformat()})
    world.sweep(MONDAY)
    assert world.clock("first_touch")["due_at"] == at("2026-11-03 05:00")


def test_a_transfer_after_the_change_ends_the_clock_and_begins_the_next_owners_own(world):
    world.tell({"id": "ann", "calendar": "berlin"}, as_of=MONDAY + HOUR)
    world.assign("crm:1-mql", "crm:bob", at("2026-11-02 11:30"))
    world.sync(as_of=at("2026-11-02 11:30"))
    old, new = world.clocks("first_touch")
    assert (old["ended_by"], old["due_at"]) == ("transferred", at("2026-11-03 05:00"))
    assert (new["owner_id"], new["due_at"]) == ("crm:bob", at("2026-11-02 16:30"))
    world.tell({"id": "ann", "team": "emea"}, as_of=at("2026-11-02 14:00"))
    world.sweep(at("2026-11-02 14:00"))
    assert world.clocks("first_touch") == [old, new]


def test_a_reps_clocks_are_found_by_the_index_on_owners(world):
    if world.workspace.ledger.engine.dialect.name != "sqlite":
        pytest.skip("a table of one row is read whole on PostgreSQL, whatever its indexes")
    query = "SELECT lead_id FROM clock WHERE owner_id IN ('crm:ann') AND ended_at"
    with world.workspace.ledger.read() as connection:
        for rest in (" IS NULL", " > 0"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}{rest}").fetchall()
            assert "ix_clock_owner_id_ended_at (owner_id=? AND ended_at" in str(plan)
