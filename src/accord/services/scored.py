"""Leads with their scores, reasons and thresholds: what the stage stores and explaining shows.

Frames in, frames or values out: nothing is read or stored here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from accord.agreement import Agreement
from accord.conditions import fields_of
from accord.scoring import THRESHOLDS, Workings, explain_lines, qualified, sum_up, work_out
from accord.services.reason_rows import NO_REASONS, list_reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One lead's scores in whole tenths, and why.

    ``reasons`` are lines of score, name and points (as shown) that add up to each score, the
    largest first; of an activity also count, last_at and decayed weight, and ``uncapped`` where
    its kind's cap took some off; ``qualifies`` the thresholds that hold.
    """

    lead_id: str
    fit: int
    engagement: int
    intent: int
    position: str | None
    qualifies: tuple[str, ...]
    reasons: tuple[Mapping[str, Any], ...]


def fit_fields(agreement: Agreement) -> tuple[str, ...]:
    """Return the attributes of a lead that the fit rules test."""
    rules = agreement.scoring.fit.rules
    return tuple(dict.fromkeys(name for rule in rules for name in fields_of(rule.when)))


def score_leads(
    leads: pa.Table, evidence: Any, agreement: Agreement, *, as_of: datetime
) -> list[Scored]:
    """Score leads with their reasons, in the order of their ids, as values.

    Frames as for :func:`score_table`.
    """
    table = score_with_reasons(leads, evidence, agreement, as_of=as_of)
    return [_to_scored(row) for row in table.to_pylist()]


def score_with_reasons(
    leads: pa.Table, evidence: Any, agreement: Agreement, *, as_of: datetime
) -> pa.Table:
    """Score leads with their reasons: a column more than :func:`score_table`, JSON text."""
    workings = work_out(leads, evidence, agreement, as_of=as_of)
    lines = explain_lines(workings, agreement).collect("pyarrow").to_native()
    return with_lines(_table(workings, agreement), lines)


def score_table(
    leads: pa.Table, evidence: Any, agreement: Agreement, *, as_of: datetime
) -> pa.Table:
    """Score leads without their reasons: one row a lead, sorted by lead_id.

    ``leads``: lead_id and attributes. ``evidence``: rollup rows, any number a lead and kind, as
    Arrow or a DuckDB relation. Gives lead_id, fit, engagement, intent in whole tenths, position,
    and one boolean a threshold.
    """
    return _table(work_out(leads, evidence, agreement, as_of=as_of), agreement)


def reason_lines(
    leads: pa.Table, evidence: Any, agreement: Agreement, *, as_of: datetime
) -> nw.LazyFrame[Any]:
    """Return the lines that the scores of leads are the sums of, lazily; frames as above."""
    return explain_lines(work_out(leads, evidence, agreement, as_of=as_of), agreement)


def with_lines(scores: pa.Table, lines: pa.Table | None) -> pa.Table:
    """Add ``reasons`` to scores: the lines of each lead as JSON text, an empty list without any."""
    none = pa.scalar(NO_REASONS, pa.large_string())
    if lines is None:
        return scores.append_column("reasons", pa.repeat(none, scores.num_rows))
    found = list_reasons(lines)
    places = pc.index_in(scores.column("lead_id"), found.column("lead_id"))
    texts = found.column("reasons").take(places)
    # A list that is null where a lead has lines is a fault, and no store takes it.
    return scores.append_column("reasons", pc.if_else(pc.is_null(places), none, texts))


def _table(workings: Workings, agreement: Agreement) -> pa.Table:
    scores = qualified(sum_up(workings, agreement), agreement)
    return scores.sort("lead_id").collect("pyarrow").to_native()


def _to_scored(row: Mapping[str, Any]) -> Scored:
    return Scored(
        lead_id=row["lead_id"],
        fit=row["fit"],
        engagement=row["engagement"],
        intent=row["intent"],
        position=row["position"],
        qualifies=tuple(name for name in THRESHOLDS if row[name]),
        reasons=tuple(json.loads(row["reasons"])),
    )
