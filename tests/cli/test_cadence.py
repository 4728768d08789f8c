"""``accord sla cadence`` as a person reads it, and as a program does."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from accord.ledger import tables
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
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


def printed_in_the_guide() -> list[list[str]]:
    """Each command of docs/cadence.md that is shown with what it prints, and that."""
    text = (ROOT / "docs" / "cadence.md").read_text(encoding="utf-8")
    blocks = [part for part in text.split("```")[1::2] if part.startswith("\n$ ")]
    return [block.strip().removeprefix("$ accord ").split("\n", 1) for block in blocks]


@pytest.fixture
def known(worked) -> None:
    """The lead and the rep of docs/cadence.md, by name."""
    workspace = Workspace.open(Settings())
    lead = {"name": "Zoë Martin", "email": "zoe@acme.example", "company": "Acme"}
    with workspace.ledger.begin() as connection:
        connection.execute(update(tables.lead).values(**lead))
        ann = update(tables.rep).where(tables.rep.c.rep_id == "crm:ann")
        connection.execute(ann.values(name="Ann Lee"))
    workspace.close()


def test_the_guide_shows_the_draft_that_is_printed(known, accord) -> None:
    ((command, printed),) = printed_in_the_guide()
    code, out, err = accord(*command.split(), *AS_OF)
    assert (code, out.strip(), err) == (0, printed.strip(), "")


def test_a_draft_as_json_says_which_step_it_serves(known, accord) -> None:
    _, out, _ = accord("sla", "cadence", "--lead", "crm:1", "--draft", *AS_OF, "--json")
    found = json.loads(out)
    assert (found["to"], found["branch"], found["step"]) == ("zoe@acme.example", "not_connected", 2)
    assert (found["template"], found["due"]) == ("follow_up", "2026-11-02T15:30:00+00:00")


def test_where_no_mail_is_owed_it_is_said(worked, accord) -> None:
    before = ("--as-of", "2026-11-02T09:00:00-05:00")
    draft = ("sla", "cadence", "--lead", "crm:1", "--draft", *before)
    assert accord(*draft) == (0, "no mail is owed to crm:1\n", "")
    assert accord(*draft, "--json") == (0, "null\n", "")


def test_an_unknown_address_is_said(worked, accord) -> None:
    _, out, _ = accord("sla", "cadence", "--lead", "crm:1", "--draft", *AS_OF)
    assert out.splitlines()[0] == "To: (no address is known)"


@pytest.mark.parametrize("others", [(), ("--rep", "crm:ann"), ("--lead", "crm:1", "--open")])
def test_a_draft_is_of_one_lead(worked, accord, others) -> None:
    code, _, err = accord("sla", "cadence", "--draft", *others, *AS_OF)
    assert (code, err.startswith("accord: --draft: ")) == (2, True)


def test_a_template_without_a_text_is_one_line_and_wrong_input(worked, folder, accord) -> None:
    path = folder / "agreement.yaml"
    text = path.read_text("utf-8").replace("template: follow_up", "template: folow_up")
    path.write_text(text, encoding="utf-8")
    code, out, err = accord("sla", "cadence", "--lead", "crm:1", "--draft", *AS_OF)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "cadence.not_connected[1].template: template 'folow_up' has no text" in err


def test_a_draft_is_not_logged(known, accord, caplog) -> None:
    with caplog.at_level("DEBUG"):
        accord("sla", "cadence", "--lead", "crm:1", "--draft", *AS_OF)
    assert not [one for one in caplog.messages if "acme" in one.casefold() or "Zoë" in one]
