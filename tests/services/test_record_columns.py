"""What is new among records, and the form in which the ledger takes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from accord.records import SCHEMAS, Entity, Kind, to_us
from accord.services.record_columns import (
    content_hashes,
    find_fresh,
    last_of_each,
    pick,
    texts_of,
    to_columns,
    values_of,
)

AT = datetime(2026, 11, 21, 12, 0, 0, 7, tzinfo=UTC)
CONTENT = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12)


@given(CONTENT, CONTENT)
def test_taking_rows_in_two_parts_ends_as_taking_them_in_one(first, second):
    def end(*parts):
        known, versions = {}, []
        for part in parts:
            keys, hashes = [key for key, _ in part], [content for _, content in part]
            fresh = find_fresh(keys, hashes, dict(known))
            versions += [part[at] for at in fresh]
            known |= dict(part[at] for at in fresh)
        return known, versions

    assert end(first, second) == end([*first, *second])
    assert end(first, first[-1:]) == end(first)


def test_a_b_a_of_one_key_are_three_versions_and_a_a_b_are_two():
    assert find_fresh("kkk", "aba", {}) == [0, 1, 2]
    assert find_fresh("kkk", "aab", {}) == [0, 2]
    assert find_fresh("kkk", "aab", {"k": "a"}) == [2]


@given(st.lists(st.sampled_from("abcd"), max_size=10))
def test_the_last_of_each_key_is_kept_in_order(keys):
    last = last_of_each(keys)
    assert last == sorted(last)
    assert [keys[at] for at in last] == list(dict.fromkeys(reversed(keys)))[::-1]


def hash_of(*values):
    return content_hashes([pa.array([value], pa.large_string()) for value in values])[0]


@given(
    st.lists(st.tuples(st.text(), st.none() | st.text(), st.none() | st.integers(-99, 2**62))),
    st.booleans(),
)
def test_a_content_hash_is_what_was_kept_for_every_record_so_far(rows, flag):
    """The plain reference: each value's text, a null as NUL, a separator between; BLAKE2b."""
    kinds = (Kind.ID, Kind.TEXT, Kind.INTEGER, Kind.FLAG)
    dtypes = ("str", "str", "Int64", "boolean")
    listed = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    listed.append([flag] * len(rows))
    texts = [
        texts_of(pd.Series(values, dtype=dtype), kind, values)
        for values, dtype, kind in zip(listed, dtypes, kinds, strict=True)
    ]
    plain = [
        "\x1f".join("\x00" if value is None else str(value) for value in (*row, flag))
        for row in rows
    ]
    expected = [blake2b(text.encode(), digest_size=16).hexdigest() for text in plain]
    assert content_hashes(texts) == expected


def test_a_content_hash_tells_null_from_empty_and_one_field_from_the_next():
    assert hash_of("a", None) != hash_of("a", "")
    assert hash_of("ab", "c") != hash_of("a", "bc")
    assert hash_of("a", None) == hash_of("a", None)
    assert len(hash_of("a")) == 32


def test_values_stand_as_the_ledger_keeps_them():
    money = pd.Series([Decimal("1.1"), None, Decimal("2.005")], dtype="object")
    assert values_of(money, Kind.MONEY) == [110, None, 201]
    stamps = pd.Series([AT, None], dtype="datetime64[us, UTC]")
    assert values_of(stamps, Kind.INSTANT) == [to_us(AT), None]
    assert values_of(pd.Series([3, None], dtype="Int64"), Kind.INTEGER) == [3, None]
    assert values_of(pd.Series([True, None], dtype="boolean"), Kind.FLAG) == [True, None]
    assert values_of(pd.Series(["a", None], dtype="str"), Kind.TEXT) == ["a", None]
    assert values_of(pd.Series([None, None], dtype="str"), Kind.TEXT) == [None, None]
    days = pd.Series([date(2026, 1, 2), None], dtype="object")
    assert values_of(days, Kind.DATE) == [date(2026, 1, 2), None]
    weights = values_of(pd.Series([1.5, None], dtype="float64"), Kind.NUMBER)
    assert weights == [1.5, None]


def test_money_is_hashed_by_the_cent_as_the_ledger_keeps_it():
    def columns(amount):
        values = {"spend_id": "s", "spent_on": date(2026, 1, 2), "amount": Decimal(amount)}
        names = SCHEMAS[Entity.SPEND].names
        frame = pd.DataFrame({name: [values.get(name)] for name in names}, dtype="object")
        return to_columns(Entity.SPEND, frame)

    assert columns("1.1")["row_hash"] == columns("1.10")["row_hash"]
    assert columns("1.1")["row_hash"] != columns("1.11")["row_hash"]


def test_picking_all_and_picking_some_keep_the_order():
    columns = {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    assert pick(columns, [2, 0]) == {"a": [3, 1], "b": ["z", "x"]}
    assert pick(columns, [0, 1, 2]) == columns
    assert pick({}, []) == {}
