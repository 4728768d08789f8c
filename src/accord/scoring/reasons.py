"""Why a score is what it is: lines that add up to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import narwhals as nw

from accord.agreement import LIMIT, Agreement
from accord.scoring.frames import Lazy, Native, by_kind
from accord.scoring.points import contributions, limited
from accord.scoring.terms import SCORES, kind_terms
from accord.scoring.workings import Workings, work_out

REASON_COLUMNS = ("lead_id", "score", "name", "points", "count", "last_us", "weight", "uncapped")


def reasons(
    leads: Native, rollup: Native, agreement: Agreement, *, as_of: datetime
) -> nw.LazyFrame[Any]:
    """Return the lines that each lead's three scores at ``as_of`` are the sums of.

    Frames as for :func:`accord.scoring.score`. One row a lead, score and line: lead_id; score (fit,
    engagement, intent); name of the rule or kind, or ``limit`` where 0..cap bites; points in whole
    tenths, never 0; of a kind count, last_us and decayed weight, 0 in other lines; and uncapped,
    the points before the kind's own cap, which is inside its points, and the same in other lines.
    A lead whose scores are all 0 without cause has no row.
    """
    return explain_lines(work_out(leads, rollup, agreement, as_of=as_of), agreement)


def explain_lines(workings: Workings, agreement: Agreement) -> nw.LazyFrame[Any]:
    """Write what was worked out as lines; columns as :func:`reasons`."""
    ours = workings.rows.join(workings.fit.select("lead_id"), on="lead_id", how="inner")
    lines = _kind_lines(contributions(ours, agreement), agreement)
    if workings.rules:
        lines = nw.concat([_fit_lines(workings), lines])
    return nw.concat([lines, _limit_lines(lines, agreement)])


def _fit_lines(workings: Workings) -> Lazy:
    lines = [
        workings.fit.select("lead_id", name=nw.lit(rule, nw.String), points=nw.col(column))
        for column, rule in workings.rules.items()
    ]
    holding = nw.concat(lines).filter(nw.col("points") != 0)
    return _without_evidence(holding, nw.lit("fit", nw.String))


def _kind_lines(kinds: Lazy, agreement: Agreement) -> Lazy:
    score = by_kind(kind_terms(agreement), lambda one: one.score, otherwise="", dtype=nw.String)
    return kinds.filter(nw.col("tenths") != 0).select(
        "lead_id",
        score=score,
        name=nw.col("kind"),
        points=nw.col("tenths"),
        count=nw.col("count"),
        last_us=nw.col("last_us"),
        weight=nw.col("weight"),
        uncapped=nw.col("uncapped"),
    )


def _limit_lines(lines: Lazy, agreement: Agreement) -> Lazy:
    summed = lines.group_by("lead_id", "score").agg(nw.col("points").sum())
    totals = summed.with_columns(nw.col("points").cast(nw.Int64))
    within = _limited_by_score(nw.col("points"), agreement)
    changed = totals.select(
        "lead_id",
        "score",
        name=nw.lit(LIMIT, nw.String),
        points=within - nw.col("points"),
    )
    return _without_evidence(changed.filter(nw.col("points") != 0), nw.col("score"))


def _limited_by_score(tenths: nw.Expr, agreement: Agreement) -> nw.Expr:
    fit, engagement, intent = (limited(tenths, agreement, name) for name in SCORES)
    score = nw.col("score")
    implicit = nw.when(score == "engagement").then(engagement).otherwise(intent)
    return nw.when(score == "fit").then(fit).otherwise(implicit)


def _without_evidence(frame: Lazy, score: nw.Expr) -> Lazy:
    return frame.select(
        "lead_id",
        score=score,
        name=nw.col("name"),
        points=nw.col("points"),
        count=nw.lit(0, nw.Int64),
        last_us=nw.lit(0, nw.Int64),
        weight=nw.lit(0.0, nw.Float64),
        uncapped=nw.col("points"),
    )
