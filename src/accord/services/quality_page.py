"""What the report and its artifact say of quality: a week's rules, batches and open rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.ledger.quality_rows import (
    failing_rules,
    oldest_open,
    rows_by_source,
    said_of_batches,
)
from accord.metrics import Cut, midnight, week_label, week_of
from accord.report import Asked, QualityFacts
from accord.services.report_asked import months_before
from accord.services.workspace import Workspace

_AT_MOST = 200
_WAITING = 40
_COUNTS = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")


def gather_quality(connection: Connection, asked: Asked, *, at: datetime) -> QualityFacts:
    """Gather what quality found in a time, as it stood at ``at``, and in the periods before it."""
    since = asked.period.start
    waiting, open_count = oldest_open(connection, at=at, at_most=_WAITING)
    return QualityFacts(
        weeks=_by_period(rows_by_source(connection, since=_first(asked), until=at), asked),
        rules=tuple(failing_rules(connection, since=since, until=at, at_most=_AT_MOST)),
        batches=tuple(
            _said(row)
            for row in said_of_batches(connection, since=since, until=at, at_most=_AT_MOST)
        ),
        waiting=tuple(_waiting(row) for row in waiting),
        open_count=open_count,
    )


def _first(asked: Asked) -> datetime:
    """Return where the first of the periods shown begins."""
    if asked.is_span:
        return asked.period.start
    if asked.cut is Cut.MONTH:
        return midnight(months_before(asked.first_day, asked.shown - 1), asked.zone)
    return midnight(asked.first_day - timedelta(weeks=asked.shown - 1), asked.zone)


def _by_period(rows: Sequence[Mapping[str, Any]], asked: Asked) -> tuple[dict[str, Any], ...]:
    """Add up batches by week or month and source: newest first, then by source."""
    place = ZoneInfo(asked.zone)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        label = _label(asked.cut, row["taken_at"].astimezone(place).date())
        key = (label, row["source"])
        sums = found.setdefault(
            key, {"week": label, "source": row["source"], **dict.fromkeys(_COUNTS, 0)}
        )
        for name in _COUNTS:
            sums[name] += row[name]
    labels = sorted({label for label, _ in found}, reverse=True)
    order = {label: place for place, label in enumerate(labels)}
    return tuple(found[key] for key in sorted(found, key=lambda key: (order[key[0]], key[1])))


def _label(kind: Cut, day: date) -> str:
    return f"{day:%Y-%m}" if kind is Cut.MONTH else week_label(day)


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
