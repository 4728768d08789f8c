"""A condition that cannot be read says all that is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from accord.conditions import Condition, ConditionError, ConditionField, parse_condition


def faults_of(raw: object) -> dict[str, str]:
    with pytest.raises(ConditionError) as caught:
        parse_condition(raw)
    return dict(caught.value.faults)


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        ("vp", "", "no condition"),
        (["vp"], "", "no condition"),
        (None, "", "no condition"),
        ({"title": None}, "title", "present: false"),
        ({"title": {}}, "title", "no operator"),
        ({"title": []}, "title", "list of values"),
        ({"title": {"in": "vp"}}, "title.in", "list of values"),
        ({"title": {"not_in": []}}, "title.not_in", "list of values"),
        ({"title": [None]}, "title[0]", "cannot be compared"),
        ({"title": {"matchs": "x"}}, "title.matchs", "did you mean matches?"),
        ({"title": {"zzz": "x"}}, "title.zzz", "write one of lt"),
        ({"title": {"matches": "("}}, "title.matches", "no pattern of RE2"),
        ({"title": {"matches": "(?=x)"}}, "title.matches", "no pattern of RE2"),
        ({"title": {"matches": 5}}, "title.matches", "no pattern"),
        ({"title": {"matches": "\ud800"}}, "title.matches", "no pattern"),
        ({"title": "\ud800"}, "title", "half a character"),
        ({"n": {"gte": "100"}}, "n.gte", "no number"),
        ({"n": {"gte": True}}, "n.gte", "no number"),
        ({"n": {"gte": float("inf")}}, "n.gte", "no finite number"),
        ({"n": float("nan")}, "n", "no finite number"),
        ({"n": {"present": "yes"}}, "n.present", "neither true nor false"),
        ({"n": {"present": False, "gte": 1}}, "n", "never holds"),
        ({"any": {"n": 1}}, "any", "no list of conditions"),
        ({"any": []}, "any", "no list of conditions"),
        ({"any": [{"n": {"gte": "x"}}]}, "any[0].n.gte", "no number"),
        ({5: 1}, "5", "no field"),
    ],
)
def test_a_fault_names_its_place_and_what_to_write(raw, path, words):
    assert words in faults_of(raw)[path]


def test_all_faults_of_a_condition_are_told_at_once():
    raw = {"a": {"matches": "(", "gte": "x"}, "b": [], "any": [{"c": {"presnt": True}}]}
    assert set(faults_of(raw)) == {"a.matches", "a.gte", "b", "any[0].c.presnt"}


def test_a_condition_is_a_field_of_a_model_and_goes_through_json():
    class Rule(BaseModel):
        when: ConditionField

    rule = Rule.model_validate({"when": {"country": ["DE"], "n": {"gte": 1.5}}})
    assert Rule.model_validate_json(rule.model_dump_json()).when.tests[0] == rule.when.tests[0]
    with pytest.raises(ValidationError):
        Rule.model_validate({"when": {"country": None}})


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet="a(\\ud800.", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["any", "in", "gte", "matches", "present", "a"]) | st.integers(), inner
        )
    ),
    max_leaves=8,
)


@given(json)
def test_anything_is_either_a_condition_or_a_list_of_faults(raw):
    try:
        condition = parse_condition(raw)
    except ConditionError as error:
        condition = None
        faults = error.faults
    assert isinstance(condition, Condition) or faults
