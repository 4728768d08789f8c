"""Points of rules and kinds, each rounded once to whole tenths, as expressions over frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals as nw

from accord.agreement import Agreement
from accord.conditions import ConditionCompiler
from accord.records import to_us
from accord.scoring.frames import Lazy, by_kind
from accord.scoring.rollup import decay
from accord.scoring.terms import (
    NEVER_BITES,
    NEVER_DECAYS_US,
    ScoreName,
    cap_tenths,
    kind_terms,
    to_tenths,
)

_NO_KIND = ""  # an agreement without kinds: engines disagree about an empty list


def contributions(rollup: Lazy, agreement: Agreement, *, as_of: datetime) -> Lazy:
    """Return what each kind adds to each lead's score at ``as_of``.

    One row a lead and kind that is in scoring: lead_id, kind, count, last_us, weight (decayed to
    as_of) and tenths (points x weight, bounded by the kind's cap, rounded once). A row of the
    rollup that reaches beyond as_of tells nothing about it and adds nothing.
    """
    terms = kind_terms(agreement)
    is_scored = nw.col("kind").is_in([*terms, _NO_KIND])
    points = by_kind(terms, lambda one: one.points, otherwise=0.0)
    cap = by_kind(terms, lambda one: one.cap, otherwise=NEVER_BITES)
    half_life = by_kind(terms, lambda one: one.half_life_us, otherwise=NEVER_DECAYS_US)
    elapsed = nw.lit(to_us(as_of)) - nw.col("last_us")
    bounded = nw.min_horizontal(nw.max_horizontal(points * nw.col("weight"), -cap), cap)
    return (
        rollup.filter(is_scored, nw.col("last_us") <= to_us(as_of))
        .with_columns(weight=nw.col("weight") * decay(elapsed, half_life))
        .with_columns(tenths=_tenths(bounded))
        .select(
            nw.col("lead_id", "kind").cast(nw.String),
            nw.col("count", "last_us").cast(nw.Int64),
            "weight",
            "tenths",
        )
    )


def fit_expressions(leads: Lazy, agreement: Agreement) -> Mapping[str, nw.Expr]:
    """Return each fit rule's tenths for the row's lead, by name: its points where it holds, else 0.

    Reads the tested text columns of ``leads``. Rules of one name are one line.
    """
    compiler = ConditionCompiler(leads)
    expressions: dict[str, nw.Expr] = {}
    for rule in agreement.scoring.fit.rules:
        points = compiler.expression(rule.when).cast(nw.Int64) * to_tenths(rule.points)
        known = expressions.get(rule.name)
        expressions[rule.name] = points if known is None else known + points
    return expressions


def limited(tenths: nw.Expr, agreement: Agreement, name: ScoreName) -> nw.Expr:
    """Limit a sum of tenths to 0..cap."""
    return nw.min_horizontal(
        nw.max_horizontal(tenths, nw.lit(0, nw.Int64)),
        nw.lit(cap_tenths(agreement, name), nw.Int64),
    )


def _tenths(points: nw.Expr) -> nw.Expr:
    """Round as :func:`accord.scoring.terms.to_tenths` does."""
    return (nw.lit(10.0) * points + nw.lit(0.5) + nw.lit(1e-6)).floor().cast(nw.Int64)
