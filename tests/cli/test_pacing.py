"""``accord pace`` and ``accord hot`` as a person uses them, and as another program does."""

from __future__ import annotations

import json

import pytest

from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

AS_OF = ("--as-of", "2026-11-16T15:00:00Z")  # an hour after MONDAY


@pytest.fixture
def world(folder, accord, sqlite_ledger):
    """A home with two hot leads, one of which nobody can take, and five that are not hot."""
    sqlite_ledger(folder / ".accord")
    workspace = Workspace.open(Settings())
    made = World(workspace)
    made.reps("r1", per_week=10, name="Ann Rep", email="ann@example.com")
    made.mqls("h1", hot=True, name="Ada", company="Acme")
    made.mqls("h2", hot=True, country="DE", name="Bob", company="Bolt")
    made.mqls(*(f"l{number}" for number in range(5)))
    made.run()
    yield made
    workspace.close()


def test_the_pace_shows_weeks_reps_backlog_and_overflow(world, accord) -> None:
    code, out, err = accord("pace", "--weeks", "2", *AS_OF)
    lines = out.splitlines()
    assert lines[0] == "inbound (sdr): 6.0 leads a week, 1.0 of them hot; capacity 10 a week"
    assert "week\twhen\tarrived\thot\treleased\tover_capacity\tbacklog" in lines
    assert "2026-W47\tso far\t6\t1\t2\t0\t" in lines
    assert "r1\t2 of 10\t2 of 120\t2\t0\t\t\t10\t" in lines
    assert "waiting: 4, the oldest since 2026-11-16T14:00:00Z" in lines
    assert "overflow: none this week nor in the 2 after it" in lines
    assert code == 1
    assert "team emea: 1 lead is waiting, 1.0 come a week, and no active rep" in err


def test_the_pace_as_json_is_what_the_service_says(world, accord) -> None:
    from accord.services.pace import read_pace

    _, out, _ = accord("pace", "--json", *AS_OF)
    assert json.loads(out) == json.loads(
        json.dumps(read_pace(world.workspace, as_of=MONDAY + HOUR).as_dict())
    )


def test_what_if_more_came_names_the_day_of_the_overflow(world, accord) -> None:
    code, out, err = accord("pace", "--arrivals", "inbound=40,emea=0", *AS_OF)
    assert code == 1
    assert "overflow: over capacity from 2026-11-" in out
    assert "team inbound: 40.0 leads a week come to a capacity of 10" in err
    assert "Add a capacity of 30 a week" in err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--arrivals", "inbound"), "--arrivals"),
        (("--arrivals", "inbound=-3"), "--arrivals"),
        (("--arrivals", "outbound=3"), "is no team"),
        (("--arrivals", "inbound=5, inbound=50"), "'inbound' twice; expected each team once"),
        (("--weeks", "0"), "1 to 53"),
    ],
)
def test_a_pace_of_nonsense_is_refused_in_one_line(world, accord, given, said) -> None:
    code, out, err = accord("pace", *given, *AS_OF)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_the_hot_list_begins_with_who_has_nobody_and_holds_ids_alone(world, accord) -> None:
    code, out, _ = accord("hot", *AS_OF)
    lines = out.splitlines()
    assert code == 1
    assert lines[0].startswith("lead_id\tneed\tstage\thot_since\towner\tteam")
    assert lines[1].startswith("h2\twaits\tmql\t2026-11-16T14:00:00Z\t\t\t")
    assert lines[1].endswith("\tno rep in team emea")
    assert lines[2].startswith("h1\tcall\tmql\t2026-11-16T14:00:00Z\tr1\tinbound\t")
    assert "2026-11-16T14:05:00Z late" in lines[2]
    assert lines[3] == "2 hot: 1 waits, 1 call; 1 late"
    assert not [word for word in ("Ada", "Acme", "Ann", "Bob") if word in out]


@pytest.mark.parametrize("command", [("hot",), ("handoff", "hot"), ("handoff", "queue")])
def test_a_list_of_now_is_not_given_for_a_time_that_is_past(world, accord, command) -> None:
    code, out, err = accord(*command, "--as-of", "2026-11-16T13:59:59Z")
    assert (code, out) == (2, "")
    assert "expected 2026-11-16T14:00:00Z or later" in err
    assert len(err.splitlines()) == 1


def test_the_pace_says_how_many_had_a_rep_who_has_left(world, accord) -> None:
    world.reps("r1", per_week=10, left_at=MONDAY)
    _, out, _ = accord("pace", *AS_OF)
    told = "waiting: 6, the oldest since 2026-11-16T14:00:00Z; 2 of them since their rep has left"
    assert told in out.splitlines()


def test_names_are_shown_to_those_who_ask(world, accord) -> None:
    _, out, _ = accord("hot", "--names", *AS_OF)
    assert "h1\tAda\tAcme\tAnn Rep\tcall" in out
    _, out, _ = accord("hot", "--names", "--json", *AS_OF)
    assert [lead["name"] for lead in json.loads(out)["leads"]] == ["Bob", "Ada"]


def test_a_hot_list_in_which_all_is_well_ends_with_zero(world, accord) -> None:
    world.reps("r2", team="emea")
    world.run(MONDAY + DAY)
    for number, (lead, rep) in enumerate((("h1", "r1"), ("h2", "r2"))):
        world.decision(lead, "disqualify", at=MONDAY + DAY + HOUR, rep_id=rep, reason="spam")
        code, out, _ = accord("hot", "--as-of", "2026-11-17T15:30:00Z")
        assert (code, "no lead is hot" in out) == ((1, False), (0, True))[number]


def test_before_there_is_anything_there_is_nothing_to_show(folder, accord) -> None:
    accord("init")
    assert accord("pace", *AS_OF) == (0, "no team has reps or leads yet\n", "")
    assert accord("hot", *AS_OF) == (0, "no lead is hot\n", "")
