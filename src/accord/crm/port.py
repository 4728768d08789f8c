"""The port: what every adapter must be able to do, and what it answers.

An adapter raises :class:`accord.errors.DeliveryError` where the system as a whole did not answer
and nothing is known to have been taken; what happens to one item is that item's outcome. How long
to wait and what to send again is not its business: it sends once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ID = re.compile(r"[\w.:-]{1,100}")
_UNTOLD = {"owner": "somebody else"}


def is_id(text: str) -> bool:
    """Say whether a text looks like an id or a word of a list, and not like what people write.

    >>> is_id("hubspot:501"), is_id("Ann <ann@b.example>")
    (True, False)
    """
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One effect: ``key`` names it for ever, ``kind`` is handoff or task.

    ``payload_hash`` is the digest of the payload: the same key with another hash is a conflict.
    ``read_at`` is up to when we know what people have set in the CRM for this lead; what they have
    changed there since wins. None where nothing was ever read or written: then nothing is known to
    have been changed.
    """

    key: str
    kind: str
    payload: Mapping[str, Any]
    payload_hash: str = ""
    read_at: datetime | None = None


class Result(StrEnum):
    """What became of an item."""

    TAKEN = "taken"
    REFUSED = "refused"  # surely not taken; may be tried again
    UNKNOWN = "unknown"  # perhaps taken: read it back before it is sent again
    CONFLICT = "conflict"  # the key is there with another payload: a person must look


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A field (owner or stage) that somebody set in the CRM since our last read: left as it is.

    ``theirs`` is repeated only where it looks like an id: it goes into logs and reports, and what
    people write may name anybody. Else it is *somebody else*, or *something else*.
    """

    field: str
    ours: str | None
    theirs: str | None
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Keep free text out."""
        if self.theirs is not None and not is_id(self.theirs):
            object.__setattr__(self, "theirs", _UNTOLD.get(self.field, "something else"))

    def as_dict(self) -> dict[str, str | None]:
        """Return it in JSON's own types."""
        at = None if self.at is None else self.at.isoformat()
        return {"field": self.field, "ours": self.ours, "theirs": self.theirs, "at": at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """An effect that is there: the hash of what it brought, if the system keeps it.

    ``written_at`` is when the system wrote it, by its own clock; ``remote`` names what it became
    there, kind of record -> its id.
    """

    payload_hash: str | None = None
    written_at: datetime | None = None
    remote: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one item; ``retry_after`` in seconds if the system asked for a pause."""

    key: str
    result: Result
    error: str | None = None
    retry_after: float | None = None
    landed: Landed | None = None
    kept: tuple[Kept, ...] = ()


class Crm(Protocol):
    """A receiving system."""

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Bring items there, one outcome an item, in order; a key twice is one effect.

        One item that fails leaves the others alone. Owner and stage that a person has changed in
        the CRM since an item's ``read_at`` stay as they are and are told in ``kept``.
        """
        ...

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Return those of the keys whose effect is wholly there."""
        ...

    def close(self) -> None:
        """Give back what is open towards the system; whoever opened an adapter closes it."""
        ...
