"""Telling people: what waits for a recipient goes as one message, no more often than agreed.

One message at a time is claimed, sent and marked, so a process that is killed leaves at most one
of which nobody knows whether it went. That one is told again, and says so: an alarm that is lost
is worse than one told twice (docs/decisions/013).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.agreement import parse_step_at
from accord.crm import Outcome, Result
from accord.errors import InputError
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.clock_rows import read_ended, withdraw_messages
from accord.ledger.message_rows import (
    claim_messages,
    give_back,
    read_due_messages,
    read_last_told,
)
from accord.ledger.outbox_rows import mark_failed, mark_sent, release_entries
from accord.outbox import (
    REVIEW_SAMPLE,
    Addressee,
    Delivery,
    Message,
    MessageSettings,
    Messenger,
    Templates,
    Told,
    Wording,
    WordingError,
    retry_pause,
)
from accord.services.clock_changes import WITHDRAWN
from accord.services.delivered import failed_row, sent_row, told, withdraw_over
from accord.services.message_items import Facts, reference
from accord.services.workspace import Workspace
from accord.sla import Telling, goes_at_once, told_now

Row = Mapping[str, Any]

_REVIEW = "review"  # what the payload of a message about a review's page has, and no other
_GIVES_UP_AFTER = 5  # in a row unanswered: the server is down, and each costs a timeout

_RESULTS = {Told.REFUSED: Result.REFUSED, Told.UNKNOWN: Result.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class TellResult:
    """Counts: messages that went, entries sent, to be tried again, dead; what is wrong.

    ``unanswered`` are messages that failed by their server and not by their recipient.
    """

    messages: int = 0
    sent: int = 0
    retried: int = 0
    dead: int = 0
    unanswered: int = 0
    findings: tuple[Finding, ...] = ()

    def plus(self, other: TellResult) -> TellResult:
        """Return the sum of two results; what is said twice is said once."""
        return TellResult(
            messages=self.messages + other.messages,
            sent=self.sent + other.sent,
            retried=self.retried + other.retried,
            dead=self.dead + other.dead,
            unanswered=self.unanswered + other.unanswered,
            findings=tuple(dict.fromkeys(self.findings + other.findings)),
        )


def tell_people(workspace: Workspace, messenger: Messenger, *, as_of: datetime) -> TellResult:
    """Send what people are to be told at ``as_of``, a message a recipient."""
    teller = _Teller(workspace, messenger, as_of=as_of)
    total, failures = TellResult(), 0
    for ids in _messages_due(workspace, messenger, as_of=as_of):
        part = teller.tell(ids)
        total = total.plus(part)
        failures = failures + 1 if part.unanswered else 0
        if failures == _GIVES_UP_AFTER:
            break
    return total


def _messages_due(
    workspace: Workspace, messenger: Messenger, *, as_of: datetime
) -> tuple[tuple[int, ...], ...]:
    """Return the messages that go now: a review's alone and at its time, steps as agreed."""
    pause = workspace.settings.message_settings.pause
    with workspace.ledger.read() as connection:
        rows = read_due_messages(connection, as_of=as_of)
        people = sorted({row["recipient"] for row in rows})
        last = read_last_told(connection, people, since=as_of - pause)
    steps = [row for row in rows if _REVIEW not in row["payload"]]
    waiting = [_telling(row, messenger, as_of=as_of) for row in steps]
    alone = tuple(
        (row["outbox_id"],)
        for row in rows
        if _REVIEW in row["payload"] and row["not_before"] <= as_of
    )
    return (*alone, *told_now(waiting, last, pause=pause, as_of=as_of))


def _telling(row: Row, messenger: Messenger, *, as_of: datetime) -> Telling:
    """Return what decides when an entry goes; an emptied payload (erased, retained) goes alone."""
    role = _to(row).role
    at = row["payload"].get("step_at", "due")
    return Telling(
        entry_id=row["outbox_id"],
        recipient=row["recipient"],
        channel=messenger.channel(role),
        is_due=row["not_before"] <= as_of,
        at_once=goes_at_once(role, parse_step_at(at)),
    )


def _to(row: Row) -> Addressee:
    told_to = (row["payload"].get("recipients") or [{}])[0]
    return Addressee(
        role=str(told_to.get("role", "")),
        person_id=str(row["recipient"]),
        email=str(told_to.get("email") or ""),
    )


class _Teller:
    """Claims, sends and marks one message after another."""

    def __init__(self, workspace: Workspace, messenger: Messenger, *, as_of: datetime) -> None:
        settings = workspace.settings.message_settings
        self.workspace = workspace
        self.messenger = messenger
        self.as_of = as_of
        self.is_test = bool(settings.test_to)
        self.shipped = Templates()
        self.findings: list[Finding] = []
        self.templates = self.shipped if settings.templates is None else self._own(settings)
        self.zone = workspace.agreement(as_of).timezone

    def _own(self, settings: MessageSettings) -> Templates:
        try:
            return Templates(settings.templates)
        except InputError as fault:
            self.findings.append(_of_template(fault))
            return self.shipped

    def tell(self, outbox_ids: Sequence[int]) -> TellResult:
        """Tell one recipient of these entries, but for what is over or was told meanwhile."""
        holder = f"{socket.gethostname()}:{os.getpid()}"
        with self.workspace.ledger.begin() as connection:
            claimed = claim_messages(connection, outbox_ids, as_of=self.as_of, holder=holder)
        reach("messages.after_claim")
        unsure = [row["key"] for row in claimed if row["leased_by"] is not None]
        there = self.messenger.find_sent(unsure) if unsure else frozenset()
        done = Delivery(told=Told.SENT)
        result = self._mark([row for row in claimed if row["key"] in there], done)
        rows = self._without_over([row for row in claimed if row["key"] not in there])
        return result.plus(self._send(rows)) if rows else result

    def _without_over(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Withdraw what ended while nobody knew whether it was told: it is not told again."""
        held = (row["clock_id"] for row in rows if row["leased_by"] is not None)
        clocks = sorted({clock_id for clock_id in held if clock_id is not None})
        if not clocks:
            return rows
        with self.workspace.ledger.begin() as connection:
            over = set(read_ended(connection, clocks))
            ended = [row["outbox_id"] for row in rows if row["clock_id"] in over]
            release_entries(connection, ended)
            withdraw_messages(connection, sorted(over), why=WITHDRAWN)
        return [row for row in rows if row["clock_id"] not in over]

    def _send(self, rows: Sequence[Row]) -> TellResult:
        message = self._message(rows)
        (delivery,) = self.messenger.send([message], sent_at=self.as_of)
        reach("messages.after_send_before_mark")
        marked = self._mark(rows, delivery)
        reach("messages.after_mark")
        findings, self.findings = (*self.findings, *marked.findings), []
        went = int(delivery.told is Told.SENT)
        unanswered = int(delivery.unanswered)
        return replace(marked, messages=went, unanswered=unanswered, findings=findings)

    def _message(self, rows: Sequence[Row]) -> Message:
        to = _to(rows[0])
        if _REVIEW in rows[0]["payload"]:
            return self._review(rows[0], to)
        with self.workspace.ledger.read() as connection:
            facts = Facts.read(connection, rows, zone=self.zone, as_of=self.as_of)
        variables = facts.variables(rows, role=to.role, test=self.is_test)
        notices = self._notices(rows, to)
        said = self._say(lambda templates: templates.render(variables, notices=notices))
        return self._worded(rows, to, said)

    def _review(self, row: Row, to: Addressee) -> Message:
        told = row["payload"][_REVIEW]
        variables = {
            "recipient": {"role": to.role, "id": to.person_id},
            "test": self.is_test,
            "review": {name: told[name] for name in REVIEW_SAMPLE["review"]},
        }
        notices = self._notices([row], to)
        said = self._say(lambda templates: templates.render_review(variables, notices=notices))
        return replace(self._worded([row], to, said), attached=(Path(told["path"]),))

    def _worded(self, rows: Sequence[Row], to: Addressee, said: Wording) -> Message:
        subject = f"[test] {said.subject}" if self.is_test else said.subject
        keys = tuple(row["key"] for row in rows)
        return Message(keys=keys, to=to, subject=subject, text=said.text, html=said.html)

    def _say(self, words: Callable[[Templates], Wording]) -> Wording:
        """Say it by the team's templates, or by ours if those fail: it must be told."""
        try:
            return words(self.templates)
        except WordingError as fault:
            self.findings.append(_of_template(fault))
            return words(self.shipped)

    def _notices(self, rows: Sequence[Row], to: Addressee) -> list[str]:
        notices = []
        if self.is_test:
            notices.append(f"TEST: this would have gone to {to.role} {to.person_id}.")
        again = [reference(row["key"]) for row in rows if row["leased_by"] is not None]
        if again:
            listed = ", ".join(again)
            notices.append(f"TOLD AGAIN: you may have had this before (reference {listed}).")
        return notices

    def _mark(self, rows: Sequence[Row], delivery: Delivery) -> TellResult:
        """Write what became of the entries; those that only came along are left as they were."""
        if not rows:
            return TellResult()
        if delivery.told is Told.SENT:
            with self.workspace.ledger.begin() as connection:
                taken = Outcome(key="", result=Result.TAKEN)
                mark_sent(connection, [sent_row(row, taken, as_of=self.as_of) for row in rows])
            return TellResult(sent=len(rows))
        due = [row for row in rows if row["not_before"] <= self.as_of]
        outcomes = {
            row["key"]: Outcome(
                key=row["key"],
                result=Result.UNKNOWN if row["leased_by"] is not None else _RESULTS[delivery.told],
                error=delivery.error,
            )
            for row in due  # what was unsure stays so, and says it when it is told again
        }
        failed = self._failed(due, outcomes)
        with self.workspace.ledger.begin() as connection:
            give_back(connection, [row for row in rows if row["key"] not in outcomes])
            mark_failed(connection, failed)
            withdraw_over(connection, rows)
        dead, _ = told(due, outcomes, failed)
        return TellResult(retried=len(failed) - len(dead), dead=len(dead), findings=dead)

    def _failed(self, due: Sequence[Row], outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
        """Return the failed attempts, which are all tried again at once: as one message."""
        most = max(row["attempts"] for row in due) + 1
        again_at = self.as_of + retry_pause(due[0]["recipient"], attempts=most)
        return [
            {**failed_row(row, outcomes[row["key"]], as_of=self.as_of), "not_before": again_at}
            for row in due
        ]


def _of_template(fault: InputError) -> Finding:
    return Finding(
        rule="message.template",
        subject=fault.where,
        sentence=f"It cannot be used ({fault.found}); the shipped one was taken.",
        remedy=fault.remedy,
    )
