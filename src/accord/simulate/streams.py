"""Chance that does not depend on when it is asked for: one stream a subject, by its name.

Everything random in the world draws from a stream named by the seed and the subject it is about, so
neither the cutting of time nor the order of questions changes what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")

CRM_ZONE = ZoneInfo("America/New_York")
"""The CRM exports leads in naive local time of this zone."""

OFFSETS_HOURS: Mapping[str, int] = {
    "US": -4,
    "CA": -4,
    "GB": 1,
    "NO": 2,
    "DE": 2,
    "AT": 2,
    "CH": 2,
    "FR": 2,
    "IN": 5,
}
"""Rough distance of a country's clocks from UTC: it shapes the day, no rule reads it."""

_DAY_SHAPE = (1, 1, 0.5, 0.5, 0.5, 1, 2, 4, 8, 12, 13, 12, 9, 11, 13, 12, 10, 7, 5, 5, 6, 6, 4, 2)
_SATURDAY = 5


def stream(seed: int, *subject: object) -> Random:
    """Return the stream of a subject, such as ``stream(7, "lead", "L0001")``: always the same."""
    name = "/".join(str(part) for part in subject)
    return Random(f"{seed}/{name}")  # noqa: S311  a world is made here, no secret


def pick(chance: Random, weights: Mapping[T, float]) -> T:
    """Draw one of the keys, each as often as its weight says."""
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def hours(count: float) -> timedelta:
    """Return a number of hours, to the second."""
    return timedelta(seconds=int(count * 3600))


def minutes(count: float) -> timedelta:
    """Return a number of minutes, to the second."""
    return timedelta(seconds=int(count * 60))


def moment_on(day: datetime, country: str, chance: Random) -> datetime:
    """Draw an instant of this UTC day, when people of a country are up: most in office hours."""
    local = chance.choices(range(24), weights=_DAY_SHAPE)[0]
    hour = (local - OFFSETS_HOURS.get(country, 0)) % 24
    midnight = day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(hours=hour, seconds=chance.randrange(3600))


def next_session(after: datetime, days: float, country: str, chance: Random) -> datetime:
    """Draw when somebody comes back about so many days later; weekends mostly wait for Monday."""
    day = after + timedelta(days=days)
    if day.weekday() >= _SATURDAY and chance.random() < 0.75:  # noqa: PLR2004  three in four
        day += timedelta(days=7 - day.weekday())
    at = moment_on(day, country, chance)
    return at if at > after else after + minutes(20 + 200 * chance.random())
