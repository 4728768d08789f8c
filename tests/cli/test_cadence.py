"""``accord sla cadence`` as a person reads it, and as a program does."""

from __future__ import annotations

import json

import pytest

from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.services.clock_world import MONDAY, World
from tests.services.test_cadence import MINUTE

AS_OF = ("--as-of", "2026-11-02T12:00:00-05:00")


@pytest.fixture
def worked(folder) -> None:
    workspace = Workspace.open(Settings())
    world = World(workspace)
    world.add_lead()
    world.hand_over("crm:1", "crm:ann")
    world.touch("crm:1", "crm:ann", MONDAY + 5 * MINUTE, outcome="no_answer")
    workspace.close()


def test_the_cadence_is_told_by_step_by_rep_by_team_and_by_channel(worked, accord) -> None:
    code, out, _ = accord("sla", "cadence", *AS_OF)
    assert code == 0
    step = "not_connected\t1\tcall\t10m\t1\t0\t0\t1\t0\t0\t0 %"
    assert step in out.splitlines()
    for title in ("By step", "By rep", "By team", "Attempts"):
        assert title in out.splitlines()
    assert "call\t1\t100 %\t0" in out.splitlines()


def test_json_has_exact_shares(worked, accord) -> None:
    _, out, _ = accord("sla", "cadence", "--rep", "crm:ann", *AS_OF, "--json")
    found = json.loads(out)
    assert found["reps"][0]["on_time_share"] == "0"
    assert found["reps"][0]["attempts_per_handoff"] == "1"


def test_a_reps_list_shows_the_call_that_still_wants_a_voicemail(worked, accord) -> None:
    code, out, _ = accord("sla", "cadence", "--open", "--rep", "crm:ann", *AS_OF, "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["lead"], row["channel"], row["overdue"]) == ("crm:1", "call", True)
    assert row["tried"] == "2026-11-02T15:05:00+00:00"
    _, out, _ = accord("sla", "cadence", "--open", *AS_OF)
    assert out.splitlines()[1].startswith("2026-11-02T15:10:00+00:00\tyes\tcrm:1\tcrm:ann")


def test_a_leads_own_cadence_is_listed_step_by_step(worked, accord) -> None:
    _, out, _ = accord("sla", "cadence", "--lead", "crm:1", *AS_OF)
    lines = out.splitlines()
    assert lines[0].split("\t")[:5] == ["handoff", "rep", "branch", "step", "channel"]
    assert len(lines) == 8


def test_a_name_that_nobody_has_is_wrong_input(worked, accord) -> None:
    code, _, err = accord("sla", "cadence", "--rep", "crm:nan", *AS_OF)
    assert (code, "there is no rep 'crm:nan'" in err) == (2, True)
    code, _, err = accord("sla", "cadence", "--lead", "crm:1", "--rep", "crm:ann", *AS_OF)
    assert (code, "--lead" in err) == (2, True)


def test_nothing_is_said_where_nothing_is_open(folder, accord) -> None:
    assert accord("sla", "cadence", "--open", *AS_OF)[:2] == (0, "none\n")
