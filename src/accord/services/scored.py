"""Leads with their scores, reasons and thresholds: what the stage stores and explaining shows.

Reads the ledger and the activity log, stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.conditions import fields_of
from accord.ledger.fact_rows import read_absorbed, read_survivors
from accord.ledger.score_rows import read_attributes
from accord.log import ActivityLog
from accord.records import from_us, to_text, to_us
from accord.scoring import (
    LIMIT,
    REASON_COLUMNS,
    SCORES,
    THRESHOLDS,
    explain_lines,
    qualified,
    roll_up,
    sum_up,
    to_points,
    work_out,
)

_ORDER = {name: at for at, name in enumerate(SCORES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One lead's scores in whole tenths, and why.

    ``reasons`` are lines of score, name and points (as shown) that add up to each score, the
    largest first, and of an activity also count, last_at and decayed weight; ``qualifies`` the
    thresholds that hold.
    """

    lead_id: str
    fit: int
    engagement: int
    intent: int
    position: str | None
    qualifies: tuple[str, ...]
    reasons: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    """Who counts for whom: ``into`` maps each merged lead to the lead it ended up in."""

    into: Mapping[str, str]

    def root(self, lead_id: str) -> str:
        """Return the lead that a lead counts for: itself unless it is merged."""
        return self.into.get(lead_id, lead_id)

    def among(self, lead_ids: Iterable[str]) -> Merges:
        """Return the merges into these leads."""
        wanted = set(lead_ids)
        return Merges(into={lead: root for lead, root in self.into.items() if root in wanted})


def read_merges(connection: Connection, lead_ids: Sequence[str] | None) -> Merges:
    """Read the merges that concern these leads (all if None), upwards and downwards."""
    if lead_ids is None:
        return _resolve(read_survivors(connection, None))
    steps = _climb(connection, lead_ids)
    roots = {_last(steps, lead_id) for lead_id in lead_ids}
    return _resolve(steps | _descend(connection, roots))


def read_rollup(
    log: ActivityLog,
    lead_ids: Sequence[str] | None,
    merges: Merges,
    agreement: Agreement,
    *,
    as_of: datetime,
) -> pa.Table:
    """Roll up the activities of these leads (all if None) and of those merged into them.

    Up to as_of, from the log: where a stored rollup with its tail is kept, it is read here.
    All leads are rolled up by DuckDB, which spills to disk; some leads in memory, which is quicker.
    """
    wanted = None if lead_ids is None else [*lead_ids, *merges.into]
    activities = log.read(lead_ids=wanted, until_us=to_us(as_of))
    if merges.into:
        pairs = {"lead_id": list(merges.into), "into_lead_id": list(merges.into.values())}
        mapping = log.connection.from_arrow(pa.table(pairs))
        activities = activities.join(mapping, "lead_id", how="left").project(
            "coalesce(into_lead_id, lead_id) AS lead_id, kind, occurred_us"
        )
    else:
        activities = activities.select("lead_id", "kind", "occurred_us")
    source = activities if lead_ids is None else activities.to_arrow_table()
    rolled: pa.Table = roll_up(source, agreement).collect().to_native()
    return rolled


def score_leads(
    connection: Connection,
    lead_ids: Sequence[str],
    rollup: pa.Table,
    agreement: Agreement,
    *,
    as_of: datetime,
) -> list[Scored]:
    """Score leads from their attributes in the ledger and a rollup, in the order of their ids."""
    rules = agreement.scoring.fit.rules
    fields = dict.fromkeys(name for rule in rules for name in fields_of(rule.when))
    leads = read_attributes(connection, lead_ids, fields)
    if not leads.num_rows:
        return []
    workings = work_out(leads, rollup, agreement, as_of=as_of)
    scores = qualified(sum_up(workings, agreement), agreement).sort("lead_id").collect()
    reasons = _reasons_by_lead(explain_lines(workings, agreement).collect().to_native())
    return [_scored(row, reasons) for row in scores.to_native().to_pylist()]


def _scored(row: Mapping[str, Any], reasons: Mapping[str, list[dict[str, Any]]]) -> Scored:
    return Scored(
        lead_id=row["lead_id"],
        fit=row["fit"],
        engagement=row["engagement"],
        intent=row["intent"],
        position=row["position"],
        qualifies=tuple(name for name in THRESHOLDS if row[name]),
        reasons=tuple(reasons.get(row["lead_id"], ())),
    )


def _reasons_by_lead(lines: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """Group reason lines by lead: score by score, the largest first, what the limit did last."""
    columns = [lines.column(name).to_pylist() for name in REASON_COLUMNS]
    found: dict[str, list[Any]] = {}
    for lead_id, score, name, points, *evidence in zip(*columns, strict=True):
        order = (_ORDER[score], name == LIMIT, -abs(points), name)
        found.setdefault(lead_id, []).append((order, score, name, points, *evidence))
    return {lead_id: [_reason(*line[1:]) for line in sorted(own)] for lead_id, own in found.items()}


def _reason(
    score: str, name: str, points: int, count: int, last_us: int, weight: float
) -> dict[str, Any]:
    reason: dict[str, Any] = {"score": score, "name": name, "points": str(to_points(points))}
    if count:
        reason["count"] = count
        reason["last_at"] = to_text(from_us(last_us))
        reason["weight"] = _shown_weight(weight)
    return reason


def _shown_weight(weight: float) -> float:
    """Round a decayed weight for showing; it is evidence, nothing is decided on it."""
    return int(weight * 1000 + 0.5) / 1000


def _climb(connection: Connection, lead_ids: Iterable[str]) -> dict[str, str]:
    """Read merges upwards until nobody is merged any further."""
    steps: dict[str, str] = {}
    wanted = set(lead_ids)
    while wanted:
        found = read_survivors(connection, wanted)
        steps |= found
        wanted = set(found.values()) - steps.keys()
    return steps


def _descend(connection: Connection, roots: Iterable[str]) -> dict[str, str]:
    """Read merges downwards until nobody else is merged into one found."""
    steps: dict[str, str] = {}
    wanted = set(roots)
    while wanted:
        found = read_absorbed(connection, wanted)
        wanted = found.keys() - steps.keys()
        steps |= found
    return steps


def _resolve(steps: Mapping[str, str]) -> Merges:
    return Merges(into={lead_id: _last(steps, lead_id) for lead_id in steps})


def _last(steps: Mapping[str, str], lead_id: str) -> str:
    """Follow merges to the end; a circle (which merging never makes) ends where it closes."""
    seen = {lead_id}
    while lead_id in steps and steps[lead_id] not in seen:
        lead_id = steps[lead_id]
        seen.add(lead_id)
    return lead_id
