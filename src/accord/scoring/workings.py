"""What both the scores and their reasons are made of, worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import narwhals as nw

from accord.agreement import Agreement
from accord.conditions import put_beside
from accord.scoring.frames import Lazy, Native, to_lazy
from accord.scoring.points import fit_expressions, rows_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """The parts of all scores at one instant, lazily.

    ``fit``: one row a lead, lead_id and one column a fit rule with its tenths, 0 where it does not
    hold; ``rules`` names the rule of each such column. ``rows``: any number of rows a lead and
    kind: lead_id, kind, count, last_us, weight at last_us, and elapsed_us from there to then.
    """

    fit: Lazy
    rules: Mapping[str, str]
    rows: Lazy


def work_out(leads: Native, rollup: Native, agreement: Agreement, *, as_of: datetime) -> Workings:
    """Work out what each rule adds and each row tells of each lead; frames as for ``score``.

    On an eager backend (pandas, Polars, Arrow) this computes, and scores and reasons share it.
    """
    frame, parts = fit_expressions(to_lazy(leads), agreement)
    # Numbered: engines read a dot in a column's name in their own way, and some ignore its case.
    rules = {f"fit_{at}": name for at, name in enumerate(parts)}
    columns = {column: parts[name] for column, name in rules.items()}
    fit = frame.select(nw.col("lead_id").cast(nw.String), **columns)
    rows = rows_until(to_lazy(rollup), as_of=as_of)
    if fit.implementation != rows.implementation:
        fit = put_beside(rows, fit.collect("pyarrow").to_native())
    return Workings(fit=fit, rules=rules, rows=rows)
