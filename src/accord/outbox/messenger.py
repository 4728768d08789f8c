"""The port to people: what every messenger must be able to do, and what it answers.

A messenger raises nothing for a message that fails: that is the message's outcome. When to send,
what goes together and what is tried again is not its business: it sends once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One person who is told, in the role for which they are; the address is shown nowhere."""

    role: str
    person_id: str
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person: ``keys`` are the outbox entries that it tells of.

    ``text`` and ``html`` say the same; a messenger takes the one that its channel shows.
    ``attached`` are files that go with a mail; a chat, and a file that is gone, leave them out.
    """

    keys: tuple[str, ...]
    to: Addressee
    subject: str
    text: str
    html: str
    attached: tuple[Path, ...] = ()


class Told(StrEnum):
    """What became of a message."""

    SENT = "sent"
    REFUSED = "refused"  # surely not sent; may be tried again
    UNKNOWN = "unknown"  # perhaps sent: told again, and the text says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message; ``error`` holds no address and no secret.

    ``unanswered`` says something of the server and not of the recipient: others fare no better.
    """

    told: Told
    error: str | None = None
    unanswered: bool = False


class Messenger(Protocol):
    """A way to people."""

    def channel(self, role: str) -> str:
        """Return a name for the way that messages to this role go; equal ways have equal names."""
        ...

    def send(self, messages: Sequence[Message], *, sent_at: datetime) -> tuple[Delivery, ...]:
        """Send messages, one outcome each, in order; one that fails leaves the others alone."""
        ...

    def find_sent(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the entries that were surely told of; nothing where nobody can know."""
        ...
