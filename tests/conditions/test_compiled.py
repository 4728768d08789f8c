"""A compiled condition says for a frame what ``holds`` says for each record, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.conditions import ConditionCompiler, compile_condition, holds, parse_condition

SCHEMA = pa.schema(
    [
        ("title", pa.string()),
        ("country", pa.string()),
        ("employees", pa.int64()),
        ("share", pa.float64()),
        ("budget", pa.decimal128(20, 2)),
        ("authority", pa.bool_()),
    ]
)
NULLABLE = {
    pa.int64(): "Int64",
    pa.float64(): "float64",
    pa.bool_(): "boolean",
    pa.string(): "str",
}


def in_pandas(table: pa.Table) -> pd.DataFrame:
    """As the readers and the ledger give frames: money as objects."""
    columns = {
        field.name: pd.Series(
            table.column(field.name).to_pylist(), dtype=NULLABLE.get(field.type, "object")
        )
        for field in table.schema
    }
    return pd.DataFrame(columns)


def in_plain_pandas(table: pa.Table) -> pd.DataFrame:
    """As pandas guesses: whole numbers with a gap become floats, flags with a gap objects."""
    return pd.DataFrame(table.to_pylist(), columns=table.column_names)


ENGINES: Mapping[str, Callable[[pa.Table], Any]] = {
    "duckdb": lambda table: duckdb.connect().from_arrow(table),
    "pandas": in_pandas,
    "plain pandas": in_plain_pandas,
    "pandas on arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "lazy polars": lambda table: pl.from_arrow(table).lazy(),
}


def verdicts(engine: str, records: Sequence[Mapping[str, Any]], when: Any) -> list[bool]:
    names = ["row", *SCHEMA.names]
    rows = [{"row": at, **record} for at, record in enumerate(records)]
    schema = pa.schema([("row", pa.int64()), *SCHEMA])
    table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema)
    frame = nw.from_native(ENGINES[engine](table)).lazy()
    condition = parse_condition(when)
    found = frame.select("row", found=compile_condition(condition, frame)).sort("row").collect()
    assert not found["found"].is_null().any()
    return [bool(one) for one in found["found"].to_list()]


TEXTS = ["Straße", "STRASSE", "strasse", "Élan", "élan", "ÉLAN", "経理部長", "VP Söle", "vp", ""]
WORDS = st.sampled_from(TEXTS)
NUMBERS = st.sampled_from([-5, 0, 1, 99, 100, 101, 2**53 + 1])
FLOATS = st.sampled_from([-1.5, 0.0, 0.1, 0.3, 0.1 + 0.2, 39.9, 40.0, 1e300, float("nan")])
MONEY = st.sampled_from([Decimal(text) for text in ("-1.00", "0.00", "9999.99", "10000.00")])
_BOUNDS = ("-5", "0", "0.1", "0.3", "39.9", "99.5", "100", "9999.995", "1e4", "1e30", "-1e30")
BOUNDS = st.sampled_from([Decimal(text) for text in _BOUNDS])

RECORDS = st.fixed_dictionaries(
    {
        "title": st.none() | WORDS,
        "country": st.none() | st.sampled_from(["DE", "de", "NO", "no"]),
        "employees": st.none() | NUMBERS,
        "share": st.none() | FLOATS,
        "budget": st.none() | MONEY,
        "authority": st.none() | st.booleans(),
    }
)
VALUES = st.one_of(WORDS, BOUNDS, st.booleans(), st.sampled_from(["de", "No"]))
OPERATORS = st.fixed_dictionaries(
    {},
    optional={
        "lt": BOUNDS,
        "lte": BOUNDS,
        "gt": BOUNDS,
        "gte": BOUNDS,
        "in": st.lists(VALUES, min_size=1, max_size=3),
        "not_in": st.lists(VALUES, min_size=1, max_size=3),
        "matches": st.sampled_from([r"\bvp\b", "^stra", "é", "長", "[a-z]+", "(?-i)VP"]),
        "present": st.just(value=True),
    },
).filter(bool)
MATCHERS = st.one_of(VALUES, OPERATORS, st.just({"present": False}))
FIELDS = st.sampled_from([*SCHEMA.names, "unheard_of"])
MAPS = st.dictionaries(FIELDS, MATCHERS, max_size=3)
PARTS = st.lists(MAPS, min_size=1, max_size=2)
CONDITIONS = MAPS | st.builds(lambda one, parts: {**one, "any": parts}, MAPS, PARTS)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=60, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=6), when=CONDITIONS)
def test_a_frame_says_what_each_record_says(engine: str, records, when) -> None:
    wanted = [holds(parse_condition(when), record) for record in records]
    assert verdicts(engine, records, when) == wanted


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_frame_gives_no_verdicts(engine: str) -> None:
    if engine == "plain pandas":
        pytest.skip("pandas guesses nothing from nothing")
    assert verdicts(engine, [], {"title": {"matches": "x"}, "employees": {"gte": 1}}) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_share_is_compared_as_the_number_it_shows(engine: str) -> None:
    # 0.1 + 0.2 shows 0.30000000000000004, which is above 0.3; 39.9 is exactly 39.9.
    records = [{"share": 0.1 + 0.2}, {"share": 0.3}, {"share": 39.9}]
    assert verdicts(engine, records, {"share": {"gt": Decimal("0.3")}}) == [True, False, True]
    assert verdicts(engine, records, {"share": Decimal("39.9")}) == [False, False, True]


@pytest.mark.parametrize("engine", ENGINES)
def test_text_is_compared_by_casefold_beyond_ascii(engine: str) -> None:
    records = [{"title": text} for text in ("Straße", "STRASSE", "strase", None)]
    assert verdicts(engine, records, {"title": "strasse"}) == [True, True, False, False]
    assert verdicts(engine, records, {"title": {"not_in": ["STRASSE"]}}) == [
        False,
        False,
        True,
        False,
    ]


def test_a_column_is_read_once_however_often_it_is_tested() -> None:
    reads = []

    class Counting(ConditionCompiler):
        def _distinct_of(self, field: str) -> Any:
            if field not in self._distinct:
                reads.append(field)
            return super()._distinct_of(field)

    frame = nw.from_native(pd.DataFrame({"title": ["VP", "Intern"], "n": [1, 2]})).lazy()
    compiler = Counting(frame)
    for word in ("vp", "intern", "ceo"):
        compiler.expression(parse_condition({"title": {"matches": word}, "n": {"gte": 1}}))
    assert reads == ["title"]


def test_a_categorical_column_is_tested_as_text() -> None:
    frame = pd.DataFrame({"title": pd.Categorical(["VP", None, "Intern"])})
    for native in (frame, pl.from_pandas(frame)):
        lazy = nw.from_native(native).lazy()
        found = lazy.select(found=compile_condition(parse_condition({"title": "vp"}), lazy))
        assert found.collect()["found"].to_list() == [True, False, False]
