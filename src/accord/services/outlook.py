"""What history shows of the plan's rates, what leads cost, and who can take them: gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord import planning
from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.clock_rows import read_reps
from accord.ledger.weekly_clock_rows import was_handing_off
from accord.metrics import METRICS, Cube, Number, compute, window
from accord.records import Role
from accord.routing import team_of
from accord.services.measure import read_facts
from accord.services.workspace import Workspace

MOST_WEEKS = 520
_WEEK = timedelta(weeks=1)
_FRAMES = ("entries", "deals", "spend", "leads", "handoffs")


def read_outlook(
    workspace: Workspace, plan: planning.Plan, *, as_of: datetime, weeks: int = 26
) -> planning.Outlook:
    """Gather what so many weeks up to ``as_of`` show; InputError unless 1 to 520."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise InputError(where="--weeks", found=f"{weeks}", expected=f"1 to {MOST_WEEKS}")
    agreement = workspace.agreement(as_of)
    since = as_of - weeks * _WEEK
    frames = read_facts(workspace, agreement, _FRAMES, as_of=as_of, since=since)
    cube = Cube(frames, window(since, None, as_of=as_of))
    return outlook_of(workspace, plan, cube, agreement=agreement, since=since, as_of=as_of)


def outlook_of(
    workspace: Workspace,
    plan: planning.Plan,
    cube: Cube,
    *,
    agreement: Agreement,
    since: datetime,
    as_of: datetime,
) -> planning.Outlook:
    """Gather it from facts that are cut already: one window from ``since`` to ``as_of``."""
    with workspace.ledger.read() as connection:
        ready = was_handing_off(connection, before=since + (as_of - since) / 2)
        reps = _reps_there(connection, as_of=as_of)
    return planning.Outlook(
        history=_history(agreement, cube, since=since, as_of=as_of, ready=ready),
        spend=_spend(cube, plan),
        capacity=_capacity(agreement, plan, reps, routed=_routed(cube, agreement), as_of=as_of),
    )


def _history(
    agreement: Agreement, cube: Cube, *, since: datetime, as_of: datetime, ready: bool
) -> planning.History:
    zone = ZoneInfo(agreement.timezone)
    asked = ("average_deal", "sales_cycle_days", "mql_to_deal", *planning.CONVERSIONS)
    known = {name: _by_segment(cube, name) for name in asked}
    led = compute(cube, METRICS["marketing_sourced_share"])[0]
    segments = (_segment(name, known) for name in agreement.targets.segments)
    return planning.History(
        since=since.astimezone(zone).date().isoformat(),
        until=as_of.astimezone(zone).date().isoformat(),
        segments=tuple(segments),
        revenue=led.denominator or Decimal(0),
        revenue_from_leads=led.numerator or Decimal(0),
        ready=ready,
    )


def _by_segment(cube: Cube, name: str) -> dict[str, Number]:
    return {one.member: one for one in compute(cube, METRICS[name], "segment")}


def _segment(name: str, known: Mapping[str, Mapping[str, Number]]) -> planning.SegmentHistory:
    deal, cycle = known["average_deal"].get(name), known["sales_cycle_days"].get(name)
    return planning.SegmentHistory(
        segment=name,
        deals=0 if deal is None else int(deal.denominator or 0),
        revenue=Decimal(0) if deal is None else deal.numerator or Decimal(0),
        steps={step: _seen(known[step].get(name)) for step in planning.CONVERSIONS},
        closing=_seen(known["mql_to_deal"].get(name)),
        cycle_days=None if cycle is None else cycle.value,
    )


def _seen(number: Number | None) -> planning.Seen:
    if number is None:
        return planning.Seen(count=0, of=0)
    return planning.Seen(count=int(number.numerator or 0), of=int(number.denominator or 0))


def _spend(cube: Cube, plan: planning.Plan) -> planning.SpendNeeded:
    """Work out what a plan costs at the cost of MQLs in the cube's window."""
    paid = compute(cube, METRICS["spend"], "channel")
    spend = {one.member: one.numerator or Decimal(0) for one in paid}
    is_known = any(one.numerator is not None for one in paid)
    return planning.spend_needed(
        plan,
        spend=spend if is_known else None,
        mqls=cube.crossed(METRICS["mqls"].numerator, "segment", "channel"),
        per_customer=compute(cube, METRICS["cost_per_customer"])[0].value,
    )


def _routed(cube: Cube, agreement: Agreement) -> dict[str, dict[str, Fraction]]:
    """Return the share of each segment's MQLs that goes to each team.

    As they went in the cube's window. Where none did, all go to the team that takes a lead of whom
    nothing but the segment is known.
    """
    went = cube.crossed(METRICS["handed_over"].numerator, "segment", "team")
    return {name: _to_teams(agreement, name, went) for name in agreement.targets.segments}


def _to_teams(
    agreement: Agreement, segment: str, went: Mapping[tuple[str, str], int]
) -> dict[str, Fraction]:
    known = {name for name, team in agreement.teams.items() if team.role is Role.SDR}
    own = {team: n for (one, team), n in went.items() if one == segment and team in known}
    if not own:
        rules = agreement.handoff.routing.mql
        return {team_of(rules, {"segment": segment}): Fraction(1)}
    return {team: Fraction(count, sum(own.values())) for team, count in own.items()}


def _reps_there(connection: Connection, *, as_of: datetime) -> list[Mapping[str, Any]]:
    """Return the development reps who have not left."""
    return [
        row
        for row in read_reps(connection)
        if row["role"] == Role.SDR.value and (row["left_at"] is None or row["left_at"] > as_of)
    ]


def _capacity(
    agreement: Agreement,
    plan: planning.Plan,
    reps: Sequence[Mapping[str, Any]],
    *,
    routed: Mapping[str, Mapping[str, Fraction]],
    as_of: datetime,
) -> planning.CapacityPlan:
    """Set the plan against the reps who are there, each by its own limits, and by their teams."""
    day = as_of.astimezone(ZoneInfo(agreement.timezone)).date()
    staff: dict[str, list[Fraction]] = {}
    for row in reps:
        can_take = planning.rep_capacity(
            agreement, day, per_week=row["per_week"], per_month=row["per_month"]
        )
        staff.setdefault(row["team"] or "", []).append(can_take)
    return planning.capacity_plan(
        plan,
        each=planning.rep_capacity(agreement, day),
        reps=len(reps),
        total=sum((one for team in staff.values() for one in team), Fraction(0)),
        staff={team: own for team, own in staff.items() if team},
        routed=routed,
    )
