"""Commands for quality and quarantine, as a stranger uses them."""

from __future__ import annotations

import json

import pytest

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")
LEADS = (
    "id,created,email,country\n1,2026-11-19 09:00,ann@example.com,US\n"
    "2,2026-11-19 09:00,nobody,US\n3,2026-11-19 09:00,none at all,DE\n"
)


@pytest.fixture
def taken(accord, folder):
    """A folder with one batch of three leads, two of them set aside; gives the batch's id."""
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    assert accord("ingest", *AS_OF)[0] == 0
    _, out, _ = accord("quality", "list", "--json")
    (batch,) = json.loads(out)
    assert (batch["rows_in"], batch["quarantined"]) == (3, 2)
    return batch["batch_id"]


def test_a_batch_is_shown_by_the_first_letters_of_its_id(taken, accord) -> None:
    code, out, _ = accord("quality", "show", taken[:8])
    assert code == 0
    assert "3 rows_in, 1 accepted, 2 quarantined" in out
    assert "lead.email\tquarantine\tacted\t2\t3\t66.7 %\temail is not a mail address" in out
    _, out, _ = accord("quality", "show", taken[:8], "--json")
    found = json.loads(out)
    assert found["profile"] == {"rows": 3}
    assert [result["rule"] for result in found["results"]] == ["lead.email"]


def test_the_policy_is_printed_in_words(accord) -> None:
    code, out, _ = accord("quality", "rules", "--entity", "rep")
    assert code == 0
    assert "rep.weight\ta row\tquarantine\tweight is not above 0" in out
    assert "activity" not in out


def test_rows_set_aside_are_listed_by_rule_source_and_status(taken, accord) -> None:
    wanted = ("--rule", "lead.email", "--source", "crm_leads", "--status", "open", "--json")
    _, out, _ = accord("quarantine", "list", *wanted)
    assert [row["row_number"] for row in json.loads(out)] == [2, 3]
    assert "row" not in json.loads(out)[0]
    _, out, _ = accord("quarantine", "list", "--rule", "lead.emai", "--json")
    assert json.loads(out) == []
    _, out, err = accord("quarantine", "list", "--limit", "1")
    assert len(out.strip().splitlines()) == 2
    assert "1 of 2 rows" in err


def test_a_row_is_released_once_it_is_corrected(taken, accord) -> None:
    code, out, err = accord("quarantine", "release", taken[:8], "2", *AS_OF)
    assert (code, out.strip()) == (1, "0 rows released, 1 still failing")
    assert "email is not a mail address. Correct it by --set COLUMN=VALUE" in err
    corrected = ("--set", "email=bob@example.com", "--set", "country=DE")
    code, out, err = accord("quarantine", "release", taken[:8], "2", *corrected, *AS_OF)
    assert (code, out.strip(), err) == (0, "1 row released, 0 still failing", "")
    code, out, _ = accord("quarantine", "release", taken[:8], "2", *corrected, *AS_OF)
    assert code == 0
    assert "row 2 is released already, as batch " in out
    assert accord("audit", *AS_OF) == (0, "accord audit: all laws hold\n", "")


def test_rows_are_discarded_by_their_rule(taken, accord) -> None:
    code, out, _ = accord("quarantine", "discard", "--all", "--rule", "lead.email", *AS_OF)
    assert (code, out.strip()) == (0, "2 rows discarded, 0 still failing")
    _, out, _ = accord("quarantine", "list", "--status", "discarded", "--json")
    assert len(json.loads(out)) == 2
    assert accord("audit", *AS_OF) == (0, "accord audit: all laws hold\n", "")


def test_a_held_batch_is_let_in(accord, folder) -> None:
    hold = "rows: {lead: [{id: lead.home, field: country, allowed: [US], severity: hold}]}\n"
    (folder / "quality.yaml").write_text("extends: shipped\n" + hold)
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    assert accord("ingest", *AS_OF)[0] == 1
    _, out, _ = accord("quality", "list", "--status", "held", "--json")
    (batch,) = json.loads(out)
    code, out, _ = accord("quality", "accept", batch["batch_id"][:8], "--by", "ann", *AS_OF)
    assert code == 0
    assert "3 rows in, 1 accepted, 2 quarantined" in out
    _, out, _ = accord("quality", "show", batch["batch_id"][:8])
    assert "let in by ann at 2026-11-20 12:00 UTC" in out


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("quality", "show", "ffff"), "no such batch"),
        (("quality", "accept", "ffff"), "no such batch"),
        (("quality", "list", "--status", "new"), "taken or held"),
        (("quality", "rules", "--entity", "leed"), "lead"),
        (("quarantine", "release"), "BATCH ROW, or --all"),
        (("quarantine", "release", "--all"), "--rule or --source"),
        (("quarantine", "release", "ffff", "1"), "no such row"),
        (("quarantine", "release", "ffff", "1", "--set", "email"), "COLUMN=VALUE"),
        (("quarantine", "discard", "ffff", "1"), "no such row"),
        (("quarantine", "list", "--status", "lost"), "open, released"),
    ],
)
def test_wrong_input_is_one_line_that_says_what_was_expected(accord, tokens, says) -> None:
    code, _, err = accord(*tokens)
    assert code == 2
    (line,) = err.strip().splitlines()
    assert line.startswith("accord: ")
    assert says in line


def test_a_policy_with_five_faults_lists_five(accord, folder) -> None:
    faults = "".join(f"    - {{id: lead.r{n}, requird: email, severity: flag}}\n" for n in range(5))
    (folder / "quality.yaml").write_text("rows:\n  lead:\n" + faults)
    code, out, err = accord("quality", "rules")
    assert (code, out) == (2, "")
    head, *listed = err.strip().splitlines()
    assert head == "accord: quality.yaml: 5 faults"
    assert all("Did you mean required?" in line for line in listed)
    assert len(listed) == 5
