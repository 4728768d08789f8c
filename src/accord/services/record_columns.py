"""From accepted records to columns of the ledger: values, content hashes, what is new.

Values stand in the ledger's own form (:data:`accord.ledger.bulk.Columns`): instants as whole
microseconds, money as whole hundredths. One path for ten rows and for a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.records import SCHEMAS, Entity, Kind

_CENT = Decimal("0.01")
_NOTHING = "\x00"  # no text holds it: a control character makes a cell unreadable
_BETWEEN = "\x1f"
_HASH = blake2b(digest_size=16)

Positions = np.ndarray[Any, np.dtype[np.int64]]
RecordColumns = dict[str, list[Any]]


def to_columns(entity: Entity, frame: pd.DataFrame) -> RecordColumns:
    """Turn canonical records into lists of the ledger's values, a field each, and ``row_hash``."""
    fields = SCHEMAS[entity].fields
    columns = {one.name: values_of(frame[one.name], one.kind) for one in fields}
    texts = [texts_of(frame[one.name], one.kind, columns[one.name]) for one in fields]
    columns["row_hash"] = content_hashes(texts)
    return columns


def values_of(series: pd.Series, kind: Kind) -> list[Any]:
    """List a column's values in the ledger's form, None for nulls."""
    absent = series.isna().to_numpy()
    if absent.all():
        return [None] * len(series)
    if kind is Kind.INSTANT:
        values = series.astype("datetime64[us, UTC]").astype("int64").astype(object).to_numpy()
    elif kind is Kind.MONEY:
        values = series.map(_to_cents, na_action="ignore").to_numpy(dtype=object)
    else:
        values = series.astype(object).to_numpy()
    if absent.any():
        values = values.copy()
        values[absent] = None
    listed: list[Any] = values.tolist()
    return listed


def _to_cents(amount: Decimal) -> int:
    return int(amount.quantize(_CENT, rounding=ROUND_HALF_UP).scaleb(2))


def texts_of(series: pd.Series, kind: Kind, values: Sequence[Any]) -> pa.Array:
    """Return a column's values (in the ledger's form) as text, null for nulls."""
    if isinstance(series.dtype, pd.StringDtype):
        return pa.array(series, pa.large_string())
    if kind in (Kind.INTEGER, Kind.INSTANT):
        return pa.array(values, pa.int64()).cast(pa.large_string())
    texts = [None if value is None else str(value) for value in values]
    return pa.array(texts, pa.large_string())


def content_hashes(texts: Sequence[pa.Array]) -> list[str]:
    """Hash each record's canonical content (32 hex digits), the same in every process and store.

    Values are in the ledger's form, so money counts to the cent and an instant by its microsecond.
    """
    filled = [pc.fill_null(column, _NOTHING) for column in texts]
    between = pa.scalar(_BETWEEN, pa.large_string())
    rows = pc.binary_join_element_wise(*filled, between).cast(pa.large_binary())
    hashes = []
    for row in rows.to_pylist():
        content = _HASH.copy()  # quicker than to make one
        content.update(row)
        hashes.append(content.hexdigest())
    return hashes


def find_fresh(keys: Sequence[str], hashes: Sequence[str], known: Mapping[str, str]) -> list[int]:
    """Return the positions of records that change something; ``known`` maps keys to their hash.

    A record repeats if it says what the newest of its key before it said, in the ledger or in the
    batch. So A, B, A of one key are three versions, and A, A, B are two.
    """
    if not known and len(set(keys)) == len(keys):
        return list(range(len(keys)))
    newest = dict(known)
    fresh = []
    for position, (key, content) in enumerate(zip(keys, hashes, strict=True)):
        if newest.get(key) != content:
            newest[key] = content
            fresh.append(position)
    return fresh


def pick(columns: Mapping[str, list[Any]], positions: Sequence[int]) -> RecordColumns:
    """Return the columns' values at these positions."""
    if len(positions) == len(next(iter(columns.values()), ())):
        return dict(columns)
    return {name: [values[at] for at in positions] for name, values in columns.items()}


def last_of_each(keys: Sequence[str]) -> list[int]:
    """Return the position of each key's last record, in order."""
    if len(set(keys)) == len(keys):
        return list(range(len(keys)))
    return sorted({key: position for position, key in enumerate(keys)}.values())
