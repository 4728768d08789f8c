"""What the scoring stage writes of scored leads: scores, their changes, crossings upwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.score_rows import read_scores, write_scores
from accord.records import Stage
from accord.services.scored import Scored

_STAGES = (Stage.ENGAGED.value, Stage.TARGET.value, Stage.MQL.value)
"""The thresholds that are stages, in the order of the funnel."""

_NUMBERS = ("fit", "engagement", "intent")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """Leads scored, of these with other numbers than before, of these over a threshold anew."""

    scored: int
    changed: int
    crossed: int


def write_scored(
    connection: Connection, scored: Sequence[Scored], *, version: str, as_of: datetime
) -> ScoreResult:
    """Write the scores of leads, and a change where the numbers are not those before."""
    former = read_scores(connection, [one.lead_id for one in scored])
    changed = [one.lead_id for one in scored if _is_changed(one, former.get(one.lead_id))]
    crossings = {one.lead_id: _crossing(one, former.get(one.lead_id)) for one in scored}
    rows = [
        _row(one, former.get(one.lead_id), crossings[one.lead_id], version=version, as_of=as_of)
        for one in scored
    ]
    write_scores(connection, rows, changed=changed)
    return ScoreResult(
        scored=len(scored),
        changed=len(changed),
        crossed=sum(1 for crossing in crossings.values() if crossing is not None),
    )


def _is_changed(one: Scored, former: Row | None) -> bool:
    return former is None or any(getattr(one, name) != former[name] for name in _NUMBERS)


def _crossing(one: Scored, former: Row | None) -> str | None:
    """Return the furthest stage whose threshold holds now and did not hold in the former score."""
    held = former["qualifies"] if former is not None else ()
    return _furthest(name for name in one.qualifies if name not in held)


def _furthest(names: Iterable[str]) -> str | None:
    return max((name for name in names if name in _STAGES), key=_STAGES.index, default=None)


def _row(
    one: Scored, former: Row | None, crossing: str | None, *, version: str, as_of: datetime
) -> dict[str, Any]:
    waiting = former["crossed"] if former is not None else None
    return {
        "lead_id": one.lead_id,
        "fit": one.fit,
        "engagement": one.engagement,
        "intent": one.intent,
        "position": one.position,
        "reasons": one.reasons,
        "qualifies": one.qualifies,
        "crossed": _furthest(name for name in (waiting, crossing) if name is not None),
        "scored_at": as_of,
        "version": version,
    }
