"""The port: what every adapter must be able to do, and what it answers.

An adapter raises :class:`accord.errors.DeliveryError` where the system as a whole did not answer
and nothing is known to have been taken; what happens to one item is that item's outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One effect: ``key`` names it for ever, ``kind`` is handoff or message."""

    key: str
    kind: str
    payload: Mapping[str, Any]


class Result(StrEnum):
    """What became of an item."""

    TAKEN = "taken"
    REFUSED = "refused"  # surely not taken; may be tried again
    UNKNOWN = "unknown"  # perhaps taken: read it back before it is sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one item; ``retry_after`` in seconds if the system asked for a pause."""

    key: str
    result: Result
    error: str | None = None
    retry_after: float | None = None


class Crm(Protocol):
    """A receiving system."""

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Bring items there, one outcome an item, in order; a key twice is one effect."""
        ...

    def read_back(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of the keys are there."""
        ...
