"""The pipeline page (A141): gather the deals as they stand and what they promise; write it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from accord import planning
from accord.agreement import Agreement
from accord.ledger.deal_rows import read_deal_steps
from accord.ledger.metric_rows import read_raw
from accord.metrics import METRICS, WINDOW, Cube, Cut, Period, compute, cut, midnight, window
from accord.records import to_us
from accord.report import (
    PipelinePage,
    PipelineView,
    Promised,
    build_pipeline_page,
    render_pipeline,
    write_csvs,
    write_page,
)
from accord.services.agreements import unsigned_sides
from accord.services.measure import read_facts
from accord.services.report_asked import months_before
from accord.services.report_deals import (
    DealFacts,
    deals_of,
    open_at,
    own_chances,
    usual_stays,
    with_steps,
)
from accord.services.workspace import Workspace

_FRAMES = ("deals", "amounts", "entries", "touches", "clocks", "goals", "rep_days")
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_MONTHS = 12
_PAST = 4  # periods whose forecasts are looked back on


def write_pipeline_page(workspace: Workspace, *, as_of: datetime) -> Path:
    """Write the pipeline's page as it stands at ``as_of`` and return its path.

    ``reports/pipeline-<day>.html``, its tables as ``reports/pipeline-<day>/*.csv``.
    """
    return write_pipeline(workspace, build_pipeline_page(gather_pipeline(workspace, as_of=as_of)))


def write_pipeline(workspace: Workspace, page: PipelinePage) -> Path:
    """Write a page of the pipeline and its tables."""
    folder = workspace.settings.report_path
    write_csvs(page.tables, folder / page.folder)
    return write_page(folder / f"{page.folder}.html", render_pipeline(page))


def gather_pipeline(workspace: Workspace, *, as_of: datetime) -> PipelineView:
    """Gather the pipeline as it stands, in the agreement's month, quarter or year of that day."""
    agreement = workspace.agreement(as_of)
    frames = read_facts(workspace, agreement, _FRAMES, as_of=as_of)
    with workspace.ledger.read() as connection:
        reps = read_raw(connection, "rep")
        stated = read_deal_steps(connection)
        signed = not unsigned_sides(connection, agreement, as_of=as_of)
    day = as_of.astimezone(ZoneInfo(agreement.timezone)).date()
    period, at_us = _period(agreement, day), to_us(as_of)
    facts = DealFacts(
        agreement=agreement,
        stepped=with_steps(frames["deals"], frames["entries"], stated),
        amounts=frames["amounts"],
        touches=frames["touches"],
        clocks=frames["clocks"],
    )
    so_far = Cube(frames, window(period.start, as_of + _INSTANT, as_of=as_of))
    stays = usual_stays(facts, at_us)
    targets = agreement.targets.segments
    return PipelineView(
        agreement=agreement,
        label=f"{day}",
        at=as_of,
        period=period,
        word=agreement.targets.period,
        signed=signed,
        reps=reps,
        deals=deals_of(facts, at_us, stays),
        goals={name: Decimal(target.revenue) for name, target in targets.items()},
        won=_money(so_far, "revenue", "segment"),
        agreed=planning.agreed_chances(agreement),
        own=own_chances(facts, at_us),
        stays=stays,
        so_far=so_far,
        months=_months(frames, agreement, day, as_of=as_of),
        past=tuple(_past(facts, frames, day)),
    )


def _period(agreement: Agreement, day: date) -> Period:
    kind, zone = agreement.targets.period, agreement.timezone
    first, last = planning.period_start(kind, day), planning.period_end(kind, day)
    return Period(
        label=_label(kind, first), start=midnight(first, zone), end=midnight(last + _DAY, zone)
    )


def _label(kind: planning.Period, first: date) -> str:
    match kind:
        case "month":
            return f"{first:%Y-%m}"
        case "quarter":
            return f"{first.year}-Q{(first.month + 2) // 3}"
        case "year":
            return f"{first.year}"


def _months(
    frames: dict[str, pd.DataFrame], agreement: Agreement, day: date, *, as_of: datetime
) -> Cube:
    zone = agreement.timezone
    first = midnight(months_before(day, _MONTHS - 1), zone)
    return Cube(frames, cut(Cut.MONTH, first=first, as_of=as_of, zone=zone))


def _money(cube: Cube, metric: str, dimension: str) -> dict[str, Decimal]:
    found = compute(cube, METRICS[metric], dimension, periods={WINDOW})
    return {one.member: one.value for one in found if one.value is not None}


def _past(facts: DealFacts, frames: dict[str, pd.DataFrame], day: date) -> Iterator[Promised]:
    """Yield the periods before this one, the newest first, as far as deals were open."""
    agreement = facts.agreement
    first = planning.period_start(agreement.targets.period, day)
    for _ in range(_PAST):
        period = _period(agreement, first - _DAY)
        first = period.start.astimezone(ZoneInfo(agreement.timezone)).date()
        begun = to_us(period.start) - 1
        deals = open_at(facts, begun, now=False)
        if not len(deals):
            return
        yield _promised(facts, frames, period, deals, begun)


def _promised(
    facts: DealFacts,
    frames: dict[str, pd.DataFrame],
    period: Period,
    deals: pd.DataFrame,
    begun: int,
) -> Promised:
    pairs = [(row["step"], _cents(row["cents"])) for row in deals.to_dict("records")]
    own = own_chances(facts, begun)
    last = period.end - _INSTANT
    cube = Cube(frames, window(period.start, period.end, as_of=last))
    total = _money(cube, "revenue", "all").get("", Decimal(0))
    came = deals[(deals["state"] == "won") & (deals["closed_us"] < to_us(period.end))]
    return Promised(
        label=period.label,
        deals=len(deals),
        worth=Decimal(sum(cents for _, cents in pairs)) / 100,
        agreed=planning.expect(pairs, planning.agreed_chances(facts.agreement)).value,
        own=planning.expect(pairs, own).value if own else None,
        came=Decimal(sum(map(_cents, came["amount_cents"]))) / 100,
        revenue=total,
        goal=_money(cube, "revenue_goal", "all").get(""),
    )


def _cents(value: Any) -> int:
    return 0 if pd.isna(value) else int(value)
