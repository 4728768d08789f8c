"""Who can take a lead now: absence, capacity, today's share, opening hours, weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from accord.routing.model import Candidate
from accord.routing.periods import Periods


class Desk:
    """One rep at work in a run: the candidate, and what he has been given while it lasts."""

    def __init__(self, candidate: Candidate, *, weight: Fraction, periods: Periods) -> None:
        self.candidate = candidate
        self.rep_id = candidate.rep_id
        self.weight = weight
        self.week = candidate.week
        self.month = candidate.month
        self.today = candidate.today
        self.is_away = is_away(candidate, periods.as_of)
        self.takes_leads = weight > 0 and min(candidate.per_week, candidate.per_month) > 0
        self._periods = periods

    @property
    def is_full(self) -> bool:
        """Whether either capacity is used up."""
        return self.week >= self.candidate.per_week or self.month >= self.candidate.per_month

    @property
    def is_available(self) -> bool:
        """Whether he can take a lead: not away, below both capacities, with a weight at all."""
        return self.takes_leads and not self.is_away and not self.is_full

    @property
    def has_share(self) -> bool:
        """Whether what he may be given today, the week levelled, is not used up."""
        return self.today < self._share_today

    @cached_property
    def is_open(self) -> bool:
        """Whether his office is open now."""
        return self.candidate.calendar.is_open(self._periods.as_of)

    @property
    def load(self) -> tuple[bool, Fraction, int, str]:
        """Sort key of how loaded he is: share of the weekly capacity, then the month, then the id.

        Who takes no leads, by a capacity or a weight of zero, comes last.
        """
        capacity = self.candidate.per_week
        used = Fraction(self.week, capacity or 1)
        return (not self.takes_leads, used, self.month, self.rep_id)

    def take(self) -> None:
        """Count one lead more."""
        self.week += 1
        self.month += 1
        self.today += 1

    @cached_property
    def _share_today(self) -> int:
        """The capacity that was left this morning, evenly over the working days left, rounded up.

        On a day after the last working day of the week all that is left may go.
        """
        candidate = self.candidate
        left = min(
            candidate.per_week - (candidate.week - candidate.today),
            candidate.per_month - (candidate.month - candidate.today),
        )
        return -(-left // max(self._working_days_left, 1))

    @property
    def _working_days_left(self) -> int:
        calendar = self.candidate.calendar.without(self.candidate.absences)
        days = pairwise(self._periods.days)
        return sum(bool(calendar.elapsed(start, end)) for start, end in days)


def is_away(candidate: Candidate, at: datetime) -> bool:
    """Say whether a rep is away: from the first instant of an absence to before its last."""
    return any(start <= at < end for start, end in candidate.absences)


def desks_of(candidates: Iterable[Candidate], *, periods: Periods) -> dict[str, list[Desk]]:
    """Return each team's desks, by rep id.

    A weight is the rep's own, else his weekly capacity, divided by the team's smallest above zero.
    """
    teams: dict[str, list[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.rep_id):
        teams.setdefault(candidate.team, []).append(candidate)
    return {team: _desks(members, periods=periods) for team, members in teams.items()}


def _desks(members: Sequence[Candidate], *, periods: Periods) -> list[Desk]:
    weights = [_weight(one) for one in members]
    least = min((weight for weight in weights if weight > 0), default=Fraction(1))
    return [
        Desk(one, weight=weight / least, periods=periods)
        for one, weight in zip(members, weights, strict=True)
    ]


def _weight(candidate: Candidate) -> Fraction:
    return Fraction(candidate.per_week) if candidate.weight is None else candidate.weight


def has_changed(desks: Sequence[Desk], since: datetime, until: datetime, *, hot: bool) -> bool:
    """Say whether anybody's availability may have changed between two instants.

    By an absence that began or ended, or for hot leads by an office that opened or closed.
    Capacity that ran out shows in who is available, or ended the stretch when it did.
    """
    return any(_has_changed(desk.candidate, since, until, hot=hot) for desk in desks)


def _has_changed(candidate: Candidate, since: datetime, until: datetime, *, hot: bool) -> bool:
    edges = (edge for span in candidate.absences for edge in span)
    if any(since < edge <= until for edge in edges):
        return True
    if not hot or since >= until:
        return False
    open_time = candidate.calendar.elapsed(since, until)
    was_open, is_open = candidate.calendar.is_open(since), candidate.calendar.is_open(until)
    stayed = until - since if was_open else timedelta(0)
    return was_open != is_open or open_time != stayed
