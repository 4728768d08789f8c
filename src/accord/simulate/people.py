"""Who works at the company: reps with their habits, managers, marketing, and when they are away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from accord.simulate.streams import stream
from accord.simulate.words import FIRST_NAMES, LAST_NAMES


class Habit(StrEnum):
    """How a person works: within minutes, within the hour, whenever, or only when told."""

    FAST = "fast"
    STEADY = "steady"
    SLOW = "slow"
    FORGETFUL = "forgetful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Away from (included) until (excluded); the record says so from ``known_at`` on."""

    start: datetime
    end: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member of sales or marketing; ``per_week`` is 0 where the agreement's figure holds."""

    rep_id: str
    name: str
    role: str
    team: str
    manager_id: str
    habit: Habit
    absences: tuple[Absence, ...]
    per_week: int = 0

    def row(self, at: datetime) -> dict[str, str]:
        """Return the record as the CRM shows it at an instant."""
        known = (each for each in self.absences if each.known_at <= at)
        spans = (f"{each.start:%Y-%m-%dT%H:%M:%SZ}/{each.end:%Y-%m-%dT%H:%M:%SZ}" for each in known)
        return {
            "id": self.rep_id,
            "name": self.name,
            "mail": f"{self.rep_id.lower()}@vendor.example",
            "role": self.role,
            "team": self.team,
            "manager": self.manager_id,
            "per_week": str(self.per_week or ""),
            "absences": ";".join(spans),
        }


_HABITS = {
    "inbound": (Habit.FAST, Habit.FORGETFUL, Habit.STEADY, Habit.SLOW, Habit.FAST, Habit.STEADY),
    "enterprise": (Habit.FAST, Habit.STEADY, Habit.FORGETFUL),
    "emea": (Habit.STEADY, Habit.FAST, Habit.SLOW),
    "closers": (Habit.STEADY, Habit.FAST, Habit.SLOW),
}
_MANAGERS = (("M-SDR", "inbound"), ("M-AE", "closers"))
_MARKETING = (
    "demand_generation",
    "content_marketing",
    "customer_marketing",
    "product_marketing",
    "marketing_operations",
)
_WEEKS_OF_ABSENCES = 12


def make_people(seed: int, start: datetime, teams: dict[str, int]) -> tuple[Person, ...]:
    """Make everybody: ``teams`` says how many reps inbound, enterprise, emea and closers have."""
    managers = tuple(_person(seed, start, each, "manager", team) for each, team in _MANAGERS)
    marketing = tuple(
        _person(seed, start, f"MK-{number}", "marketing", team)
        for number, team in enumerate(_MARKETING, 1)
    )
    return managers + marketing + tuple(_reps(seed, start, teams))


def _reps(seed: int, start: datetime, teams: dict[str, int]) -> Iterator[Person]:
    for team, count in teams.items():
        role, manager = ("ae", "M-AE") if team == "closers" else ("sdr", "M-SDR")
        for number in range(count):
            habit = _HABITS[team][number % len(_HABITS[team])]
            rep_id = f"{team[:3].upper()}-{number + 1}"
            yield _person(seed, start, rep_id, role, team, manager=manager, habit=habit)


def _person(  # noqa: PLR0913  one value a column of the record
    seed: int,
    start: datetime,
    rep_id: str,
    role: str,
    team: str,
    *,
    manager: str = "",
    habit: Habit = Habit.STEADY,
) -> Person:
    chance = stream(seed, "person", rep_id)
    carries = role in ("sdr", "ae")
    return Person(
        rep_id=rep_id,
        name=f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}",
        role=role,
        team=team,
        manager_id=manager,
        habit=habit,
        absences=tuple(_absences(seed, start, rep_id)) if carries else (),
        per_week=20 if rep_id == "INB-3" else 0,  # works part time
    )


def _absences(seed: int, start: datetime, rep_id: str) -> Iterator[Absence]:
    """About every third week one to three days away: half announced ahead, half on the day."""
    midnight = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for week in range(_WEEKS_OF_ABSENCES):
        chance = stream(seed, "absence", rep_id, week)
        if chance.random() > 0.3:  # noqa: PLR2004
            continue
        first = midnight + timedelta(weeks=week, days=chance.randrange(5))
        planned = chance.random() < 0.5  # noqa: PLR2004
        known = first - timedelta(days=3) if planned else first + timedelta(hours=8)
        end = first + timedelta(days=chance.randint(1, 3))
        yield Absence(start=first, end=end, known_at=max(known, start))
