"""Which step of a ladder is due: at most once each, in order, only the last one sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """What a sweep does with one ladder: indexes skipped, the one sent, and what comes next."""

    skipped: tuple[int, ...]
    sent: int | None
    next_step: int | None
    next_at: datetime | None


def climb(times: Sequence[datetime], *, first: int, as_of: datetime) -> Climb:
    """Return what is due of the steps from index ``first`` on; a step at exactly ``as_of`` is.

    Of several due ones only the last is sent, the others are skipped.

    >>> from datetime import UTC
    >>> at = [datetime(2026, 11, 21, hour, tzinfo=UTC) for hour in (9, 10, 12)]
    >>> plan = climb(at, first=0, as_of=datetime(2026, 11, 21, 11, tzinfo=UTC))
    >>> plan.skipped, plan.sent, plan.next_step
    ((0,), 1, 2)
    """
    due = [index for index in range(first, len(times)) if times[index] <= as_of]
    following = due[-1] + 1 if due else first
    left = following < len(times)
    return Climb(
        skipped=tuple(due[:-1]),
        sent=due[-1] if due else None,
        next_step=following if left else None,
        next_at=times[following] if left else None,
    )


def missed(times: Iterable[datetime], *, ended_at: datetime) -> tuple[datetime, ...]:
    """Return those of the steps still to come whose time came before the clock ended, unswept."""
    return tuple(takewhile(lambda at: at < ended_at, times))
