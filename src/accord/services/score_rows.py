"""What the scoring stage writes of scored leads: scores, their changes, crossings upwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from accord.ledger.score_rows import read_former, write_scores
from accord.scoring import SCORES
from accord.services.thresholds import (
    codes_listed,
    codes_of,
    furthest,
    held_anew,
    listed,
    rank_of,
    stage_of,
)
from accord.services.unlike import same_numbers, take_beside


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """Leads scored, those with other numbers or thresholds than before, those over one anew."""

    scored: int
    changed: int
    crossed: int


def write_scored(
    connection: Connection, scored: pa.Table, *, news: pa.Array, version: str, as_of: datetime
) -> ScoreResult:
    """Write the scores of leads, and a change where numbers or thresholds are not those before.

    ``scored``: rows of ``score_table`` with their ``reasons``, each lead once; ``news`` those leads
    of whom there is something new. Of the stages that a lead has crossed and no stage has acted on,
    the furthest is kept. Fading crosses nothing: without news or another agreement a threshold that
    did not hold is not held yet, whatever the numbers.
    """
    if not scored.num_rows:
        return ScoreResult(scored=0, changed=0, crossed=0)
    former = take_beside(scored, read_former(connection, scored.column("lead_id").to_pylist()))
    before = codes_listed(former.column("qualifies"))
    has_cause = pc.or_(
        pc.is_in(scored.column("lead_id"), news),
        pc.fill_null(pc.not_equal(former.column("version"), version), fill_value=True),
    )
    held = codes_of(scored)
    now = pc.if_else(has_cause, held, pc.bit_wise_and(held, before))
    crossing = furthest(held_anew(now, before))
    waiting = pc.max_element_wise(crossing, rank_of(former.column("crossed")))
    rows = (
        scored.select(["lead_id", *SCORES, "position", "reasons"])
        .append_column("qualifies", listed(now))
        .append_column("crossed", stage_of(waiting))
    )
    stands = pc.fill_null(same_numbers(scored, former), fill_value=False)
    is_changed = pc.or_(pc.invert(stands), pc.not_equal(now, before))
    write_scores(connection, rows, is_changed, scored_at=as_of, version=version)
    return ScoreResult(
        scored=scored.num_rows,
        changed=_count(is_changed),
        crossed=_count(pc.greater(crossing, 0)),
    )


def _count(flags: Any) -> int:
    count: int = pc.sum(flags).as_py() or 0
    return count
