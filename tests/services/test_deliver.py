"""Draining the outbox: order, retries, unknown outcomes, real kills. SQLite and PostgreSQL."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from accord.crm import Outcome, Result
from accord.ledger.outbox_rows import (
    add_entries,
    drop_outbox,
    list_outbox,
    retry_outbox,
    show_outbox,
)
from accord.ledger.tables import outbox
from accord.outbox import MAX_ATTEMPTS, Entry, Kind
from accord.services.deliver import DeliverResult, run_deliver
from tests.killing import killed_at
from tests.outbox.receivers import Receiver

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def entry(key: str, *, lead: str | None = None, kind=Kind.MESSAGE, at=AT, **terms) -> Entry:
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
    assert results[-1] == DeliverResult(dead=1)
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
    "crm.within_line",
    "crm.within_batch",
    "deliver.after_send_before_mark",
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
    for lead in range(4):
        mine = [key for key in keys if int(key[1:]) % 4 == lead]
        assert mine == sorted(mine)
