"""How well a rule of hand-over tells buyers from the others, over leads whose outcome is known.

Counts and shares with their confidence intervals; lift by decile of a ranking. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import narwhals as nw

from accord.intervals import exact, wilson

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

    ``winners`` is the number to expect, not always a whole one: leads that rank alike share their
    places evenly, so a tenth that holds some of their places has that part of their winners. To
    four places, so rounded that the tenths add up to all winners. ``lift`` is its rate of buyers,
    not rounded, over that of all, 1 where the ranking tells nothing; with its interval.
    """

    number: int
    leads: int
    winners: Decimal
    lift: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One agreement over past leads: whom it would have sent, and what became of them.

    ``recall``: of the winners, those it would have caught; ``precision``: of those it would have
    sent, the winners; ``wasted``: of the non-buyers, those it would have sent. ``lift`` is the
    precision over the winners' share of all these leads, counted as precision is. ``deciles`` rank
    all of these leads by hot, then intent, engagement, fit at the best each had been; who is alike
    in all four is tied.
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

    ``past``: one row a lead, any backend, any order, no nulls: ``won`` and ``sent`` as booleans;
    ``hot`` (boolean), intent, engagement and fit at the lead's best moment. Deciles differ in size
    by one at most. Of leads tied in the ranking each place has the same part of a winner, their
    share of winners: who they are decides nothing, and where all are tied every lift is 1.
    """
    tied = _find_tied(past)
    leads, winners, sent, caught = (sum(one[name] for one in tied) for name in _COUNTED)
    return Evaluation(
        version=version,
        winners=winners,
        non_buyers=leads - winners,
        recall=share(caught, winners),
        precision=share(caught, sent),
        wasted=share(sent - caught, leads - winners),
        lift=lift(caught, sent, winners=winners, leads=leads),
        deciles=tuple(_deciles(tied)),
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
    value, low, high = _measured(Fraction(count), of, times=times, over=over)
    return Share(count=count, of=of, value=value, low=low, high=high)


def _measured(count: Fraction, of: int, *, times: int, over: int) -> Sequence[Decimal | None]:
    """Return count/of times that factor, and its limits; ``count`` need not be whole."""
    if not of or not over:
        return (None, None, None)
    factor = Fraction(times, over)
    with localcontext(prec=_PRECISION):
        limits = (limit * exact(factor) for limit in wilson(count, of))
        return [_shown(one) for one in (exact(count / of * factor), *limits)]


def _shown(value: Decimal) -> Decimal:
    return abs(value.quantize(_SHOWN, rounding=ROUND_HALF_UP))  # a limit of 0 has no sign


_Tied = Mapping[str, int]
_COUNTED = ("leads", "winners", "sent", "caught")


def _find_tied(past: Any) -> Sequence[_Tied]:
    """Count the leads of each rank, the best first: leads, winners, sent, winners sent."""
    won, sent, *rank = (nw.col(name).cast(nw.Int64) for name in ("won", "sent", *_RANKED_BY))
    rows = nw.from_native(past).lazy().select(*rank, winners=won, sent=sent, caught=won * sent)
    summed = (nw.col(name).sum() for name in _COUNTED[1:])
    tied = rows.group_by(*_RANKED_BY).agg(nw.len().alias("leads"), *summed)
    ordered = tied.sort(*_RANKED_BY, descending=True).select(*_COUNTED)
    found: list[_Tied] = ordered.collect("pyarrow").to_native().to_pylist()
    return found


def _deciles(tied: Sequence[_Tied]) -> Iterator[Decile]:
    places, bought = ([0, *accumulate(one[name] for one in tied)] for name in ("leads", "winners"))
    leads, winners = places[-1], bought[-1]
    edges = [leads * number // _DECILES for number in range(_DECILES + 1)]
    expected = [_expect(edge, places=places, bought=bought) for edge in edges]
    spans = zip(pairwise(edges), pairwise(expected), strict=True)
    for number, ((start, end), (before, after)) in enumerate(spans, 1):
        of = end - start
        value, low, high = _measured(after - before, of, times=leads, over=winners)
        counted = _to_places(after) - _to_places(before)
        yield Decile(
            number=number, leads=of, winners=_plain(counted), lift=value, low=low, high=high
        )


def _expect(place: int, *, places: Sequence[int], bought: Sequence[int]) -> Fraction:
    """Return how many winners to expect among the leads up to a place of the ranking.

    ``places`` and ``bought`` count leads and winners up to the end of each tie, from 0 on. Within a
    tie the winners are spread evenly.

    >>> _expect(3, places=[0, 1, 5], bought=[0, 1, 2])
    Fraction(3, 2)
    """
    after = bisect_left(places, place)
    before = max(after - 1, 0)
    within = Fraction(place - places[before], max(places[after] - places[before], 1))
    return bought[before] + within * (bought[after] - bought[before])


def _to_places(value: Fraction) -> Decimal:
    with localcontext(prec=_PRECISION):
        return _shown(exact(value))


def _plain(value: Decimal) -> Decimal:
    """Drop the zeros of a fraction: a whole count reads as one."""
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()
