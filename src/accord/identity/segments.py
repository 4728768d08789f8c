"""Which segment leads are in, a column at a time."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from accord.agreement import Agreement
from accord.conditions import ConditionCompiler, fields_of


def segments_of(leads: pd.DataFrame, agreement: Agreement) -> pd.Series[str]:
    """Return the segment of each lead: the first whose condition holds, as ``segment_of`` says.

    ``leads`` has one row a lead, ``lead_id`` and the leads' fields; a field that is not there is
    missing. The answer has the same index.
    """
    frame = nw.from_native(leads[["lead_id", *_tested(leads, agreement)]])
    compiler = ConditionCompiler(frame.lazy())
    segment: nw.Expr = nw.lit(agreement.segments[-1].name)
    for one in reversed(agreement.segments[:-1]):
        holds = nw.lit(value=True) if one.when is None else compiler.expression(one.when)
        segment = nw.when(holds).then(nw.lit(one.name)).otherwise(segment)
    named: pd.DataFrame = frame.with_columns(segment=segment).to_native()
    return named["segment"]


def _tested(leads: pd.DataFrame, agreement: Agreement) -> list[Any]:
    conditions = (one.when for one in agreement.segments if one.when is not None)
    tested = {name for when in conditions for name in fields_of(when)} - {"lead_id"}
    return [name for name in leads.columns if name in tested]
