"""Short tables that people see in artifacts and at the end of a demo. Ids only, no names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accord.ledger import summary_rows
from accord.ledger.tables import batch
from accord.records import EPOCH
from accord.services.workspace import Workspace

Rows = list[dict[str, Any]]

_AT_MOST = 20
_WEEK = timedelta(days=7)


def quality_scorecard(workspace: Workspace, *, as_of: datetime) -> Rows:
    """Rows in, accepted, quarantined, duplicates, held and flagged of each source, seven days."""
    with workspace.ledger.read() as connection:
        return summary_rows.quality_of_sources(connection, since=as_of - _WEEK)


def top_mqls(workspace: Workspace, *, as_of: datetime) -> Rows:
    """Open hand-overs, hot ones first, with the hours they have been waiting since the entry."""
    with workspace.ledger.read() as connection:
        rows = summary_rows.open_handoffs(connection, at_most=_AT_MOST)
    for row in rows:
        row["open_hours"] = _hours(as_of - row["queued_at"])
    return rows


def open_breaches(workspace: Workspace, *, as_of: datetime) -> Rows:
    """Clocks that ran out and are not met: which, whose, late by how many hours of wall clock."""
    with workspace.ledger.read() as connection:
        rows = summary_rows.unmet_clocks(connection, as_of=as_of, at_most=_AT_MOST)
    for row in rows:
        row["late_hours"] = _hours(as_of - row["due_at"])
    return rows


def weekly_kpis(workspace: Workspace) -> Rows:
    """The newest week's numbers over all dimensions."""
    with workspace.ledger.read() as connection:
        return summary_rows.newest_week(connection, at_most=60)


def ledger_counts(workspace: Workspace) -> dict[str, dict[str, int]]:
    """What stands in the ledger, stage by stage of the pipeline: title -> value -> count."""
    with workspace.ledger.read() as connection:
        counts = {
            title: summary_rows.count_by(connection, table, column)
            for title, table, column in summary_rows.COUNTED
        }
        rows = summary_rows.quality_of_sources(connection, since=EPOCH)
        counts["batches by status"] = summary_rows.count_by(connection, batch, "status")
    names = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
    counts["rows"] = {name: sum(row[name] for row in rows) for name in names}
    return counts


def _hours(length: timedelta) -> str:
    """Show a length in hours with one decimal, half up."""
    tenths = (length * 10 + timedelta(minutes=30)) // timedelta(hours=1)
    return f"{tenths // 10}.{tenths % 10}"
