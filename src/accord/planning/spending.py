"""What a plan's MQLs cost, each segment's by the channels that its MQLs come through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from accord.planning.funnel import Plan, round_half_up
from accord.planning.history import ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one channel's MQLs (of no channel: "") cost in the weeks looked at."""

    channel: str
    spend: Decimal | None
    mqls: int
    each: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSpend:
    """What a segment's planned MQLs cost: of one, and of all; None where nothing can be said.

    ``own`` is whether one costs what those of the segment did; where it brought fewer than
    :data:`ENOUGH`, the cost is that of an MQL of any segment.
    """

    segment: str
    mqls: int
    each: Decimal | None
    needed: Decimal | None
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendNeeded:
    """What the plan's MQLs cost at today's cost of one: per segment, in all, and a customer's.

    ``each`` is the cost of one of all that came, ``planned_each`` of one of all that are planned:
    they differ as the mix of segments does. Money in cents, rounded half up once; ``total`` is the
    sum of the segments' as shown. ``channels`` are the ones that brought MQLs, cheapest first.
    """

    each: Decimal | None
    planned_each: Decimal | None
    segments: tuple[SegmentSpend, ...]
    total: Decimal | None
    per_customer: Decimal | None
    channels: tuple[Cost, ...]


def spend_needed(
    plan: Plan,
    *,
    spend: Mapping[str, Decimal] | None,
    mqls: Mapping[tuple[str, str], int],
    per_customer: Decimal | None = None,
) -> SpendNeeded:
    """Work out what a plan's MQLs cost at what those of some weeks did.

    ``spend`` is by channel (None: none was ever reported), ``mqls`` by segment and channel; what
    nobody named is "". A channel's spend is that of the MQLs it brought, alike; what was spent on a
    channel that brought none, or on none that is named, is that of every MQL alike. So what the
    segments' MQLs cost adds up to what was spent, where each brought :data:`ENOUGH`.
    """
    brought: Counter[str] = Counter()
    for (_, channel), count in mqls.items():
        brought[channel] += count
    cost = None if spend is None else _cost_by_segment(spend, mqls, brought)
    came = sum(brought.values())
    usual = None
    if spend is not None and came:
        usual = sum(map(Fraction, spend.values()), Fraction(0)) / came
    segments = tuple(
        _segment(one.segment, one.shown["mql"], cost, usual=usual) for one in plan.segments
    )
    known = [one.needed for one in segments if one.needed is not None]
    total = sum(known, Decimal(0)) if len(known) == len(segments) and usual is not None else None
    planned = sum(one.mqls for one in segments)
    return SpendNeeded(
        each=_money(usual),
        planned_each=_money(Fraction(total) / planned if total is not None and planned else None),
        segments=segments,
        total=total,
        per_customer=per_customer,
        channels=_channels(spend, brought),
    )


def _cost_by_segment(
    spend: Mapping[str, Decimal], mqls: Mapping[tuple[str, str], int], brought: Mapping[str, int]
) -> dict[str, Fraction]:
    """Return what an MQL of each segment that brought enough of them cost."""
    named = {name: Fraction(paid) for name, paid in spend.items() if name and brought.get(name)}
    shared = sum(map(Fraction, spend.values()), Fraction(0)) - sum(named.values(), Fraction(0))
    came = sum(brought.values())
    paid: dict[str, Fraction] = {}
    of: Counter[str] = Counter()
    for (segment, channel), count in mqls.items():
        own = named[channel] * count / brought[channel] if channel in named else Fraction(0)
        paid[segment] = paid.get(segment, Fraction(0)) + own + shared * count / came
        of[segment] += count
    return {name: whole / of[name] for name, whole in paid.items() if of[name] >= ENOUGH}


def _segment(
    name: str, mqls: int, cost: Mapping[str, Fraction] | None, *, usual: Fraction | None
) -> SegmentSpend:
    own = cost is not None and name in cost
    each = cost[name] if cost is not None and own else usual
    return SegmentSpend(
        segment=name,
        mqls=mqls,
        each=_money(each),
        needed=_money(None if each is None else each * mqls),
        own=own,
    )


def _channels(spend: Mapping[str, Decimal] | None, brought: Mapping[str, int]) -> tuple[Cost, ...]:
    paid = {} if spend is None else spend
    names = {name for name, count in brought.items() if count} | set(paid)
    costs = []
    for name in names:
        own = None if spend is None else paid.get(name, Decimal(0))
        count = brought.get(name, 0)
        each = _money(Fraction(own) / count) if own is not None and count else None
        costs.append(Cost(channel=name, spend=own, mqls=count, each=each))
    return tuple(sorted(costs, key=_cheapest_first))


def _cheapest_first(cost: Cost) -> tuple[bool, Decimal, str]:
    return (cost.each is None, cost.each or Decimal(0), cost.channel)


def _money(value: Fraction | None) -> Decimal | None:
    return None if value is None else Decimal(round_half_up(value * 100)).scaleb(-2)
