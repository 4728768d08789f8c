"""What the pace says: of each team the weeks behind, its reps now, the weeks ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from accord.findings import Finding
from accord.metrics import week_of
from accord.records import Role, to_text
from accord.routing import Forecast, WeekAhead

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekBehind:
    """One ISO week: what entered the queue, and what was first given to a rep.

    ``hot`` is part of ``arrived``, ``forced`` of ``released``. The running week ends at as_of.
    """

    week: str
    arrived: int = 0
    hot: int = 0
    released: int = 0
    forced: int = 0
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepLoad:
    """One rep against his capacities: given this week, this month, today.

    ``left_today`` is what he may yet be given today as his share. ``forced_week`` and
    ``forced_month`` count what went to him over capacity by rule; ``expected_week`` is what he will
    have been given at the week's end, if leads come as foretold.
    """

    rep_id: str
    away: bool
    per_week: int
    per_month: int
    week: int
    month: int
    today: int
    left_today: int
    forced_week: int
    forced_month: int
    expected_week: int

    @property
    def over_week(self) -> int:
        """By how many leads he is over his weekly capacity."""
        return max(0, self.week - self.per_week)

    @property
    def over_month(self) -> int:
        """By how many leads he is over his monthly capacity."""
        return max(0, self.month - self.per_month)

    @property
    def expected_over(self) -> int:
        """By how many leads he will be over his weekly capacity at the week's end."""
        return max(0, self.expected_week - self.per_week)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            **asdict(self),
            "over_week": self.over_week,
            "over_month": self.over_month,
            "expected_over": self.expected_over,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPace:
    """Where one team stands.

    ``backlog`` waits for a rep: ``reassigned`` of it for another one, since theirs has left, and of
    the rest the oldest since ``oldest_at``. ``withheld`` waits for a person's approval beside it.
    ``per_week`` arrive, ``hot_per_week`` of them hot, as the weeks behind say
    or as was asked. ``capacity`` is the sum of the reps' weekly capacities. ``best`` and ``worst``
    are the weeks ahead if those who come rank behind or before those who wait.
    """

    team: str
    role: Role
    behind: tuple[WeekBehind, ...]
    backlog: int
    oldest_at: datetime | None
    reassigned: int
    withheld: int
    per_week: Fraction
    hot_per_week: Fraction
    reps: tuple[RepLoad, ...]
    best: Forecast
    worst: Forecast

    @property
    def capacity(self) -> int:
        """What the team can take in a week, its own months apart."""
        return sum(rep.per_week for rep in self.reps)

    def as_dict(self, *, zone: str) -> dict[str, Any]:
        """Return plain values for JSON; weeks are named in the zone."""
        return {
            "team": self.team,
            "role": self.role.value,
            "capacity_per_week": self.capacity,
            "arrivals_per_week": str(shown(self.per_week)),
            "hot_per_week": str(shown(self.hot_per_week)),
            "behind": [asdict(week) for week in self.behind],
            "backlog": self.backlog,
            "oldest_at": _text(self.oldest_at),
            "reassigned": self.reassigned,
            "withheld": self.withheld,
            "reps": [rep.as_dict() for rep in self.reps],
            "ahead": [_week_ahead(week, zone=zone) for week in self.best.weeks],
            "overflow": {
                "overdue_from": _text(self.best.overdue_from),
                "forced_from": _text(self.best.forced_from),
                "overdue_from_at_worst": _text(self.worst.overdue_from),
                "forced_from_at_worst": _text(self.worst.forced_from),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The pace of all teams that leads are handed to; findings are what needs a person."""

    as_of: datetime
    zone: str
    agreement: str
    hold_at_most: timedelta
    teams: tuple[TeamPace, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: ids and counts, no person's data."""
        return {
            "as_of": to_text(self.as_of),
            "agreement": self.agreement,
            "hold_at_most_hours": str(_hours(self.hold_at_most)),
            "teams": [team.as_dict(zone=self.zone) for team in self.teams],
            "findings": [asdict(finding) for finding in self.findings],
        }


def shown(figure: Fraction) -> Decimal:
    """Return a figure to one decimal, half up.

    >>> shown(Fraction(5, 4))
    Decimal('1.3')
    """
    exact = Decimal(figure.numerator) / Decimal(figure.denominator)
    return exact.quantize(_TENTH, ROUND_HALF_UP)


def _hours(length: timedelta) -> Decimal:
    return shown(Fraction(length // timedelta(seconds=1), 3600))


def _week_ahead(week: WeekAhead, *, zone: str) -> Mapping[str, Any]:
    return {
        "week": week_of(week.start, zone).label,
        "arrived": week.arrived,
        "released": week.released,
        "forced": week.forced,
        "backlog": week.backlog,
        "oldest_at": _text(week.oldest_at),
        "given": dict(week.given),
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
