"""``accord sla`` as a person uses it, and as another program does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from accord.ledger import tables
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.services.clock_world import World, at

MINUTE = timedelta(minutes=1)
FRIDAY, MONDAY = at("2026-11-06 17:50"), at("2026-11-09 10:00")
AS_OF = ("--as-of", "2026-11-09T15:20:00Z")


@pytest.fixture
def world(folder, accord, sqlite_ledger):
    """The home of docs/clocks.md: a lead of Friday evening that changed hands on Monday."""
    sqlite_ledger(folder / ".accord")
    workspace = Workspace.open(Settings())
    made = World(workspace)
    made.add_lead(created=FRIDAY - 4 * MINUTE)
    handoff = made.hand_over("crm:1", "crm:ann", FRIDAY)
    made.touch("crm:1", "crm:ann", FRIDAY + 11 * MINUTE, automatic=True)
    made.touch("crm:1", "crm:bob", MONDAY - 55 * MINUTE)
    made.sync("crm:1")
    made.sweep(MONDAY - 30 * MINUTE)
    made.assign(handoff, "crm:bob", MONDAY)
    made.touch("crm:1", "crm:bob", MONDAY + 4 * MINUTE, outcome="connected")
    made.sync("crm:1")
    yield made
    workspace.close()


def clock_of(world, owner: str) -> str:
    (row,) = [row for row in world.clocks("first_touch") if row["owner_id"] == owner]
    return row["clock_id"]


def test_breaches_say_what_happened_in_a_line(world, accord) -> None:
    code, out, _ = accord("sla", "breaches", "--rep", "crm:ann", "--all", *AS_OF)
    header, line, total = out.splitlines()
    assert code == 1
    assert header.startswith("clock\tterm\tlead\towner\tteam\tdue\tlate\tlate_business\toutcome")
    cells = line.split("\t")
    assert cells[0] == clock_of(world, "crm:ann")[:12]
    assert cells[2:5] == ["crm:1", "crm:ann", "inbound"]
    assert cells[6:9] == ["2 d 16 h", "1 h 5 min", "transferred"]
    said = cells[9].split("; ")
    assert said[:3] == [
        "waited 4 min to be assigned",
        "1 touch by others (crm:bob)",
        "1 automatic reply",
    ]
    assert said[-1] == "handed on to another owner"
    assert total == "1 breach, 0 of them still open"


def test_no_breach_is_none_and_zero(world, accord) -> None:
    assert accord("sla", "breaches", "--rep", "crm:ann", *AS_OF) == (0, "none\n", "")


def test_a_weekly_breach_of_marketing_names_its_segment_and_no_touch(world, accord) -> None:
    _, out, _ = accord("sla", "breaches", "--term", "volume", *AS_OF)
    lines = out.splitlines()[1:-1]
    assert lines
    assert {line.split("\t")[2] for line in lines} <= {
        "segment small",
        "segment middle",
        "segment large",
    }
    assert "touched" not in out


def test_breaches_as_json_hold_ids_and_instants(world, accord) -> None:
    _, out, _ = accord("sla", "breaches", "--all", "--side", "sales", "--json", *AS_OF)
    (row,) = json.loads(out)
    assert row["system_delay"] == {"wall_seconds": 240, "business_seconds": 240}
    assert row["touches"]["others"] == ["crm:bob"]
    assert "example.com" not in out


def test_a_clock_is_explained_in_sentences(world, accord) -> None:
    key = clock_of(world, "crm:ann")
    code, out, _ = accord("sla", "explain", key[:10], *AS_OF)
    lines = [line.strip() for line in out.splitlines()]
    assert code == 0
    assert lines[0] == f"Clock {key}: first_touch of lead crm:1, cycle 1"
    assert (
        "agreed    from assigned until touch within 5 min of business time on calendar office"
        " (America/New_York), segment small; sales owes it, ladder ladder, agreement 2026.4"
    ) in lines
    assert "owner     crm:ann of team inbound; the hand-off was decided" in lines
    assert (
        "counted   1 h 10 min of 2 d 16 h by the wall"
        " (Fri 06 Nov 10 min, Sat 07 Nov 0 s, Sun 08 Nov 0 s, Mon 09 Nov 1 h)"
    ) in lines
    assert "due       2026-11-06 22:55:00Z (2026-11-06T17:55:00-05:00 in America/New_York)" in lines
    steps = [line for line in lines if line.startswith("step ")]
    assert len(steps) == 4
    assert steps[0].endswith(
        "for rep: skipped (passed over: a later step was due in the same sweep)"
    )
    after = clock_of(world, "crm:bob")[:12]
    assert lines[-1] == (
        f"after     crm:bob from 2026-11-09 15:00:00Z, met 2026-11-09 15:04:00Z (clock {after})"
    )


def test_all_clocks_of_a_lead_are_explained_one_after_another(world, accord) -> None:
    _, out, _ = accord("sla", "explain", "--lead", "crm:1", *AS_OF)
    heads = [line for line in out.splitlines() if line.startswith("Clock ")]
    assert [head.split(": ")[1].split()[0] for head in heads] == [
        "engage",
        "first_touch",
        "first_touch",
        "qualify",
    ]
    _, out, _ = accord("sla", "explain", "--lead", "crm:1", "--json", *AS_OF)
    assert len(json.loads(out)) == 4


def test_what_if_a_term_began_then_shows_its_ladder_in_both_zones(world, accord) -> None:
    tokens = ("sla", "due", "--start", "2026-11-06T17:58:00-05:00")
    _, out, _ = accord(*tokens, "--term", "first_touch")
    assert out.splitlines()[:3] == [
        "2026-11-09T14:03:00+00:00",
        "2026-11-09T09:03:00-05:00 in America/New_York, on calendar office",
        "step 80%: 2026-11-09T14:02:00+00:00 (2026-11-09T09:02:00-05:00) rep",
    ]
    _, out, _ = accord(*tokens, "--within", "1h", "--rep", "crm:eva")
    assert out.splitlines() == [
        "2026-11-09T09:00:00+00:00",
        "2026-11-09T10:00:00+01:00 in Europe/Berlin, on calendar berlin, hours of crm:eva",
    ]


def test_speed_shows_both_parts_in_both_times_and_the_buckets(world, accord) -> None:
    code, out, _ = accord("sla", "speed", "--by", "segment", *AS_OF)
    lines = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert ["segment", "part", "n", *("wall_median", "wall_p90")] == lines[1][:5]
    assert lines[2][0:4] == ["all", "system delay (arrival to assignment)", "1", "4 min"]
    assert lines[6][0:3] == ["small", "rep delay (assignment to first touch)", "1"]
    assert ["to 5 min", "1", "1", "0", "0"] in lines
    assert ["longer", "0", "0", "1", "0"] in lines


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("explain",), "CLOCK or --lead"),
        (("explain", "zz"), "there is no such clock"),
        (("explain", "--lead", "crm:9"), "crm:9"),
        (("breaches", "--side", "ops"), "marketing, sales"),
        (("speed", "--calendar", "moon"), "office, berlin"),
        (("speed", "--by", "channel"), "team, rep, segment"),
        (("speed", "--since", "monday"), "--since"),
        (("due", "--start", "2026-11-06", "--within", "1h", "--rep", "crm:x"), "crm:x"),
        (("due", "--start", "then", "--within", "1h", "--calendar", "office"), "--start"),
    ],
)
def test_a_question_of_nonsense_is_refused_in_one_line(world, accord, given, said) -> None:
    code, out, err = accord("sla", *given)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_rebuild_shows_what_differs_and_writes_it_when_asked_to(world, accord) -> None:
    with world.workspace.ledger.begin() as connection:
        of_ann = tables.clock.c.clock_id == clock_of(world, "crm:ann")
        connection.execute(update(tables.clock).where(of_ann).values(version="2025.1"))
    code, out, _ = accord("sla", "rebuild", *AS_OF)
    said, header, line, remedy = out.splitlines()
    assert (code, said) == (1, "1 lead: 1 clock differs (1 changed)")
    assert header == "clock\tterm\tlead\tstarted\tis"
    assert line.split("\t")[1:3] == ["first_touch", "crm:1"]
    assert line.endswith("\tchanged: version")
    assert remedy == "accord sla rebuild --apply writes them"
    code, out, _ = accord("sla", "rebuild", "--apply", *AS_OF)
    assert (code, out.splitlines()[-1]) == (0, "written as they follow")
    code, out, _ = accord("sla", "rebuild", "--json", *AS_OF)
    found = json.loads(out)
    assert (code, found["leads"], found["differ"], found["shown"]) == (0, 1, 0, [])


def printed_in_the_guide() -> list[tuple[str, str]]:
    """Every command of docs/clocks.md and what it is said to print, where that is not shortened."""
    text = (ROOT / "docs" / "clocks.md").read_text(encoding="utf-8")
    blocks = [part for part in text.split("```")[1::2] if part.startswith("\n$ ")]
    pairs = [
        each.split("\n", 1) for block in blocks for each in block.strip().split("$ accord ")[1:]
    ]
    return [(command, printed) for command, printed in pairs if "..." not in printed]


def test_the_guide_shows_what_the_commands_print(world, accord) -> None:
    shown = printed_in_the_guide()
    assert [command.split()[1] for command, _ in shown] == ["explain", "due", "due", "rebuild"]
    for command, printed in shown:
        as_of = () if command.startswith("sla due") else AS_OF
        _, out, _ = accord(*command.split(), *as_of)
        assert out.split() == printed.split(), command
