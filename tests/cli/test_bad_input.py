"""Bad input: one clear error, exit code 2, nothing half-taken."""

from __future__ import annotations

import pytest

GOOD = "id,created,email\n1,2026-11-19 09:00,ann@example.com\n"
AS_OF = ("--as-of", "2026-11-20T12:00:00Z")

FIVE_FAULTS = {
    "touch,    within: 5m,": "touch,    within: 5x,",
    "{at: due+60m, notify: [ceo]}": "{at: due+10m, notify: [ceo]}",
    "mql_to_sql: 0.30": "mql_to_sql: 1.30",
    "berlin: {timezone: Europe/Berlin,": "berlin: {timezone: Europe/Berlyn,",
    "- {team: closers}": "- {team: closer}",
}


def test_an_agreement_with_five_faults_lists_five(accord, folder) -> None:
    path = folder / "agreement.yaml"
    text = path.read_text()
    for right, wrong in FIVE_FAULTS.items():
        assert right in text
        text = text.replace(right, wrong)
    path.write_text(text)
    code, out, err = accord("agreement", "check")
    assert (code, out) == (2, "")
    head, *faults = err.strip().splitlines()
    assert head.startswith("accord: agreement.yaml: 5 faults")
    assert len(faults) == 5
    for place in (
        "sla.sales.first_touch.within",
        "sla.escalation.ladder",
        "targets.conversion.mql_to_sql",
        "calendars.berlin",
        "handoff.routing.sql",
    ):
        assert sum(place in fault for fault in faults) == 1


BROKEN = {
    "a missing column": (b"id,created\n1,2026-11-19 09:00\n", "email"),
    "a broken encoding": (b"id,created,email\n1,2026-11-19 09:00,ann\xff@example.com\n", "utf-8"),
    "an unbalanced quote": (b'id,created,email\n1,2026-11-19 09:00,"ann@example.com\n', "quote"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_cannot_be_read_is_one_line_and_nothing_of_it_is_taken(
    accord, folder, what
) -> None:
    content, says = BROKEN[what]
    (folder / "inbox" / "leads-1.csv").write_bytes(content)
    code, out, err = accord("ingest", *AS_OF)
    assert code == 2
    assert "0 accepted" in out
    (line,) = err.strip().splitlines()
    assert "leads-1.csv" in line
    assert says in line
    code, out, _ = accord("quarantine", "list", "--json")
    assert (code, out.strip()) == (0, "[]")


def test_the_other_files_go_on_and_a_corrected_one_is_taken(accord, folder) -> None:
    (folder / "inbox" / "leads-1.csv").write_bytes(BROKEN["an unbalanced quote"][0])
    (folder / "inbox" / "leads-2.csv").write_text(GOOD)
    code, out, _ = accord("ingest", *AS_OF)
    assert code == 2
    assert "1 accepted" in out
    (folder / "inbox" / "leads-1.csv").write_text(GOOD.replace("1,", "7,").replace("ann", "bob"))
    code, out, err = accord("ingest", *AS_OF)
    assert (code, err) == (0, "")
    assert "1 accepted" in out


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("plan", "--rounding", "up"), "nearest or ceil"),
        (("plan", "--forward", "small"), "SEGMENT=COUNT"),
        (("metrics", "show", "mqlz"), "mqls"),
        (("explain", "crm:nobody"), "crm:nobody"),
        (("ingest", "--as-of", "yesterday"), "ISO 8601"),
        (("agreement", "check", "nowhere.yaml"), "nowhere.yaml"),
        (("quarantine", "show", "none", "1"), "no such row"),
        (("sla", "due", "--start", "2026-11-20", "--within", "5x", "--calendar", "office"), "5x"),
        (("sla", "due", "--start", "2026-11-20", "--within", "5m", "--calendar", "moon"), "office"),
    ],
)
def test_wrong_input_is_one_line_that_says_what_was_expected(accord, tokens, says) -> None:
    code, _, err = accord(*tokens)
    assert code == 2
    (line,) = err.strip().splitlines()
    assert line.startswith("accord: ")
    assert says in line


def test_an_unknown_command_is_wrong_usage(accord) -> None:
    assert accord("scoar")[0] == 2
