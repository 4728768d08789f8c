"""The daily page of the goals' pace: gathered and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from accord.agreement import Agreement
from accord.ledger.metric_rows import read_since
from accord.metrics import METRICS, Cube, Cut, Number, compute, cut, midnight, quotient
from accord.planning import SEEN_DAYS
from accord.report import (
    YESTERDAY,
    PaceDay,
    PacePage,
    build_pace,
    render_pace,
    write_csvs,
    write_page,
)
from accord.services.agreements import unsigned_sides
from accord.services.goal_pace import paced_since, paces_of
from accord.services.measure import read_facts
from accord.services.workspace import Workspace

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_FRAMES = ("leads", "entries", "deals")


def write_pace_page(workspace: Workspace, *, as_of: datetime) -> Path:
    """Write the page of the day before ``as_of`` and return its path.

    Writes ``reports/pace-<day>.html``, its tables as ``reports/pace-<day>/*.csv``, and
    ``reports/pace.html``, the newest.
    """
    return write_pace(workspace, build_pace(gather_pace(workspace, as_of=as_of)))


def write_pace(workspace: Workspace, page: PacePage) -> Path:
    """Write a page of the pace and its tables."""
    html = render_pace(page)
    folder = workspace.settings.report_path
    write_csvs(page.tables, folder / page.folder)
    write_page(folder / "pace.html", html)
    return write_page(folder / f"{page.folder}.html", html)


def gather_pace(workspace: Workspace, *, as_of: datetime) -> PaceDay:
    """Gather the paces up to the day before ``as_of``, and the numbers of its days."""
    agreement = workspace.agreement(as_of)
    on = as_of.astimezone(ZoneInfo(agreement.timezone)).date() - _DAY
    until = midnight(on + _DAY, agreement.timezone) - _INSTANT
    since = min(paced_since(agreement, on), midnight(on - SEEN_DAYS * _DAY, agreement.timezone))
    with workspace.ledger.read() as connection:
        known = read_since(connection)
        signed = not unsigned_sides(connection, agreement, as_of=as_of)
    frames = read_facts(workspace, agreement, _FRAMES, as_of=until, since=since)
    numbers = _numbers(frames, agreement, on=on, until=until)
    return PaceDay(
        agreement=agreement,
        on=on,
        paces=tuple(paces_of(agreement, frames, on=on, known=known)),
        numbers=numbers,
        means={name: _mean(name, numbers) for name in YESTERDAY},
        signed=signed,
    )


def _numbers(
    frames: Mapping[str, pd.DataFrame], agreement: Agreement, *, on: date, until: datetime
) -> dict[tuple[str, str], Number]:
    first = midnight(on - (SEEN_DAYS - 1) * _DAY, agreement.timezone)
    cube = Cube(frames, cut(Cut.DAY, first=first, as_of=until, zone=agreement.timezone))
    return {
        (name, number.period): number
        for name in YESTERDAY
        for number in compute(cube, METRICS[name])
    }


def _mean(name: str, numbers: Mapping[tuple[str, str], Number]) -> Decimal | None:
    """Return the mean of the days of which something is known."""
    known = [
        number.value
        for (metric, _), number in numbers.items()
        if metric == name and number.value is not None
    ]
    return quotient(int(sum(known) * 100), 100 * len(known)) if known else None
