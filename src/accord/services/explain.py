"""Why a lead stands where it stands: its scores, their reasons, and how far it is from more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from accord.errors import InputError
from accord.ledger.score_rows import read_known
from accord.records import to_text
from accord.scoring import SCORES, Threshold, distances, to_points
from accord.services.scored import read_merges, read_rollup, score_leads
from accord.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One lead's scores at an instant, computed from its attributes now and its activities then.

    ``lead_id`` is the lead that the asked one counts for, if it was merged. ``scores`` are points
    as shown; ``reasons`` add up to them; ``distances`` holds, for each threshold that does not
    hold, the ways to reach it as missing points per score, the nearest first.
    """

    asked: str
    lead_id: str
    as_of: datetime
    version: str
    scores: Mapping[str, Decimal]
    position: str | None
    holds: tuple[str, ...]
    reasons: tuple[Mapping[str, Any], ...]
    distances: Mapping[Threshold, tuple[Mapping[str, Decimal], ...]]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON: points as text with one decimal."""
        return {
            "lead_id": self.asked,
            "merged_into": self.lead_id if self.lead_id != self.asked else None,
            "as_of": to_text(self.as_of),
            "agreement": self.version,
            "scores": {name: str(points) for name, points in self.scores.items()},
            "position": self.position,
            "holds": list(self.holds),
            "reasons": [dict(reason) for reason in self.reasons],
            "missing": [
                {"for": threshold, **{name: str(way.get(name, Decimal("0.0"))) for name in SCORES}}
                for threshold, ways in self.distances.items()
                for way in ways
            ],
        }


def explain(workspace: Workspace, lead_id: str, *, as_of: datetime) -> Explanation:
    """Explain a lead's scores at ``as_of``; InputError if the ledger does not know the lead.

    Stores nothing, and takes no lease.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        merges = read_merges(connection, [lead_id])
        root = merges.root(lead_id)
        if not {lead_id, root} <= set(read_known(connection, {lead_id, root})):
            raise _unknown(lead_id)
        rollup = read_rollup(workspace.log, [root], merges.among([root]), agreement, as_of=as_of)
        (scored,) = score_leads(connection, [root], rollup, agreement, as_of=as_of)
    tenths = {name: getattr(scored, name) for name in SCORES}
    return Explanation(
        asked=lead_id,
        lead_id=root,
        as_of=as_of,
        version=agreement.version,
        scores={name: to_points(value) for name, value in tenths.items()},
        position=scored.position,
        holds=scored.qualifies,
        reasons=scored.reasons,
        distances=distances(agreement, **tenths),
    )


def _unknown(lead_id: str) -> InputError:
    return InputError(
        where=lead_id,
        found="no lead of this id is known",
        expected="an id with its system, such as crm:L000123",
        remedy="look for it in the source; ids are kept as text as given",
    )
