"""How well a rule of hand-over tells buyers from the others, over leads whose outcome is known.

Counts and shares with their confidence intervals; lift by decile of a ranking. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of counted leads, with the interval that holds the true one in 95 of 100 cases.

    ``value low high`` are None where ``of`` is 0: nothing was counted, which is not a share of 0.
    """

    count: int
    of: int
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """A tenth of the leads in the order of the ranking, 1 the best: how many of them bought.

    ``lift`` is its rate of buyers over that of all, 1 where the ranking tells nothing; with its
    interval.
    """

    number: int
    leads: int
    winners: int
    lift: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One agreement over past leads: whom it would have sent, and what became of them.

    ``recall``: of the winners, those it would have caught; ``precision``: of those it would have
    sent, the winners; ``wasted``: of the non-buyers, those it would have sent. ``deciles`` rank
    all of these leads by hot, then intent, engagement, fit at the best each had been.
    """

    version: str
    winners: int
    non_buyers: int
    recall: Share
    precision: Share
    wasted: Share
    lift: Share
    deciles: tuple[Decile, ...]
