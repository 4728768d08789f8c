"""What leads' scores were at every moment at which they could have crossed a threshold upwards.

A score rises when something happens. So a lead is looked at when it enters the database and at each
of its activities: each such moment becomes a lead of its own, whose activities are moved so that
the moment falls on ``as_of``, and the one rule of scoring scores them all at once. Attributes are
those known at as_of: a loaded history tells nothing earlier. A crossing that comes from the fading
of a negative kind, without an activity, is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pyarrow as pa

from accord.records import to_us
from accord.scoring import ROLLUP_COLUMNS, SCORES, qualified, score, to_lazy
from accord.services.replay import Then

Lazy = nw.LazyFrame[Any]
Relation = Any

_MANY = 200
"""Moments of a lead from which on it is looked at once a day (of UTC), at its last moment there."""

_DAY_US = 86_400_000_000
_PLACES = f"""
    lead_id, at_us, lead_id || '#' || at_us AS moment,
    count(*) OVER (PARTITION BY lead_id) AS many,
    row_number() OVER (PARTITION BY lead_id ORDER BY at_us) AS nth,
    row_number() OVER (PARTITION BY lead_id, at_us // {_DAY_US} ORDER BY at_us DESC) AS from_last
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One agreement at work: what its scores are made of, the scores, every activity's row.

    ``scores`` as ``score_table`` gives them. ``rows``: each activity as a rollup row of its own, a
    relation on ``connection``, which is DuckDB's.
    """

    then: Then
    scores: pa.Table
    rows: Lazy
    connection: Any

    def on(self, table: pa.Table) -> Lazy:
        """Return a table as a lazy frame beside the rows."""
        return on(self.connection, table)


def score_moments(trial: Trial, spans: pa.Table, *, rows: Lazy | None = None) -> Lazy:
    """Score leads at each of their moments.

    ``spans``: lead_id, from_us (a moment itself, whatever happened) and until_us (no longer one);
    one row a lead. ``rows`` in place of the trial's own: rollup rows of these leads (others do no
    harm), each of which tells what happened at its last_us. Returns one row a moment: lead_id,
    at_us, the scores in whole tenths, one boolean a threshold.
    """
    of_spans = trial.on(spans)
    own = (trial.rows if rows is None else rows).join(of_spans, on="lead_id", how="semi")
    own = trial.on(own.to_native().to_arrow_table())  # read once, and asked for twice
    found = _find_moments(own.to_native(), of_spans.to_native())
    moments = trial.on(found.to_arrow_table())
    scores = score(
        moments.select(lead_id="moment"),
        _moved(own, moments, as_of_us=to_us(trial.then.as_of)),
        trial.then.agreement,
        as_of=trial.then.as_of,
    )
    implicit = scores.select("engagement", "intent", moment="lead_id")
    fit = trial.on(trial.scores.select(["lead_id", "fit"]))
    joined = moments.join(implicit, on="moment").join(fit, on="lead_id")
    return qualified(joined.select("lead_id", "at_us", *SCORES), trial.then.agreement)


def on(connection: Any, table: pa.Table) -> Lazy:
    """Return a table as a lazy frame on a DuckDB connection."""
    return to_lazy(connection.from_arrow(table))


def _find_moments(rows: Relation, spans: Relation) -> Relation:
    """Return lead_id, at_us and a key of its own (``moment``) of each moment within the spans."""
    within = "last_us > from_us AND last_us < until_us"
    happened = rows.select("lead_id", "last_us").join(spans, "lead_id").filter(within)
    entered = spans.filter("from_us < until_us").select("lead_id, from_us AS at_us")
    moments = entered.union(happened.select("lead_id, last_us AS at_us")).distinct()
    kept = moments.select(_PLACES).filter(f"many <= {_MANY} OR nth = 1 OR from_last = 1")
    return kept.select("moment", "lead_id", "at_us")


def _moved(rows: Lazy, moments: Lazy, *, as_of_us: int) -> Lazy:
    """Give each moment the rows up to it as its own, moved so that it falls on ``as_of_us``."""
    own = rows.join(moments, on="lead_id").filter(nw.col("last_us") <= nw.col("at_us"))
    by = nw.lit(as_of_us) - nw.col("at_us")
    moved = {name: nw.col(name) + by for name in ("first_us", "last_us")}
    return own.with_columns(lead_id="moment", **moved).select(*ROLLUP_COLUMNS)
