"""Why a score is what it is: lines that add up to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import narwhals as nw

from accord.agreement import Agreement
from accord.scoring.frames import Lazy, Native, by_kind, to_lazy
from accord.scoring.points import contributions, fit_expressions, limited
from accord.scoring.terms import SCORES, ScoreName, kind_terms

REASON_COLUMNS = ("lead_id", "score", "name", "points", "count", "last_us", "weight")
LIMIT = "limit"
"""The name of the line that says by how much the limit 0..cap changed the sum of the others."""


def reasons(
    leads: Native, rollup: Native, agreement: Agreement, *, as_of: datetime
) -> nw.LazyFrame[Any]:
    """Return the lines that each lead's three scores at ``as_of`` are the sums of.

    Frames as for :func:`accord.scoring.score`. One row a lead, score and line: lead_id; score (fit,
    engagement, intent); name of the rule or kind, or ``limit`` where 0..cap bites; points in whole
    tenths, never 0; and of a kind count, last_us and decayed weight, 0 in other lines. A kind's
    own cap is inside its points. A lead whose scores are all 0 without cause has no row.
    """
    frame = to_lazy(leads)
    lines = contributions(to_lazy(rollup), agreement, as_of=as_of)
    known = lines.join(frame.select("lead_id"), on="lead_id", how="inner")
    plain = nw.concat([*_fit_lines(frame, agreement), _kind_lines(known, agreement)])
    counted = plain.filter(nw.col("points") != 0)
    return nw.concat([counted, *(_limit_lines(counted, agreement, name) for name in SCORES)])


def _fit_lines(leads: Lazy, agreement: Agreement) -> list[Lazy]:
    expressions = fit_expressions(leads, agreement)
    return [
        _without_evidence(leads, score="fit", name=rule.name, points=points)
        for rule, points in zip(agreement.scoring.fit.rules, expressions.values(), strict=True)
    ]


def _kind_lines(lines: Lazy, agreement: Agreement) -> Lazy:
    score = by_kind(kind_terms(agreement), lambda one: one.score, otherwise="")
    return lines.select(
        "lead_id",
        score=score,
        name=nw.col("kind"),
        points=nw.col("tenths"),
        count=nw.col("count").cast(nw.Int64),
        last_us=nw.col("last_us").cast(nw.Int64),
        weight=nw.col("weight"),
    )


def _limit_lines(counted: Lazy, agreement: Agreement, name: ScoreName) -> Lazy:
    sums = (
        counted.filter(nw.col("score") == name)
        .group_by("lead_id")
        .agg(nw.col("points").sum())
        .with_columns(nw.col("points").cast(nw.Int64))
    )
    change = limited(nw.col("points"), agreement, name) - nw.col("points")
    lines = _without_evidence(sums, score=name, name=LIMIT, points=change)
    return lines.filter(nw.col("points") != 0)


def _without_evidence(frame: Lazy, *, score: ScoreName, name: str, points: nw.Expr) -> Lazy:
    return frame.select(
        "lead_id",
        score=nw.lit(score, nw.String),
        name=nw.lit(name, nw.String),
        points=points,
        count=nw.lit(0, nw.Int64),
        last_us=nw.lit(0, nw.Int64),
        weight=nw.lit(0.0, nw.Float64),
    )
