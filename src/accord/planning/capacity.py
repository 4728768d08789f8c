"""Whether reps can take what the plan brings: the use of a rep, and how many reps it wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from accord.agreement import Agreement
from accord.findings import Finding
from accord.planning.funnel import MONTHS, Plan, period_days, round_half_up

_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityLine:
    """What one rep, or all, can take of a segment's MQLs, or of all, in a period."""

    name: str
    need: Fraction
    capacity: Fraction

    @property
    def use(self) -> Fraction | None:
        """The need as a share of the capacity; None where there is none."""
        return self.need / self.capacity if self.capacity else None

    @property
    def percent(self) -> int | None:
        """The use in whole per cent, half up."""
        return None if self.use is None else round_half_up(self.use * 100)

    @property
    def over(self) -> Fraction:
        """How many MQLs are more than can be taken; 0 where none."""
        return max(self.need - self.capacity, Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLine(CapacityLine):
    """What the ``reps`` of a team can take together of the MQLs that come to it."""

    reps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """The plan against the reps there are: one rep can take ``each`` in the period.

    ``segments`` set each segment's need against one rep; ``alone`` sets all against one, ``all``
    against as many as there are; ``teams`` what comes to each against its own.
    """

    reps: int
    each: Fraction
    segments: tuple[CapacityLine, ...]
    alone: CapacityLine
    all: CapacityLine
    teams: tuple[TeamLine, ...] = ()

    @property
    def reps_needed(self) -> int | None:
        """How many reps the plan wants; None where one can take nothing."""
        return ceil(self.all.need / self.each) if self.each else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Where the plan brings more than all reps, or those of one team, can take."""
        return (*self._over(), *self._teams_over())

    def _over(self) -> Iterator[Finding]:
        if not self.all.over:
            return
        needed = self.reps_needed
        used = "" if self.all.percent is None else f" ({self.all.percent} % of capacity)"
        more = "" if needed is None else f" {needed - self.reps} more would do."
        yield Finding(
            rule="plan.over_capacity",
            subject="capacity",
            sentence=(
                f"The plan brings {round_half_up(self.all.need)} MQLs,"
                f" {round_half_up(self.all.over)} more than the {_reps(self.reps)} can take"
                f"{used}.{more}"
            ),
            remedy="Plan less, hire, or raise the capacity both sides agreed on.",
        )

    def _teams_over(self) -> Iterator[Finding]:
        for team in self.teams:
            is_all = self.all.over and team.need == self.all.need  # said of all reps already
            if not team.over or is_all:
                continue
            used = "" if team.percent is None else f" ({team.percent} % of capacity)"
            more = f" {ceil(team.over / self.each)} more would do." if self.each else ""
            yield Finding(
                rule="plan.team_over_capacity",
                subject=f"capacity of {team.name}",
                sentence=(
                    f"Of the plan's MQLs {round_half_up(team.need)} come to the {team.name} team,"
                    f" {round_half_up(team.over)} more than its {_reps(team.reps)} can take"
                    f"{used}.{more}"
                ),
                remedy="Let others take some of them by the routing, plan less of that, or hire.",
            )


def rep_capacity(
    agreement: Agreement, on: date, *, per_week: int | None = None, per_month: int | None = None
) -> Fraction:
    """Return what one rep can take in the planning period that holds a day: both limits bind.

    ``per_week`` and ``per_month`` are the rep's own limits, else those agreed on for all.

    >>> from accord.agreement import load
    >>> int(rep_capacity(load("agreement.yaml"), date(2026, 11, 16)))
    360
    """
    period, limits = agreement.targets.period, agreement.handoff.capacity
    weekly = limits.per_week if per_week is None else per_week
    monthly = limits.per_month if per_month is None else per_month
    by_week = Fraction(weekly * period_days(period, on), _DAYS_A_WEEK)
    return min(by_week, Fraction(monthly * MONTHS[period]))


def capacity_plan(
    plan: Plan,
    *,
    each: Fraction,
    reps: int,
    total: Fraction | None = None,
    staff: Mapping[str, Sequence[Fraction]] | None = None,
    routed: Mapping[str, Mapping[str, Fraction]] | None = None,
) -> CapacityPlan:
    """Set a plan's MQLs against what reps can take.

    ``each`` is what one can take in the period, ``reps`` how many there are, ``total`` what they
    can take together, if they are unlike. ``staff`` is, by team, what each of its reps can take;
    ``routed``, by segment, the share of its MQLs that comes to each team.
    """
    needs = {one.segment: Fraction(one.shown["mql"]) for one in plan.segments}
    need = sum(needs.values(), Fraction(0))
    together = each * reps if total is None else total
    return CapacityPlan(
        reps=reps,
        each=each,
        segments=tuple(
            CapacityLine(name=name, need=one, capacity=each) for name, one in needs.items()
        ),
        alone=CapacityLine(name="one rep", need=need, capacity=each),
        all=CapacityLine(name="all", need=need, capacity=together),
        teams=tuple(_teams(needs, staff or {}, routed or {})),
    )


def _teams(
    needs: Mapping[str, Fraction],
    staff: Mapping[str, Sequence[Fraction]],
    routed: Mapping[str, Mapping[str, Fraction]],
) -> Iterator[TeamLine]:
    """Yield the teams to which something comes or in which somebody is, by name."""
    come: dict[str, Fraction] = dict.fromkeys(staff, Fraction(0))
    for segment, need in needs.items():
        for team, share in routed.get(segment, {}).items():
            come[team] = come.get(team, Fraction(0)) + need * share
    for team in sorted(come):
        own = staff.get(team, ())
        yield TeamLine(name=team, need=come[team], capacity=sum(own, Fraction(0)), reps=len(own))


def _reps(count: int) -> str:
    return "one rep" if count == 1 else f"{count} reps"
