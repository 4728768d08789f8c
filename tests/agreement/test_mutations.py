"""Whatever happens to the shipped file, it is an agreement or a list of faults."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from accord.agreement import Agreement, AgreementError, loads
from accord.agreement.document import Document, read_document
from accord.agreement.load import check

SHIPPED = Path(__file__).resolve().parents[2] / "agreement.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")
CONTENT = YAML(typ="safe", pure=True).load(TEXT)
LINES = read_document(TEXT, where="agreement.yaml").lines

Place = tuple[Any, ...]


def places_below(value: Any, place: Place = ()) -> list[Place]:
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    else:
        return [place]
    inner = [one for step, below in steps for one in places_below(below, (*place, step))]
    return [place, *inner] if place else inner


PLACES = places_below(CONTENT)

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(),
    st.sampled_from(
        [
            "",
            " ",
            "no",
            "\x00",
            "\ud800",
            "due",
            "80%",
            "200%",
            "1d",
            "-1h",
            "office",
            "rep",
            "mql",
            "any",
            "24:00-25:00",
            "9" * 30 + "h",
            "(",
            date(1, 1, 1),
            date(9999, 12, 31),
            b"bytes",
        ]
    ),
    st.sampled_from([[], {}, [[]], [{}], {"any": []}, {1: 2}, {None: None}, {"a": {"b": []}}]),
)


def parent_of(content: Any, place: Place) -> Any:
    for step in place[:-1]:
        content = content[step]
    return content


def result_of(content: Any) -> Agreement | AgreementError:
    document = Document(where="a.yaml", text="", content=content, lines=LINES, faults=())
    try:
        return check(document)
    except AgreementError as error:
        return error


def has_sense(result: Agreement | AgreementError) -> bool:
    if isinstance(result, Agreement):
        return True
    return bool(result.faults) and all(
        one.rule and one.subject and one.sentence.endswith(".") and one.remedy
        for one in result.faults
    )


@given(st.sampled_from(PLACES))
def test_a_file_with_anything_deleted_loads_or_lists_its_faults(place):
    content = copy.deepcopy(CONTENT)
    parent = parent_of(content, place)
    del parent[place[-1]]
    assert has_sense(result_of(content))


@given(st.lists(st.tuples(st.sampled_from(PLACES), odd), min_size=1, max_size=4))
def test_a_file_with_anything_altered_loads_or_lists_its_faults(changes):
    content = copy.deepcopy(CONTENT)
    for place, value in changes:
        try:
            parent = parent_of(content, place)
            parent[place[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    assert has_sense(result_of(content))


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_a_file_with_two_places_exchanged_loads_or_lists_its_faults(one, other):
    content = copy.deepcopy(CONTENT)
    first, second = parent_of(content, one), parent_of(content, other)
    values = copy.deepcopy((first[one[-1]], second[other[-1]]))
    first[one[-1]], second[other[-1]] = values[1], values[0]
    assert has_sense(result_of(content))


@given(st.sampled_from([place for place in PLACES if isinstance(place[-1], str)]))
def test_a_key_with_a_letter_more_loads_or_lists_its_faults(place):
    content = copy.deepcopy(CONTENT)
    parent = parent_of(content, place)
    parent[f"{place[-1]}x"] = parent.pop(place[-1])
    assert has_sense(result_of(content))


@given(
    st.integers(0, len(TEXT) - 1), st.text(alphabet='{}[]:,-"&*!#%\n\t\x00ab1\ud800', max_size=3)
)
def test_a_text_with_anything_put_in_loads_or_lists_its_faults(at, piece):
    text = TEXT[:at] + piece + TEXT[at + 1 :]
    try:
        result = loads(text)
    except AgreementError as error:
        result = error
    assert has_sense(result)


@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True), st.data())
def test_the_order_of_keys_changes_neither_faults_nor_fingerprint(places, data):
    content = copy.deepcopy(CONTENT)
    for place in places:
        parent = parent_of(content, place)
        if isinstance(parent, dict):
            keys = data.draw(st.permutations(list(parent)))
            items = {key: parent[key] for key in keys}
            parent.clear()
            parent.update(items)
    result, shipped = result_of(content), result_of(CONTENT)
    assert isinstance(result, Agreement)
    assert isinstance(shipped, Agreement)
    assert result.fingerprint == shipped.fingerprint


@pytest.mark.parametrize("place", [place for place in PLACES if len(place) == 1])
def test_a_section_taken_away_is_one_fault_unless_others_need_not_have_it(place):
    content = copy.deepcopy(CONTENT)
    del content[place[0]]
    result = result_of(content)
    if place[0] == "signed_by":
        assert isinstance(result, Agreement)
    else:
        assert isinstance(result, AgreementError)
        assert [one.subject for one in result.faults] == [place[0]]
