"""What another agreement would do to leads, queue and clocks, and which versions there were."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.agreement import loads
from accord.errors import InputError
from accord.ledger import insert_rows, tables
from accord.records import Side
from accord.services.agreement_diff import compare_agreements, diff_lines, effect_sentences
from accord.services.agreement_effect import Clocks, Moved, find_effect
from accord.services.agreement_versions import (
    CHANGED,
    SIGNED,
    UNSIGNED,
    find_agreement,
    list_versions,
    read_signature_lines,
    read_version,
)
from accord.services.agreement_written import plan_grid, render
from accord.services.agreements import agreement_signed, sign, unsigned_sides
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

SHIPPED = (Path(__file__).resolve().parents[2] / "agreement.yaml").read_text(encoding="utf-8")
NOW = MONDAY + HOUR
BUYER = {"title": "VP", "industry": "software", "country": "US"}  # fit 25 + 20 + 10 = 55.0


def changed(*changes: tuple[str, str]):
    text = SHIPPED
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return loads(text)


def files_of(home: Path) -> dict[str, int]:
    return {str(one): one.stat().st_mtime_ns for one in home.rglob("*") if one.is_file()}


@pytest.fixture
def world(workspace) -> World:
    return World(workspace)


def say(world: World, lead_id: str, *, at: datetime = MONDAY - DAY, **attributes) -> None:
    """A lead as a source states it: its present row, and the version that a replay reads."""
    row = {"lead_id": lead_id, "created_at": at, "known_at": at, **attributes}
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.lead_version, [{**row, "batch_id": "b", "row_number": 1}])
    world.leads(lead_id, at=at, **attributes)


def wait(world: World, lead_id: str, *, at: datetime = MONDAY) -> None:
    """Let the lead's crossing be seen and put it into the queue: nobody is there to take it."""
    world.score(lead_id, at=at)
    world.run(at)


def test_who_would_come_over_and_fall_below_is_counted_with_ids(world):
    for name in ("eager", "mild", "cold"):
        say(world, name, **BUYER)
    world.activity("eager", "demo_requested", at=MONDAY)  # intent 70.0: mql and hot
    world.activity("mild", "pricing_sheet_downloaded", at=MONDAY)  # intent 25.0: neither
    old = loads(SHIPPED)
    lower = changed(
        ("{fit: {gte: 30}, intent: {gte: 40}}]}", "{fit: {gte: 30}, intent: {gte: 20}}]}")
    )
    found = find_effect(world.workspace, old, lower, as_of=NOW)
    assert (found.mql_gained, found.mql_lost) == (("mild",), ())
    higher = changed(("hot:     {fit: {gte: 30}", "hot:     {fit: {gte: 60}"))
    found = find_effect(world.workspace, old, higher, as_of=NOW)
    assert (found.hot_gained, found.hot_lost) == ((), ("eager",))
    assert (found.leads, found.mql_gained, found.mql_lost) == (3, (), ())
    assert list(effect_sentences(found))[:2] == [
        (
            "Of 3 leads that neither bought nor were disqualified, 0 would come over the MQL"
            " threshold and 0 fall below it."
        ),
        "0 would become hot and 1 cease to be hot.",
    ]


def test_who_was_disqualified_would_not_come_over(world):
    say(world, "gone", **BUYER)
    world.activity("gone", "pricing_sheet_downloaded", at=MONDAY)
    world.decision("gone", "disqualify", at=MONDAY, reason="spam")
    lower = changed(("intent: {gte: 40}}]}", "intent: {gte: 20}}]}"))
    found = find_effect(world.workspace, loads(SHIPPED), lower, as_of=NOW)
    assert (found.leads, found.settled, found.mql_gained) == (1, 1, ())


def test_leads_that_change_segment_are_counted_by_where_they_go(world):
    for name, employees in (("a", 2000), ("b", 600), ("c", 500), ("d", 50)):
        say(world, name, employees=employees)
    new = changed(("when: {employees: {gte: 1000}}", "when: {employees: {gte: 500}}"))
    found = find_effect(world.workspace, loads(SHIPPED), new, as_of=NOW)
    assert found.segments == (Moved(before="middle", after="large", lead_ids=("b", "c")),)
    sentence = "2 leads of 4 would be in another segment: 2 from middle to large."
    assert sentence in list(effect_sentences(found))


def test_waiting_leads_that_the_rules_send_elsewhere_are_named(world):
    say(world, "de", country="DE", segment="small")
    say(world, "us", country="US", segment="small")
    for name in ("de", "us"):
        wait(world, name)
    new = changed(("      - {when: {country: [DE, AT, CH]}, team: emea}\n", ""))
    found = find_effect(world.workspace, loads(SHIPPED), new, as_of=NOW)
    assert found.waiting == 2
    assert found.teams == (Moved(before="emea", after="inbound", lead_ids=("de",)),)
    sentence = "1 waiting lead of 2 would go to another team: 1 from emea to inbound."
    assert sentence in list(effect_sentences(found))


def test_a_waiting_lead_that_changes_segment_goes_by_its_new_one(world):
    say(world, "mid", employees=600, country="US", segment="middle")
    wait(world, "mid")
    new = changed(("when: {employees: {gte: 1000}}", "when: {employees: {gte: 500}}"))
    found = find_effect(world.workspace, loads(SHIPPED), new, as_of=NOW)
    assert found.teams == (Moved(before="inbound", after="enterprise", lead_ids=("mid",)),)


def test_running_clocks_keep_their_terms_and_those_that_would_differ_are_counted(world):
    world.reps("ann")
    for name in ("one", "two"):
        say(world, name, country="US")
        wait(world, name)
    same = find_effect(world.workspace, loads(SHIPPED), loads(SHIPPED), as_of=NOW)
    running = {(one.side, one.term): one.running for one in same.clocks}
    assert running["sales", "first_touch"] == 2
    assert not any(one.other for one in same.clocks)
    assert same.is_none
    slower = changed(("within: 5m", "within: 10m"))
    found = find_effect(world.workspace, loads(SHIPPED), slower, as_of=NOW)
    assert Clocks(side="sales", term="first_touch", running=2, other=2) in found.clocks
    assert sum(one.other for one in found.clocks) == 2
    assert list(effect_sentences(found))[-1].endswith(
        "started anew, these would have others: 2 of 2 for first_touch."
    )


@pytest.mark.parametrize(
    "change",
    [
        ("- {at: due+60m, notify: [ceo]}", "- {at: due+60m, notify: [cmo]}"),
        ('hours: {mon-fri: ["09:00-12:30", "13:30-18:00"]}', 'hours: {mon-fri: ["09:00-12:30"]}'),
        ("until: touch, ", "until: decision, "),
        ("    first_touch: {", "    first_word: {"),
    ],
)
def test_a_ladder_a_calendar_an_event_and_a_name_make_another_term_too(world, change):
    world.reps("ann")
    say(world, "one", country="US")
    wait(world, "one")
    found = find_effect(world.workspace, loads(SHIPPED), changed(change), as_of=NOW)
    assert Clocks(side="sales", term="first_touch", running=1, other=1) in found.clocks


def test_finding_an_effect_writes_nothing(world):
    say(world, "one", **BUYER)
    world.activity("one", "demo_requested", at=MONDAY)
    before = {name: world.rows(name) for name in ("agreement", "score", "handoff", "stage_change")}
    log = files_of(world.workspace.settings.log_path)
    new = changed(('version: "2026.4"', 'version: "2026.5"'), ("within: 5m", "within: 10m"))
    find_effect(world.workspace, loads(SHIPPED), new, as_of=NOW)
    assert {name: world.rows(name) for name in before} == before
    assert files_of(world.workspace.settings.log_path) == log


def test_two_agreements_and_their_effect_are_told_in_lines_and_in_values(world):
    say(world, "one", **BUYER)
    old, new = loads(SHIPPED), changed(("hold_at_most: 5d", "hold_at_most: 28d"))
    effect = find_effect(world.workspace, old, new, as_of=NOW)
    diff = compare_agreements(old, new, effect=effect)
    lines = list(diff_lines(diff))
    assert lines[0].endswith(": 1 difference")
    assert "- Hand-over, hold a lead at most: 5 days -> 28 days." in lines
    assert "Effect on what is there now" in lines
    assert diff.values["differences"][0]["path"] == "handoff.hold_at_most"
    assert diff.values["effect"]["sentences"]
    assert next(diff_lines(compare_agreements(old, old))).endswith("say the same.")


def test_versions_are_listed_with_signatures_force_and_handoffs(world):
    ledger, path = world.ledger, world.workspace.settings.agreement
    world.reps("ann")
    say(world, "one", country="US")
    wait(world, "one")
    newer = changed(
        ('version: "2026.4"', 'version: "2027.1"'),
        ("effective_from: 2026-10-01", "effective_from: 2027-01-01"),
        ("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", ""),
    )
    sign(ledger, newer, side=Side.MARKETING, name="Ann", at=NOW)
    first, second = list_versions(ledger, path, as_of=NOW)
    assert (first.version, first.is_in_force, first.handoffs) == ("2027.1", False, 0)
    assert [one.state for one in first.signatures] == [SIGNED, UNSIGNED]
    assert (second.version, second.is_in_force, second.handoffs) == ("2026.4", True, 1)
    assert [one.state for one in second.signatures] == [SIGNED, SIGNED]
    assert str(second.signatures[0].on) == "2026-09-24"  # the day in the agreement's zone
    later = list_versions(ledger, path, as_of=datetime(2027, 1, 2, tzinfo=UTC))
    assert [one.version for one in later if one.is_in_force] == ["2027.1"]


def test_a_changed_file_is_listed_before_any_stage_has_seen_it(world):
    path = world.workspace.settings.agreement
    path.write_text(SHIPPED.replace("per_week: 30", "per_week: 31"), encoding="utf-8")
    first, second = list_versions(world.ledger, path, as_of=NOW + timedelta(days=3650))
    assert (first.seen_at, first.is_in_force) == (None, True)
    assert [one.state for one in first.signatures] == [CHANGED, CHANGED]
    assert (second.is_in_force, second.version) == (False, "2026.4")


def test_what_both_sides_last_signed_stays_so_when_the_file_changes(world):
    assert agreement_signed(world.ledger, as_of=NOW).fingerprint == loads(SHIPPED).fingerprint
    path = world.workspace.settings.agreement
    path.write_text(SHIPPED.replace("per_week: 30", "per_week: 31"), encoding="utf-8")
    in_force = world.workspace.agreement(NOW)
    assert in_force.handoff.capacity.per_week == 31
    assert agreement_signed(world.ledger, as_of=NOW).handoff.capacity.per_week == 30
    with world.ledger.read() as connection:
        lines = read_signature_lines(connection, in_force, as_of=NOW)
    assert [one.state for one in lines] == [CHANGED, CHANGED]
    assert "changed since signed" in render(in_force, "markdown", signatures=lines)


def test_before_its_first_day_nothing_signed_is_in_force(world):
    assert agreement_signed(world.ledger, as_of=datetime(2026, 9, 1, tzinfo=UTC)) is None


def test_a_version_is_read_from_the_ledger_and_an_unknown_one_names_those_there_are(world):
    assert read(world, "2026.4").fingerprint == loads(SHIPPED).fingerprint
    with pytest.raises(InputError, match=r"one of: 2026\.4"):
        read(world, "2025.1")


def read(world: World, version: str, *, as_of: datetime = NOW):
    path = world.workspace.settings.agreement
    return read_version(world.ledger, version, path=path, as_of=as_of)


def test_a_version_says_what_both_sides_signed_though_it_was_changed_since(world):
    path = world.workspace.settings.agreement
    world.reps("ann")
    say(world, "one", country="US")
    wait(world, "one")
    path.write_text(SHIPPED.replace("per_week: 30", "per_week: 31"), encoding="utf-8")
    world.workspace.agreement(NOW)
    assert read(world, "2026.4").handoff.capacity.per_week == 30
    found = list_versions(world.ledger, path, as_of=NOW)
    assert {one.fingerprint[:6]: one.handoffs for one in found} == {
        loads(SHIPPED).fingerprint[:6]: 1,
        found[0].fingerprint[:6]: 0,
    }


def test_a_version_that_nobody_signed_says_what_is_in_force_else_what_was_seen_last(world):
    path = world.workspace.settings.agreement
    unsigned = SHIPPED.replace('version: "2026.4"', 'version: "2026.5"')
    unsigned = re.sub(r"\nsigned_by:.*\n.*\n.*\n", "\n", unsigned)
    for number in (31, 32):
        path.write_text(unsigned.replace("per_week: 30", f"per_week: {number}"), encoding="utf-8")
        world.workspace.agreement(NOW + number * HOUR)
    assert read(world, "2026.5", as_of=NOW + 2 * DAY).handoff.capacity.per_week == 32
    path.write_text(unsigned.replace("per_week: 30", "per_week: 31"), encoding="utf-8")
    assert read(world, "2026.5", as_of=NOW + 2 * DAY).handoff.capacity.per_week == 31
    path.write_text("version: [", encoding="utf-8")  # its faults are no matter of the ledger's
    assert read(world, "2026.5", as_of=NOW + 2 * DAY).handoff.capacity.per_week == 32


def test_the_past_counts_the_clocks_and_the_queue_of_then(world):
    world.reps("ann")
    for name in ("de", "us"):
        say(world, name, country=name.upper())
        wait(world, name)
    new = changed(
        ("within: 5m", "within: 10m"),
        ("      - {when: {country: [DE, AT, CH]}, team: emea}\n", ""),
    )
    world.decision("us", "return", at=MONDAY + HOUR, reason="not_ready")
    world.place("us", at=MONDAY + HOUR)
    world.reps("eva", team="emea")
    world.run(MONDAY + HOUR)

    def at(moment: datetime) -> tuple[int, int, int]:
        found = find_effect(world.workspace, loads(SHIPPED), new, as_of=moment)
        running = [one.running for one in found.clocks if one.term == "first_touch"]
        return found.waiting, sum(len(one.lead_ids) for one in found.teams), sum(running)

    instant = timedelta(microseconds=1)
    assert at(MONDAY - instant) == (0, 0, 0)
    assert at(MONDAY) == (1, 1, 1)
    assert at(MONDAY + HOUR - instant) == (1, 1, 1)
    assert at(MONDAY + HOUR) == (
        0,
        0,
        1,
    )  # one is decided, another is assigned


def test_a_name_is_a_file_if_there_is_one_else_a_version(world, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(SHIPPED.replace("per_week: 30", "per_week: 31"), encoding="utf-8")
    asked = {"path": world.workspace.settings.agreement, "as_of": NOW}
    assert find_agreement(world.ledger, str(path), **asked).handoff.capacity.per_week == 31
    assert find_agreement(world.ledger, "2026.4", **asked).handoff.capacity.per_week == 30
    with pytest.raises(InputError, match="no file, and no version"):
        find_agreement(world.ledger, "nothing", **asked)


def test_a_name_that_is_no_line_cannot_sign(world):
    for name in ("", "  ", "a\nb", "x" * 201):
        with pytest.raises(InputError, match="name"):
            sign(world.ledger, loads(SHIPPED), side=Side.SALES, name=name, at=NOW)
    with world.ledger.read() as connection:
        assert unsigned_sides(connection, loads(SHIPPED), as_of=NOW) == ()


def test_the_plan_stands_in_the_document_with_every_stage_and_its_sum():
    grid = plan_grid(loads(SHIPPED))
    assert grid.rows == (
        ("small", "220", "66", "46", "28", "17", "15", "10,000 USD"),
        ("middle", "147", "44", "31", "19", "11", "10", "30,000 USD"),
        ("large", "44", "13", "9", "6", "3", "3", "250,000 USD"),
        ("all", "411", "123", "86", "53", "31", "28", ""),
    )
    markdown = render(loads(SHIPPED), "markdown")
    assert "| small | 220 | 66 | 46 | 28 | 17 | 15 | 10,000 USD |" in markdown


def test_the_yaml_of_a_document_is_the_text_it_was_read_from():
    assert render(loads(SHIPPED), "yaml") == SHIPPED
