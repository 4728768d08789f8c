"""The profile of a batch, gathered piece by piece: what rules about whole batches measure.

It is kept with the batch (``batch.profile``), and is what later batches of its source are compared
with: ``rows``, ``newest`` (ISO 8601), ``nulls.FIELD`` (a share), ``values.FIELD.WORD`` (a share).
Words of personal fields are never counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.quality.checked import Piece
from accord.quality.model import BatchRule
from accord.quality.verdict import Positions
from accord.records import SCHEMAS, Entity, to_text

_MOST_WORDS = 200  # a category has fewer; of more, the most frequent are kept

OTHER = "(other)"
"""Stands for the words beyond those that are kept."""

Profile = Mapping[str, float | int | str | None]


@dataclass(slots=True, kw_only=True)
class Measures:
    """What has been counted of a batch so far; one a batch, fed with each of its pieces."""

    entity: Entity
    rules: tuple[BatchRule, ...]
    rows: int = 0
    newest: dict[str, pd.Timestamp] = field(default_factory=dict)
    nulls: Counter[str] = field(default_factory=Counter)
    words: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, piece: Piece, set_aside: Positions) -> None:
        """Count a piece; rows that are set aside say nothing about how new the batch is."""
        self.rows += len(piece.frame)
        if not len(piece.frame):
            return
        for name in self._timed():
            self._see_newest(piece.instant(name), name, set_aside)
        for name in _fields(self.rules, "nulls"):
            self.nulls[name] += int(piece.frame[name].isna().sum())
        for name in _fields(self.rules, "share", "drift", "unknown"):
            self.words.setdefault(name, Counter()).update(_count(piece.frame[name]))

    def _timed(self) -> set[str]:
        asked = [rule for rule in self.rules if rule.freshness is not None]
        return {str(rule.field or SCHEMAS[self.entity].at) for rule in asked}

    def _see_newest(self, column: pd.Series, name: str, set_aside: Positions) -> None:
        kept = column if not len(set_aside) else column.drop(index=set_aside.tolist())
        found = kept.max()
        if pd.notna(found):
            self.newest[name] = max(found, self.newest.get(name, found))

    def shares(self, name: str) -> dict[str, float]:
        """Return the share of each word among those that a field holds."""
        counted = self.words.get(name, Counter())
        total = counted.total()
        return {word: count / total for word, count in counted.items()} if total else {}

    def profile(self) -> dict[str, float | int | str | None]:
        """Return what is kept with the batch: plain values by name."""
        found: dict[str, float | int | str | None] = {"rows": self.rows}
        for name, at in sorted(self.newest.items()):
            found[f"newest.{name}"] = to_text(at.to_pydatetime())
        for name, count in sorted(self.nulls.items()):
            found[f"nulls.{name}"] = count / self.rows
        for name in sorted(self.words):
            shares = sorted(self.shares(name).items(), key=lambda one: (-one[1], one[0]))
            found |= {f"values.{name}.{word}": share for word, share in shares[:_MOST_WORDS]}
            if len(shares) > _MOST_WORDS:
                rest = shares[_MOST_WORDS:]
                found[f"values.{name}.{OTHER}"] = sum(share for _, share in rest)
        return found


def _fields(rules: Iterable[BatchRule], *families: str) -> set[str]:
    asked = [rule for rule in rules if any(getattr(rule, one) is not None for one in families)]
    return {str(rule.field) for rule in asked}


def _count(column: pd.Series) -> dict[str, int]:
    """Count a column's words; nulls are left out."""
    if column.dtype == "boolean":
        column = column.map({True: "true", False: "false"}).astype("str")
    coded = pa.array(column, pa.large_string()).dictionary_encode()
    codes: Any = pc.drop_null(coded.indices).to_numpy(zero_copy_only=False)
    counts = np.bincount(codes, minlength=len(coded.dictionary))
    return dict(zip(coded.dictionary.to_pylist(), counts.tolist(), strict=True))
