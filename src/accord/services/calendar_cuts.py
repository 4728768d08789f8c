"""Metrics by month and by day, stored as the weeks are: for the reviews, and for BI.

A month's numbers are counted anew from all facts, not added up from weeks, which lie across months.
Of a day what flows is stored: what happened on it. Cohorts take a quarter, and what stands at a
day's end is asked for as a series. Closed months and days that changed are restated, with a
revision.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.metric_rows import read_closed_periods, read_since
from accord.metrics import Cube, Cut, Metric, Periods, Placing, cut
from accord.records import from_us
from accord.services.measure import read_facts
from accord.services.weekly import (
    ALWAYS_BY,
    STORED,
    Stored,
    WeeklyResult,
    compute_stored,
    store_numbers,
)
from accord.services.workspace import Workspace

_NEED = "weekly"
_LOOKED_AT_AGAIN = timedelta(days=Cut.DAY.span)

Cutting = Callable[[Connection, Agreement, datetime], Periods]
"""From the first fact's instant to the periods that a run looks at."""


def _flows(metric: Metric) -> bool:
    return all(part.placing is Placing.FLOW for part in metric.parts)


FLOWING: Stored = tuple((metric, by) for metric, by in STORED if by in ALWAYS_BY and _flows(metric))
"""What is stored of a day: metrics made of what happened within it, by all, segment and channel."""


def run_monthly(workspace: Workspace, *, as_of: datetime) -> WeeklyResult:
    """Compute and store the metrics of every month from the first fact to ``as_of``.

    By the dimensions that weeks are stored by; ``weeks`` of the result names the months.
    """

    def months(_connection: Connection, agreement: Agreement, first: datetime) -> Periods:
        return cut(Cut.MONTH, first=first, as_of=as_of, zone=agreement.timezone)

    return _run(workspace, months, STORED, as_of=as_of)


def run_daily(workspace: Workspace, *, as_of: datetime, full: bool = False) -> WeeklyResult:
    """Compute and store what flows on each day, by all, segment and channel.

    Looked at are the days of the last quarter, and those before that were never stored; with
    ``full`` every day from the first fact to ``as_of``. ``weeks`` of the result names the days.
    """

    def days(connection: Connection, agreement: Agreement, first: datetime) -> Periods:
        whole = cut(Cut.DAY, first=first, as_of=as_of, zone=agreement.timezone)
        since = first if full else _first_day(connection, whole)
        return cut(Cut.DAY, first=max(first, since), as_of=as_of, zone=agreement.timezone)

    return _run(workspace, days, FLOWING, as_of=as_of)


def _first_day(connection: Connection, days: Periods) -> datetime:
    """Return when the first day begins that is not done with: unstored, or of the last quarter."""
    closed = read_closed_periods(connection, days.labels)
    starts = zip(days.labels, days.edges_us[:-1], strict=True)
    unstored = next((from_us(at) for label, at in starts if label not in closed), days.as_of)
    return min(unstored, days.as_of - _LOOKED_AT_AGAIN)


def _run(
    workspace: Workspace, cutting: Cutting, stored: Stored, *, as_of: datetime
) -> WeeklyResult:
    with workspace.ledger.lease(_NEED):
        agreement = workspace.agreement(as_of)
        with workspace.ledger.read() as connection:
            first = read_since(connection)
            if first is None or first > as_of:
                return WeeklyResult(weeks=(), written=0, restated=0)
            periods = cutting(connection, agreement, first)
        begins = from_us(periods.edges_us[0])
        since = begins if begins > first else None
        cube = Cube(read_facts(workspace, agreement, as_of=as_of, since=since), periods)
        numbers = compute_stored(cube, periods.labels, stored)
        with workspace.ledger.begin() as connection:
            return store_numbers(connection, numbers, periods, periods.labels)
