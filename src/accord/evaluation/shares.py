"""How well a rule of hand-over tells buyers from the others, over leads whose outcome is known.

Counts and shares with their confidence intervals; lift by decile of a ranking. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import narwhals as nw

_Z = Decimal("1.959963984540054")
"""The standard normal deviate that leaves 2.5 % on either side."""

_PRECISION = 60
_SHOWN = Decimal("0.0001")
_DECILES = 10
_RANKED_BY = ("hot", "intent", "engagement", "fit")


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
    sent, the winners; ``wasted``: of the non-buyers, those it would have sent. ``lift`` is the
    precision over the winners' share of all these leads, counted as precision is. ``deciles`` rank
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


def evaluate(past: Any, *, version: str) -> Evaluation:
    """Count whom the agreement of that version would have sent, over leads of known outcome.

    ``past``: one row a lead (key: lead_id), any backend, no nulls: ``won`` and ``sent`` as
    booleans; ``hot`` (boolean), intent, engagement and fit at the lead's best moment. Deciles
    differ in size by one at most; ties of the ranking go by lead_id.
    """
    won, sent = _in_rank_order(past)
    leads, winners, handed = len(won), sum(won), sum(sent)
    caught = sum(one and other for one, other in zip(won, sent, strict=True))
    return Evaluation(
        version=version,
        winners=winners,
        non_buyers=leads - winners,
        recall=share(caught, winners),
        precision=share(caught, handed),
        wasted=share(handed - caught, leads - winners),
        lift=lift(caught, handed, winners=winners, leads=leads),
        deciles=tuple(_deciles(won)),
    )


def share(count: int, of: int) -> Share:
    """Return a share with its Wilson score interval of 95 %, to four places half up.

    Worked: 15 of 148 are 0.1014, from 0.0624 to 0.1605 (Newcombe 1998, Statistics in Medicine 17,
    857-872, table I, method 3).

    >>> one = share(15, 148)
    >>> one.value, one.low, one.high
    (Decimal('0.1014'), Decimal('0.0624'), Decimal('0.1605'))
    """
    return _share(count, of, times=1, over=1)


def lift(count: int, of: int, *, winners: int, leads: int) -> Share:
    """Return how often ``count`` of ``of`` is the rate of winners among all leads.

    The interval is that of the share, over the rate of these very leads: that rate is what they
    were, and no estimate. Nothing can be said, and all is None, without winners.

    >>> lift(3, 4, winners=5, leads=20).value
    Decimal('3.0000')
    """
    return _share(count, of, times=leads, over=winners)


def _share(count: int, of: int, *, times: int, over: int) -> Share:
    if not of or not over:
        return Share(count=count, of=of, value=None, low=None, high=None)
    with localcontext(prec=_PRECISION):
        factor = Decimal(times) / Decimal(over)
        low, high = _wilson(count, of)
        return Share(
            count=count,
            of=of,
            value=_shown(Decimal(count * times) / Decimal(of * over)),
            low=_shown(low * factor),
            high=_shown(high * factor),
        )


def _wilson(count: int, of: int) -> tuple[Decimal, Decimal]:
    """Return the limits p of |count/of - p| <= z sqrt(p (1 - p) / of), the score interval."""
    square = _Z * _Z
    middle = 2 * count + square
    reach = _Z * (square + Decimal(4 * count * (of - count)) / of).sqrt()
    whole = 2 * (of + square)
    return (middle - reach) / whole, (middle + reach) / whole


def _shown(value: Decimal) -> Decimal:
    return abs(value.quantize(_SHOWN, rounding=ROUND_HALF_UP))  # a limit of 0 has no sign


def _in_rank_order(past: Any) -> tuple[list[bool], list[bool]]:
    """Return who won and who was sent, the best lead first."""
    rank = [nw.col(name).cast(nw.Int64) for name in _RANKED_BY]
    falling = [True] * len(rank)
    ordered = nw.from_native(past).lazy().select("lead_id", "won", "sent", *rank)
    ordered = ordered.sort(*_RANKED_BY, "lead_id", descending=[*falling, False])
    found = ordered.select("won", "sent").collect("pyarrow")
    return found["won"].to_list(), found["sent"].to_list()


def _deciles(won: Sequence[bool]) -> Iterator[Decile]:
    leads, winners = len(won), sum(won)
    for number in range(1, _DECILES + 1):
        own = won[leads * (number - 1) // _DECILES : leads * number // _DECILES]
        found = lift(sum(own), len(own), winners=winners, leads=leads)
        yield Decile(
            number=number,
            leads=len(own),
            winners=found.count,
            lift=found.value,
            low=found.low,
            high=found.high,
        )
