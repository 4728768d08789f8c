"""Why a lead stands where it stands, what became of it, and what would bring it further or back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from accord.errors import InputError
from accord.records import to_text
from accord.scoring import (
    SCORES,
    EvidenceRow,
    Threshold,
    Way,
    distances,
    falls_at,
    next_threshold,
    shown_by,
    to_points,
    ways_to,
    weights_at,
)
from accord.services.erased import erased_among
from accord.services.explain_history import NEWEST, HistoryLine, read_history
from accord.services.first_known import refuse_unknown
from accord.services.replay import Then, read_then
from accord.services.scored import Scored
from accord.services.workspace import Workspace

_NOTHING = Decimal("0.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStage:
    """The threshold after the furthest that holds, and the ways to it, the nearest first."""

    stage: Threshold
    ways: tuple[Way, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values; ``missing`` is what the nearest way lacks."""
        return {
            "stage": self.stage,
            "missing": _texts(self.ways[0].missing) if self.ways else None,
            "ways": [_way(way) for way in self.ways],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One lead's scores at an instant, from what was known of it then.

    ``lead_id`` is the lead that the asked one counted for, if it was merged. ``scores`` are points
    as shown; ``reasons`` add up to them; ``shown_by`` are the kinds that show its position in the
    buying cycle; ``stage`` is where the lifecycle has it, None before it was placed; ``distances``
    holds, for each threshold that does not hold, the ways to reach it as missing points per score,
    the nearest first; ``next`` is None where the last threshold holds; ``falls_at`` says, for each
    that holds, when it no longer will if nothing more is done, None for never; ``history`` is the
    newest lines, newest last.
    """

    asked: str
    lead_id: str
    as_of: datetime
    version: str
    scores: Mapping[str, Decimal]
    position: str | None
    shown_by: tuple[str, ...]
    stage: str | None
    holds: tuple[str, ...]
    reasons: tuple[Mapping[str, Any], ...]
    distances: Mapping[Threshold, tuple[Mapping[str, Decimal], ...]]
    next: NextStage | None
    falls_at: Mapping[Threshold, datetime | None]
    history: tuple[HistoryLine, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON: points as text with one decimal."""
        return {
            "lead_id": self.asked,
            "merged_into": self.lead_id if self.lead_id != self.asked else None,
            "as_of": to_text(self.as_of),
            "agreement": self.version,
            "stage": self.stage,
            "scores": _texts(self.scores),
            "position": self.position,
            "shown_by": list(self.shown_by),
            "holds": list(self.holds),
            "reasons": [dict(reason) for reason in self.reasons],
            "missing": [
                {"for": threshold, **{name: str(way.get(name, _NOTHING)) for name in SCORES}}
                for threshold, ways in self.distances.items()
                for way in ways
            ],
            "next": None if self.next is None else self.next.as_dict(),
            "falls_at": {
                name: None if at is None else to_text(at) for name, at in self.falls_at.items()
            },
            "history": [line.as_dict() for line in self.history],
        }


def explain(workspace: Workspace, lead_id: str, *, as_of: datetime) -> Explanation:
    """Explain a lead's scores at ``as_of``: as they were then, are now, or would be at a later T.

    From its attributes, merges and activities as they were known then, under the agreement of then.
    Stores nothing, and takes no lease. InputError if no such lead was known then: because none is,
    because it became known later, or because it was erased.
    """
    with workspace.ledger.read() as connection:
        _refuse_unknown(connection, lead_id, as_of=as_of)
    then = read_then(workspace, as_of=as_of, lead_ids=[lead_id])
    scored = next(iter(then.scored()), None)
    if scored is None:
        raise _erased(lead_id)
    with workspace.ledger.read() as connection:
        history = read_history(connection, scored.lead_id, as_of=as_of)
    return _explanation(lead_id, then, scored, history)


def _explanation(asked: str, then: Then, scored: Scored, history: list[HistoryLine]) -> Explanation:
    tenths = {name: getattr(scored, name) for name in SCORES}
    rows: list[EvidenceRow] = [
        (row["kind"], row["last_us"], row["weight"]) for row in then.evidence.to_pylist()
    ]
    weights = weights_at(rows, then.agreement, as_of=then.as_of)
    moves = [line.of for line in history if line.what == "moved"]
    return Explanation(
        asked=asked,
        lead_id=scored.lead_id,
        as_of=then.as_of,
        version=then.agreement.version,
        scores={name: to_points(value) for name, value in tenths.items()},
        position=scored.position,
        shown_by=shown_by(weights, then.agreement),
        stage=moves[-1] if moves else None,
        holds=scored.qualifies,
        reasons=scored.reasons,
        distances=distances(then.agreement, **tenths),
        next=_next(then, scored, weights),
        falls_at=falls_at(rows, then.agreement, fit=scored.fit, as_of=then.as_of),
        history=tuple(history[-NEWEST:]),
    )


def _next(then: Then, scored: Scored, weights: Mapping[str, float]) -> NextStage | None:
    stage = next_threshold(scored.qualifies)
    if stage is None:
        return None
    (attributes,) = then.leads.to_pylist()
    return NextStage(
        stage=stage,
        ways=ways_to(stage, then.agreement, attributes=attributes, weights=weights),
    )


def _texts(points: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(value) for name, value in points.items()}


def _way(way: Way) -> dict[str, Any]:
    means = [
        {"score": one.score, "times": dict(one.times), "points": str(one.points)}
        for one in way.means
    ]
    return {"missing": _texts(way.missing), "means": means}


def _refuse_unknown(connection: Connection, lead_id: str, *, as_of: datetime) -> None:
    if erased_among(connection, pd.DataFrame({"lead_id": [lead_id]})).any():
        raise _erased(lead_id)
    refuse_unknown(connection, lead_id, at=as_of, options="--as-of")


def _erased(lead_id: str) -> InputError:
    return InputError(
        where=lead_id,
        found="was erased, so there is nothing left to explain",
        remedy="see accord erase --list for the certificate",
    )
