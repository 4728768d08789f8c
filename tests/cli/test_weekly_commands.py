"""`accord weekly` line by line: weeks, months, days, the log; and reports that contradict."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accord.ledger import tables
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.metrics.company import AS_OF, Company

THEN = AS_OF.isoformat()
LATER = (AS_OF + timedelta(hours=1)).isoformat()


@pytest.fixture
def world(folder):
    workspace = Workspace.open(Settings())
    Company(leads=60, seed=3).write(workspace.ledger)
    yield workspace
    workspace.close()


def _stored(world, length: int) -> int:
    with world.ledger.read() as connection:
        rows = connection.execute(select(tables.metric.c.period)).scalars().all()
    return sum(len(period) == length for period in rows)


def _tell_late(world) -> None:
    """Let a lead of the first week have come on another channel."""
    lead = tables.lead
    with world.ledger.begin() as connection:
        first = connection.execute(select(lead.c.lead_id).order_by(lead.c.created_at)).scalar()
        moved = update(lead).where(lead.c.lead_id == first)
        connection.execute(moved.values(channel="partner"))


def test_weeks_are_stored_and_a_second_run_looks_at_the_running_one_alone(world, accord):
    code, out, err = accord("weekly", "--as-of", THEN, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["weeks"] == 5
    assert _stored(world, 8) == json.loads(out)["written"] > 0
    code, out, _ = accord("weekly", "--as-of", THEN, "--json")
    assert (json.loads(out)["weeks"], json.loads(out)["written"]) == (1, 0)
    code, out, _ = accord("weekly", "--full", "--as-of", THEN, "--json")
    assert (json.loads(out)["weeks"], json.loads(out)["written"]) == (5, 0)


def test_a_first_run_says_why_it_looked_at_every_week(world, accord):
    _, out, _ = accord("weekly", "--as-of", THEN)
    assert "every week was computed: no run was before" in out.splitlines()


def test_what_was_told_late_is_said_and_stands_in_the_log(world, accord):
    accord("weekly", "--as-of", THEN)
    assert accord("weekly", "--log", "--as-of", THEN, "--json")[1].strip() == "[]"
    _tell_late(world)
    _, out, _ = accord("weekly", "--as-of", LATER)
    assert "2026-W42 new_leads of channel partner: None is now 1" in out.splitlines()
    code, out, _ = accord("weekly", "--log", "--as-of", LATER, "--json")
    changes = {
        (o["period"], o["metric"], o["member"]): (o["was"], o["is"]) for o in json.loads(out)
    }
    assert code == 0
    assert changes["2026-W42", "new_leads", "partner"] == (None, "1")
    _, out, _ = accord("weekly", "--log", "--since", "2026-11-14", "--as-of", LATER)
    assert len(out.splitlines()) == 1  # the head of the table


def test_months_and_days_are_stored_beside_the_weeks(world, accord):
    code, out, _ = accord("weekly", "--months", "--as-of", THEN, "--json")
    assert (code, json.loads(out)["weeks"]) == (0, 2)
    code, out, _ = accord("weekly", "--days", "--as-of", THEN, "--json")
    assert (code, json.loads(out)["weeks"]) == (0, 33)
    assert min(_stored(world, 7), _stored(world, 10)) > 0
    assert _stored(world, 8) == 0


@pytest.mark.parametrize(
    "options", [("--months", "--days"), ("--log", "--months"), ("--days", "--log")]
)
def test_one_thing_is_asked_for_at_a_time(world, accord, options):
    code, out, err = accord("weekly", *options, "--as-of", THEN)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "accord weekly: more than one of --months, --days and --log; expected one" in err


@pytest.mark.parametrize(
    "options",
    [("--daily", "--pipeline"), ("--daily", "--week", "2026-W46"), ("--pipeline", "--all")],
)
def test_reports_that_contradict_are_refused_in_a_line(world, accord, options):
    code, out, err = accord("report", *options, "--as-of", THEN)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert all(name in err for name in options if name.startswith("--"))
