"""One entry of the outbox: its key, its payload, and the row it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from accord.records import payload_hash


class Kind(StrEnum):
    """What an entry brings: a hand-off or a task to the CRM, or a message to one person."""

    HANDOFF = "handoff"
    TASK = "task"
    MESSAGE = "message"


TO_CRM = (Kind.HANDOFF, Kind.TASK)
"""What goes to the CRM; messages go to people by the messenger."""


class Status(StrEnum):
    """Where an entry stands. Only waiting ones are ever sent."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"  # tried too often; a person may retry it
    WITHDRAWN = "withdrawn"  # its clock ended before it went, or a person dropped it
    SUPERSEDED = "superseded"  # a newer hand-off of the lead says more


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One effect that must reach the world, once: ``key`` is its idempotency key.

    ``payload`` holds JSON's own types only. It is not sent before ``not_before``; entries of one
    lead that go to the CRM are sent in the order in which they were written. ``recipient`` is the
    id of the person whom a message tells; None for what goes to the CRM.
    """

    key: str
    kind: Kind
    lead_id: str | None
    payload: Mapping[str, Any]
    not_before: datetime
    clock_id: str | None = None
    step: int | None = None
    recipient: str | None = None

    def row(self, *, created_at: datetime) -> dict[str, Any]:
        """Return the row of the ledger's ``outbox`` that waits to be sent."""
        return {
            "key": self.key,
            "kind": self.kind.value,
            "lead_id": self.lead_id,
            "clock_id": self.clock_id,
            "step": self.step,
            "recipient": self.recipient,
            "payload": dict(self.payload),
            "payload_hash": payload_hash(self.payload),
            "status": Status.WAITING.value,
            "created_at": created_at,
            "not_before": self.not_before,
            "attempts": 0,
        }


def handoff_key(handoff_id: str, rep_id: str, *, turn: int = 1) -> str:
    """Name the effect of giving one hand-off to one rep, for the ``turn``-th time.

    >>> handoff_key("4f2a", "crm:7")
    'handoff:4f2a:crm:7'
    >>> handoff_key("4f2a", "crm:7", turn=2)
    'handoff:4f2a:crm:7#2'
    """
    again = "" if turn == 1 else f"#{turn}"
    return f"handoff:{handoff_id}:{rep_id}{again}"


def task_key(clock_id: str, step: int) -> str:
    """Name the task in the CRM that one ladder step of one clock makes."""
    return f"task:{clock_id}:{step}"


def message_key(clock_id: str, step: int, person_id: str) -> str:
    """Name the effect of telling one person of one ladder step of one clock.

    >>> message_key("c", 2, "crm:ann")
    'message:c:2:crm:ann'
    """
    return f"message:{clock_id}:{step}:{person_id}"
