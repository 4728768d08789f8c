"""Many different leads and activities at once, for an engine that starts slowly."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from accord.agreement import Agreement
from accord.records import to_us
from tests.scoring.engines import DAY_US, T, shipped, with_scoring

LEADS = 400
_TITLES = (
    "VP",
    "vp für Söle",
    "Chief Élan",
    "Chief E\u0301lan",
    "経理部長 manager",
    "STUDENT",
    "head",
    "Straße",
    "İstanbul",
    "директор",
    " VP ",
)
_HOSTS = ("GMAIL.com", "acme.example", "yahoo.co.jp", "müller.example")
# Whole and broken half-lives, the instant itself, a microsecond before and after, long ago.
_AGES = (0, 0, 0, 1, -1, -DAY_US, 14 * DAY_US, 30 * DAY_US, 28 * DAY_US, 60 * DAY_US)
KINDS = (
    *shipped().scoring.engagement.activities,
    *shipped().scoring.intent.activities,
    "Demo_Requested",
    "a.b `c`",
    "経理",
    "email_sent",
)


def people(chance: random.Random) -> list[dict[str, Any]]:
    """Leads with every kind of attribute, or with none; nearly every title and mailbox differs."""
    return [{"lead_id": f"crm:{at}", **_person(chance, at)} for at in range(LEADS)]


def happenings(chance: random.Random) -> list[tuple[str | None, str | None, int]]:
    """Rows of lead, kind and instant: of nobody known, of no lead or kind at all, and repeated."""
    rows: list[tuple[str | None, str | None, int]] = [
        (f"crm:{chance.randrange(LEADS + 20)}", chance.choice(KINDS), to_us(T) - _age(chance))
        for _ in range(8 * LEADS)
    ]
    return [*rows, *rows[:40], (None, "page_viewed", to_us(T)), ("crm:1", None, to_us(T))]


def ties() -> Agreement:
    """Terms whose contributions are ties (x.x5), below zero, capped, with names Spark could mix."""
    seen = {
        "page_viewed": {"points": 0.25, "shows": "attention"},
        "email_opened": {"points": -0.05, "half_life": "1h"},
        "form_submitted": {"points": 39.96, "cap": 39.96, "shows": "interest"},
        "unsubscribed": {"points": -40.5, "cap": 5},
        "a.b `c`": {"points": 1.25, "shows": "interest", "half_life": "365d"},
        "経理": {"points": 3.33, "cap": 0},
    }
    wanted = {
        "demo_requested": {"points": 1.25, "shows": "action", "half_life": "60d"},
        "Demo_Requested": {"points": 70, "cap": 0.35, "shows": "desire"},
        "pricing_viewed": {"points": -3.33, "half_life": "7d"},
    }
    return with_scoring(
        fit={"cap": 45.5, "rules": [*_rules()]},
        engagement={"cap": 60, "half_life": "14d", "activities": seen},
        intent={"cap": 80.5, "half_life": "1d", "activities": wanted},
    )


def _rules() -> list[dict[str, Any]]:
    terms = {
        "VP": (10.25, {"title": {"matches": r"\bvp\b"}}),
        "vp": (-0.05, {"title": {"matches": "é"}}),
        "a.b `c`": (7, {"any": [{"industry": "STRASSE"}, {"title": {"not_in": ["head 1"]}}]}),
        "no country": (-1.25, {"country": {"present": False}}),
        "money": (39.96, {"budget": {"gt": 9999.99}, "authority": True}),
        "soon": (4, {"timeline_days": {"in": [89, 90]}, "employees": {"lt": 5000}}),
    }
    return [
        {"name": name, "part": "person", "points": points, "when": when}
        for name, (points, when) in terms.items()
    ]


def _person(chance: random.Random, at: int) -> dict[str, Any]:
    if at % 20 == 0:
        return {}
    return {
        "title": chance.choice((None, "", *(f"{word} {at}" for word in _TITLES))),
        "email": chance.choice((None, *(f"ä{at}@{host}" for host in _HOSTS))),
        "industry": chance.choice((None, "Software", "FINANCE", "straße", "STRASSE")),
        "country": chance.choice((None, "us", "NO", "DE", "FR", "no ")),
        "employees": chance.choice((None, 0, 99, 100, 5000)),
        "budget": chance.choice((None, Decimal("9999.99"), Decimal("10000.00"))),
        "authority": chance.choice((None, True, False)),
        "need": chance.choice((None, "x", "")),
        "timeline_days": chance.choice((None, 89, 90, 91)),
    }


def _age(chance: random.Random) -> int:
    broken = chance.randrange(-DAY_US, 4_000 * DAY_US) if chance.random() < 0.5 else None
    return chance.choice(_AGES) if broken is None else broken
