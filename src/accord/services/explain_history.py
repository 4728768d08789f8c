"""What became of a lead up to an instant: thresholds reached and lost, moves from stage to stage.

Reads what the stages stored, decides nothing anew but which thresholds the stored scores held.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection

from accord.agreement import Agreement, loads
from accord.ledger.history_rows import read_documents, read_moves_then, read_score_changes
from accord.records import to_text
from accord.scoring import SCORES, THRESHOLDS, ScoreName, qualifies, to_points

NEWEST = 50
"""How many lines of a history are shown: the newest."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One thing that became of a lead: a threshold reached or lost, or a move to a stage.

    ``of`` names the threshold or stage. Thresholds are as scorings saw them, with the scores then
    and the version of the agreement; a threshold lost to time is lost at the scoring that saw it.
    """

    at: datetime
    what: Literal["reached", "reached again", "lost", "moved"]
    of: str
    scores: Mapping[ScoreName, Decimal]
    version: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON; the scores of a move are null."""
        scores: dict[str, str | None] = {
            name: str(self.scores[name]) if self.scores else None for name in SCORES
        }
        at, agreement = to_text(self.at), self.version
        return {"at": at, "what": self.what, "of": self.of, **scores, "agreement": agreement}


def read_history(connection: Connection, lead_id: str, *, as_of: datetime) -> list[HistoryLine]:
    """Read a lead's history up to and with ``as_of``, as was known then, newest last.

    All of it, however long: :data:`NEWEST` bounds what is shown.
    """
    changes = read_score_changes(connection, lead_id, until=as_of)
    agreements = _Agreements(read_documents(connection, (row["version"] for row in changes)))
    moves = (_move(row) for row in read_moves_then(connection, lead_id, at=as_of))
    # A scoring comes before what is decided on it at the same instant; sorting keeps that order.
    return sorted([*_crossings(changes, agreements), *moves], key=lambda line: line.at)


class _Agreements:
    """The contents of versions as they were seen, each from when it was."""

    def __init__(self, documents: Sequence[Row]) -> None:
        self._by_version: dict[str, list[Row]] = {}
        for row in documents:
            self._by_version.setdefault(row["version"], []).append(row)

    def of(self, version: str, at: datetime) -> Agreement | None:
        """Return a version as it stood at an instant: the content seen last by then."""
        contents = self._by_version.get(version)
        if contents is None:  # no ledger of ours forgets one
            return None
        place = bisect_right(contents, at, key=lambda row: row["seen_at"])
        return _loaded(version, contents[max(place - 1, 0)]["document"])


@lru_cache(maxsize=16)
def _loaded(version: str, text: str) -> Agreement:
    return loads(text, where=f"version {version} in the ledger")


def _crossings(changes: Sequence[Row], agreements: _Agreements) -> Iterator[HistoryLine]:
    """Yield what each scoring saw reached that was not held before, and lost that was."""
    held: frozenset[str] = frozenset()
    before: set[str] = set()
    for row in changes:
        agreement = agreements.of(row["version"], row["scored_at"])
        if agreement is None:
            continue
        now = qualifies(agreement, **{name: row[name] for name in SCORES})
        for name in THRESHOLDS:
            if name in now and name not in held:
                yield _crossing(row, "reached again" if name in before else "reached", name)
            elif name in held and name not in now:
                yield _crossing(row, "lost", name)
        held, before = now, before | now


def _crossing(
    row: Row, what: Literal["reached", "reached again", "lost"], name: str
) -> HistoryLine:
    scores = {score: to_points(row[score]) for score in SCORES}
    return HistoryLine(
        at=row["scored_at"], what=what, of=name, scores=scores, version=row["version"]
    )


def _move(row: Row) -> HistoryLine:
    return HistoryLine(
        at=row["occurred_at"], what="moved", of=row["to_stage"], scores={}, version=row["version"]
    )
