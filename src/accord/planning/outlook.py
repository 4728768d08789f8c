"""What stands beside a plan: what history shows, what its leads cost, and who can take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from accord.planning.capacity import CapacityPlan
from accord.planning.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one channel's MQLs (all channels': name all) cost in the weeks looked at."""

    channel: str
    spend: Decimal | None
    mqls: int
    each: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendNeeded:
    """What the plan's MQLs cost at today's cost of one: per segment, in all, and a customer's.

    None where no spend was reported. ``channels`` are the ones that brought MQLs, cheapest first.
    """

    each: Decimal | None
    segments: Mapping[str, Decimal | None]
    total: Decimal | None
    per_customer: Decimal | None
    channels: tuple[Cost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What stands beside a plan: history, spend needed, and the reps' capacity."""

    history: History
    spend: SpendNeeded
    capacity: CapacityPlan
