"""The people who may buy: what they say about themselves, and the truth behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from accord.simulate.accounts import Account, make_account
from accord.simulate.streams import CRM_ZONE, moment_on, pick, stream
from accord.simulate.words import (
    CAMPAIGNS,
    CHANNELS,
    DECIDERS,
    FIRST_NAMES,
    LAST_NAMES,
    MANAGERS,
    NEEDS,
    OTHERS,
    PRIVATE_MAILBOXES,
    STUDENTS,
)


class Nature(StrEnum):
    """The truth about a prospect; only a buyer or one who buys later ever buys."""

    BUYER = "buyer"
    LATER = "later"
    RESEARCHER = "researcher"
    CASUAL = "casual"
    COMPETITOR = "competitor"
    STUDENT = "student"
    SPAM = "spam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """One person: the first block is hidden truth, the second what the database says.

    ``budget`` to ``timeline_days`` are what the person would answer; whether anybody asked is
    ``answered_on``: at creation, later (an instant), or never (None).
    """

    nature: Nature
    account: Account
    value: Decimal
    best_channel: str
    true_need: str

    lead_id: str
    created_at: datetime
    name: str
    email: str
    phone: str
    title: str
    states_company: bool
    budget: Decimal
    authority: bool
    timeline_days: int
    answered_on: datetime | None
    channel: str
    campaign: str

    @property
    def would_buy(self) -> bool:
        """Whether the person buys if sales does its part."""
        return self.nature in (Nature.BUYER, Nature.LATER)


_NATURES: Mapping[str, Mapping[Nature, float]] = {
    size: {
        Nature.BUYER: buyers,
        Nature.LATER: 2.6,
        Nature.RESEARCHER: 13,
        Nature.CASUAL: 71,
        Nature.COMPETITOR: 2,
        Nature.STUDENT: 4,
        Nature.SPAM: 3,
    }
    for size, buyers in (("small", 4.4), ("middle", 5.2), ("large", 11.0))
}

_PERSONAS: Mapping[Nature, tuple[float, float, float]] = {
    Nature.BUYER: (50, 34, 16),
    Nature.LATER: (46, 34, 20),
    Nature.RESEARCHER: (24, 36, 40),
}
"""Deciders, managers and others, of a hundred."""

_PERSONAS_OF_ALL = (13, 25, 62)
_ANSWERS = {Nature.BUYER: 0.75, Nature.LATER: 0.65, Nature.RESEARCHER: 0.4}
_LEADS_AN_ACCOUNT = 2.2


def arrivals_on(seed: int, day: datetime, *, weekday_leads: float) -> int:
    """Return how many people enter the database on a UTC day; weekends see a third.

    Every third Wednesday a webinar brings half as many again.
    """
    chance = stream(seed, "arrivals", day.date())
    mean = weekday_leads * (0.33 if day.weekday() >= 5 else 1.0)  # noqa: PLR2004  weekend
    if day.weekday() == 2 and day.isocalendar().week % 3 == 0:  # noqa: PLR2004  Wednesday
        mean *= 1.5
    return max(0, round(chance.gauss(mean, math.sqrt(mean) + 0.05 * mean)))


def make_prospect(seed: int, *, day: datetime, number: int, pool: int) -> Prospect:
    """Make the person who came as that number of that UTC day; ``pool`` is how many accounts."""
    lead_id = f"L{day:%y%m%d}{number:04d}"
    chance = stream(seed, "prospect", lead_id)
    account = make_account(seed, min(chance.randrange(pool), chance.randrange(pool)))
    nature = _nature(account, chance)
    created_at = _stored_at(moment_on(day, account.country, chance))
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    channel = pick(chance, CHANNELS)
    return Prospect(
        nature=nature,
        account=account,
        value=account.deal(chance),
        best_channel=pick(chance, {"call": 6, "email": 3, "meeting": 2, "message": 1}),
        true_need=pick(chance, NEEDS),
        lead_id=lead_id,
        created_at=created_at,
        name=f"{first} {last}",
        email=_email(nature, account, f"{first}.{last}{lead_id[3:]}".lower(), chance),
        phone=f"+1 555 {chance.randrange(10_000_000):07d}",
        title=_title(nature, chance),
        states_company=chance.random() < 0.9,  # noqa: PLR2004
        budget=Decimal(chance.choice((5, 8, 10, 15, 20, 30, 60))) * 1000,
        authority=chance.random() < (0.6 if nature in _ANSWERS else 0.2),
        timeline_days=chance.choice((30, 60, 90, 120, 180, 365)),
        answered_on=_answered(nature, created_at, chance),
        channel=channel,
        campaign=chance.choice(CAMPAIGNS[channel]),
    )


def _stored_at(at: datetime) -> datetime:
    """Move an instant out of the hour that the CRM's local time shows twice a year."""
    local = at.astimezone(CRM_ZONE)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return at + timedelta(hours=2) if twice else at


def _nature(account: Account, chance: Random) -> Nature:
    """People of the home industries are likelier to need what is sold."""
    nature = pick(chance, _NATURES[account.size])
    at_home = account.industry in ("software", "finance", "health")
    strays = nature in (Nature.BUYER, Nature.LATER) and not at_home
    return Nature.CASUAL if strays and chance.random() < 0.45 else nature  # noqa: PLR2004


def _title(nature: Nature, chance: Random) -> str:
    if nature is Nature.STUDENT:
        return chance.choice(STUDENTS)
    weights = _PERSONAS.get(nature, _PERSONAS_OF_ALL)
    return chance.choice(chance.choices((DECIDERS, MANAGERS, OTHERS), weights=weights)[0])


def _email(nature: Nature, account: Account, local: str, chance: Random) -> str:
    private = nature in (Nature.STUDENT, Nature.SPAM) or chance.random() < 0.07  # noqa: PLR2004
    return f"{local}@{chance.choice(PRIVATE_MAILBOXES) if private else account.domain}"


def _answered(nature: Nature, created_at: datetime, chance: Random) -> datetime | None:
    """When the person tells budget, authority, need and timeline: at once, later, or never."""
    if chance.random() > _ANSWERS.get(nature, 0.12):
        return None
    later = chance.random() < 0.4  # noqa: PLR2004  four in ten on a second form
    return created_at + timedelta(hours=6 + 90 * chance.random()) if later else created_at


def accounts_for(weekday_leads: float) -> int:
    """Return how many accounts a market holds that brings so many leads a weekday."""
    return max(20, round(weekday_leads * 23 / _LEADS_AN_ACCOUNT))
