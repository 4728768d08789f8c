"""Leads with their scores, reasons and thresholds: what the stage stores and explaining shows.

Frames in, values out: nothing is read or stored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import pyarrow as pa

from accord.agreement import Agreement
from accord.conditions import fields_of
from accord.scoring import (
    THRESHOLDS,
    explain_lines,
    qualified,
    sum_up,
    work_out,
)
from accord.services.reason_rows import Reasons, group_reasons


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
    """Score leads with their reasons, in the order of their ids.

    ``leads``: lead_id and attributes. ``evidence``: rollup rows, any number a lead and kind, as
    Arrow or a DuckDB relation.
    """
    if not leads.num_rows:
        return []
    workings = work_out(leads, evidence, agreement, as_of=as_of)
    scores = qualified(sum_up(workings, agreement), agreement).sort("lead_id").collect("pyarrow")
    lines = explain_lines(workings, agreement).collect("pyarrow").to_native()
    reasons = group_reasons(lines)
    return [to_scored(row, reasons) for row in scores.to_native().to_pylist()]


def score_table(
    leads: pa.Table, evidence: Any, agreement: Agreement, *, as_of: datetime
) -> pa.Table:
    """Score leads without their reasons: one row a lead, sorted by lead_id.

    lead_id, fit, engagement, intent in whole tenths, position, and one boolean a threshold. Frames
    as for :func:`score_leads`.
    """
    workings = work_out(leads, evidence, agreement, as_of=as_of)
    scores = qualified(sum_up(workings, agreement), agreement)
    return scores.sort("lead_id").collect("pyarrow").to_native()


def reason_lines(
    leads: pa.Table, evidence: Any, agreement: Agreement, *, as_of: datetime
) -> nw.LazyFrame[Any]:
    """Return the lines that the scores of leads are the sums of, lazily; frames as above."""
    return explain_lines(work_out(leads, evidence, agreement, as_of=as_of), agreement)


def to_scored(row: Mapping[str, Any], reasons: Reasons) -> Scored:
    """Make a value of a row of :func:`score_table` and the reasons by lead."""
    return Scored(
        lead_id=row["lead_id"],
        fit=row["fit"],
        engagement=row["engagement"],
        intent=row["intent"],
        position=row["position"],
        qualifies=tuple(name for name in THRESHOLDS if row[name]),
        reasons=tuple(reasons.get(row["lead_id"], ())),
    )
