"""What stands beside a plan: what history shows, what its leads cost, and who can take them."""

from __future__ import annotations

from dataclasses import dataclass

from accord.planning.capacity import CapacityPlan
from accord.planning.history import History
from accord.planning.spending import SpendNeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What stands beside a plan: history, spend needed, and the reps' capacity."""

    history: History
    spend: SpendNeeded
    capacity: CapacityPlan
