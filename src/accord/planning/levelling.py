"""Levelling: the same leads spread evenly over the weeks, and what a queue makes of uneven ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelWeek:
    """One week: what came, its even share of all weeks, and what a queue handed on and kept."""

    came: int
    level: Fraction
    handed: Fraction
    backlog: Fraction


def level(came: Sequence[int], *, per_week: Fraction | int) -> tuple[LevelWeek, ...]:
    """Set what came in some weeks beside a level plan, and beside a queue that hands on so many.

    A plan can ask for the same each week; a queue cannot hand on what has not come yet (A114).

    >>> weeks = level((30, 10, 20, 60), per_week=30)
    >>> [int(week.level) for week in weeks]
    [30, 30, 30, 30]
    >>> [int(week.handed) for week in weeks], int(weeks[-1].backlog)
    ([30, 10, 20, 30], 30)
    """
    even = Fraction(sum(came), len(came)) if came else Fraction(0)
    found: list[LevelWeek] = []
    waiting = Fraction(0)
    for one in came:
        waiting += one
        handed = min(waiting, Fraction(per_week))
        waiting -= handed
        found.append(LevelWeek(came=one, level=even, handed=handed, backlog=waiting))
    return tuple(found)


def peak_to_mean(came: Iterable[int]) -> Fraction | None:
    """Return the largest week over the mean one: 1 is level; None where nothing came.

    >>> peak_to_mean((30, 10, 20, 60))
    Fraction(2, 1)
    """
    weeks = tuple(came)
    return Fraction(max(weeks) * len(weeks), sum(weeks)) if sum(weeks) else None
