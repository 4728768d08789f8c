"""The rows of a batch that a rule speaks of: what is set aside whole, and what is flagged.

Kept piece by piece while a batch is read; only at its end is it known which rules are tolerated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from accord.ledger.batch_rows import write_set_aside
from accord.quality import Severity, Verdict
from accord.records import SCHEMAS, Entity, to_us
from accord.services.erased import REASON, RULE
from accord.sources import Batch, Records, Rows

Positions = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
_NONE: Positions = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Of one piece: its verdict, its rows' numbers, their keys, and the failing rows whole.

    Rows of a person who was erased are set aside without their content, whatever else they are.
    """

    verdict: Verdict
    erased: Positions
    numbers: Positions
    keys: pd.Series
    failing: Positions  # positions of the rows kept in ``rows``, in order
    rows: Rows


class SetAside:
    """What quality found in a batch, until it is stored."""

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._pieces: list[_Piece] = []

    def add(self, records: Records, verdict: Verdict, *, erased: Mask) -> None:
        """Keep what may have to be set aside of a piece, and its flags.

        ``erased`` says of each row whether it is about a person who was erased.
        """
        if not verdict.failing and not erased.any():
            return
        gone = np.flatnonzero(erased)
        failing = np.setdiff1d(verdict.positions(Severity.QUARANTINE), gone, assume_unique=True)
        self._pieces.append(
            _Piece(
                verdict=verdict,
                erased=gone,
                numbers=records.row_numbers,
                keys=records.frame[SCHEMAS[self._entity].key],
                failing=failing,
                rows=_taken(records, failing),
            )
        )

    def settle(self, tolerated: frozenset[str]) -> Positions:
        """Leave out the rules that are tolerated; returns the numbers of the rows to set aside."""
        self._pieces = [
            replace(one, verdict=one.verdict.without(tolerated)) for one in self._pieces
        ]
        found = [one.numbers[_aside(one)] for one in self._pieces]
        return np.concatenate([_NONE, *found])

    def count_erased(self) -> int:
        """Count the rows of erased persons, which say nothing about the quality of a batch."""
        return sum(len(one.erased) for one in self._pieces)

    def count_flagged(self, taken: Positions | None) -> int:
        """Count the rows with a flag among those taken (numbers; None: all that are not aside)."""
        return sum(len(_flagged(one, taken)) for one in self._pieces)

    def write(
        self, connection: Connection, batch: Batch, taken: Positions | None, *, at: datetime
    ) -> None:
        """Write the rows set aside, and the flags of the rows taken."""
        aside = list(self._rows(batch, at=to_us(at)))
        flags = list(self._flags(batch, taken, at=to_us(at)))
        write_set_aside(connection, _columns(aside), flags=_columns(flags))

    def _rows(self, batch: Batch, *, at: int) -> Iterator[dict[str, Any]]:
        of_all = {
            "batch_id": batch.batch_id,
            "source": batch.source.name,
            "entity": self._entity.value,
            "set_aside_at": at,
        }
        for piece in self._pieces:
            for position, row in _whole(piece):
                key = piece.keys.iloc[position]
                yield of_all | {
                    "row_number": int(piece.numbers[position]),
                    "record_key": None if pd.isna(key) else str(key),
                    "row": json.dumps(row, ensure_ascii=False),
                    "reasons": json.dumps(piece.verdict.reasons(position), ensure_ascii=False),
                    "status": "open",
                }
            for position in piece.erased.tolist():
                yield of_all | {
                    "row_number": int(piece.numbers[position]),
                    "record_key": None,
                    "row": "{}",
                    "reasons": json.dumps([{"rule": RULE, "sentence": REASON}]),
                    "status": "erased",
                }

    def _flags(self, batch: Batch, taken: Positions | None, *, at: int) -> Iterator[dict[str, Any]]:
        for piece in self._pieces:
            wanted = set(_flagged(piece, taken).tolist())
            for found in piece.verdict.failing:
                if found.rule.severity is not Severity.FLAG:
                    continue
                for place, position in enumerate(found.positions.tolist()):
                    if position in wanted:
                        yield {
                            "batch_id": batch.batch_id,
                            "row_number": int(piece.numbers[position]),
                            "rule": found.rule.rule,
                            "entity": self._entity.value,
                            "record_key": str(piece.keys.iloc[position]),
                            "sentence": found.sentence(place),
                            "flagged_at": at,
                        }


def _whole(piece: _Piece) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the positions of the rows to set aside with their content, and that content."""
    kept = {int(position): place for place, position in enumerate(piece.failing)}
    found = piece.verdict.positions(Severity.QUARANTINE)
    positions = np.setdiff1d(found, piece.erased, assume_unique=True).tolist()
    rows = piece.rows.records([kept[position] for position in positions])
    yield from zip(positions, rows, strict=True)


def _aside(piece: _Piece) -> Positions:
    """Return the positions of the rows to set aside, with or without their content."""
    return np.union1d(piece.verdict.positions(Severity.QUARANTINE), piece.erased)


def _taken(records: Records, positions: Positions) -> Rows:
    """Copy some of a piece's rows, so that the piece itself can go."""
    return records.rows.picked((records.row_numbers[positions] - records.rows.first).tolist())


def _flagged(piece: _Piece, taken: Positions | None) -> Positions:
    """Return the positions with a flag whose rows are taken."""
    flags = piece.verdict.positions(Severity.FLAG)
    flagged = np.setdiff1d(flags, _aside(piece), assume_unique=True)
    if taken is None:
        return flagged
    return flagged[np.isin(piece.numbers[flagged], taken)]


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
