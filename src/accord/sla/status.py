"""The state of a clock at an instant: a pure function of the clock and ``as_of``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from accord.calendars import Calendar
from accord.sla.due import business_calendar, clock_calendar
from accord.sla.model import ClockTerms, Ended, Rep

_NONE = timedelta(0)
_SOON = 0.8  # of the term, where its ladder has no step before due


class State(StrEnum):
    """Where a clock stands. Breached: ran out, whether or not it was met afterwards."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    MET = "met"
    BREACHED = "breached"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A clock as seen at an instant.

    ``used`` is the share of the term that has passed (above 1 once it is late), ``left`` what of it
    remains on the clock's own time, ``late_wall`` and ``late_business`` by how much it is or was
    late. ``is_open`` says whether it still runs: a breached, unmet clock does.
    """

    state: State
    is_open: bool
    used: float
    left: timedelta
    late_wall: timedelta
    late_business: timedelta


def status_of(  # noqa: PLR0913  the whole of a clock that its state depends on
    *,
    terms: ClockTerms,
    started_at: datetime,
    due_at: datetime,
    ended_at: datetime | None,
    ended_by: Ended | None,
    rep: Rep | None,
    as_of: datetime,
) -> Status:
    """Return the state of a clock at ``as_of``; what ended later still runs then.

    A clock that ended at exactly its due time is in time, one that is unmet at exactly its due
    time is not late yet.
    """
    over = ended_at is not None and ended_at <= as_of
    until = (ended_at if ended_at is not None and over else as_of).astimezone(UTC)
    calendar = clock_calendar(terms, rep)
    passed = calendar.elapsed(started_at, until)
    late = until > due_at
    return Status(
        state=_state(
            over=over, late=late, ended_by=ended_by, used=_used(passed, terms), terms=terms
        ),
        is_open=not over,
        used=_used(passed, terms),
        left=max(terms.within - passed, _NONE),
        late_wall=until - due_at if late else _NONE,
        late_business=business_calendar(terms, rep).elapsed(due_at, until) if late else _NONE,
    )


def _used(passed: timedelta, terms: ClockTerms) -> float:
    """Return the share used; a term of zero is used up from the start."""
    return passed / terms.within if terms.within else 1.0


def _state(
    *, over: bool, late: bool, ended_by: Ended | None, used: float, terms: ClockTerms
) -> State:
    if over and ended_by is Ended.TRANSFERRED:
        return State.TRANSFERRED
    if over and ended_by is Ended.CANCELLED:
        return State.CANCELLED
    if late:
        return State.BREACHED
    if over:
        return State.MET
    shares = [float(rung.at.share) for rung in terms.rungs if rung.at.share is not None]
    return State.DUE_SOON if used >= min(shares, default=_SOON) else State.RUNNING


def wall_elapsed(
    starts: NDArray[np.datetime64], ends: NDArray[np.datetime64]
) -> NDArray[np.timedelta64]:
    """Return the wall-clock time between pairs of instants (``datetime64[us]``, UTC)."""
    return np.asarray(ends - starts)


def business_elapsed(
    calendars: NDArray[np.object_],
    starts: NDArray[np.datetime64],
    ends: NDArray[np.datetime64],
) -> NDArray[np.timedelta64]:
    """Return the open time between pairs of instants, each by its own :class:`Calendar`.

    One pass a distinct calendar; a missing calendar, start or end gives NaT.
    """
    found = np.full(starts.shape, np.timedelta64("NaT", "us"))
    for calendar in {each for each in calendars.tolist() if isinstance(each, Calendar)}:
        rows = np.array([each == calendar for each in calendars.tolist()], dtype=bool)
        found[rows] = calendar.elapsed_many(starts[rows], ends[rows])
    return found
