"""From a lead's events to the periods for which somebody answers for a term.

A term starts at its ``from`` event. It is watched until ``until`` happens (met), its owner changes
(transferred: the next owner's period begins there, with the full term) or what it was about ends
otherwise (cancelled).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from accord.records import HandoffStage, Origin, Side, Stage
from accord.sla.beginnings import LEFT_SALES, RAISES, find_marks
from accord.sla.events import (
    Mark,
    Timeline,
    is_decided,
    owners_of,
)
from accord.sla.model import Ended, Handoff, Owner, Period, Watch
from accord.sla.occur import Search, find_event

_PER_OWNER = frozenset({"assigned", "touch", "touched"})
_LEFT_MARKETING = frozenset({Stage.CUSTOMER, Stage.DEFERRED, Stage.LOST, Stage.DISQUALIFIED})
_NOBODY = Owner(since=datetime.min.replace(tzinfo=UTC), rep_id=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """One occurrence of a ``from`` event: who owns it over time, and when it is over."""

    mark: Mark
    cycle: int
    owners: tuple[tuple[Owner, Handoff | None], ...]
    over_at: datetime | None
    origin: Origin
    handoff: Handoff | None = None
    anew: bool = False  # the event happens again with every owner


def derive_periods(timeline: Timeline, term: Watch, *, kinds: frozenset[str]) -> tuple[Period, ...]:
    """Return the periods of one term in one lead's history, in order.

    ``kinds`` are the activities with points above zero.
    """
    turns: dict[tuple[int, str | None], int] = {}
    found: list[Period] = []
    for start in _starts(timeline, term, kinds):
        if found and not start.anew and _still_runs(found[-1], start):
            continue
        for index, period in _periods(timeline, term, start, kinds):
            key = (period.cycle, period.owner_id)
            turn = turns.get(key, 0)
            if start.anew:
                turn = max(turn, _turns_before(start, index))
            found.append(replace(period, turn=turn) if turn else period)
            turns[key] = turn + 1
    return tuple(found)


def _turns_before(start: _Start, index: int) -> int:
    """Return how often the owner at a place owned the lead before, touched or not.

    A touch of an earlier time that is told late then gives a clock of its own, and renames none.
    """
    rep_id = start.owners[index][0].rep_id
    return sum(owner.rep_id == rep_id for owner, _ in start.owners[:index])


def _still_runs(period: Period, start: _Start) -> bool:
    """Whether what begins now is what began before in this cycle, and is not over.

    What meets a term does not begin it anew: a decision until the next one is not endless. A stay
    is: who left and came back at one instant is somebody's again.
    """
    if period.cycle != start.cycle or period.ended_at is None:
        return period.cycle == start.cycle
    meets = period.ended_by is Ended.MET and period.watch.from_event in RAISES
    return period.ended_at >= start.mark.at if meets else period.ended_at > start.mark.at


def _starts(timeline: Timeline, term: Watch, kinds: frozenset[str]) -> Iterator[_Start]:
    if term.from_event in _PER_OWNER:
        yield from _handoff_starts(timeline)
        return
    for mark, cycle, origin in find_marks(timeline, term.from_event, kinds):
        yield _stage_start(timeline, term, mark, cycle, origin)


def _handoff_starts(timeline: Timeline) -> Iterator[_Start]:
    for handoff in timeline.handoffs(HandoffStage.MQL):
        owners = owners_of(handoff)
        over_at = _handoff_over_at(timeline, handoff.cycle)
        if over_at is None or owners[0].since <= over_at:
            yield _Start(
                mark=Mark(at=owners[0].since),
                cycle=handoff.cycle,
                owners=tuple((owner, handoff) for owner in owners),
                over_at=over_at,
                origin=handoff.origin,
                handoff=handoff,
                anew=True,
            )


def _handoff_over_at(timeline: Timeline, cycle: int) -> datetime | None:
    """Return when the hand-over of a cycle ended: by its outcome, or because the next began."""
    for entry in timeline.entries:
        ended = entry.cycle == cycle and is_decided(entry)
        if ended or entry.cycle > cycle:
            return entry.at
    return None


def _stage_start(timeline: Timeline, term: Watch, mark: Mark, cycle: int, origin: Origin) -> _Start:
    handoffs = {stage: timeline.handoff(stage, cycle) for stage in HandoffStage}
    sales = term.side is Side.SALES
    owners = _owners_from(handoffs, mark.at) if sales else ((_NOBODY, None),)
    handoff = (owners[0][1] if sales else None) or handoffs[HandoffStage.MQL]
    return _Start(
        mark=mark,
        cycle=cycle,
        owners=owners,
        over_at=_over_at(timeline, mark, cycle, LEFT_SALES if sales else _LEFT_MARKETING),
        origin=origin if handoff is None else handoff.origin,
        handoff=handoff,
    )


def _owners_from(
    handoffs: dict[HandoffStage, Handoff | None], at: datetime
) -> tuple[tuple[Owner, Handoff | None], ...]:
    """Return who owns a lead at an instant and after it.

    The executive's hand-over takes over from the development rep's when it has an owner.
    """
    second = handoffs[HandoffStage.SQL]
    line: list[tuple[Owner, Handoff | None]] = []
    first = handoffs[HandoffStage.MQL]
    taken = None if second is None else owners_of(second)[0].since
    if first is not None:
        line = [(each, first) for each in owners_of(first) if taken is None or each.since < taken]
    if second is not None:
        line.extend((each, second) for each in owners_of(second))
    before = [each for each in line if each[0].since <= at]
    current = before[-1] if before else (_NOBODY, None)
    return (current, *(each for each in line if each[0].since > at))


def _over_at(timeline: Timeline, mark: Mark, cycle: int, left: frozenset[Stage]) -> datetime | None:
    over = timeline.entry_after(mark, lambda entry: entry.stage in left or entry.cycle > cycle)
    return None if over is None else over.at


def _periods(
    timeline: Timeline, term: Watch, start: _Start, kinds: frozenset[str]
) -> Iterator[tuple[int, Period]]:
    """Yield one period an owner, as long as there is something to answer for, and their place."""
    running = False
    for index, (owner, handoff) in enumerate(start.owners):
        since = start.mark.at if index == 0 else owner.since
        until = _next_since(start.owners, index)
        if index and start.over_at is not None and since >= start.over_at:
            return
        search = Search(
            timeline=timeline,
            start=start.mark,
            since=since,
            handoff=handoff,
            owner=owner,
            kinds=kinds,
        )
        begin = _begin(term, search, start, until, carried=running, first=index == 0)
        running = False
        if begin is None:
            continue
        ended_at, ended_by = _end(term, search, begin, start.over_at, until)
        yield index, _period(term, start, search, begin, ended_at, ended_by)
        running = ended_by is Ended.TRANSFERRED


def _next_since(owners: Sequence[tuple[Owner, Handoff | None]], index: int) -> datetime | None:
    return owners[index + 1][0].since if index + 1 < len(owners) else None


def _begin(
    term: Watch,
    search: Search,
    start: _Start,
    until: datetime | None,
    *,
    carried: bool,
    first: bool,
) -> datetime | None:
    """Return where this owner's period begins, None if the owner has nothing to answer for."""
    if term.from_event in ("touch", "touched") and not carried:
        touched = find_event("touch", search)
        if touched is None or (until is not None and touched >= until):
            return None
        return touched if start.over_at is None or touched <= start.over_at else None
    return search.since if first or carried or start.anew else None


def _end(
    term: Watch,
    search: Search,
    begin: datetime,
    over_at: datetime | None,
    until: datetime | None,
) -> tuple[datetime | None, Ended | None]:
    """Return when and how the period ends; at one instant, met comes before all else."""
    mark = search.start if search.start.is_entry else Mark(at=begin)
    met = find_event(
        term.until_event,
        Search(
            timeline=search.timeline,
            start=mark,
            since=begin,
            handoff=search.handoff,
            owner=search.owner,
            kinds=search.kinds,
        ),
    )
    ends = [(met, 0, Ended.MET), (over_at, 1, Ended.CANCELLED), (until, 2, Ended.TRANSFERRED)]
    known = [(at, order, how) for at, order, how in ends if at is not None]
    if not known:
        return None, None
    at, _, how = min(known, key=lambda end: end[:2])
    return at, how


def _period(
    term: Watch,
    start: _Start,
    search: Search,
    begin: datetime,
    ended_at: datetime | None,
    ended_by: Ended | None,
) -> Period:
    handoff = search.handoff or start.handoff
    sales = term.side is Side.SALES
    return Period(
        watch=term,
        cycle=start.cycle,
        handoff_id=None if handoff is None else handoff.handoff_id,
        origin=start.origin if handoff is None else handoff.origin,
        owner_id=search.owner.rep_id if sales else None,
        team=search.owner.team if sales else None,
        segment=None if handoff is None else handoff.segment,
        turn=0,
        started_at=begin,
        ended_at=ended_at,
        ended_by=ended_by,
    )
