"""When a term's ``until`` happens: one function an event, one signature for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from accord.records import HandoffStage, Stage
from accord.sla.events import (
    ENTERED,
    NURTURE_KINDS,
    Mark,
    Timeline,
    is_closed,
    is_decided,
    is_returned,
    owners_of,
)
from accord.sla.model import Entry, Handoff, Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where an event is looked for: on whose line, from where, for which owner.

    ``start`` is what began the term, ``since`` where this owner's part of it begins (not earlier).
    ``kinds`` are the activities that score points.
    """

    timeline: Timeline
    start: Mark
    since: datetime
    handoff: Handoff | None
    owner: Owner
    kinds: frozenset[str]

    @property
    def mark(self) -> Mark:
        """Where to look from: after what began the term, and within this owner's part of it."""
        return self.start if self.since <= self.start.at else Mark(at=self.since)


Find: TypeAlias = Callable[[Search], datetime | None]


def find_event(event: str, search: Search) -> datetime | None:
    """Return when the event first happens; None if it has not."""
    if event.startswith(ENTERED):
        stage = Stage(event.removeprefix(ENTERED))
        return _entry_at(search, lambda entry: entry.stage is stage)
    return _FINDERS[event](search)


def _entry_at(search: Search, wanted: Callable[[Entry], bool]) -> datetime | None:
    entry = search.timeline.entry_after(search.mark, wanted)
    return None if entry is None else entry.at


def _earliest(*found: datetime | None) -> datetime | None:
    return min((at for at in found if at is not None), default=None)


def _touch(search: Search) -> datetime | None:
    touched = search.timeline.touch_after(search.since, search.handoff, search.owner)
    return _earliest(touched, search.timeline.decision_after(search.mark))


def _decision(search: Search) -> datetime | None:
    stated = search.timeline.decision_after(search.mark)
    return _earliest(stated, _entry_at(search, is_decided))


def _returned(search: Search) -> datetime | None:
    return _entry_at(search, is_returned)


def _closed(search: Search) -> datetime | None:
    return _entry_at(search, is_closed)


def _nurture(search: Search) -> datetime | None:
    return search.timeline.activity_after(search.since, NURTURE_KINDS)


def _activity(search: Search) -> datetime | None:
    return search.timeline.activity_after(search.since, search.kinds)


def _assigned(search: Search) -> datetime | None:
    found = (
        owner.since
        for handoff in search.timeline.handoffs(HandoffStage.MQL)
        for owner in owners_of(handoff)
        if owner.since >= search.since
    )
    return min(found, default=None)


_FINDERS: Mapping[str, Find] = MappingProxyType(
    {
        "assigned": _assigned,
        "touch": _touch,
        "touched": _touch,
        "decision": _decision,
        "returned": _returned,
        "closed": _closed,
        "nurture_activity": _nurture,
        "activity": _activity,
    }
)
