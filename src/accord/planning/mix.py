"""Whether what was delivered is the mix that the plan needs: a total can hide a short segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from accord.findings import Finding
from accord.planning.funnel import Plan, round_half_up

ON_GOAL = Fraction(98, 100)
"""The share of a goal from which on it counts as reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixLine:
    """One segment (or the total): whole MQLs delivered and needed."""

    name: str
    delivered: int
    need: int

    @property
    def share(self) -> Fraction | None:
        """Delivered as a share of the need; None where nothing is needed."""
        return Fraction(self.delivered, self.need) if self.need else None

    @property
    def percent(self) -> int | None:
        """The share in whole percent, half up."""
        return None if self.share is None else round_half_up(self.share * 100)

    @property
    def short(self) -> int:
        """How many are missing; 0 where none."""
        return max(self.need - self.delivered, 0)

    @property
    def is_on_goal(self) -> bool:
        """Whether at least 0.98 of the need was delivered."""
        return self.share is None or self.share >= ON_GOAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What was delivered against a plan, per segment and in total."""

    segments: tuple[MixLine, ...]
    total: MixLine

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One finding a segment that is short while the total is on goal."""
        if not self.total.is_on_goal:
            return ()
        return tuple(
            _total_hides(line, self.total) for line in self.segments if not line.is_on_goal
        )


def mix(plan: Plan, delivered: Mapping[str, int]) -> Mix:
    """Compare MQLs delivered per segment with a plan's; a segment not named delivered none.

    MQLs of segments that the plan does not know count in the total only.
    """
    lines = tuple(
        MixLine(name=name, delivered=delivered.get(name, 0), need=need)
        for name, need in plan.mqls.items()
    )
    total = MixLine(name="total", delivered=sum(delivered.values()), need=sum(plan.mqls.values()))
    return Mix(segments=lines, total=total)


def _total_hides(line: MixLine, total: MixLine) -> Finding:
    return Finding(
        rule="mix.segment_short",
        subject=line.name,
        sentence=(
            f"The total is on goal ({total.delivered} of {total.need} MQLs), but {line.name} is"
            f" short by {line.short}: {line.delivered} of {line.need} ({line.percent} %)."
        ),
        remedy=f"Move effort to {line.name}; more of the other segments does not reach its target.",
    )
