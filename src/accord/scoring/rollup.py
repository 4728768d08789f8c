"""The rollup: what a score needs of any number of activities, one row a lead and kind.

Exponential decay is a sum that can be carried: ``weight`` is the sum of 0.5^((last - t)/half_life)
at the instant of the last activity. Rollups of disjoint activities combine exactly, in any order,
and an activity alone is a rollup of one. Points, caps and thresholds are no part of it; half-lives
are, and each row names its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import narwhals as nw

from accord.agreement import Agreement
from accord.records import to_us
from accord.scoring.frames import Lazy, Native, by_kind, to_lazy
from accord.scoring.terms import NEVER_DECAYS_US, kind_terms

KEY = ("lead_id", "kind")
ROLLUP_COLUMNS = (*KEY, "count", "first_us", "last_us", "weight", "half_life_us")
"""The columns of a rollup; key: lead_id and kind."""

_FADED = 1000.0
"""Half-lives after which a weight counts as nothing: what is left is below 2^-1000 an activity."""


def each(activities: Native, agreement: Agreement, *, as_of: datetime | None = None) -> Lazy:
    """Return each activity as a rollup of itself: of count one, and whole at its own instant.

    Frames as for :func:`roll_up`, which sums these up; ``score`` takes them as they are. A row
    without lead or kind stays one, and counts for nobody.
    """
    rows = to_lazy(activities)
    if as_of is not None:
        rows = rows.filter(nw.col("occurred_us") <= to_us(as_of))
    terms = kind_terms(agreement)
    instant = nw.col("occurred_us").cast(nw.Int64)
    return rows.select(
        *KEY,
        count=nw.lit(1, nw.Int64),
        first_us=instant,
        last_us=instant,
        weight=nw.lit(1.0, nw.Float64),
        half_life_us=by_kind(terms, lambda one: one.half_life_us, otherwise=NEVER_DECAYS_US),
    )


def roll_up(
    activities: Native, agreement: Agreement, *, as_of: datetime | None = None
) -> nw.LazyFrame[Any]:
    """Sum up activities so that the score of any later instant can be read from it.

    ``activities``: one row an activity with lead_id, kind, occurred_us (microseconds UTC), any
    backend, native or Narwhals; rows without lead or kind are left out. With ``as_of``, so are
    those that occurred after it: a rollup tells nothing about instants before its last activity.
    Returns lazily one row a lead and kind: lead_id, kind, count, first_us, last_us, weight at
    last_us, half_life_us. A kind that is not in scoring never decays: its weight is its count.

    A rollup made with ``as_of`` is made for instants from it on, and costs less: what has faded by
    then, over a thousand half-lives, has the weight of one activity instead of its own.
    """
    rows = to_lazy(activities).filter(~nw.col("lead_id").is_null() & ~nw.col("kind").is_null())
    return _gather(each(rows, agreement, as_of=as_of), as_of=as_of)


def combine(one: Native, other: Native, *, as_of: datetime | None = None) -> nw.LazyFrame[Any]:
    """Combine two rollups of disjoint activities into the rollup of all of them.

    Columns as :func:`roll_up` gives them, both of one backend and built with the same half-lives.
    The order does not matter. ``as_of`` as there; nothing in either may be later than it.
    """
    parts = [to_lazy(rollup).select(*ROLLUP_COLUMNS) for rollup in (one, other)]
    return _gather(nw.concat(parts), as_of=as_of)


def decay(elapsed_us: nw.Expr, half_life_us: nw.Expr) -> nw.Expr:
    """Return what is left of a weight of one: 0.5^(elapsed / half_life)."""
    return nw.lit(0.5) ** (elapsed_us / half_life_us)


def _gather(rows: Lazy, *, as_of: datetime | None) -> Lazy:
    """Bring the weights of each lead and kind to one instant, add them up, leave them at the last.

    That instant is ``as_of``, else the last of the lead and kind, which costs a window.
    """
    rows = (
        _with_latest(rows) if as_of is None else rows.with_columns(latest_us=nw.lit(to_us(as_of)))
    )
    half_life = nw.col("half_life_us")
    left = decay(nw.col("latest_us") - nw.col("last_us"), half_life)
    gathered = (
        rows.with_columns(weight=nw.col("weight") * left)
        .group_by(*KEY)
        .agg(
            nw.col("count").sum(),
            nw.col("first_us").min(),
            nw.col("last_us").max(),
            nw.col("weight").sum(),
            half_life.max(),
            nw.col("latest_us").max(),
        )
        .with_columns(nw.col("count").cast(nw.Int64))
    )
    if as_of is not None:
        gathered = gathered.with_columns(weight=_at_the_last())
    return gathered.select(*ROLLUP_COLUMNS)


def _at_the_last() -> nw.Expr:
    """Return the weight at the last activity of what weighs ``weight`` at ``latest_us``."""
    faded_by = (nw.col("latest_us") - nw.col("last_us")) / nw.col("half_life_us")
    bounded = nw.min_horizontal(faded_by, nw.lit(_FADED))
    weight = nw.col("weight") * nw.lit(2.0) ** bounded
    return nw.when(faded_by < _FADED).then(weight).otherwise(nw.lit(1.0))


def _with_latest(rows: Lazy) -> Lazy:
    """Add ``latest_us``: the last instant of each row's lead and kind.

    A window, but for Arrow: there a window is a join whose rows come back in any order and are put
    beside the wrong ones, so the join is written out and carries its rows with it.
    """
    if not rows.implementation.is_pyarrow():
        return rows.with_columns(latest_us=nw.col("last_us").max().over(*KEY))
    latest = rows.group_by(*KEY).agg(latest_us=nw.col("last_us").max())
    return rows.join(latest, on=list(KEY), how="inner")
