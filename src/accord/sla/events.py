"""What happened to one lead, laid out so that a term's events can be found in it.

Events are those of the semantics' table. Two things follow from others: an entry that ends a
hand-over is a decision, whoever states it, and only a stated decision counts as a touch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accord.records import DecisionOutcome, HandoffStage, Origin, Programme, Stage
from accord.sla.model import Entry, Handoff, LeadEvents, Owner

NURTURE_KINDS = frozenset({"email_sent", "invited", "enrolled"})
ACTIVITY_EVENTS = frozenset({"nurture_activity", "activity"})
ENTERED = "entered_"
EVENTS = frozenset(
    {
        "assigned",
        "touch",
        "touched",
        "decision",
        "returned",
        "closed",
        *ACTIVITY_EVENTS,
        *(f"{ENTERED}{stage.value}" for stage in Stage),
    }
)
"""Every event that a term may name."""

_BACK = (Programme.RETURNED, Programme.LOST)
_DECIDED = frozenset({Stage.SQL, Stage.OPPORTUNITY, Stage.DEFERRED, Stage.DISQUALIFIED, Stage.LOST})
_ENDS = _DECIDED | {Stage.CUSTOMER, Stage.NURTURE}
_RAISED_BY = {
    "decision": _ENDS,
    "returned": _ENDS,
    "closed": _ENDS,
    **{f"{ENTERED}{stage.value}": frozenset({stage}) for stage in Stage},
}
"""The stages of which at least one is entered where such an event begins a term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on a lead's line: an instant, and the position among the entries of that instant.

    What follows an entry must come after it in this order; what follows anything else may happen
    at the same instant.
    """

    at: datetime
    position: int = -1

    def precedes(self, entry: Entry) -> bool:
        """Whether the entry comes after this mark, or at its instant if the mark is no entry."""
        return (entry.at, entry.position) > (self.at, self.position)

    @property
    def is_entry(self) -> bool:
        """Whether the mark is an entry into a stage, or what such an entry raised."""
        return self.position >= 0


class Timeline:
    """One lead's events in order, with what follows from them."""

    __slots__ = ("_handoffs", "_stages", "decisions", "entries", "events", "touches")

    def __init__(self, events: LeadEvents) -> None:
        self.events = events
        self.entries = sorted(events.entries, key=lambda entry: (entry.at, entry.position))
        self.decisions = sorted(
            each.at for each in events.decisions if each.outcome is not DecisionOutcome.ACCEPT
        )
        self.touches = sorted(
            (each for each in events.touches if not each.automatic), key=lambda touch: touch.at
        )
        self._stages = {entry.stage for entry in events.entries}
        self._handoffs = sorted(
            (each for each in events.handoffs if each.owners), key=lambda each: each.cycle
        )

    def may_raise(self, event: str) -> bool:
        """Whether a term from this event may begin on this line; if not, nothing need be sought."""
        if event in _RAISED_BY:
            return not self._stages.isdisjoint(_RAISED_BY[event])
        return bool(self.events.activities if event in ACTIVITY_EVENTS else self._handoffs)

    def handoffs(self, stage: HandoffStage) -> Iterator[Handoff]:
        """Yield the hand-overs at a stage that have an owner, or had one, by cycle."""
        return (each for each in self._handoffs if each.stage is stage)

    def handoff(self, stage: HandoffStage, cycle: int) -> Handoff | None:
        """Return the hand-over of a cycle at a stage, if it has an owner, or had one."""
        for each in self._handoffs:
            if each.stage is stage and each.cycle == cycle:
                return each
        return None

    def entry_after(self, mark: Mark, wanted: Callable[[Entry], bool]) -> Entry | None:
        """Return the first entry after a mark that is wanted."""
        for each in self.entries:
            if mark.precedes(each) and wanted(each):
                return each
        return None

    def passed_through(self, index: int) -> bool:
        """Whether the entry, inferred or the very first, was left at the instant it was made."""
        entry = self.entries[index]
        following = self.entries[index + 1 : index + 2]
        no_stay = entry.inferred or entry.stage is Stage.NEW_NAME
        return no_stay and any(each.at == entry.at for each in following)

    def touch_after(self, at: datetime, handoff: Handoff | None, owner: Owner) -> datetime | None:
        """Return the first genuine touch at or after an instant.

        In a hand-off of ours it must be the owner's, in an observed one anybody's.
        """
        ours = handoff is not None and handoff.origin is Origin.DECIDED
        for touch in self.touches:
            theirs = touch.rep_id is not None and touch.rep_id == owner.rep_id
            if touch.at >= at and (theirs or not ours):
                return touch.at
        return None

    def decision_after(self, mark: Mark) -> datetime | None:
        """Return the first stated decision: after an entry, at or after anything else."""
        for at in self.decisions:
            if at > mark.at or (at == mark.at and not mark.is_entry):
                return at
        return None

    def activity_after(self, at: datetime, kinds: Iterable[str] | None) -> datetime | None:
        """Return the first activity of these kinds at or after an instant."""
        if not self.events.activities:
            return None
        wanted = frozenset(kinds or ())
        found = (
            each.at for each in self.events.activities if each.at >= at and each.kind in wanted
        )
        return min(found, default=None)


def owners_of(handoff: Handoff) -> tuple[Owner, ...]:
    """Return the owners in order, without those who only confirm the one before them.

    Nobody named after somebody is no change: a source that repeats itself says less, not more.
    """
    if len(handoff.owners) == 1:
        return handoff.owners
    ordered = sorted(handoff.owners, key=lambda owner: owner.since)
    kept = ordered[:1]
    for owner in ordered[1:]:
        named = owner.rep_id is not None or handoff.origin is Origin.DECIDED
        if named and owner.rep_id != kept[-1].rep_id:
            kept.append(owner)
    return tuple(kept)


def is_returned(entry: Entry) -> bool:
    """Whether sales sent the lead back to marketing, or lost its opportunity."""
    return entry.stage is Stage.NURTURE and entry.programme in _BACK


def is_closed(entry: Entry) -> bool:
    """Whether the opportunity was won or lost."""
    lost = entry.stage is Stage.NURTURE and entry.programme is Programme.LOST
    return lost or entry.stage in (Stage.CUSTOMER, Stage.LOST)


def is_decided(entry: Entry) -> bool:
    """Whether the entry is what a decision leads to: convert, defer, return, disqualify."""
    return entry.stage in _DECIDED or is_returned(entry)


def stays(timeline: Timeline, stage: Stage) -> Iterator[Entry]:
    """Yield every entry into a stage that was more than passed through.

    Also a later one in the same cycle: what the first began is over when the lead leaves, and one
    that was deferred and comes back is somebody's again.
    """
    for index, entry in enumerate(timeline.entries):
        if entry.stage is stage and not timeline.passed_through(index):
            yield entry
