"""The companies that prospects work for: name, domain, industry, country and size."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from accord.simulate.streams import pick, stream
from accord.simulate.words import COUNTRIES, FIRST_WORDS, INDUSTRIES, LAST_WORDS

SIZES = {"small": (3, 99), "middle": (100, 999), "large": (1000, 30_000)}
_SHARES = {"small": 62.0, "middle": 30.0, "large": 8.0}
_DEALS = {"small": 10_000, "middle": 30_000, "large": 250_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One company; ``size`` is small, middle or large, and ``employees`` lies in its range."""

    number: int
    name: str
    domain: str
    industry: str
    country: str
    size: str
    employees: int

    def deal(self, chance: Random) -> Decimal:
        """Draw what a deal with it is worth, in whole hundreds around its size's average."""
        value = _DEALS[self.size] * chance.lognormvariate(-0.06, 0.35)
        return Decimal(max(10, round(value / 100)) * 100)


def make_account(seed: int, number: int) -> Account:
    """Make the company of that number: always the same, its domain its own."""
    chance = stream(seed, "account", number)
    first, last = _words(number)
    round_trip = number // (len(FIRST_WORDS) * len(LAST_WORDS))
    tail = str(round_trip + 1) if round_trip else ""
    size = pick(chance, _SHARES)
    low, high = SIZES[size]
    return Account(
        number=number,
        name=f"{first} {last}{' ' + tail if tail else ''}",
        domain=f"{first}{last}{tail}.example".lower(),
        industry=pick(chance, INDUSTRIES),
        country=pick(chance, COUNTRIES),
        size=size,
        employees=round(low * (high / low) ** chance.random()),
    )


def _words(number: int) -> tuple[str, str]:
    """Two words a number, every pair once before any comes again."""
    first = FIRST_WORDS[number % len(FIRST_WORDS)]
    return first, LAST_WORDS[(number // len(FIRST_WORDS) + number) % len(LAST_WORDS)]
