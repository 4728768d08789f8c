"""Which segment leads are in: a column at a time, or some rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw
import pandas as pd

from accord.agreement import Agreement, segment_of
from accord.conditions import ConditionCompiler, fields_of


def segments_of(leads: pd.DataFrame, agreement: Agreement) -> pd.Series[str]:
    """Return the segment of each lead: the first whose condition holds, as ``segment_of`` says.

    ``leads`` has one row a lead, ``lead_id`` and the leads' fields; a field that is not there is
    missing. The answer has the same index.
    """
    tested = [name for name in segment_fields(agreement) if name in leads.columns]
    frame = nw.from_native(leads[["lead_id", *tested]])
    compiler = ConditionCompiler(frame.lazy())
    segment: nw.Expr = nw.lit(agreement.segments[-1].name)
    for one in reversed(agreement.segments[:-1]):
        holds = nw.lit(value=True) if one.when is None else compiler.expression(one.when)
        segment = nw.when(holds).then(nw.lit(one.name)).otherwise(segment)
    named: pd.DataFrame = frame.with_columns(segment=segment).to_native()
    return named["segment"]


def segments_of_rows(leads: Iterable[Mapping[str, Any]], agreement: Agreement) -> list[str]:
    """Return the segment of each row; decided once for leads alike in what segments look at."""
    names = segment_fields(agreement)
    decided: dict[tuple[Any, ...], str] = {}
    segments: list[str] = []
    for lead in leads:
        alike = tuple(lead.get(name) for name in names)
        if alike not in decided:
            decided[alike] = segment_of(agreement, lead)
        segments.append(decided[alike])
    return segments


def segment_fields(agreement: Agreement) -> tuple[str, ...]:
    """Return the fields that the segments' conditions look at."""
    conditions = (one.when for one in agreement.segments if one.when is not None)
    names = (name for when in conditions for name in fields_of(when))
    return tuple(name for name in dict.fromkeys(names) if name != "lead_id")
