"""The three scores of every lead, and how far along the buying cycle it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

import narwhals as nw

from accord.agreement import Agreement
from accord.scoring.frames import Native
from accord.scoring.points import kind_tenths, limited, weights_by_lead
from accord.scoring.terms import CYCLE, NEVER_BITES, SPEAKS_FROM, KindTerms, ScoreName, kind_terms
from accord.scoring.workings import Workings, work_out


def score(
    leads: Native, rollup: Native, agreement: Agreement, *, as_of: datetime
) -> nw.LazyFrame[Any]:
    """Score every lead at ``as_of``: what it is, what it does, what it wants.

    ``leads``: one row a lead (key: lead_id) with the attributes that fit rules test; an attribute
    without a column is null. ``rollup``: any number of rows a lead and kind, as
    :func:`accord.scoring.roll_up` or ``each`` gives them; a row that reaches beyond as_of adds
    nothing (an activity at exactly as_of counts whole), nor does one of a lead that is not there.
    Both are of one backend, or the leads are eager (Arrow, say) and their fit is brought to the
    rollup's.
    Returns lazily, in no order, one row a lead: lead_id; fit, engagement, intent in whole tenths
    (Int64), each limited to 0..cap; position, the furthest of attention, interest, desire, action
    that a kind of decayed weight 0.25 or more shows, or null.
    """
    return sum_up(work_out(leads, rollup, agreement, as_of=as_of), agreement)


def sum_up(workings: Workings, agreement: Agreement) -> nw.LazyFrame[Any]:
    """Sum up what was worked out; columns as :func:`score`."""
    rules = [nw.col(column) for column in workings.rules]
    by_lead, weights = weights_by_lead(workings.rows, agreement)
    parts = by_lead.select(
        "lead_id",
        engagement=_implicit(weights, agreement, "engagement"),
        intent=_implicit(weights, agreement, "intent"),
        rank=_rank(weights, agreement),
    )
    joined = workings.fit.select("lead_id", fit=_sum(rules)).join(parts, on="lead_id", how="left")
    return joined.select(
        "lead_id",
        fit=limited(nw.col("fit"), agreement, "fit"),
        engagement=limited(_or_zero("engagement"), agreement, "engagement"),
        intent=limited(_or_zero("intent"), agreement, "intent"),
        position=_position(),
    )


def _implicit(weights: Mapping[str, nw.Expr], agreement: Agreement, name: ScoreName) -> nw.Expr:
    return _sum(
        kind_tenths(weights[kind], points=one.points, cap=_cap(one))
        for kind, one in kind_terms(agreement).items()
        if one.score == name
    )


def _cap(terms: KindTerms) -> nw.Expr | None:
    return None if terms.cap == NEVER_BITES else nw.lit(terms.cap)


def _rank(weights: Mapping[str, nw.Expr], agreement: Agreement) -> nw.Expr:
    """Return the rank of the furthest position that a kind speaks for, 0 for none."""
    shown = [
        (weights[kind] >= SPEAKS_FROM).cast(nw.Int64) * one.rank
        for kind, one in kind_terms(agreement).items()
        if one.rank
    ]
    return nw.max_horizontal(nw.lit(0, nw.Int64), *shown)


def _position() -> nw.Expr:
    """Return the name of a rank; a lead without activity has a null for rank, 0 is no position."""
    expression = nw.lit(None, nw.String)
    for at, name in enumerate(CYCLE, start=1):
        expression = nw.when(nw.col("rank") == at).then(nw.lit(name)).otherwise(expression)
    return expression


def _sum(parts: Iterable[nw.Expr]) -> nw.Expr:
    return reduce(add, tuple(parts) or (nw.lit(0, nw.Int64),))


def _or_zero(column: str) -> nw.Expr:
    return nw.col(column).fill_null(0).cast(nw.Int64)
