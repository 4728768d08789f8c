"""Whether earlier entries of a list leave anything for a later one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.conditions import covered, holds, parse_condition


def takes_all(later: object, *earlier: object) -> bool:
    return covered(parse_condition(later), [parse_condition(one) for one in earlier])


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ({"n": {"gte": 1000}}, [{"n": {"gte": 100}}]),
        ({"n": {"gt": 100}}, [{"n": {"gte": 100}}]),
        ({"n": 5}, [{"n": {"lt": 6}}]),
        ({"n": {"gte": 1}}, [{"n": {"gte": 5}}, {"n": {"lt": 5}}]),
        ({"n": {"gte": 0, "lt": 9}}, [{"n": {"gte": 4}}, {"n": {"lte": 4, "gte": -1}}]),
        ({"c": ["DE", "at"]}, [{"c": ["AT", "de", "CH"]}]),
        ({"c": "DE"}, [{"c": {"not_in": ["CH"]}}]),
        ({"c": {"in": ["DE", "CH"], "not_in": ["ch"]}}, [{"c": "de"}]),
        ({"a": 1, "b": 2}, [{"a": 1}]),
        (
            {"a": 1},
            [{"a": 1, "b": {"gte": 5}}, {"any": [{"b": {"lt": 5}}, {"b": {"present": False}}]}],
        ),
        ({"x": True}, [{"x": {"present": True}}]),
        ({"x": {"present": True}}, [{"x": True}, {"x": False}]),
        ({}, [{"x": {"present": True}}, {"x": {"present": False}}]),
        ({"x": 1}, [{}]),
        ({"t": {"matches": "vp"}}, [{"t": {"matches": "vp"}}]),
        ({"t": {"matches": "vp"}, "n": 1}, [{"t": {"matches": "vp"}}]),
        ({"any": [{"n": 1}, {"n": 2}]}, [{"n": [1, 2]}]),
        ({"n": {"gt": 5, "lt": 5}}, [{"n": 9}]),
    ],
)
def test_an_entry_behind_others_that_take_all_its_leads_is_covered(later, earlier):
    assert takes_all(later, *earlier)


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ({"n": {"gte": 100}}, [{"n": {"gt": 100}}]),
        ({"n": {"gte": 100}}, [{"n": {"gte": 1000}}]),
        ({"n": {"gte": 1}}, [{"n": {"gt": 5}}, {"n": {"lt": 5}}]),
        ({"c": ["DE", "FR"]}, [{"c": ["DE", "AT"]}]),
        ({}, [{"n": {"gte": 0}}, {"n": {"lt": 0}}]),
        ({"a": 1}, [{"a": 1, "b": {"gte": 5}}, {"b": {"lt": 5}}]),
        ({"t": {"matches": "v"}}, [{"t": {"matches": "vp"}}]),
        ({"t": {"matches": "vp"}}, [{"t": {"matches": "v"}}]),
        ({"t": "vp"}, [{"t": {"matches": "vp"}}]),
        ({"n": 1}, [{"n": True}]),
        ({"n": 1}, []),
    ],
)
def test_an_entry_that_still_gets_leads_is_not_covered(later, earlier):
    assert not takes_all(later, *earlier)


def test_a_very_long_list_is_given_up_on_in_time():
    lists = [
        {"a": {"gte": n, "lt": n + 2}, "b": {"gte": n}, "c": {"lt": 50 - n}, "d": [n]}
        for n in range(40)
    ]
    assert not takes_all({}, *lists)


small = st.integers(0, 4)
number_tests = st.one_of(
    small,
    st.lists(small, min_size=1, max_size=2),
    st.fixed_dictionaries({"gte": small}, optional={"lt": small, "not_in": st.tuples(small)}),
    st.fixed_dictionaries({"lte": small}),
    st.sampled_from([{"present": True}, {"present": False}]),
)
words = st.sampled_from(["x", "Y", "y", "z"])
text_tests = st.one_of(
    words,
    st.lists(words, min_size=1, max_size=2),
    st.fixed_dictionaries({"not_in": st.lists(words, min_size=1, max_size=2)}),
    st.sampled_from([{"present": True}, {"present": False}]),
)
plain = st.fixed_dictionaries({}, optional={"n": number_tests, "t": text_tests})
nested = plain | st.tuples(plain, st.lists(plain, min_size=1, max_size=2)).map(
    lambda pair: {**pair[0], "any": pair[1]}
)
GRID = [
    {"n": n, "t": t}
    for n in (None, *(Decimal(half) / 2 for half in range(-2, 12)))
    for t in (None, "x", "y", "z", "another")
]


@given(nested, st.lists(nested, max_size=4))
def test_covered_says_what_trying_every_record_says(later, earlier):
    # half steps beyond both ends meet every gap between the numbers 0 to 4
    late, early = parse_condition(later), [parse_condition(one) for one in earlier]
    tried = all(any(holds(one, record) for one in early) for record in GRID if holds(late, record))
    assert covered(late, early) == tried
