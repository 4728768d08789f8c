"""The three scores of every lead, and how far along the buying cycle it stands."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

import narwhals as nw

from accord.agreement import Agreement
from accord.scoring.frames import Lazy, Native, by_kind
from accord.scoring.points import limited
from accord.scoring.terms import CYCLE, SPEAKS_FROM, ScoreName, kind_terms
from accord.scoring.workings import Workings, work_out


def score(
    leads: Native, rollup: Native, agreement: Agreement, *, as_of: datetime
) -> nw.LazyFrame[Any]:
    """Score every lead at ``as_of``: what it is, what it does, what it wants.

    ``leads``: one row a lead (key: lead_id) with the attributes that fit rules test; an attribute
    without a column is null. ``rollup``: as :func:`accord.scoring.roll_up` gives it, of the same
    backend, holding nothing after as_of (an activity at exactly as_of counts whole). Rows of the
    rollup for other leads count nowhere. Returns lazily, in no order, one row a lead: lead_id; fit,
    engagement, intent in whole tenths (Int64), each limited to 0..cap; position, the furthest of
    attention, interest, desire, action that a kind of decayed weight 0.25 or more shows, or null.
    """
    return sum_up(work_out(leads, rollup, agreement, as_of=as_of), agreement)


def sum_up(workings: Workings, agreement: Agreement) -> nw.LazyFrame[Any]:
    """Sum up what was worked out; columns as :func:`score`."""
    rules = [nw.col(column) for column in workings.rules]
    fit = reduce(add, rules, nw.lit(0, nw.Int64))
    joined = workings.fit.select("lead_id", fit=fit).join(
        _implicit(workings.kinds, agreement), on="lead_id", how="left"
    )
    return joined.select(
        "lead_id",
        fit=limited(nw.col("fit"), agreement, "fit"),
        engagement=limited(_or_zero("engagement"), agreement, "engagement"),
        intent=limited(_or_zero("intent"), agreement, "intent"),
        position=_position(),
    )


def _implicit(kinds: Lazy, agreement: Agreement) -> Lazy:
    terms = kind_terms(agreement)

    def of_score(name: ScoreName) -> nw.Expr:
        counts = by_kind(terms, lambda one: int(one.score == name), otherwise=0, dtype=nw.Int64)
        return counts * nw.col("tenths")

    shown = by_kind(terms, lambda one: one.rank, otherwise=0, dtype=nw.Int64)
    speaks = (nw.col("weight") >= SPEAKS_FROM).cast(nw.Int64)
    parts = kinds.select(
        "lead_id",
        engagement=of_score("engagement"),
        intent=of_score("intent"),
        rank=shown * speaks,
    )
    return parts.group_by("lead_id").agg(
        nw.col("engagement").sum(), nw.col("intent").sum(), nw.col("rank").max()
    )


def _position() -> nw.Expr:
    """Return the name of a rank; a lead without activity has a null for rank, 0 is no position."""
    expression = nw.lit(None, nw.String)
    for at, name in enumerate(CYCLE, start=1):
        expression = nw.when(nw.col("rank") == at).then(nw.lit(name)).otherwise(expression)
    return expression


def _or_zero(column: str) -> nw.Expr:
    return nw.col(column).fill_null(0).cast(nw.Int64)
