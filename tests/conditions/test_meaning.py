"""When a condition holds, told by examples."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.conditions import fields_of, holds, parse_condition, write_condition

NULLS = [None, float("nan"), Decimal("NaN"), pd.NA, pd.NaT, np.nan]


def says(condition: object, **record: object) -> bool:
    return holds(parse_condition(condition), record)


def test_an_empty_condition_holds_for_every_record():
    assert says({})
    assert says({}, title="x")


def test_all_fields_must_hold():
    both = {"country": "DE", "employees": {"gte": 100}}
    assert says(both, country="DE", employees=100)
    assert not says(both, country="DE", employees=99)
    assert not says(both, country="AT", employees=100)


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("lt", True, False, False),
        ("lte", True, True, False),
        ("gt", False, False, True),
        ("gte", False, True, True),
    ],
)
def test_each_bound_is_exact_at_its_limit(operator, below, at, above):
    condition = {"n": {operator: 100}}
    assert says(condition, n=99) is below
    assert says(condition, n=100) is at
    assert says(condition, n=Decimal("100.000")) is at
    assert says(condition, n=100.5) is above


def test_operators_of_one_matcher_must_all_hold():
    between = {"n": {"gte": 10, "lt": 20, "not_in": [15]}}
    assert [n for n in range(30) if says(between, n=n)] == [*range(10, 15), *range(16, 20)]


def test_a_decimal_fraction_is_compared_as_it_was_written():
    assert says({"n": 0.1}, n=0.1)
    assert says({"n": {"lte": 0.3}}, n=Decimal("0.3"))
    assert not says({"n": {"lt": 0.3}}, n=Decimal("0.3"))


def test_numbers_beyond_the_precision_of_floats_stay_apart():
    assert not says({"n": 9007199254740993}, n=9007199254740992)


@pytest.mark.parametrize("text", ["STRASSE", "straße", "Strasse"])
def test_text_is_compared_by_casefold(text):
    assert says({"street": "Straße"}, street=text)
    assert says({"street": ["x", "strasse"]}, street=text)
    assert not says({"street": {"not_in": ["STRASSE"]}}, street=text)


def test_casefold_does_not_strip_accents_or_space():
    assert not says({"city": "Köln"}, city="Koln")
    assert not says({"city": "Köln"}, city="Köln ")
    assert says({"city": "КИЇВ"}, city="київ")


def test_a_pattern_is_searched_anywhere_ignoring_case_in_the_text_as_it_stands():
    chief = {"title": {"matches": r"\b(chief|vp)\b"}}
    assert says(chief, title="The CHIEF of it")
    assert not says(chief, title="mischief")
    assert not says({"title": {"matches": "strasse"}}, title="Straße")


def test_a_pattern_never_matches_a_number():
    assert not says({"n": {"matches": "1"}}, n=1)


def test_values_of_different_kinds_are_never_equal():
    assert not says({"n": 1}, n=True)
    assert not says({"n": True}, n=1)
    assert not says({"n": "5"}, n=5)
    assert not says({"n": 5}, n="5")
    assert says({"n": {"not_in": ["5"]}}, n=5)


def test_booleans_match_themselves():
    assert says({"authority": True}, authority=True)
    assert says({"authority": True}, authority=np.array([True])[0])
    assert says({"authority": False}, authority=False)
    assert not says({"authority": True}, authority=False)


def test_numbers_of_numpy_count_as_numbers():
    assert says({"n": {"gte": 3}}, n=np.int64(3))
    assert says({"n": 2.5}, n=np.float32(2.5))


@pytest.mark.parametrize("null", NULLS, ids=str)
def test_a_null_satisfies_only_present_false(null):
    assert says({"x": {"present": False}}, x=null)
    for matcher in (
        {"present": True},
        {"lt": 5},
        {"not_in": ["a"]},
        {"in": ["a"]},
        {"matches": ""},
        "a",
        True,
    ):
        assert not says({"x": matcher}, x=null)


def test_a_field_that_is_not_there_is_null():
    assert says({"x": {"present": False}})
    assert not says({"x": {"not_in": [1]}})


def test_empty_text_is_text_and_no_null():
    assert says({"x": {"present": True}}, x="")
    assert says({"x": ""}, x="")


def test_any_needs_one_of_its_conditions_and_the_fields_beside_it():
    condition = {"fit": {"gte": 30}, "any": [{"intent": {"gte": 40}}, {"engagement": {"gte": 30}}]}
    assert says(condition, fit=30, intent=40, engagement=0)
    assert says(condition, fit=30, intent=0, engagement=30)
    assert not says(condition, fit=29, intent=99, engagement=99)
    assert not says(condition, fit=99, intent=39, engagement=29)


def test_any_may_stand_within_any():
    condition = {"any": [{"any": [{"a": 1}, {"b": 1}]}, {"c": 1}]}
    assert says(condition, b=1)
    assert not says(condition, b=2)


def test_the_fields_of_a_condition_are_listed_once_each():
    condition = parse_condition({"a": 1, "any": [{"b": 1, "a": 2}, {"c": {"present": True}}]})
    assert fields_of(condition) == ("a", "b", "c")


LETTERS = "aAbBcC1 .-ßẞsSİıIiΣσςßéÉєЄ漢"  # noqa: RUF001 - odd folds
texts = st.text(alphabet=LETTERS, max_size=5)
scalars = st.one_of(
    texts,
    st.booleans(),
    st.integers(-5, 5),
    st.decimals(-5, 5, places=1, allow_nan=False),
)
numbers = st.integers(-5, 5) | st.floats(-5, 5, allow_nan=False)
operators = st.fixed_dictionaries(
    {},
    optional={
        "lt": numbers,
        "lte": numbers,
        "gt": numbers,
        "gte": numbers,
        "in": st.lists(scalars, min_size=1, max_size=3),
        "not_in": st.lists(scalars, min_size=1, max_size=3),
        "matches": st.sampled_from(["a", "^b", r"\bc", "[0-9]+", ""]),
        "present": st.just(value=True),
    },
).filter(bool)
matchers = st.one_of(
    scalars, st.lists(scalars, min_size=1, max_size=3), operators, st.just({"present": False})
)
flat = st.dictionaries(st.sampled_from(["f", "g"]), matchers, max_size=2)
conditions = st.recursive(
    flat,
    lambda inner: st.tuples(flat, st.lists(inner, min_size=1, max_size=3)).map(
        lambda pair: {**pair[0], "any": pair[1]}
    ),
    max_leaves=4,
)
values = st.one_of(st.none(), scalars, st.floats(allow_infinity=False))
records = st.fixed_dictionaries({}, optional={"f": values, "g": values})


@given(conditions)
def test_what_is_written_back_reads_the_same(raw):
    condition = parse_condition(raw)
    assert parse_condition(write_condition(condition)) == condition


@given(flat, records)
def test_a_condition_holds_when_each_of_its_fields_does(raw, record):
    parts = [says({field: matcher}, **record) for field, matcher in raw.items()]
    assert says(raw, **record) == all(parts)


@given(operators, values)
def test_a_matcher_holds_when_each_of_its_operators_does(raw, value):
    parts = [says({"f": {name: operand}}, f=value) for name, operand in raw.items()]
    assert says({"f": raw}, f=value) == all(parts)


@given(st.lists(scalars, min_size=1, max_size=4), values)
def test_in_and_not_in_are_opposites_for_all_but_nulls(listed, value):
    is_null = value is None or (isinstance(value, float) and math.isnan(value))
    inside = says({"f": {"in": listed}}, f=value)
    outside = says({"f": {"not_in": listed}}, f=value)
    assert (inside, outside) == (False, False) if is_null else inside != outside


@given(st.lists(conditions, min_size=1, max_size=3), records)
def test_any_is_the_or_of_its_conditions_in_any_order(parts, record):
    expected = any(says(part, **record) for part in parts)
    assert says({"any": parts}, **record) == expected
    assert says({"any": parts[::-1]}, **record) == expected


@given(texts)
def test_text_equals_itself_in_capitals_and_in_small_letters(text):
    assert says({"f": text}, f=text.casefold())
    assert says({"f": text.casefold()}, f=text)
