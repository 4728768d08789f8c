"""Telling people: the ladder's mails by a real server, digests, failures, repeats. Both stores."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from accord.errors import InputError
from accord.ledger import tables
from accord.outbox import Delivery, Told
from accord.services.deliver import run_deliver
from tests.killing import killed_at
from tests.outbox.mail_server import MailServer
from tests.outbox.receivers import Receiver
from tests.services.clock_world import MONDAY, World, at

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def server():
    made = MailServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def mail(server):
    """The server as every test finds it: up, empty, refusing nobody."""
    if server._controller is None:
        server.start()
    server.mails.clear()
    server.refused.clear()
    return server


@pytest.fixture
def world(workspace):
    made = World(workspace)
    made.add_lead(created=at("2026-11-02 09:00"))
    return made


def told_by(world, url: str, **more):
    """The same workspace, told to send by this URL."""
    values = {"message_url": url, **more}
    settings = world.workspace.settings
    fresh = type(settings)(**{**settings.model_dump(), **values}, _env_file=None)
    return replace(world.workspace, settings=fresh)


def late_leads(world, *numbers: int, moment=MONDAY, rep: str = "crm:ann") -> None:
    for number in numbers:
        lead_id = f"crm:{number}"
        if number != 1:
            world.add_lead(lead_id, created=at("2026-11-02 09:00"))
        world.hand_over(lead_id, rep, moment)
        world.sync(lead_id, as_of=moment)


def deliver(workspace, moment, **more):
    return run_deliver(workspace, as_of=moment, crm=Receiver(), **more)


def show(*lines: str) -> None:
    """Print texts as people read them: pytest -s shows them."""
    sys.stdout.write("\n".join(lines) + "\n")


def statuses(world) -> set[str]:
    return {row["status"] for row in world.messages()}


def test_a_simulated_day_of_the_ladder_reaches_its_people_by_mail(world, mail):
    """Observe: the rep before due and at due, then the rep and the manager, then the CEO."""
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    day = []
    for minute in [*range(80), *range(80, 9 * 60, 10)]:
        now = MONDAY + minute * MINUTE
        world.sweep(now)
        deliver(workspace, now)
        day += [(minute, *one) for one in mail.take()]
    for minute, to, subject, text in day:
        show(f"\n=== {MONDAY + minute * MINUTE:%H:%M %Z} to {to}: {subject}\n{text}")
    assert [(minute, to) for minute, to, _, _ in day] == [
        (4, "ann@example.com"),
        (5, "ann@example.com"),
        (35, "ann@example.com"),
        (35, "max@example.com"),
        (65, "ceo@example.com"),
    ]
    assert day[0][2] == "first_touch runs out at 2026-11-02 10:05:00-05:00: lead crm:1"
    assert day[4][2] == "first_touch ran out at 2026-11-02 10:05:00-05:00: lead crm:1"
    last = day[4][3]
    for said in ("Owed by", "crm:ann", "1 h 0 min", "You are told as ceo", "get in touch"):
        assert said in last
    assert statuses(world) == {"sent"}


def test_each_step_is_one_task_in_the_crm_for_the_owner(world):
    late_leads(world, 1)
    crm = Receiver()
    for minute in (4, 5, 35, 65):
        world.sweep(MONDAY + minute * MINUTE)
        run_deliver(world.workspace, as_of=MONDAY + minute * MINUTE, crm=crm)
    (clock,) = world.clocks("first_touch")
    assert crm.sends == [f"task:{clock['clock_id']}:{step}" for step in range(4)]
    tasks = world.entries("task")
    roles = [[one["role"] for one in row["payload"]["recipients"]] for row in tasks]
    assert roles == [["rep"], ["rep"], ["rep", "manager"], ["owner", "ceo"]]


def test_without_settings_messages_are_lines_of_a_file_that_name_no_address(world):
    late_leads(world, 1)
    world.sweep(MONDAY + 35 * MINUTE)
    assert deliver(world.workspace, MONDAY + 35 * MINUTE).messages == 2
    text = (world.workspace.settings.outbox_path / "messages.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["to"]["id"] for line in lines] == ["crm:ann", "crm:max"]
    assert "@" not in text


def test_what_is_due_for_one_recipient_at_once_is_one_message(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, *range(1, 21))
    now = MONDAY + 35 * MINUTE
    world.sweep(now)
    result = deliver(workspace, now)
    assert (result.messages, result.sent) == (2, 60)  # 20 tasks and 40 messages in 2 mails
    mails = mail.take()
    show(*mails[1])
    assert [(to, subject) for to, subject, _ in mails] == [
        ("ann@example.com", "20 things are owed, 20 of them late"),
        ("max@example.com", "20 things are owed, 20 of them late"),
    ]
    assert all(f"lead crm:{number}" in mails[1][2] for number in range(1, 21))
    assert statuses(world) == {"sent"}


def test_between_two_messages_there_is_a_pause_that_holds_over_runs_of_every_minute(world, mail):
    """The manager's leads run late minute by minute; he hears of them every quarter of an hour."""
    workspace = told_by(world, mail.url)
    for number in range(1, 17):
        late_leads(world, number, moment=MONDAY + number * MINUTE)
    to_manager = []
    for minute in range(36, 52):
        now = MONDAY + minute * MINUTE
        world.sweep(now)
        deliver(workspace, now)
        to_manager += [
            (minute, text.count("lead crm:"))
            for to, _, text in mail.take()
            if to == "max@example.com"
        ]
    assert to_manager == [(36, 1), (51, 15)]
    to_max = [row for row in world.messages() if row["recipient"] == "crm:max"]
    assert {row["status"] for row in to_max} == {"sent"}


def test_a_reminder_to_the_owner_goes_at_once_and_takes_along_what_waits(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    late_leads(world, 2, moment=MONDAY + 31 * MINUTE)
    for minute in (35, 36):
        world.sweep(MONDAY + minute * MINUTE)
        deliver(workspace, MONDAY + minute * MINUTE)
    to_ann = [subject for to, subject, _ in mail.take() if to == "ann@example.com"]
    assert len(to_ann) == 2
    assert to_ann[1].startswith("first_touch ran out")


def test_one_recipient_who_is_refused_holds_up_nobody_else_and_is_told_once_he_can_be(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    mail.refused.add("max@example.com")
    now = MONDAY + 35 * MINUTE
    world.sweep(now)
    result = deliver(workspace, now)
    assert (result.messages, result.retried) == (1, 1)
    assert [to for to, _, _ in mail.take()] == ["ann@example.com"]
    (failed,) = [row for row in world.messages() if row["recipient"] == "crm:max"]
    assert (failed["status"], failed["attempts"]) == ("waiting", 1)
    assert failed["error"] == "refused with code 550"
    world.sweep(now + 30 * MINUTE)
    deliver(workspace, now + 30 * MINUTE)
    assert [to for to, _, _ in mail.take()] == ["ceo@example.com"]
    mail.refused.clear()
    deliver(workspace, now + HOUR)
    ((to, _, text),) = mail.take()
    assert (to, "TOLD AGAIN" in text) == ("max@example.com", False)


def test_a_server_that_is_down_loses_nothing_and_tells_once_it_is_back(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    mail.stop()
    for minute in (4, 5):
        world.sweep(MONDAY + minute * MINUTE)
        assert deliver(workspace, MONDAY + minute * MINUTE).messages == 0
    assert {row["error"] for row in world.messages()} == {"the server does not answer"}
    mail.start()
    assert deliver(workspace, MONDAY + 7 * MINUTE).messages == 1
    ((to, subject, _),) = mail.take()
    assert (to, subject) == ("ann@example.com", "2 things are owed, 2 of them late")


@pytest.mark.parametrize(("unanswered", "asked"), [(True, 5), (False, 9)])
def test_a_server_that_is_down_is_left_alone_and_bad_addresses_hold_nobody(
    world, unanswered, asked
):
    class Down:
        asked = 0

        def channel(self, role):
            return "" if role else "nobody"

        def send(self, messages, *, sent_at):
            self.asked += 1 if sent_at else 0
            return tuple(
                Delivery(told=Told.REFUSED, error="down", unanswered=unanswered) for _ in messages
            )

        def find_sent(self, keys):
            return frozenset(keys[:0])

    for number in range(1, 10):
        world.set_rep("crm:ann", email="ann@example.com")
        late_leads(world, number)
    world.sweep(MONDAY + 4 * MINUTE)
    with world.workspace.ledger.begin() as connection:
        for row in world.messages():
            one = tables.outbox.c.outbox_id == row["outbox_id"]
            values = {"recipient": f"crm:rep{row['outbox_id']}"}
            connection.execute(update(tables.outbox).where(one).values(**values))
    down = Down()
    result = deliver(world.workspace, MONDAY + 4 * MINUTE, messenger=down)
    assert (down.asked, result.retried) == (asked, asked)
    tried = [0] * (9 - asked) + [1] * asked
    assert sorted(row["attempts"] for row in world.messages()) == tried


def test_a_crm_that_is_down_does_not_hold_messages_nor_they_it(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    crm = Receiver()
    crm.is_down = True
    world.sweep(MONDAY + 4 * MINUTE)
    run_deliver(workspace, as_of=MONDAY + 4 * MINUTE, crm=crm)
    assert len(mail.take()) == 1
    crm.is_down = False
    mail.refused.add("ann@example.com")
    world.sweep(MONDAY + 5 * MINUTE)
    run_deliver(workspace, as_of=MONDAY + 6 * MINUTE, crm=crm)
    assert len(crm.sends) == 2
    assert mail.take() == []


def test_a_message_url_that_cannot_be_read_is_said_without_it_and_the_crm_is_served(world):
    workspace = told_by(world, "nonsense://user:hunter2@host")
    late_leads(world, 1)
    world.sweep(MONDAY + 4 * MINUTE)
    crm = Receiver()
    with pytest.raises(InputError, match="ACCORD_MESSAGE_URL") as caught:
        run_deliver(workspace, as_of=MONDAY + 4 * MINUTE, crm=crm)
    assert "hunter2" not in str(caught.value)
    assert len(crm.sends) == 1


def test_in_test_mode_everything_goes_to_one_address_and_names_whom_it_was_for(world, mail):
    workspace = told_by(world, mail.url, message_test_to="trial@example.com")
    late_leads(world, 1)
    world.sweep(MONDAY + 35 * MINUTE)
    deliver(workspace, MONDAY + 35 * MINUTE)
    mails = mail.take()
    assert {to for to, _, _ in mails} == {"trial@example.com"}
    assert all(subject.startswith("[test] first_touch") for _, subject, _ in mails)
    assert "would have gone to rep crm:ann" in mails[0][2]
    assert "would have gone to manager crm:max" in mails[1][2]


def test_a_teams_own_templates_replace_ours_umlauts_and_all(world, mail, tmp_path):
    folder = tmp_path / "vorlagen"
    folder.mkdir()
    (folder / "step.subject.j2").write_text("Überfällig: {{ item.about }}\n", encoding="utf-8")
    (folder / "step.html.j2").write_text("<p>Grüße, {{ item.owner }}: schön & gut</p>", "utf-8")
    workspace = told_by(world, mail.url, message_templates=folder)
    late_leads(world, 1)
    world.sweep(MONDAY + 4 * MINUTE)
    assert deliver(workspace, MONDAY + 4 * MINUTE).findings == ()
    ((_, subject, text),) = mail.take()
    assert subject == "Überfällig: lead crm:1"
    assert "Grüße, crm:ann: schön & gut" in text


def test_a_template_that_fails_does_not_lose_the_alarm(world, mail, tmp_path):
    (tmp_path / "step.subject.j2").write_text("\n{{ item.lead_name }}", encoding="utf-8")
    workspace = told_by(world, mail.url, message_templates=tmp_path)
    late_leads(world, 1)
    world.sweep(MONDAY + 4 * MINUTE)
    (finding,) = deliver(workspace, MONDAY + 4 * MINUTE).findings
    assert (finding.rule, finding.subject) == (
        "message.template",
        "template step.subject.j2, line 2",
    )
    assert "lead_name" in finding.sentence
    ((_, subject, _),) = mail.take()
    assert subject.startswith("first_touch runs out")


def test_a_message_that_waits_is_withdrawn_when_its_clock_is_met(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    mail.refused |= {"ann@example.com", "max@example.com"}
    now = MONDAY + 35 * MINUTE
    world.sweep(now)
    deliver(workspace, now)
    world.touch("crm:1", "crm:ann", now + MINUTE)
    world.sync(as_of=now + 2 * MINUTE)
    mail.refused.clear()
    assert deliver(workspace, now + HOUR).messages == 0
    assert statuses(world) == {"withdrawn"}
    assert world.steps()[-1] == ("due+30m", "sent")  # its task in the CRM went


def claimed(world) -> None:
    """Somebody claimed what waits and was killed."""
    with world.workspace.ledger.begin() as connection:
        connection.execute(
            update(tables.outbox)
            .where(tables.outbox.c.kind == "message")
            .values(leased_by="elsewhere:1")
        )


def test_what_was_claimed_and_not_marked_is_told_again_and_says_so(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    world.sweep(MONDAY + 4 * MINUTE)
    claimed(world)
    assert deliver(workspace, MONDAY + 4 * MINUTE).messages == 1
    ((_, _, text),) = mail.take()
    assert "TOLD AGAIN: you may have had this before (reference " in text
    reference = text.partition("reference ")[2][:8]
    assert f"Reference {reference}" in text


def test_what_was_claimed_and_whose_clock_is_met_meanwhile_is_not_told_again(world, mail):
    workspace = told_by(world, mail.url)
    late_leads(world, 1)
    world.sweep(MONDAY + 4 * MINUTE)
    claimed(world)
    world.touch("crm:1", "crm:ann", MONDAY + 4 * MINUTE)
    world.sync(as_of=MONDAY + 5 * MINUTE)
    assert deliver(workspace, MONDAY + 5 * MINUTE).messages == 0
    assert (mail.take(), statuses(world)) == ([], {"withdrawn"})


POINTS = (
    "messages.after_claim",
    "messages.within_line",
    "messages.after_send_before_mark",
    "messages.after_mark",
)


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_and_run_again_everybody_is_told_once(world, children, point):
    """The file can be read back, so here nobody is told twice."""
    late_leads(world, 1, 2)
    now = MONDAY + 35 * MINUTE
    world.sweep(now)
    killed_at(children, world.workspace, "services.deliver.run_deliver", point=point, as_of=now)
    run_deliver(world.workspace, as_of=now + MINUTE)
    run_deliver(world.workspace, as_of=now + 20 * MINUTE)
    text = (world.workspace.settings.outbox_path / "messages.jsonl").read_text(encoding="utf-8")
    keys = [key for line in text.splitlines() for key in json.loads(line)["keys"]]
    assert sorted(keys) == sorted(row["key"] for row in world.messages())
    assert statuses(world) == {"sent"}
