"""What the report and its artifact say of quality: a week's rules, batches and open rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.ledger.quality_rows import (
    failing_rules,
    oldest_open,
    rows_by_source,
    said_of_batches,
)
from accord.metrics import Period, midnight, week_label, week_of
from accord.report.view import WEEKS_SHOWN, QualityFacts
from accord.services.workspace import Workspace

_AT_MOST = 200
_WAITING = 40
_COUNTS = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")


def gather_quality(
    connection: Connection, week: Period, *, at: datetime, zone: str
) -> QualityFacts:
    """Gather what quality found in a week, as it stood at ``at``, and the weeks before it."""
    first = midnight(
        week.start.astimezone(ZoneInfo(zone)).date() - timedelta(weeks=WEEKS_SHOWN - 1), zone
    )
    waiting, open_count = oldest_open(connection, at=at, at_most=_WAITING)
    return QualityFacts(
        weeks=_weeks(rows_by_source(connection, since=first, until=at), zone),
        rules=tuple(failing_rules(connection, since=week.start, until=at, at_most=_AT_MOST)),
        batches=tuple(
            _said(row)
            for row in said_of_batches(connection, since=week.start, until=at, at_most=_AT_MOST)
        ),
        waiting=tuple(_waiting(row) for row in waiting),
        open_count=open_count,
    )


def _weeks(rows: Sequence[Mapping[str, Any]], zone: str) -> tuple[dict[str, Any], ...]:
    """Add up batches by week and source: newest week first, then by source."""
    place = ZoneInfo(zone)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        week = week_label(row["taken_at"].astimezone(place).date())
        key = (week, row["source"])
        sums = found.setdefault(
            key, {"week": week, "source": row["source"], **dict.fromkeys(_COUNTS, 0)}
        )
        for name in _COUNTS:
            sums[name] += row[name]
    weeks = sorted({week for week, _ in found}, reverse=True)
    order = {week: place for place, week in enumerate(weeks)}
    return tuple(found[key] for key in sorted(found, key=lambda key: (order[key[0]], key[1])))


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["rule"] is not None:
        return dict(row)
    sentence = f"held: too many of its {row['rows_in']:,} rows fail"
    return {**row, "rule": "share of failing rows", "severity": "hold", "sentence": sentence}


def _waiting(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": row["set_aside_at"],
        "batch": row["batch_id"],
        "row": row["row_number"],
        "source": row["source"],
        "rules": ", ".join(dict.fromkeys(one["rule"] for one in row["reasons"])),
    }


def quality_findings(workspace: Workspace, *, as_of: datetime) -> list[dict[str, Any]]:
    """Return this week's failing rules and what was said of batches, tens of rows, ids only."""
    week = week_of(as_of, workspace.agreement(as_of).timezone)
    with workspace.ledger.read() as connection:
        rules = failing_rules(connection, since=week.start, until=as_of, at_most=20)
        batches = said_of_batches(connection, since=week.start, until=as_of, at_most=10)
    said = [
        {
            "rule": row["rule"],
            "source": row["source"],
            "severity": row["severity"],
            "failing": int(row["failing"]),
            "example": _place(row["batch"], row["row"]),
            "sentence": row["sentence"],
        }
        for row in rules
    ]
    return said + [
        {
            "rule": row["rule"],
            "source": row["source"],
            "severity": row["severity"],
            "failing": "",
            "example": _place(row["batch"], None),
            "sentence": row["sentence"],
        }
        for row in map(_said, batches)
    ]


def _place(batch_id: str, row_number: int | None) -> str:
    return batch_id[:12] if row_number is None else f"{batch_id[:12]} row {row_number}"
