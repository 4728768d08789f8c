"""Where a term's ``from`` happens that is no owner's: each stay, return, decision and closing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from accord.records import Origin, Stage
from accord.sla.events import (
    ACTIVITY_EVENTS,
    ENTERED,
    NURTURE_KINDS,
    Mark,
    Timeline,
    is_closed,
    is_decided,
    is_returned,
    stays,
)
from accord.sla.model import Entry

LEFT_SALES = frozenset({Stage.NURTURE, Stage.DEFERRED, Stage.LOST, Stage.DISQUALIFIED})
"""The stages in which a lead is in nobody's hands in sales."""


def find_marks(
    timeline: Timeline, event: str, kinds: frozenset[str]
) -> Iterator[tuple[Mark, int, Origin]]:
    """Yield where an event that is no owner's happens: each time, of activities the first."""
    if event.startswith(ENTERED):
        for entry in stays(timeline, Stage(event.removeprefix(ENTERED))):
            yield _mark_of(entry)
    elif event in ACTIVITY_EVENTS:
        yield from _activity_marks(timeline, NURTURE_KINDS if event != "activity" else kinds)
    else:
        for entry in _occurrences(timeline, event):
            yield _mark_of(entry)


def _occurrences(timeline: Timeline, event: str) -> Iterator[Entry]:
    """Yield the entries that raise an event; one that only says again what is so raises none.

    A lost opportunity that goes on to its nurture programme is closed once, and decided once.
    """
    raises, is_so = RAISES[event]
    before: Entry | None = None
    for entry in timeline.entries:
        again = before is not None and before.cycle == entry.cycle and is_so(before)
        if raises(entry) and not again:
            yield entry
        before = entry


def _has_left_sales(entry: Entry) -> bool:
    return entry.stage in LEFT_SALES


RAISES: Mapping[str, tuple[Callable[[Entry], bool], Callable[[Entry], bool]]] = MappingProxyType(
    {
        "returned": (is_returned, is_returned),
        "closed": (is_closed, is_closed),
        "decision": (is_decided, _has_left_sales),
    }
)
"""Which entries raise an event, and after which entry another one raises it no more."""


def _mark_of(entry: Entry) -> tuple[Mark, int, Origin]:
    return Mark(at=entry.at, position=entry.position), entry.cycle, entry.origin


def _activity_marks(
    timeline: Timeline, kinds: frozenset[str]
) -> Iterator[tuple[Mark, int, Origin]]:
    """Yield the first activity of each cycle."""
    begins: dict[int, datetime] = {}
    for entry in timeline.entries:
        begins.setdefault(entry.cycle, entry.at)
    ends = [*list(begins.values())[1:], None][: len(begins)]
    for (cycle, begin), end in zip(begins.items(), ends, strict=True):
        at = timeline.activity_after(begin, kinds)
        if at is not None and (end is None or at < end):
            yield Mark(at=at), cycle, Origin.OBSERVED
