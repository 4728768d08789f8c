"""Two at once at the same clocks: delivery, sweep, hand-off, news of reps. Both stores.

Each test stops one of them half-way and lets the other come as far as it can; then, the other way
round. What is seen afterwards is what one after the other would have left.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from accord.errors import LeaseHeldError
from accord.ledger import tables
from accord.services.deliver import run_deliver
from accord.services.settings import Settings
from accord.services.sweep import run_sweep
from accord.services.workspace import Workspace
from tests.beside import Beside, beside
from tests.conftest import ROOT
from tests.outbox.receivers import Receiver
from tests.services import handoff_world
from tests.services.clock_world import MONDAY, World, at
from tests.services.test_owner_hours import Office

MINUTE = timedelta(minutes=1)


class Desk(World):
    """A world with one lead, told of by a file and a CRM that remember what went out."""

    def __init__(self, workspace) -> None:
        super().__init__(workspace)
        self.crm = Receiver()
        self.add_lead(created=at("2026-11-02 09:00"))
        self.hand_over("crm:1", "crm:ann")
        self.sync()

    def place_a_touch(self) -> None:
        self.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE)
        self.sync(as_of=MONDAY + 5 * MINUTE)

    def deliver(self, moment=MONDAY + 4 * MINUTE) -> None:
        run_deliver(self.workspace, as_of=moment, crm=self.crm)

    def went_out(self) -> list[str]:
        told = self.workspace.settings.outbox_path / "messages.jsonl"
        lines = told.read_text("utf-8").splitlines() if told.exists() else []
        return [*self.crm.sends, *(key for line in lines for key in json.loads(line)["keys"])]

    def entries_by_status(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self.read(tables.outbox):
            found.setdefault(row["status"], []).append(row["key"])
        return found


@pytest.fixture
def desk(workspace):
    return Desk(workspace)


@pytest.fixture(params=["message", "task"])
def waiting(desk, request):
    """A desk where the ladder's first step waits to go to the rep, or as a task to the CRM."""
    desk.sweep(MONDAY + 4 * MINUTE)
    with desk.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.outbox).where(tables.outbox.c.kind != request.param))
    assert set(desk.entries_by_status()) == {"waiting"}
    return desk


def test_what_is_being_claimed_is_not_withdrawn_as_well(waiting):
    with beside(
        waiting.workspace.ledger, waiting.place_a_touch, before="UPDATE outbox SET leased_by"
    ):
        waiting.deliver()
    (key,) = waiting.went_out()
    assert waiting.entries_by_status() == {"sent": [key]}
    assert waiting.steps()[0] == ("80%", "sent")
    assert waiting.clock("first_touch")["ended_by"] == "met"


def test_what_is_being_withdrawn_is_not_claimed_as_well(waiting):
    with beside(waiting.workspace.ledger, waiting.deliver, committing="UPDATE outbox SET status"):
        waiting.place_a_touch()
    assert waiting.went_out() == []
    assert set(waiting.entries_by_status()) == {"withdrawn"}
    assert waiting.steps()[0] == ("80%", "skipped")


def test_a_clock_that_is_met_while_a_sweep_climbs_tells_nobody(desk):
    ledger = desk.workspace.ledger
    with beside(ledger, desk.place_a_touch, before="INSERT INTO step"):
        assert desk.sweep(MONDAY + 4 * MINUTE).fired == 1
    _nobody_is_told(desk)
    assert desk.steps() == [("80%", "skipped")]


def test_a_sweep_that_comes_while_a_clock_is_being_met_climbs_nothing(desk):
    with beside(
        desk.workspace.ledger, lambda: desk.sweep(MONDAY + 4 * MINUTE), committing="FROM clock"
    ):
        desk.place_a_touch()
    _nobody_is_told(desk)
    assert desk.steps() == []


def _nobody_is_told(desk) -> None:
    clock = desk.clock("first_touch")
    assert (clock["ended_by"], clock["next_step_at"]) == ("met", None)
    for minutes in (5, 40, 90):
        desk.sweep(MONDAY + minutes * MINUTE)
        desk.deliver(MONDAY + minutes * MINUTE)
    assert desk.went_out() == []


@pytest.fixture
def leaving(workspace):
    """A lead in the hands of a rep who leaves as the first step of the ladder is due."""
    world = handoff_world.World(workspace)
    world.reps("r1", email="r1@us.example")
    world.mqls("l1")
    world.run()
    world.reps("r1", email="r1@us.example", left_at=handoff_world.MONDAY + 5 * MINUTE)
    world.reps("r2", email="r2@us.example")
    return world


def _hand_on(world) -> None:
    assert world.run(handoff_world.MONDAY + 5 * MINUTE).reassigned == 1


def _climb(world) -> None:
    run_sweep(world.workspace, as_of=handoff_world.MONDAY + 4 * MINUTE)


def _told(world) -> dict[str, str]:
    return {
        row["recipient"] or row["kind"]: row["status"]
        for row in world.rows("outbox")
        if row["kind"] in ("message", "task")
    }


def test_a_hand_off_that_comes_while_a_sweep_climbs_takes_back_what_the_former_owner_is_told(
    leaving,
):
    with beside(leaving.ledger, lambda: _hand_on(leaving), before="INSERT INTO step"):
        _climb(leaving)
    assert _told(leaving) == {"r1": "withdrawn", "task": "withdrawn"}
    assert [step["status"] for step in leaving.rows("step")] == ["skipped"]


def test_a_sweep_that_comes_while_a_hand_off_is_being_made_tells_the_former_owner_nothing(leaving):
    with beside(leaving.ledger, lambda: _climb(leaving), committing="FROM clock"):
        _hand_on(leaving)
    assert _told(leaving) == {}
    transferred = [row for row in leaving.rows("clock") if row["ended_by"] == "transferred"]
    assert [row["owner_id"] for row in transferred] == ["r1"]
    assert [(step["at"], step["status"]) for step in leaving.rows("step")] == [("80%", "skipped")]


NOON = at("2026-11-02 12:00")


class Passed(Office):
    """An office where a lead has gone from Ann to somebody else, and no sweep has seen it yet."""

    def __init__(self, workspace, owner: str) -> None:
        super().__init__(workspace)
        self.owner = owner
        self.tell({"id": "ann"}, {"id": "bob"})
        self.add_lead(created=at("2026-11-02 09:00"))
        handoff = self.hand_over("crm:1", "crm:ann")
        self.sync()
        self.assign(handoff, f"crm:{owner}", MONDAY + 10 * MINUTE)
        self.need("crm:1")

    def move_owner(self) -> None:
        """A file says at noon that the owner works in Berlin since half past ten."""
        since = "2026-11-02T15:30:00Z"
        self.tell({"id": self.owner, "calendar": "berlin", "since": since}, as_of=NOON)

    def climb(self) -> None:
        self.sweep(NOON)

    def left(self) -> list[list[dict]]:
        """What is left in the end; entries of the outbox may be numbered otherwise."""
        entries = [{**row, "outbox_id": None} for row in self.read(tables.outbox)]
        by_key = sorted(entries, key=lambda row: row["key"])
        return [self.read(tables.clock), self.read(tables.step), by_key]


@pytest.fixture(params=["bob", "newcomer"])
def owner(request):
    """Who has the lead: somebody who is known, or of whom that file is the first to tell."""
    return request.param


@pytest.fixture
def serially(tmp_path, sqlite_ledger):
    """Does things one after the other in an office of its own; gives what is left of it."""
    home = tmp_path / "serially"
    url = sqlite_ledger(home)
    agreement = Path(shutil.copy(ROOT / "agreement.yaml", home))
    settings = Settings(
        home=home, database_url=url, agreement=agreement, sources=home / "sources.yaml",
        _env_file=None,
    )  # fmt: skip
    workspace = Workspace.open(settings)

    def do(owner: str, *names: str):
        office = Passed(workspace, owner)
        for name in names:
            getattr(office, name)()
        return office.left()

    yield do
    workspace.close()


def test_news_of_a_rep_that_come_while_two_sweeps_run_move_the_clocks_these_have_made(
    serially, workspace, owner
):
    expected = serially(owner, "climb", "move_owner", "climb")
    office = Passed(workspace, owner)

    def climb_too() -> None:
        with suppress(LeaseHeldError):  # one that waits for another in vain leaves it the work
            office.climb()

    second = Beside(workspace.ledger, climb_too)

    def move_owner() -> None:
        second.start()
        office.move_owner()

    with beside(workspace.ledger, move_owner, committing="FROM posting"):
        office.climb()
    second.end()
    office.climb()
    assert office.left() == expected
    assert _due_of_owner(office) == _MOVED


def test_a_sweep_that_comes_while_news_of_a_rep_are_being_written_knows_them(
    serially, workspace, owner
):
    expected = serially(owner, "move_owner", "climb")
    office = Passed(workspace, owner)
    with beside(workspace.ledger, office.climb, committing="INTO posting"):
        office.move_owner()
    office.climb()
    assert office.left() == expected
    assert _due_of_owner(office) == _MOVED


# Four hours: until noon in New York or Berlin alike, the rest in Berlin on Tuesday.
_MOVED = at("2026-11-03 05:10")


def _due_of_owner(office):
    (due,) = [
        row["due_at"]
        for row in office.clocks("first_touch")
        if row["owner_id"] == f"crm:{office.owner}"
    ]
    return due
