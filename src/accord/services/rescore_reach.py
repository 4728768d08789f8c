"""Leads that could have come to be an MQL at all: only they are looked at moment by moment."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa

from accord.conditions import Condition, Matcher
from accord.records import to_us
from accord.scoring import ROLLUP_COLUMNS, condition_of, is_kind, kind_terms, qualified, score
from accord.services.rescore_moments import Trial

Lazy = nw.LazyFrame[Any]


def within_reach(trial: Trial, rows: Lazy) -> pa.Array:
    """Return the leads that would be an MQL if nothing ever faded and nothing counted against them.

    Whoever was one at any moment of what ``rows`` (of the trial's) tell is among them. All leads,
    where more points may be what loses the threshold.
    """
    agreement = trial.then.agreement
    if not _rises_with_points(condition_of(agreement, "mql")):
        return trial.scores["lead_id"].combine_chunks()
    adding = [kind for kind, one in kind_terms(agreement).items() if one.points > 0]
    whole = rows.filter(is_kind(adding))
    unfaded = whole.with_columns(last_us=nw.lit(to_us(trial.then.as_of))).select(*ROLLUP_COLUMNS)
    leads = trial.on(trial.scores.select(["lead_id"]))
    most = score(leads, unfaded, agreement, as_of=trial.then.as_of)
    fit = trial.on(trial.scores.select(["lead_id", "fit"]))
    joined = most.select("lead_id", "engagement", "intent").join(fit, on="lead_id")
    reached = qualified(joined, agreement).filter(nw.col("mql")).select("lead_id")
    found: pa.Table = reached.collect("pyarrow").to_native()
    return found["lead_id"].combine_chunks()


def _rises_with_points(condition: Condition) -> bool:
    """Whether more engagement or intent never loses the condition; fit does not move in time."""
    return all(
        test.field == "fit" or test.matcher == Matcher(gt=test.matcher.gt, gte=test.matcher.gte)
        for test in condition.tests
    ) and all(_rises_with_points(part) for part in condition.any_of)
