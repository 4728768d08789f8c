"""Draining the outbox: order, retries, unknown outcomes, real kills. SQLite and PostgreSQL."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from accord.crm import Kept, Landed, Outcome, Result
from accord.ledger import insert_rows
from accord.ledger.outbox_rows import (
    add_entries,
    drop_outbox,
    list_outbox,
    read_dead,
    retry_outbox,
    show_outbox,
)
from accord.ledger.tables import clock, handoff, lead, outbox
from accord.outbox import MAX_ATTEMPTS, Entry, Kind
from accord.services.deliver import DeliverResult, run_deliver
from tests.killing import killed_at
from tests.outbox.receivers import Receiver

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def entry(key: str, *, lead: str | None = None, kind=Kind.TASK, at=AT, **terms) -> Entry:
    return Entry(
        key=key, kind=kind, lead_id=lead or key, payload={"say": key}, not_before=at, **terms
    )


def put(workspace, *entries: Entry) -> None:
    with workspace.ledger.begin() as connection:
        add_entries(connection, [one.row(created_at=AT) for one in entries])


def statuses(workspace) -> dict[str, str]:
    with workspace.ledger.read() as connection:
        return {row["key"]: row["status"] for row in list_outbox(connection)}


def shown(workspace, key: str) -> dict:
    with workspace.ledger.read() as connection:
        number = connection.execute(select(outbox.c.outbox_id).where(outbox.c.key == key))
        return show_outbox(connection, number.scalar_one())


def test_what_is_due_is_sent_once_and_stays_sent(workspace):
    crm = Receiver()
    put(workspace, entry("a"), entry("b"), entry("later", at=AT + DAY))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=2)
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult()
    assert crm.sends == ["a", "b"]
    assert statuses(workspace) == {"a": "sent", "b": "sent", "later": "waiting"}
    assert run_deliver(workspace, as_of=AT + DAY, crm=crm) == DeliverResult(sent=1)


def test_an_entry_written_twice_is_one(workspace):
    put(workspace, entry("a"), entry("a"))
    put(workspace, entry("a"))
    assert list(statuses(workspace)) == ["a"]


def test_entries_of_a_lead_go_in_the_order_in_which_they_were_written(workspace):
    crm = Receiver()
    put(workspace, *(entry(f"{lead}{step}", lead=lead) for step in range(3) for lead in "xy"))
    run_deliver(workspace, as_of=AT, crm=crm)
    assert [key for key in crm.sends if key[0] == "x"] == ["x0", "x1", "x2"]
    assert [key for key in crm.sends if key[0] == "y"] == ["y0", "y1", "y2"]


def test_an_entry_that_is_refused_holds_up_only_its_own_lead(workspace):
    refused = Outcome(key="x0", result=Result.REFUSED, error="400 no such owner")
    crm = Receiver(lambda item, times: refused if (item.key, times) == ("x0", 1) else None)
    put(workspace, entry("x0", lead="x"), entry("x1", lead="x"), entry("y0", lead="y"))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=1, retried=1)
    assert crm.sends == ["x0", "y0"]
    assert shown(workspace, "x0")["error"] == "400 no such owner"
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult()
    assert run_deliver(workspace, as_of=AT + MINUTE, crm=crm) == DeliverResult(sent=2)
    assert crm.sends[2:] == ["x0", "x1"]


def test_a_message_planned_for_the_morning_holds_up_its_own_clock_only(workspace):
    crm = Receiver()
    put(
        workspace,
        entry("x night", lead="x", clock_id="c1", step=2, at=AT + DAY),
        entry("x other clock", lead="x", clock_id="c2", step=0),
        entry("y night", lead="y", clock_id="c3", step=2, at=AT + DAY),
        entry("y same clock", lead="y", clock_id="c3", step=3),
    )
    run_deliver(workspace, as_of=AT, crm=crm)
    assert crm.sends == ["x other clock"]
    run_deliver(workspace, as_of=AT + DAY, crm=crm)
    assert crm.sends == ["x other clock", "x night", "y night", "y same clock"]


def test_a_newer_hand_off_replaces_an_unsent_older_one_of_the_lead(workspace):
    crm = Receiver()
    put(
        workspace,
        entry("old", lead="x", kind=Kind.HANDOFF),
        entry("word", lead="x"),
        entry("new", lead="x", kind=Kind.HANDOFF),
    )
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=2, superseded=1)
    assert crm.sends == ["word", "new"]
    assert statuses(workspace)["old"] == "superseded"


def test_what_is_withdrawn_is_never_sent(workspace):
    crm = Receiver()
    put(workspace, entry("a"))
    with workspace.ledger.begin() as connection:
        connection.execute(update(outbox).values(status="withdrawn"))
    assert run_deliver(workspace, as_of=AT + DAY, crm=crm) == DeliverResult()
    assert crm.sends == []


def test_a_crm_that_is_down_is_left_alone_and_its_pause_is_kept(workspace):
    crm = Receiver()
    crm.is_down, crm.retry_after = True, 3600.0
    put(workspace, *(entry(f"k{number:03}") for number in range(150)))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(retried=100)
    assert shown(workspace, "k000")["not_before"] >= AT + timedelta(hours=1)
    crm.is_down = False
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=50)
    assert run_deliver(workspace, as_of=AT + DAY, crm=crm) == DeliverResult(sent=100)


def test_after_too_many_attempts_an_entry_is_dead_until_a_person_retries_it(workspace):
    crm = Receiver(lambda item, _: Outcome(key=item.key, result=Result.REFUSED, error="no"))
    put(workspace, entry("a"))
    at, results = AT, []
    for _ in range(MAX_ATTEMPTS):
        results.append(run_deliver(workspace, as_of=at, crm=crm))
        at += DAY
    assert (results[-1].dead, results[-1].retried) == (1, 0)
    (finding,) = results[-1].findings
    assert (finding.rule, "tried 12 times" in finding.sentence) == ("outbox.dead", True)
    assert results[:-1] == [DeliverResult(retried=1)] * (MAX_ATTEMPTS - 1)
    assert run_deliver(workspace, as_of=at, crm=crm) == DeliverResult()
    number = shown(workspace, "a")["outbox_id"]
    with workspace.ledger.begin() as connection:
        assert retry_outbox(connection, number, as_of=at)
        assert not retry_outbox(connection, number, as_of=at)
    assert run_deliver(workspace, as_of=at, crm=Receiver()) == DeliverResult(sent=1)


def test_an_entry_can_be_dropped_by_a_person_but_not_once_it_was_sent(workspace):
    put(workspace, entry("a"), entry("b", at=AT + DAY))
    run_deliver(workspace, as_of=AT, crm=Receiver())
    with workspace.ledger.begin() as connection:
        rows = {row["key"]: row["outbox_id"] for row in list_outbox(connection)}
        assert not drop_outbox(connection, rows["a"], as_of=AT)
        assert drop_outbox(connection, rows["b"], as_of=AT)
        assert not drop_outbox(connection, 10_000, as_of=AT)
    assert statuses(workspace) == {"a": "sent", "b": "withdrawn"}


@pytest.mark.parametrize("applied", [True, False])
def test_an_unknown_outcome_is_read_back_before_it_is_sent_again(workspace, applied):
    error = "cut after applying" if applied else "cut before applying"
    odd = Outcome(key="a", result=Result.UNKNOWN, error=error)
    crm = Receiver(lambda _, times: odd if times == 1 else None)
    put(workspace, entry("a"))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(retried=1)
    assert run_deliver(workspace, as_of=AT + MINUTE, crm=crm) == DeliverResult(sent=1)
    assert crm.sends == (["a"] if applied else ["a", "a"])
    assert statuses(workspace) == {"a": "sent"}


def test_what_landed_is_kept_when_by_the_crms_clock_and_as_what(workspace):
    written = AT + timedelta(seconds=7)
    landed = Landed(payload_hash=None, written_at=written, remote={"contact": "501", "task": "77"})
    crm = Receiver(lambda item, _: Outcome(key=item.key, result=Result.TAKEN, landed=landed))
    put(workspace, entry("a"))
    run_deliver(workspace, as_of=AT, crm=crm)
    row = shown(workspace, "a")
    assert (row["sent_at"], row["written_at"]) == (AT, written)
    assert row["remote"] == {"contact": "501", "task": "77"}
    assert row["kept"] is None


def test_what_a_person_has_set_in_the_crm_stays_and_is_told(workspace):
    kept = Kept(field="owner", ours="crm:7", theirs="crm:9", at=AT)
    crm = Receiver(lambda item, _: Outcome(key=item.key, result=Result.TAKEN, kept=(kept,)))
    put(workspace, entry("a", kind=Kind.HANDOFF), entry("b"))
    result = run_deliver(workspace, as_of=AT, crm=crm)
    assert (result.sent, result.findings) == (2, ())
    assert {note.rule for note in result.notes} == {"crm.edited"}
    assert "the owner to crm:9 in the CRM" in result.notes[0].sentence
    with workspace.ledger.read() as connection:
        assert len(list_outbox(connection, edited=True)) == 2
    theirs = {"field": "owner", "ours": "crm:7", "theirs": "crm:9", "at": AT.isoformat()}
    assert shown(workspace, "a")["kept"] == [theirs]


@pytest.mark.parametrize("how", ["by sending", "by reading back"])
def test_a_key_that_stands_there_with_another_payload_is_a_persons_to_settle(workspace, how):
    """It is neither written over nor tried again."""
    cut = Outcome(key="a", result=Result.UNKNOWN, error="cut")
    odd = cut if how == "by reading back" else Outcome(key="a", result=Result.CONFLICT)
    crm = Receiver(lambda item, _: odd if item.key == "a" else None)
    if how == "by reading back":
        crm.hashes["a"] = "of something else"
    put(workspace, entry("a"), entry("b"))
    results = [run_deliver(workspace, as_of=AT + day * DAY, crm=crm) for day in range(3)]
    assert (sum(result.dead for result in results), crm.sends.count("a")) == (1, 1)
    assert statuses(workspace) == {"a": "dead", "b": "sent"}
    assert shown(workspace, "a")["error"] == "the CRM has this key with another payload"


def known(workspace, *lead_ids: str, at) -> None:
    """Leads that were taken from their sources at an instant."""
    row = {"created_at": at, "known_at": at, "row_hash": "x", "cycle": 0}
    with workspace.ledger.begin() as connection:
        insert_rows(connection, lead, [{"lead_id": each, **row} for each in lead_ids])


def test_an_adapter_is_told_up_to_when_we_know_what_stands_in_the_crm(workspace):
    """What was read of the CRM itself, or written as a hand-off; nothing else tells of it."""
    settings = workspace.settings.model_copy(update={"crm": "hubspot"})
    workspace = replace(workspace, settings=settings)
    seen = {}
    crm = Receiver(lambda item, _: seen.setdefault(item.key, item.read_at) and None)
    read = AT - DAY
    known(workspace, "hubspot:1", "web:2", at=read)
    for number, one in enumerate(("hubspot:1", "web:2", "hubspot:9")):
        put(workspace, entry(f"h{number}", lead=one, kind=Kind.HANDOFF))
        put(workspace, entry(f"m{number}", lead=one))
    run_deliver(workspace, as_of=AT, crm=crm)
    put(workspace, entry("again", lead="web:2", kind=Kind.HANDOFF))
    run_deliver(workspace, as_of=AT + MINUTE, crm=crm)
    assert {key: seen[key] for key in ("h0", "h1", "h2")} == {"h0": read, "h1": None, "h2": None}
    assert seen["again"] == AT


def test_a_newer_hand_off_does_not_wait_for_the_pause_of_one_it_replaces(workspace):
    refused = Outcome(key="old", result=Result.REFUSED, error="no such owner")
    crm = Receiver(lambda item, _: refused if item.key == "old" else None)
    put(workspace, entry("old", lead="x", kind=Kind.HANDOFF))
    assert run_deliver(workspace, as_of=AT, crm=crm).retried == 1
    put(workspace, entry("new", lead="x", kind=Kind.HANDOFF, at=AT + timedelta(seconds=1)))
    at = AT + timedelta(seconds=1)
    assert run_deliver(workspace, as_of=at, crm=crm) == DeliverResult(sent=1, superseded=1)
    assert statuses(workspace) == {"old": "superseded", "new": "sent"}


def test_a_hand_off_that_is_due_is_not_replaced_by_one_that_is_not(workspace):
    crm = Receiver()
    put(workspace, entry("now", lead="x", kind=Kind.HANDOFF))
    put(workspace, entry("later", lead="x", kind=Kind.HANDOFF, at=AT + DAY))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=1)
    assert crm.sends == ["now"]


@pytest.mark.parametrize("kind", [Kind.HANDOFF, Kind.TASK])
def test_what_ended_while_nobody_knew_whether_it_had_arrived_is_not_sent_again(workspace, kind):
    cut = Outcome(key="", result=Result.UNKNOWN, error="cut before applying")
    crm = Receiver(lambda item, times: replace(cut, key=item.key) if times == 1 else None)
    key = "handoff:h1:r1" if kind is Kind.HANDOFF else "task:c1:0"
    clock_id = "c1" if kind is Kind.TASK else None
    put(workspace, entry(key, lead="x", kind=kind, clock_id=clock_id, step=0))
    assert run_deliver(workspace, as_of=AT, crm=crm).retried == 1
    over(workspace, kind)
    assert run_deliver(workspace, as_of=AT + DAY, crm=crm) == DeliverResult()
    assert (crm.sends, statuses(workspace)) == ([key], {key: "withdrawn"})


def over(workspace, kind: Kind) -> None:
    """What the entry was about has ended: its hand-off, or its clock."""
    given = {"lead_id": "x", "cycle": 1, "segment": None, "team": "inbound", "ended_at": AT}
    handed = {"handoff_id": "h1", "stage": "mql", "origin": "decided", "rep_id": "r1"}
    handed |= {"hot": False, "forced": False, "kept": False, "outcome": "returned"}
    ticked = {"clock_id": "c1", "term": "first_touch", "side": "sales", "from_event": "assigned"}
    ticked |= {"until_event": "touch", "started_at": AT, "within_us": 1, "business": False}
    ticked |= {"pauses": [], "escalation": "ladder", "steps": [], "due_at": AT, "ended_by": "met"}
    ticked |= {"origin": "decided", "version": "2026.4"}
    table, row = {
        Kind.HANDOFF: (handoff, handed | {"queued_at": AT, "assigned_at": AT}),
        Kind.TASK: (clock, ticked),
    }[kind]
    with workspace.ledger.begin() as connection:
        insert_rows(connection, table, [given | row])


def test_a_crm_that_leaves_something_open_is_not_asked_for_more_in_that_run(workspace):
    """It may be on its knees: what is left goes with the next run, its first attempt unspent."""
    slow = Outcome(key="", result=Result.UNKNOWN, error="no answer came")
    crm = Receiver(lambda item, times: replace(slow, key=item.key) if times == 1 else None)
    put(workspace, *(entry(f"k{number:03}") for number in range(150)))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(retried=100)
    assert shown(workspace, "k149")["attempts"] == 0
    crm.behave = None
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=50)


def test_an_entry_of_which_an_adapter_says_nothing_is_read_back_and_not_sent_for_ever(workspace):
    class Silent(Receiver):
        def upsert(self, items, *, sent_at):
            return super().upsert(items, sent_at=sent_at)[1:]

    crm = Silent()
    put(workspace, entry("a"), entry("b"))
    assert run_deliver(workspace, as_of=AT, crm=crm) == DeliverResult(sent=1, retried=1)
    assert shown(workspace, "a")["error"] == "the adapter does not tell of it"
    assert run_deliver(workspace, as_of=AT + DAY, crm=crm).sent == 1
    assert crm.sends == ["a", "b"]


def test_an_entry_whose_payload_was_removed_has_nothing_to_be_sent_again(workspace):
    put(workspace, entry("a"))
    with workspace.ledger.begin() as connection:
        connection.execute(update(outbox).values(status="dead", payload={}, payload_hash=""))
        assert read_dead(connection) == []
        assert not retry_outbox(connection, 1, as_of=AT)


def test_an_entry_that_was_dropped_while_it_was_on_its_way_was_sent_all_the_same(workspace):
    def drop(item, _):
        number = shown(workspace, item.key)["outbox_id"]
        with workspace.ledger.begin() as connection:
            assert drop_outbox(connection, number, as_of=AT, why="too late")

    put(workspace, entry("a"))
    assert run_deliver(workspace, as_of=AT, crm=Receiver(drop)).sent == 1
    assert statuses(workspace) == {"a": "sent"}


def test_entries_can_be_listed_by_status_without_their_payloads(workspace):
    put(workspace, entry("a"), entry("b", at=AT + DAY))
    run_deliver(workspace, as_of=AT, crm=Receiver())
    with workspace.ledger.read() as connection:
        waiting = list_outbox(connection, status="waiting")
        assert show_outbox(connection, 10_000) is None
    assert [row["key"] for row in waiting] == ["b"]
    assert "payload" not in waiting[0]
    assert shown(workspace, "b")["payload"] == {"say": "b"}


def test_a_run_with_nothing_due_costs_next_to_nothing(workspace):
    put(workspace, *(entry(f"k{number}", at=AT + DAY) for number in range(500)))
    run_deliver(workspace, as_of=AT)
    begun = time.process_time()
    for _ in range(20):
        run_deliver(workspace, as_of=AT)
    assert (time.process_time() - begun) / 20 < 0.02


POINTS = (
    "deliver.after_claim",
    "deliver.after_read_back",
    "crm.within_line",
    "crm.within_batch",
    "deliver.after_send_before_mark",
    "deliver.before_mark_commit",
    "deliver.after_mark",
)


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_and_run_again_there_is_one_line_an_entry(workspace, children, point):
    put(workspace, *(entry(f"k{number}", lead=f"l{number % 4}") for number in range(10)))
    killed_at(children, workspace, "services.deliver.run_deliver", point=point, as_of=AT)
    run_deliver(workspace, as_of=AT)
    written = (
        Path(workspace.settings.outbox_path / "crm.jsonl").read_text(encoding="utf-8").splitlines()
    )
    keys = [json.loads(line)["key"] for line in written]
    assert sorted(keys) == sorted(f"k{number}" for number in range(10))
    assert set(statuses(workspace).values()) == {"sent"}
    for number in range(4):
        mine = [key for key in keys if int(key[1:]) % 4 == number]
        assert mine == sorted(mine)
