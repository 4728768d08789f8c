"""Every single value of an agreement: the document tells it, and a comparison names its change."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.agreement.differences import find_differences, rewritten
from accord.agreement.document import read_document
from accord.agreement.written import write_agreement
from accord.report.written import to_html, to_markdown
from tests.agreement.every_value import (
    CONTENT,
    LEAVES,
    agreement_of,
    all_changed,
    all_reversed,
    all_shortened,
    base,
    key_of,
    read_json,
    renamed,
    with_text_keys,
)

FIXED = {  # (section, key): what can be written in one way only, or must be renamed everywhere
    ("signed_by", "team"),
    ("stages", "part"),
    ("stages", "owner"),
    ("stages", "steps"),
    ("stages", "programmes"),
    ("segments", "name"),
    ("teams", "role"),
    ("handoff", "segment"),
    ("handoff", "team"),
    ("scoring", "present"),
    ("sla", "pauses"),
    ("sla", "clock"),
    ("sla", "from"),
    ("sla", "at"),
    ("cadence", "otherwise"),
    ("reviews", "to"),
}
NAMES = ("large", "inbound", "closers", "office", "berlin", "ladder", "ceo", "marketing_owner")
KEYS = ("email_opened", "pricing_viewed", "first_touch", "engage", "daily", "demand_generation")


@pytest.fixture(scope="module", autouse=True)
def _each_text_is_read_as_json():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rewritten, "read_document", read_json)
        yield


def test_the_texts_of_these_agreements_say_the_same_as_json_and_as_yaml():
    for agreement in (base(), all_changed()[0][1], all_reversed()[-1][1]):
        text = agreement.document
        assert read_json(text, where="it").content == read_document(text, where="it").content


def told(agreement) -> str:
    """What the document says, but for the fingerprint: that is another with any change."""
    return (
        to_markdown(write_agreement(agreement))
        .replace(agreement.fingerprint, "")
        .replace(agreement.fingerprint[:12], "")
    )


def test_nearly_every_value_can_be_another_so_the_tests_below_look_at_them():
    changed = {place for place, _ in all_changed()}
    same = [place for place in LEAVES if place not in changed]
    assert not [place for place in same if (place[0], key_of(place)) not in FIXED]
    assert len(changed) > 200


def test_a_document_tells_every_value_so_another_value_is_another_document():
    document = told(base())
    untold = [place for place, agreement in all_changed() if told(agreement) == document]
    assert untold == []


def test_a_document_tells_every_entry_that_may_be_left_out():
    document = told(base())
    same = {place for place, agreement in all_shortened() if told(agreement) == document}
    assert {place[-1] for place in same} <= {"present"}  # beside other operators it asks nothing


def test_a_document_tells_the_order_of_every_list():
    document = told(base())
    assert [place for place, agreement in all_reversed() if told(agreement) == document] == []


def test_the_html_tells_what_the_markdown_does():
    document = to_html(write_agreement(base()))
    for place, agreement in all_changed()[::9]:
        assert to_html(write_agreement(agreement)) != document, place


@pytest.mark.parametrize("name", NAMES + KEYS)
def test_a_name_is_told_and_compared_wherever_it_stands(name):
    agreement = agreement_of(renamed(CONTENT, name, f"{name}_2"))
    assert told(agreement) != told(base())
    assert f"{name}_2" in told(agreement)
    sentences = " ".join(one.sentence for one in find_differences(base(), agreement))
    assert f"{name}_2" in sentences


def test_an_agreement_does_not_differ_from_itself():
    assert find_differences(base(), base()) == ()


def test_any_one_value_that_is_another_is_one_difference_that_names_its_place():
    for place, agreement in all_changed():
        found = find_differences(base(), agreement)
        assert found, place
        assert all(one.path.split(".")[0].split("[")[0] == place[0] for one in found), place
        assert all(one.sentence.endswith(".") for one in found)
        # a rule with another name, and a word of a list, is one that goes and one that comes
        goes_and_comes = place[-1] == "name" or isinstance(place[-1], int)
        assert len(found) <= 1 + goes_and_comes, (place, found)


def test_any_entry_that_is_left_out_is_named_with_what_it_said():
    for place, agreement in all_shortened():
        found = find_differences(base(), agreement)
        assert found, place
        assert all(one.path.split(".")[0].split("[")[0] == place[0] for one in found), place


def test_any_list_in_another_order_is_named_but_for_that_of_signatures():
    for place, agreement in all_reversed():
        if place == ("signed_by",):
            continue
        found = find_differences(base(), agreement)
        assert found, place
        assert {one.path.split(".")[0] for one in found} == {place[0]}


def test_a_comparison_the_other_way_round_says_as_much():
    for place, agreement in all_changed()[::5]:
        there, back = find_differences(base(), agreement), find_differences(agreement, base())
        assert [one.path for one in there] == [one.path for one in back], place
        assert {one.before for one in there} == {one.after for one in back}


def shuffled(value, random: Random):
    if isinstance(value, dict):
        keys = random.sample(list(value), len(value))
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(one, random) for one in value] if isinstance(value, list) else value


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_keys_is_no_difference(seed):
    agreement = agreement_of(shuffled(CONTENT, Random(seed)))
    assert find_differences(base(), agreement) == ()


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(range(40)), st.sampled_from(range(40)))
def test_two_agreements_differ_where_their_fingerprints_do(one, other):
    left, right = all_changed()[-one][1], all_changed()[-other][1]
    found = find_differences(left, right)
    is_same = left.fingerprint == right.fingerprint and left.signed_by == right.signed_by
    assert bool(found) is not is_same


def test_dates_written_as_text_mean_the_same_and_are_no_difference():
    plain = agreement_of(with_text_keys(CONTENT))
    assert isinstance(plain.effective_from, date)
    assert find_differences(base(), plain) == ()
