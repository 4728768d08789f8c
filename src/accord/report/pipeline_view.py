"""What the pipeline page is made of: deals as they stood, chances, goals and past forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pandas as pd

from accord.agreement import Agreement
from accord.metrics import METRICS, WINDOW, Cube, Number, Period, compute
from accord.planning import Chance, Expected, expect
from accord.records import to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDeal:
    """One open deal, by id: its step, since when, its last sign of life, and what it is worth.

    ``opened_us`` is missing where no source says when; ``due_us`` is when its ``close`` term runs
    out. ``stands`` is whether nothing has happened to it for longer than nine in ten of the deals
    won stayed in its step; None where too few were won to say.
    """

    deal_id: str
    rep: str | None
    segment: str
    product: str
    step: str
    opened_us: int | None
    entered_us: int | None
    sign_us: int | None
    cents: int | None
    due_us: int | None
    stands: bool | None

    def is_overdue(self, at_us: int) -> bool:
        """Whether its term to close has run out; at its very due it has not."""
        return self.due_us is not None and self.due_us < at_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What the pipeline promised at the begin of a past period, and what came in it.

    ``agreed`` and ``own`` are what the deals then open were expected to bring, by the agreed rates
    and by those of the deals closed by then (None without any); ``came`` what those deals brought
    in the period, ``revenue`` all that was won in it, ``goal`` what was agreed for its days.
    """

    label: str
    deals: int
    worth: Decimal
    agreed: Decimal
    own: Decimal | None
    came: Decimal
    revenue: Decimal
    goal: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long nine in ten of the deals won stayed in a step, of how many; None of too few."""

    p90_us: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineView:
    """The pipeline at an instant, in the agreement's month, quarter or year that holds it.

    ``so_far`` is one window from the begin of that period to ``at``, ``months`` the months up to
    it; ``goals`` and ``won`` are money per segment, ``unplaced`` what was won without a segment.
    """

    agreement: Agreement
    label: str
    at: datetime
    period: Period
    word: str
    signed: bool
    reps: pd.DataFrame
    deals: tuple[OpenDeal, ...]
    goals: Mapping[str, Decimal]
    won: Mapping[str, Decimal]
    agreed: Mapping[str, Chance]
    own: Mapping[str, Chance]
    stays: Mapping[str, Stay]
    so_far: Cube
    months: Cube
    past: tuple[Promised, ...]

    @property
    def at_us(self) -> int:
        """The instant, in microseconds."""
        return to_us(self.at)

    @property
    def goal(self) -> Decimal:
        """The goal of the period, all segments."""
        return sum(self.goals.values(), Decimal(0))

    @property
    def won_so_far(self) -> Decimal:
        """What was won in the period, with or without a segment."""
        return sum(self.won.values(), Decimal(0))

    @property
    def still(self) -> tuple[OpenDeal, ...]:
        """The deals that stand still."""
        return tuple(one for one in self.deals if one.stands)

    @property
    def overdue(self) -> tuple[OpenDeal, ...]:
        """The deals that are past their term to close."""
        return tuple(one for one in self.deals if one.is_overdue(self.at_us))

    def worth(self, deals: Iterable[OpenDeal]) -> Decimal:
        """Add up what deals are worth; those without an amount count nothing."""
        return Decimal(sum(one.cents or 0 for one in deals)) / 100

    def expected(self, deals: Iterable[OpenDeal], *, own: bool) -> Expected | None:
        """Return what deals should bring; None by own rates where no deal has ever closed."""
        chances = self.own if own else self.agreed
        if not chances:
            return None
        return expect(((one.step, one.cents or 0) for one in deals), chances)

    def here(self, metric: str, dimension: str) -> dict[str, Number]:
        """Return a metric's numbers of the period so far, by member."""
        found = compute(self.so_far, METRICS[metric], dimension, periods={WINDOW})
        return {one.member: one for one in found}

    def rep_name(self, rep: str | None) -> str:
        """Return what a rep is called; the id where no name is known."""
        if not rep:
            return "(nobody named)"
        named = self.reps[self.reps["name"].notna()]
        return dict(zip(named["rep"], named["name"], strict=True)).get(rep) or rep
