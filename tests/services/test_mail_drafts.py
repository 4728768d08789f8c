"""The draft of the next mail that is owed, on both stores: which step, what it says, what fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from accord.errors import InputError
from accord.ledger import tables
from accord.services.cadence import Asked
from accord.services.cadence_reports import list_open_steps
from accord.services.mail_drafts import draft_mail
from tests.services.clock_world import MONDAY, World, at

MINUTE = timedelta(minutes=1)
LATER = MONDAY + 20 * MINUTE


def set_lead(world: World, lead_id: str = "crm:1", **values) -> None:
    with world.workspace.ledger.begin() as connection:
        rows = update(tables.lead).where(tables.lead.c.lead_id == lead_id)
        connection.execute(rows.values(**values))


def reword(world: World, old: str, new: str) -> None:
    path = world.workspace.settings.agreement
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def world(workspace):
    """Ann called Zoë in vain and left a message."""
    world = World(workspace)
    world.add_lead()
    set_lead(world, name="Zoë Martin", email="zoe@acme.example", company="Acme")
    world.set_rep("crm:ann", name="Ann Lee")
    world.hand_over("crm:1", "crm:ann")
    world.touch("crm:1", "crm:ann", MONDAY + 4 * MINUTE, outcome="no_answer")
    world.touch("crm:1", "crm:ann", MONDAY + 6 * MINUTE, channel="voicemail")
    return world


def draft(world, as_of=LATER, lead_id="crm:1"):
    return draft_mail(world.workspace, lead_id, as_of=as_of)


def test_the_draft_is_of_the_mail_that_stands_next_on_the_reps_list(world):
    found = draft(world)
    (row,) = list_open_steps(world.workspace, as_of=LATER, asked=Asked(running=True))
    assert (found.handoff, found.branch, found.step) == (row["handoff"], row["branch"], row["step"])
    assert (found.template, found.due) == (row["template"], row["due"])
    assert (found.to, found.subject) == ("zoe@acme.example", "Following up: Acme")
    assert "by phone on 2026-11-02" in found.text
    assert found.text.endswith("Ann Lee\nann@example.com\n")


def test_a_mail_is_drafted_though_a_call_is_owed_before_it(world):
    world.add_lead("crm:2")
    world.hand_over("crm:2", "crm:bob")
    found = draft(world, MONDAY + MINUTE, "crm:2")
    assert (found.branch, found.step, found.to) == ("not_connected", 2, "")
    assert found.text.startswith("Hello,\n\nI would like to talk with you.")


def test_once_it_was_sent_the_next_one_is_drafted(world):
    world.touch("crm:1", "crm:ann", LATER, channel="email")
    found = draft(world, LATER + MINUTE)
    assert (found.step, found.template) == (4, "information")


def test_after_the_talk_its_summary_is_owed_on_the_day_of_the_agreements_zone(world):
    late = at("2026-11-02 20:30")  # the next day already by UTC
    world.touch("crm:1", "crm:ann", late, outcome="connected")
    found = draft(world, late + MINUTE)
    assert (found.branch, found.subject) == (
        *("connected", "Summary of our conversation of 2026-11-02"),
    )


def test_nothing_is_drafted_where_no_mail_is_owed(world):
    assert draft(world, MONDAY - MINUTE) is None
    world.touch("crm:1", "crm:ann", LATER, outcome="connected")
    world.touch("crm:1", "crm:ann", LATER + MINUTE, channel="email")
    assert draft(world, LATER + 2 * MINUTE) is None  # a meeting is, but no mail


def test_nothing_is_drafted_once_the_hand_off_has_ended(world):
    with world.workspace.ledger.begin() as connection:
        connection.execute(update(tables.handoff).values(ended_at=LATER, outcome="returned"))
    assert draft(world, LATER - MINUTE) is not None
    assert draft(world, LATER + MINUTE) is None


def test_a_merged_lead_is_written_to_as_the_one_it_became(world):
    world.add_lead("crm:9")
    merge = {"lead_id": "crm:9", "into_lead_id": "crm:1", "merged_at": MONDAY, "undone_at": None}
    world.write(tables.merge, merge)
    assert draft(world, lead_id="crm:9") == draft(world)


def test_a_hostile_record_leaves_one_address_and_one_subject_line(world):
    set_lead(world, email="z@x.example\r\nBcc: all@x.example", company="A\r\nBcc: b@x.example")
    found = draft(world)
    assert found.to.splitlines() == ["z@x.example Bcc: all@x.example"]
    assert found.subject.splitlines() == ["Following up: A Bcc: b@x.example"]


def test_nothing_is_stored(world):
    before = {table.name: world.read(table) for table in tables.metadata.sorted_tables}
    assert draft(world) is not None
    assert {table.name: world.read(table) for table in tables.metadata.sorted_tables} == before


def test_a_template_without_a_text_is_said_with_its_place_in_the_agreement(world):
    reword(world, "within: 30m, template: follow_up", "within: 30m, template: folow_up")
    with pytest.raises(InputError) as caught:
        draft(world)
    said = str(caught.value)
    assert said.startswith("cadence.not_connected[1].template: template 'folow_up' has no text")
    assert "expected one of follow_up, information, summary" in said


def test_a_mail_step_without_a_template_is_said(world):
    reword(world, "within: 30m, template: follow_up", "within: 30m")
    with pytest.raises(InputError, match=r"not_connected\[1\]\.template: the step names no"):
        draft(world)


def test_a_teams_own_text_is_taken(world, tmp_path):
    own = tmp_path / "mails"
    own.mkdir()
    (own / "follow_up.txt.j2").write_text(
        "{{ lead.name }}|{{ step.due }}|{{ attempts }}|{{ last.channel }}|{{ last.at }}"
    )
    settings = world.workspace.settings.model_copy(update={"mail_templates": own})
    found = draft_mail(replace(world.workspace, settings=settings), "crm:1", as_of=LATER)
    assert found.text == "Zoë Martin|2026-11-02 10:30|2|voicemail|2026-11-02 10:06\n"


def test_a_lead_that_nobody_knows_is_refused(world):
    with pytest.raises(InputError, match="there is no lead 'crm:77'"):
        draft(world, lead_id="crm:77")
