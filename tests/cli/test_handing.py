"""The commands of the hand-off: the stage, its queue, and a person's approval."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accord.errors import InputError
from accord.services.approving import approve
from accord.services.queue_view import read_queue_view
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

NOW = ("--as-of", MONDAY.isoformat())


@pytest.fixture
def world(folder):
    workspace = Workspace.open(Settings())
    yield World(workspace)
    workspace.close()


def test_the_plain_command_runs_the_stage_as_its_run_command_does(world, accord):
    world.reps("r1")
    world.mqls("l1", "l2")
    code, out, err = accord("handoff", "--dry-run", *NOW)
    assert (code, err) == (0, "")
    assert out.startswith("handoff: 2 decided, 2 assigned, 0 queued, 0 to_sql, 0 woken, 0 withheld")
    code, out, _ = accord("handoff", "run", *NOW)
    assert code == 0
    assert out.startswith("lifecycle: ")
    assert "\nhandoff: 2 decided, 2 assigned" in out
    _, out, _ = accord("handoff", *NOW, "--json")
    assert json.loads(out)["decided"] == 0


def test_the_queue_says_of_each_lead_its_place_reason_and_when_it_is_forced(world, accord):
    world.reps("r1", per_week=5)
    world.mqls("l1", "l2", name="Ada Lovelace", email="ada@acme.example")
    world.mqls("hot1", hot=True, country="DE")
    accord("handoff", *NOW)
    code, out, err = accord("handoff", "queue", *NOW, "--json")
    found = json.loads(out)
    assert code == 1
    assert err == ""
    first, second = found["waiting"]
    assert (first["place"], first["lead_id"], first["hot"]) == (1, "hot1", True)
    assert (first["waits_for"], first["forced_at"]) == ("no rep in team emea", None)
    assert (second["place"], second["lead_id"], second["stage"]) == (2, "l2", "mql")
    assert (second["waits_for"], second["team"]) == ("levelling", "inbound")
    assert (second["fit"], second["queued_at"]) == ("40.0", MONDAY.isoformat())
    assert second["forced_at"] == (MONDAY + 5 * DAY).isoformat()
    assert [one["rule"] for one in found["findings"]] == ["routing.no_rep"]
    assert "Ada" not in out
    code, out, err = accord("handoff", "queue", *NOW)
    assert code == 1
    assert out.splitlines()[0].startswith("place\tlead_id\tstage\tteam")
    assert "team emea has no active rep" in err


def test_the_queue_is_summed_up_by_reason_for_an_artifact(world):
    world.reps("r1", per_week=5)
    world.mqls("l1", "l2", "l3")
    world.mqls("l4", country="DE", at=MONDAY + HOUR)
    world.run(MONDAY + HOUR)
    view = read_queue_view(world.workspace, as_of=MONDAY + HOUR)
    assert view.reasons() == [
        {
            "stage": "mql",
            "team": "emea",
            "waits_for": "no rep in team emea",
            "leads": 1,
            "oldest": MONDAY + HOUR,
        },
        {
            "stage": "mql",
            "team": "inbound",
            "waits_for": "levelling",
            "leads": 2,
            "oldest": MONDAY + HOUR,
        },
    ]
    assert view.headline().startswith("3 leads wait for a rep. team emea: 1 lead waits: ")


def test_the_list_of_hot_leads_is_found_here_too(world, accord):
    world.reps("r1")
    world.mqls("hot1", hot=True)
    accord("handoff", *NOW)
    code, out, _ = accord("handoff", "hot", *NOW, "--json")
    assert (code, out) == accord("hot", *NOW, "--json")[:2]
    assert "hot1" in out


def test_an_empty_queue_says_so(world, accord):
    assert accord("handoff", "queue", *NOW) == (0, "nothing waits for a rep\n", "")


def test_the_queue_shows_the_leads_of_who_has_left_and_what_the_next_run_assigns(world, accord):
    world.reps("r1")
    world.mqls("l1", "l2", country="DE")
    world.reps("e1", team="emea")
    accord("handoff", *NOW)
    world.reps("e1", team="emea", left_at=MONDAY + HOUR)
    later = ("--as-of", (MONDAY + HOUR).isoformat())
    code, out, _ = accord("handoff", "queue", *later, "--json")
    found = json.loads(out)
    assert code == 1
    assert [(one["former_rep"], one["waits_for"]) for one in found["waiting"]] == [
        ("e1", "no rep in team emea")
    ] * 2
    assert "2 leads of reps who have left wait" in found["findings"][0]["sentence"]
    world.reps("e2", team="emea")
    code, out, _ = accord("handoff", "queue", *later, "--json")
    assert code == 0
    assert {one["waits_for"] for one in json.loads(out)["waiting"]} == {
        "nothing: the next run assigns it"
    }
    _, out, _ = accord("handoff", *later)
    assert "2 reassigned" in out


def test_reps_whose_record_keeps_leads_waiting_are_named(world, accord):
    world.mqls("l1")
    world.reps("r1", team="Inbound")
    world.reps("r2", role="ae")
    world.reps("r3", role="manager")
    code, _, err = accord("handoff", *NOW)
    assert code == 1
    assert "team Inbound: the agreement names no such team, and it is that of rep r1." in err
    assert "team inbound: its role is sdr, and ae that of rep r2." in err
    assert "r3" not in err
    world.reps("r4", calendar="nowhere")
    code, out, err = accord("handoff", *NOW)
    assert code == 1
    assert "1 assigned" in out
    assert "calendar nowhere: " in err
    assert accord("handoff", *NOW)[0] == 0


def test_what_waits_for_approval_is_shown_with_its_numbers_and_goes_when_approved(world, accord):
    world.reps("r1", per_week=1000, per_month=1000)
    for number in range(20):
        at = MONDAY + number * timedelta(minutes=5)
        world.mqls(f"usual{number}", at=at)
        world.run(at)
    at = MONDAY + 2 * HOUR
    world.mqls(*(f"many{number}" for number in range(40)), at=at)
    when = ("--as-of", at.isoformat())
    said = (
        "handoff: 40 leads wait for a person: accord handoff approve lets them go. A run usually "
        "decides 1, and one of more than 3 times that waits. Look at them first, with accord "
        "handoff queue."
    )
    for command in (("handoff",), ("handoff", "queue")):
        code, out, err = accord(*command, *when)
        assert (code, err.strip()) == (1, f"accord: {said}")
    assert out.count("\tapproval\t") == 40

    code, out, _ = accord("handoff", "approve", "--name", "Ada", *when)
    assert (code, out) == (0, "approved by Ada: 40 hand-offs go with the next run\n")
    assert world.rows("approval") == [{"approved_at": at, "approved_by": "Ada", "handoffs": 40}]
    assert accord("handoff", "approve", *when) == (1, "nothing waits for approval\n", "")
    assert len(world.rows("approval")) == 1
    code, out, _ = accord("handoff", *when)
    assert code == 0
    assert "40 assigned" in out
    code, out, _ = accord("handoff", "approve", "--name", "Ada", *when, "--json")
    assert json.loads(out) == {"approved": 0, "by": "Ada", "at": at.isoformat()}


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 201])
def test_an_approval_needs_a_line_that_names_somebody(world, accord, name):
    code, _, err = accord("handoff", "approve", "--name", name)
    assert code == 2
    assert "--name" in err
    assert "who approves" in err
    with pytest.raises(InputError, match="who approves"):
        approve(world.workspace, name=name, as_of=MONDAY)


def test_the_queue_under_an_unsigned_agreement_waits_for_signatures(world, folder, accord):
    world.mqls("l1")
    world.run()
    path = folder / "agreement.yaml"
    text = path.read_text(encoding="utf-8").replace("hold_at_most: 5d", "hold_at_most: 6d")
    path.write_text(text, encoding="utf-8")
    code, out, _ = accord("handoff", "queue", *NOW, "--json")
    found = json.loads(out)
    assert code == 1
    assert found["waiting"][0]["waits_for"] == "signatures of the agreement"
    assert found["waiting"][0]["forced_at"] is None
    assert found["findings"][0]["rule"] == "agreement.changed_since_signed"
