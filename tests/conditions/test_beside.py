"""A table put beside a frame joins by the very characters of its keys, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from accord.conditions import ConditionCompiler, holds, parse_condition, put_beside

# Alike to one who folds case, strips accents or blanks, or composes characters; alike to nobody.
TEXTS = (
    *("é", "e\u0301", "E", "e", "É", "e ", " e", "straße", "strasse", "STRASSE", "\u017f", "s"),
    *(
        "İ",
        "\u0131",
        "i",
        "I",
        "経理部長",
        "директор",
        "ДИРЕКТОР",
        "",
        "a\n",
        "a",
        "👩\u200d💻",
        "👩",
    ),
)
ROWS: tuple[str | None, ...] = (*TEXTS, None, *TEXTS[:3], "no key")
"""The texts of a frame: every key, some twice, a null and a text that is no key."""

SAID = pa.table(
    {
        "key": pa.array(TEXTS, pa.string()),
        "place": pa.array(range(len(TEXTS)), pa.int64()),
        "flag": pa.array([(None, True, False)[place % 3] for place in range(len(TEXTS))]),
    }
)
GIVEN = pa.table({"row": pa.array(range(len(ROWS)), pa.int64()), "text": pa.array(ROWS)})
WANTED = {row: TEXTS.index(text) if text in TEXTS else None for row, text in enumerate(ROWS)}

_LONG = GIVEN.cast(pa.schema([("row", pa.int64()), ("text", pa.large_string())]))
ENGINES: Mapping[str, Callable[[], Any]] = {
    "duckdb": lambda: duckdb.connect().from_arrow(GIVEN),
    "pandas": GIVEN.to_pandas,
    "pandas objects": lambda: GIVEN.to_pandas().astype({"text": object}),
    "pandas on arrow": lambda: GIVEN.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.from_arrow(GIVEN),
    "lazy polars": lambda: pl.from_arrow(GIVEN).lazy(),
    "arrow": lambda: GIVEN,
    "arrow of long texts": lambda: _LONG,
}


def places(frame: nw.LazyFrame[Any]) -> dict[int, int | None]:
    """Join what is said to a frame of rows and texts; the place of each row's key, None if none."""
    joined = frame.join(put_beside(frame, SAID), left_on="text", right_on="key", how="left")
    found = joined.select("row", place=nw.col("place").fill_null(-1).cast(nw.Int64)).collect()
    rows = found.to_arrow().to_pylist()
    assert len(rows) == len(ROWS)
    return {row["row"]: None if row["place"] < 0 else row["place"] for row in rows}


@pytest.mark.parametrize("engine", ENGINES)
def test_no_engine_folds_or_trims_a_key_and_no_null_meets_one(engine: str) -> None:
    assert places(nw.from_native(ENGINES[engine]()).lazy()) == WANTED


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_beside_keeps_its_rows_and_its_nulls(engine: str) -> None:
    frame = nw.from_native(ENGINES[engine]()).lazy()
    beside = put_beside(frame, SAID)
    assert beside.implementation == frame.implementation
    found = beside.select("place", null=nw.col("flag").is_null()).sort("place").collect()
    assert found["null"].to_list() == [place % 3 == 0 for place in range(len(TEXTS))]


def test_two_tables_beside_one_relation_stay_apart() -> None:
    # DuckDB looks a table up by the name of a local variable, and only when the query runs.
    frame = nw.from_native(duckdb.connect().from_arrow(GIVEN)).lazy()
    one = put_beside(frame, pa.table({"key": ["one"]}))
    other = put_beside(frame, pa.table({"key": ["other"]}))
    assert one.collect()["key"].to_list() == ["one"]
    assert other.collect()["key"].to_list() == ["other"]


MANY = [f"{text} {number}" for text in TEXTS for number in range(8)]
MANY_WHEN = {"text": {"matches": "[1-4]$", "not_in": [f"{TEXTS[9]} 1", "É 2"]}}


def many_verdicts(put: Callable[[pa.Table], Any]) -> list[bool]:
    """What a frame of 192 different texts, and a null, says of a condition that splits them."""
    table = pa.table({"row": range(len(MANY) + 1), "text": pa.array([*MANY, None], pa.string())})
    compiler = ConditionCompiler(
        nw.from_native(put(table)).lazy(), [condition := parse_condition(MANY_WHEN)]
    )
    found = compiler.frame.select("row", found=compiler.expression(condition)).sort("row")
    assert len(compiler.frame.collect_schema()) > 2, "the verdicts were joined, not listed"
    return [bool(one) for one in found.collect()["found"].to_list()]


def many_wanted() -> list[bool]:
    condition = parse_condition(MANY_WHEN)
    return [holds(condition, {"text": text}) for text in [*MANY, None]]


_connection = duckdb.connect()
PUTS: Mapping[str, Callable[[pa.Table], Any]] = {
    "duckdb": _connection.from_arrow,
    "pandas": lambda table: table.to_pandas(),
    "polars": pl.from_arrow,
    "lazy polars": lambda table: pl.from_arrow(table).lazy(),
    "arrow": lambda table: table,
}


@pytest.mark.parametrize("engine", PUTS)
def test_verdicts_on_many_texts_are_those_on_each(engine: str) -> None:
    assert many_verdicts(PUTS[engine]) == many_wanted()


def test_more_than_64_different_numbers_of_a_column_of_objects_are_no_texts() -> None:
    from decimal import Decimal

    budgets = pd.DataFrame({"budget": pd.Series([Decimal(n) for n in range(200)], dtype=object)})
    rich = parse_condition({"budget": {"gte": 100}})
    compiler = ConditionCompiler(nw.from_native(budgets).lazy(), [rich])
    found = compiler.frame.select(found=compiler.expression(rich)).collect()["found"]
    assert sum(found.to_list()) == 100
