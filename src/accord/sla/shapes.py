"""Histories that look alike give periods that look alike: each shape is worked out once.

Which events begin and end a period depends on what happened in which order and whose it was, not
on the instants themselves or on names: :func:`derive_periods` only compares them. Two histories of
one shape differ in instants, reps and ids of hand-overs alone, and their periods are the same but
for these. A run that hands over thousands of leads meets a few shapes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.records import Origin
from accord.sla.derive import derive_periods
from accord.sla.events import Timeline
from accord.sla.model import Ended, LeadEvents, Period, Watch

_MOST = 10_000  # shapes kept: a history that has gone on for years has a shape of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What one history has in the places of its shape: instants in order, reps, hand-overs."""

    instants: Sequence[datetime]
    reps: Sequence[str | None]
    handoffs: Sequence[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """A period with places instead of instants, owner and hand-over."""

    watch: Watch
    cycle: int
    handoff: int
    origin: Origin
    owner: int
    team: str | None
    segment: str | None
    turn: int
    started: int
    ended: int | None
    ended_by: Ended | None

    def filled(self, names: _Names) -> Period:
        """Return the period of the history that has these names."""
        return Period(
            watch=self.watch,
            cycle=self.cycle,
            handoff_id=names.handoffs[self.handoff],
            origin=self.origin,
            owner_id=names.reps[self.owner],
            team=self.team,
            segment=self.segment,
            turn=self.turn,
            started_at=names.instants[self.started],
            ended_at=None if self.ended is None else names.instants[self.ended],
            ended_by=self.ended_by,
        )


class Shapes:
    """Gives the periods of leads for the same terms, and remembers those of each shape."""

    def __init__(self, watches: tuple[Watch, ...], *, kinds: frozenset[str]) -> None:
        self._watches = watches
        self._kinds = kinds
        self._known: dict[Hashable, tuple[_Outline, ...]] = {}

    def periods(self, lead: LeadEvents, former: tuple[Watch, ...] = ()) -> Iterable[Period]:
        """Return the periods of the terms, and of ``former`` ones, in a lead's history.

        Term by term, as ``derive_periods`` gives them. With activities at hand a history has a
        shape of its own.
        """
        if lead.activities:
            return self._derived(lead, former)
        names, shape = _shape_of(lead)
        key = (former, shape)
        outlines = self._known.get(key)
        if outlines is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            outlines = tuple(_outline(one, names) for one in self._derived(lead, former))
            self._known[key] = outlines
        return [outline.filled(names) for outline in outlines]

    def _derived(self, lead: LeadEvents, former: tuple[Watch, ...]) -> Iterator[Period]:
        timeline = Timeline(lead)
        for watch in (*self._watches, *former):
            if timeline.may_raise(watch.from_event):
                yield from derive_periods(timeline, watch, kinds=self._kinds)


def _outline(period: Period, names: _Names) -> _Outline:
    ended = period.ended_at
    return _Outline(
        watch=period.watch,
        cycle=period.cycle,
        handoff=names.handoffs.index(period.handoff_id),
        origin=period.origin,
        owner=names.reps.index(period.owner_id),
        team=period.team,
        segment=period.segment,
        turn=period.turn,
        started=names.instants.index(period.started_at),
        ended=None if ended is None else names.instants.index(ended),
        ended_by=period.ended_by,
    )


def _shape_of(lead: LeadEvents) -> tuple[_Names, Hashable]:
    """Return a history without activities as what differs within a shape, and the shape."""
    instants = sorted(lead.instants)
    at = {instant: place for place, instant in enumerate(instants)}
    reps: list[str | None] = [None]  # nobody is nobody in every history
    who: dict[str | None, int] = {None: 0}
    for rep_id in _reps(lead):
        if rep_id not in who:
            who[rep_id] = len(reps)
            reps.append(rep_id)
    handoffs = (None, *(each.handoff_id for each in lead.handoffs))
    shape = (
        tuple(
            (at[e.at], e.position, e.stage, e.cycle, e.programme, e.origin, e.inferred)
            for e in lead.entries
        ),
        tuple(
            (
                (h.cycle, h.stage, h.origin, h.segment, handoffs.index(h.handoff_id)),
                tuple((at[owner.since], who[owner.rep_id], owner.team) for owner in h.owners),
            )
            for h in lead.handoffs
        ),
        tuple((at[touch.at], who[touch.rep_id], touch.automatic) for touch in lead.touches),
        tuple((at[decision.at], decision.outcome) for decision in lead.decisions),
    )
    return _Names(instants=instants, reps=reps, handoffs=handoffs), shape


def _reps(lead: LeadEvents) -> Iterator[str | None]:
    """Yield everybody who owned or touched a lead."""
    for handoff in lead.handoffs:
        for owner in handoff.owners:
            yield owner.rep_id
    for touch in lead.touches:
        yield touch.rep_id
