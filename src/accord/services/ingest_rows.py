"""From accepted records to rows of stores: values, content hashes, what is new and what repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from accord.records import SCHEMAS, Entity, to_us

_CENT = Decimal("0.01")

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """The records of a batch that say something new.

    ``rows`` in the order of the file: values by field, ``row_hash`` and ``position``; a key may
    come more than once, the last is the newest. ``duplicates`` counts the others.
    """

    rows: list[dict[str, Any]]
    duplicates: int

    def newest(self, key: str) -> list[dict[str, Any]]:
        """Return the last row of each key."""
        return list({row[key]: row for row in self.rows}.values())


def to_rows(entity: Entity, frame: pd.DataFrame, positions: Positions) -> list[dict[str, Any]]:
    """Turn the records at these positions into plain Python values, with ``row_hash``."""
    picked = frame.iloc[positions]
    names = SCHEMAS[entity].names
    columns = [_values(picked[name]) for name in names]
    rows = []
    for position, values in zip(positions.tolist(), zip(*columns, strict=True), strict=True):
        row = dict(zip(names, values, strict=True))
        rows.append(row | {"row_hash": content_hash(values), "position": position})
    return rows


def _values(series: pd.Series) -> list[Any]:
    """List a column's values as Python's own, None for nulls."""
    present = series.notna().to_numpy()
    plain = series.dt.to_pydatetime() if isinstance(series.dtype, pd.DatetimeTZDtype) else series
    values = np.array(plain, dtype=object)
    values[~present] = None
    listed: list[Any] = values.tolist()
    return listed


def content_hash(values: Sequence[Any]) -> str:
    """Hash a record's canonical content (32 hex digits), the same in every process and store.

    Money counts to the cent, as the ledger keeps it.
    """
    text = "\x1f".join("\x00" if value is None else _canonical(value) for value in values)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _canonical(value: Any) -> str:
    if isinstance(value, datetime):
        return str(to_us(value))
    if isinstance(value, Decimal):
        return str(value.quantize(_CENT, rounding=ROUND_HALF_UP))
    return str(value)


def without_repeats(rows: Sequence[dict[str, Any]], key: str, known: Mapping[str, str]) -> Fresh:
    """Keep the rows that change something; ``known`` maps keys to the hash the ledger has.

    A row repeats if it says what the newest row of its key before it said, in the ledger or in the
    batch. So A, B, A of one key are three versions, and A, A, B are two.
    """
    newest = dict(known)
    fresh = []
    for row in rows:
        if newest.get(row[key]) != row["row_hash"]:
            newest[row[key]] = row["row_hash"]
            fresh.append(row)
    return Fresh(rows=fresh, duplicates=len(rows) - len(fresh))


def to_log_table(frame: pd.DataFrame, positions: Positions) -> pa.Table:
    """Turn the activities at these positions into the log's table; time is ``occurred_us``."""
    picked = frame.iloc[positions]
    texts = {
        name: pa.array(picked[name], pa.string())
        for name in ("activity_id", "lead_id", "kind", "detail")
    }
    stamps = picked["occurred_at"].astype("datetime64[us, UTC]").astype("int64")
    return pa.table({**texts, "occurred_us": pa.array(stamps, pa.int64())})
