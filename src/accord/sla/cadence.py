"""Following a hand-off's cadence: every step of both branches, when it was due, what became of it.

Pure: one owner's time with a lead and the attempts made in it go in, steps come out. The rules
(A069-A081; docs/cadence.md tells them with an example):

- *Not connected* counts from the assignment, *connected* from the first attempt with outcome
  connected; an executive takes over a lead that was reached before, and owes *connected* from the
  assignment. A new owner begins anew.
- The n-th attempt by a channel within a branch serves the branch's n-th step of that channel: an
  attempt serves one step, and an early one is in time.
- An unanswered call serves a step with ``otherwise: voicemail`` only with a message: the call's own
  outcome says so, or a voicemail follows. The step is done when the message is left, and in time
  only if that, too, is within the term. A voicemail goes to the latest call before it that needs
  one.
- A step done at exactly its due time is in time. One whose branch ended at or before its due time
  is not needed: the lead was reached, the hand-off ended, the owner changed.
- Absences of the rep do not stop the clock: the cadence names no pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np

from accord.calendars import Calendar
from accord.records import Channel, HandoffStage, TouchOutcome, from_us, to_us
from accord.sla.playbook import Branch, Play, Playbook
from accord.sla.tenure import Attempt, Tenure

_MICROSECOND = timedelta(microseconds=1)


class Became(StrEnum):
    """What became of a step. Missed: due and not done, so far; a step done after that is late."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"
    NOT_NEEDED = "not_needed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One step that an owner owed, as seen at an instant.

    ``over_at`` is when its branch ended, None while there is still something to do. ``tried_at`` is
    the unanswered call that would have needed a voicemail.
    """

    tenure: Tenure
    play: Play
    due_at: datetime
    became: Became
    done_at: datetime | None = None
    tried_at: datetime | None = None
    over_at: datetime | None = None

    @property
    def is_to_do(self) -> bool:
        """Whether the owner still owes it: open, or overdue and still possible."""
        return self.done_at is None and self.over_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One owner's time with a lead, the lead's attempts, and what was agreed when it began."""

    tenure: Tenure
    attempts: tuple[Attempt, ...]
    playbook: Playbook
    calendar: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A step that began to count, with what served it: all but its due time."""

    play: Play
    start_at: datetime
    over_at: datetime | None
    done_at: datetime | None
    tried_at: datetime | None


def follow(duty: Duty, *, as_of: datetime) -> tuple[FollowUp, ...]:
    """Return what became of every step that had begun by ``as_of``, in the playbook's order.

    The definition; :func:`follow_all` is the same for many. Steps of *connected* are there once the
    lead was reached. What happened later than ``as_of`` does not count yet.
    """
    return tuple(
        _judged(duty, begun, duty.calendar.due(begun.start_at, begun.play.within), as_of)
        for begun in _begun(duty, as_of)
    )


def follow_all(duties: Sequence[Duty], *, as_of: datetime) -> list[tuple[FollowUp, ...]]:
    """Follow many at once: due times come from one pass a calendar. One entry a duty, in order."""
    begun = [tuple(_begun(duty, as_of)) for duty in duties]
    wanted: dict[Calendar, list[tuple[int, int]]] = {}
    for place, (duty, steps) in enumerate(zip(duties, begun, strict=True)):
        wanted.setdefault(duty.calendar, []).extend((place, at) for at in range(len(steps)))
    due: dict[tuple[int, int], datetime] = {}
    for calendar, places in wanted.items():
        due.update(zip(places, _due_times(calendar, begun, places), strict=True))
    return [
        tuple(_judged(duty, step, due[place, at], as_of) for at, step in enumerate(begun[place]))
        for place, duty in enumerate(duties)
    ]


def _due_times(
    calendar: Calendar, begun: Sequence[tuple[_Begun, ...]], places: Sequence[tuple[int, int]]
) -> list[datetime]:
    steps = [begun[place][at] for place, at in places]
    starts = np.array([to_us(step.start_at) for step in steps], np.int64)
    withins = np.array([step.play.within // _MICROSECOND for step in steps], np.int64)
    due = calendar.due_many(starts.view("M8[us]"), withins.view("m8[us]"))
    return [from_us(at) for at in due.astype(np.int64).tolist()]


def _judged(duty: Duty, begun: _Begun, due_at: datetime, as_of: datetime) -> FollowUp:
    return FollowUp(
        tenure=duty.tenure,
        play=begun.play,
        due_at=due_at,
        became=_became(begun, due_at, as_of),
        done_at=begun.done_at,
        tried_at=begun.tried_at,
        over_at=begun.over_at,
    )


def _became(begun: _Begun, due_at: datetime, as_of: datetime) -> Became:
    if begun.done_at is not None:
        return Became.ON_TIME if begun.done_at <= due_at else Became.LATE
    if begun.over_at is not None and begun.over_at <= due_at:
        return Became.NOT_NEEDED
    return Became.MISSED if as_of > due_at else Became.OPEN


def _begun(duty: Duty, as_of: datetime) -> Iterator[_Begun]:
    """Yield the steps of each branch that has begun, with the attempts that served them."""
    tenure = duty.tenure
    if tenure.since > as_of:
        return
    made = tenure.made(duty.attempts, until=as_of)
    over_at = tenure.until if tenure.until is not None and tenure.until <= as_of else None
    if tenure.stage is HandoffStage.SQL:
        yield from _branch(duty, Branch.CONNECTED, tenure.since, over_at, made)
        return
    reached = next((at for at, one in enumerate(made) if one.is_connected), None)
    if reached is None:
        yield from _branch(duty, Branch.NOT_CONNECTED, tenure.since, over_at, made)
        return
    at = made[reached].at
    yield from _branch(duty, Branch.NOT_CONNECTED, tenure.since, at, made[: reached + 1])
    yield from _branch(duty, Branch.CONNECTED, at, over_at, made[reached + 1 :])


def _branch(
    duty: Duty,
    branch: Branch,
    start_at: datetime,
    over_at: datetime | None,
    made: Sequence[Attempt],
) -> Iterator[_Begun]:
    plays = [play for play in duty.playbook.plays if play.branch is branch]
    served = _served(plays, made)
    for place, play in enumerate(plays):
        done_at, tried_at = served.get(place, (None, None))
        yield _Begun(
            play=play,
            start_at=start_at.astimezone(UTC),
            over_at=over_at,
            done_at=done_at,
            tried_at=tried_at,
        )


Serving = tuple[datetime | None, datetime | None]
"""When a step was done, and when it was tried in vain."""


def _served(plays: Sequence[Play], made: Iterable[Attempt]) -> dict[int, Serving]:
    """Match attempts, in order of time, to the steps of one branch, by place."""
    places: dict[Channel, list[int]] = {}
    for place in reversed(range(len(plays))):
        places.setdefault(plays[place].channel, []).append(place)
    found: dict[int, Serving] = {}
    unanswered: list[int] = []
    for attempt in made:
        if attempt.channel is Channel.VOICEMAIL and unanswered:
            place = unanswered.pop()
            found[place] = (attempt.at, found[place][1])
        elif places.get(attempt.channel):
            place = places[attempt.channel].pop()
            if plays[place].voicemail and _wants_message(attempt):
                found[place] = (None, attempt.at)
                unanswered.append(place)
            else:
                found[place] = (attempt.at, None)
    return found


def _wants_message(attempt: Attempt) -> bool:
    """Whether a call was not answered and left nothing; one without an outcome counts as such."""
    left = attempt.outcome in (TouchOutcome.CONNECTED, TouchOutcome.LEFT_MESSAGE)
    return attempt.channel is Channel.CALL and not left


def next_step(steps: Iterable[FollowUp]) -> FollowUp | None:
    """Return the step that comes next of what an owner still owes for one lead, if any."""
    owed = [step for step in steps if step.is_to_do]
    return min(owed, key=lambda step: (step.due_at, step.play.number), default=None)
