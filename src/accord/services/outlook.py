"""What history shows of the plan's rates, what leads cost, and who can take them: gathered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord import planning
from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.clock_rows import read_reps
from accord.ledger.weekly_clock_rows import was_handing_off
from accord.metrics import METRICS, Cube, Number, compute, window
from accord.records import Role
from accord.services.measure import read_facts
from accord.services.workspace import Workspace

MOST_WEEKS = 520
_WEEK = timedelta(weeks=1)
_FRAMES = ("entries", "deals", "spend", "leads")


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
        capacity = _capacity(connection, agreement, plan, as_of=as_of)
    return planning.Outlook(
        history=_history(agreement, cube, since=since, as_of=as_of, ready=ready),
        spend=spend_needed(cube, plan),
        capacity=capacity,
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


def spend_needed(cube: Cube, plan: planning.Plan) -> planning.SpendNeeded:
    """Work out what a plan costs at the cost of an MQL in the cube's window.

    Spend names channels, not segments: an MQL of any segment costs the same here.
    """
    cost = compute(cube, METRICS["cost_per_mql"])[0].value
    needs = {one.segment: one.shown["mql"] for one in plan.segments}
    return planning.SpendNeeded(
        each=cost,
        segments={name: None if cost is None else cost * need for name, need in needs.items()},
        total=None if cost is None else cost * sum(needs.values()),
        per_customer=compute(cube, METRICS["cost_per_customer"])[0].value,
        channels=tuple(sorted(_costs(cube), key=_cheapest_first)),
    )


def _costs(cube: Cube) -> list[planning.Cost]:
    return [
        planning.Cost(
            channel=one.member,
            spend=one.numerator,
            mqls=int(one.denominator or 0),
            each=one.value,
        )
        for one in compute(cube, METRICS["cost_per_mql"], "channel")
    ]


def _cheapest_first(cost: planning.Cost) -> tuple[bool, Decimal, str]:
    return (cost.each is None, cost.each or Decimal(0), cost.channel)


def _capacity(
    connection: Connection, agreement: Agreement, plan: planning.Plan, *, as_of: datetime
) -> planning.CapacityPlan:
    """Set the plan against the development reps who are there, each by its own limits."""
    day = as_of.astimezone(ZoneInfo(agreement.timezone)).date()
    reps = [
        row
        for row in read_reps(connection)
        if row["role"] == Role.SDR.value and (row["left_at"] is None or row["left_at"] > as_of)
    ]
    each = planning.rep_capacity(agreement, day)
    own = [
        planning.rep_capacity(agreement, day, per_week=row["per_week"], per_month=row["per_month"])
        for row in reps
    ]
    return planning.capacity_plan(plan, each=each, reps=len(reps), total=sum(own, Fraction(0)))
