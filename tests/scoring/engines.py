"""The engines that the scores are held equal on, and small frames for them."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from accord.agreement import Agreement, Scoring, load
from accord.records import to_us

ROOT = Path(__file__).resolve().parents[2]
T = datetime(2026, 11, 2, 12, tzinfo=UTC)
T_US = to_us(T)
DAY_US = 86_400_000_000

_duckdb = duckdb.connect()
atexit.register(_duckdb.close)

LEADS = pa.schema(
    [
        ("lead_id", pa.string()),
        ("title", pa.string()),
        ("email", pa.string()),
        ("industry", pa.string()),
        ("country", pa.string()),
        ("employees", pa.int64()),
        ("budget", pa.decimal128(20, 2)),
        ("authority", pa.bool_()),
        ("need", pa.string()),
        ("timeline_days", pa.int64()),
    ]
)
ACTIVITIES = pa.schema(
    [("lead_id", pa.string()), ("kind", pa.string()), ("occurred_us", pa.int64())]
)


def in_pandas(table: pa.Table) -> pd.DataFrame:
    """As ingestion gives frames: nullable whole numbers and flags, money as objects."""
    kinds = {pa.int64(): "Int64", pa.bool_(): "boolean", pa.string(): "str"}
    return pd.DataFrame(
        {
            field.name: pd.Series(
                table.column(field.name).to_pylist(),
                dtype="int64" if field.name.endswith("_us") else kinds.get(field.type, "object"),
            )
            for field in table.schema
        }
    )


ENGINES: Mapping[str, Callable[[pa.Table], Any]] = {
    "duckdb": _duckdb.from_arrow,
    "pandas": in_pandas,
    "polars": pl.from_arrow,
    "lazy polars": lambda table: pl.from_arrow(table).lazy(),
    "arrow": lambda table: table,
}


@cache
def shipped() -> Agreement:
    """The agreement of the repository."""
    return load(ROOT / "agreement.yaml")


def with_scoring(**sections: Any) -> Agreement:
    """The shipped agreement with sections of its scoring replaced, written as in its file."""
    scoring = shipped().scoring
    kept = {name: getattr(scoring, name) for name in ("fit", "engagement", "intent")}
    replaced = Scoring.model_validate({**kept, **sections})
    return shipped().model_copy(update={"scoring": replaced})


def leads(*records: Mapping[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(
        [{name: record.get(name) for name in LEADS.names} for record in records], LEADS
    )


def activities(*rows: tuple[str, str, int]) -> pa.Table:
    """Rows of lead_id, kind, occurred_us."""
    names = ACTIVITIES.names
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], ACTIVITIES)


def collected(frame: Any, *by: str) -> list[dict[str, Any]]:
    """The rows of a lazy frame, sorted, as plain values; nulls as None."""
    rows = frame.sort(*by).collect().to_arrow().to_pylist()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124


def numbers(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (row["lead_id"], row["fit"], row["engagement"], row["intent"], row["position"])
        for row in rows
    ]


def by_score(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """The sums of reason lines by lead and score."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["lead_id"], row["score"])
        sums[key] = sums.get(key, 0) + row["points"]
    return sums
