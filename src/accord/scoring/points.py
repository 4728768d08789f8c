"""Points of rules and kinds, each rounded once to whole tenths, as expressions over frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals as nw

from accord.agreement import Agreement
from accord.conditions import ConditionCompiler
from accord.records import to_us
from accord.scoring.frames import Lazy, by_kind, is_kind
from accord.scoring.rollup import decay
from accord.scoring.terms import (
    BEYOND_SHOWING,
    NEVER_BITES,
    NEVER_DECAYS_US,
    ScoreName,
    cap_tenths,
    kind_terms,
    to_tenths,
)


def rows_until(rollup: Lazy, *, as_of: datetime) -> Lazy:
    """Return the rows of a rollup that tell about ``as_of``, with ``elapsed_us`` since their last.

    lead_id, kind, count, last_us, weight at last_us, elapsed_us; as many rows a lead and kind as
    the rollup has. A row that reaches beyond as_of tells nothing about it and is left out.
    """
    elapsed = nw.lit(to_us(as_of)) - nw.col("last_us")
    return rollup.filter(nw.col("last_us") <= to_us(as_of)).select(
        nw.col("lead_id", "kind").cast(nw.String),
        nw.col("count", "last_us").cast(nw.Int64),
        "weight",
        elapsed_us=elapsed,
    )


def weights_by_lead(rows: Lazy, agreement: Agreement) -> tuple[Lazy, Mapping[str, nw.Expr]]:
    """Return one row a lead and, by kind, the expression of its whole weight there, never null.

    One pass and one group a lead, however many kinds: an engine groups by few keys quicker than
    by many, and fades by a number quicker than by a column. ``rows`` as :func:`rows_until` gives
    them.
    """
    terms = kind_terms(agreement)
    # Numbered, not named by the kind: an engine may ignore case in a column's name.
    columns = {kind: f"weight_{at}" for at, kind in enumerate(terms)}
    apart = {
        column: nw.when(nw.col("kind") == kind).then(_faded(nw.lit(terms[kind].half_life_us)))
        for kind, column in columns.items()
    }
    sums = [nw.col(column).sum() for column in columns.values()]
    by_lead = rows.select("lead_id", **apart).group_by("lead_id").agg(*sums)
    return by_lead, {kind: nw.col(column).fill_null(0.0) for kind, column in columns.items()}


def contributions(rows: Lazy, agreement: Agreement) -> Lazy:
    """Return what each kind adds to each lead's score, with what it is made of.

    One row a lead and kind: lead_id, kind, count, last_us, weight, tenths, and ``uncapped``, the
    tenths without the kind's cap. ``rows`` as :func:`rows_until` gives them.
    """
    terms = kind_terms(agreement)
    half_life = by_kind(terms, lambda one: one.half_life_us, otherwise=NEVER_DECAYS_US)
    points = by_kind(terms, lambda one: one.points, otherwise=0.0)
    cap = by_kind(terms, lambda one: one.cap, otherwise=NEVER_BITES)
    tenths = kind_tenths(nw.col("weight"), points=points, cap=cap)
    uncapped = kind_tenths(nw.col("weight"), points=points, cap=nw.lit(BEYOND_SHOWING))
    faded = rows.filter(is_kind(terms)).with_columns(weight=_faded(half_life))
    summed = faded.group_by("lead_id", "kind").agg(
        nw.col("count").sum(), nw.col("last_us").max(), nw.col("weight").sum()
    )
    return summed.with_columns(nw.col("count").cast(nw.Int64), tenths=tenths, uncapped=uncapped)


def _faded(half_life_us: nw.Expr) -> nw.Expr:
    return nw.col("weight") * decay(nw.col("elapsed_us"), half_life_us)


def kind_tenths(weight: nw.Expr, *, points: nw.Expr | float, cap: nw.Expr | None) -> nw.Expr:
    """Return what a kind of this weight adds: points x weight, within the cap, rounded once.

    A cap of None never bites. The rounding is that of :func:`accord.scoring.terms.to_tenths`.
    """
    worth = weight * points
    if cap is not None:
        worth = nw.min_horizontal(nw.max_horizontal(worth, -cap), cap)
    return (worth * 10.0 + 0.5 + 1e-6).floor().cast(nw.Int64)


def fit_expressions(leads: Lazy, agreement: Agreement) -> tuple[Lazy, Mapping[str, nw.Expr]]:
    """Return each fit rule's tenths for the row's lead, by name: its points where it holds, else 0.

    Reads the tested text columns of ``leads``; the expressions are over the frame returned with
    them. Rules of one name are one line.
    """
    rules = agreement.scoring.fit.rules
    compiler = ConditionCompiler(leads, [rule.when for rule in rules])
    expressions: dict[str, nw.Expr] = {}
    for rule in rules:
        points = compiler.expression(rule.when).cast(nw.Int64) * to_tenths(rule.points)
        known = expressions.get(rule.name)
        expressions[rule.name] = points if known is None else known + points
    return compiler.frame, expressions


def limited(tenths: nw.Expr, agreement: Agreement, name: ScoreName) -> nw.Expr:
    """Limit a sum of tenths to 0..cap."""
    return nw.min_horizontal(
        nw.max_horizontal(tenths, nw.lit(0, nw.Int64)),
        nw.lit(cap_tenths(agreement, name), nw.Int64),
    )
