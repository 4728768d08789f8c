"""Rules about whole batches: measured in pieces, judged by bounds and the source's past."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.quality import BatchRule, Measures, Past, Piece, check_batch, needs_past
from accord.quality.profile import OTHER
from accord.quality.whole import _distance
from accord.records import Entity
from tests.quality.worlds import AS_OF, NO_FAULTS, around, frame_of

NOTHING = np.empty(0, dtype=np.int64)


def rule(**terms):
    return BatchRule.model_validate({"id": "lead.rule", "severity": "flag"} | terms)


def measures(frames, *rules, entity=Entity.LEAD, set_aside=NOTHING):
    found = Measures(entity=entity, rules=rules)
    for frame in frames:
        piece = Piece(entity=entity, frame=frame, faults=NO_FAULTS, around=around())
        found.add(piece, set_aside)
    return found


def leads(count, **columns):
    frame = frame_of(Entity.LEAD, *([{}] * count))
    return frame.assign(
        **{name: pd.Series(values, dtype=frame[name].dtype) for name, values in columns.items()}
    )


def past(*rows, days=7, **profile):
    return [
        Past(taken_at=AS_OF - timedelta(days=days), rows=count, profile=profile) for count in rows
    ]


def judged(frames, wanted, *, before=(), lists=(), **more):
    found = check_batch(
        measures(frames, wanted, **more), past=before, as_of=AS_OF, lists=dict(lists)
    )
    return [(round(one.value, 6), one.within) for one in found]


COUNT = {"row_count": {"between": [0.2, 5], "weeks": 8, "history": 4}}


@pytest.mark.parametrize(
    ("rows", "within"), [(199, False), (200, True), (1000, True), (5000, True), (5001, False)]
)
def test_rows_are_compared_with_the_median_of_the_last_weeks_bounds_included(rows, within):
    before = past(900, 1000, 1000, 9000)
    assert judged([leads(rows)], rule(**COUNT), before=before) == [(rows / 1000, within)]


def test_too_little_history_or_too_old_says_nothing():
    assert judged([leads(5000)], rule(**COUNT), before=past(10, 10, 10)) == []
    assert judged([leads(5000)], rule(**COUNT), before=past(10, 10, 10, 10, days=57)) == []
    assert judged([leads(5000)], rule(**COUNT), before=past(10, 10, 10, 10, days=56)) != []


def test_few_rows_beside_few_are_no_news_but_few_beside_many_are():
    assert judged([leads(90)], rule(**COUNT), before=past(10, 10, 10, 10)) == []
    assert judged([leads(3)], rule(**COUNT), before=past(*[1000] * 4)) == [(0.003, False)]
    assert judged([leads(0)], rule(**COUNT), before=past(*[1000] * 4)) == [(0.0, False)]


@pytest.mark.parametrize(("age", "within"), [(2, True), (2.001, False), (-1, True)])
def test_the_newest_record_may_be_as_old_as_agreed_but_not_older(age, within):
    at = [AS_OF - timedelta(days=age)] + [AS_OF - timedelta(days=300)] * 99
    found = judged([leads(100, created_at=at)], rule(freshness="2d"))
    assert found == [(round(age * 86_400, 6), within)]


def test_a_row_that_is_set_aside_does_not_make_a_batch_look_fresh():
    at = [AS_OF] + [AS_OF - timedelta(days=3)] * 99
    found = judged([leads(100, created_at=at)], rule(freshness="2d"), set_aside=np.array([0]))
    assert found == [(3 * 86_400, False)]


def test_under_a_hundred_rows_no_share_says_anything():
    nulls = rule(field="email", nulls={"at_most": 0.5})
    assert judged([leads(99)], nulls) == []
    assert judged([leads(100)], nulls) == [(1.0, False)]
    assert judged([leads(99)], nulls.model_copy(update={"min_rows": 99})) == [(1.0, False)]


def test_the_share_of_nulls_may_be_as_agreed_but_not_more():
    nulls = rule(field="email", nulls={"at_most": "50%"})
    half = ["a@b.co"] * 50 + [None] * 50
    assert judged([leads(100, email=half)], nulls) == [(0.5, True)]
    assert judged([leads(100, email=[*half[1:], None])], nulls) == [(0.51, False)]


def test_the_share_of_a_value_is_among_those_that_are_there():
    home = rule(field="country", share={"of": "US", "between": [0.5, 0.9]})
    words = ["US"] * 50 + ["DE"] * 50 + [None] * 100
    assert judged([leads(200, country=words)], home) == [(0.5, True)]
    assert judged([leads(200, country=["DE"] * 200)], home) == [(0.0, False)]
    assert judged([leads(200)], home) == []


def test_unknown_values_are_those_that_no_list_names():
    known = rule(field="industry", unknown={"allowed": ["agreement.kinds", "x"], "at_most": 0.1})
    words = ["x"] * 80 + ["y"] * 10 + ["z"] * 10
    lists = {"agreement.kinds": ("y",)}
    assert judged([leads(100, industry=words)], known, lists=lists) == [(0.1, True)]
    assert judged([leads(100, industry=words)], known) == [(0.2, False)]


def test_a_drift_is_half_the_sum_of_differences_from_the_last_batches_weighed_by_rows():
    drift = rule(field="country", drift={"at_most": 0.25, "history": 2})
    before = [
        *past(300, **{"values.country.US": 1.0}),
        *past(100, **{"values.country.DE": 1.0}),
    ]
    words = ["US"] * 50 + ["DE"] * 50
    assert judged([leads(100, country=words)], drift, before=before) == [(0.25, True)]
    assert judged([leads(100, country=["NO"] * 100)], drift, before=before) == [(1.0, False)]
    assert judged([leads(100, country=words)], drift, before=before[:1]) == []


def test_words_that_the_past_did_not_keep_count_as_its_others():
    assert _distance({"a": 0.5, "rare": 0.5}, {"a": 0.5, OTHER: 0.5}) == 0
    assert _distance({"a": 1.0}, {"a": 0.5, OTHER: 0.5}) == 0.5


def test_a_flag_has_the_words_true_and_false():
    home = rule(field="authority", share={"of": "true", "between": [0, 0.2]})
    assert judged([leads(100, authority=[True] * 30 + [False] * 70)], home) == [(0.3, False)]


def test_rules_say_how_far_back_they_look():
    assert needs_past([rule(freshness="2d")]) == 0
    assert (
        needs_past([rule(**COUNT), rule(field="country", drift={"at_most": 1, "weeks": 12})]) == 12
    )


def test_a_profile_holds_plain_values_and_no_words_of_people():
    words = [f"w{number}" for number in range(300)]
    wanted = [
        rule(freshness="2d"),
        rule(field="email", nulls={"at_most": 1}),
        rule(field="industry", drift={"at_most": 1}),
    ]
    frame = leads(300, industry=words, email=["ann@b.co"] * 300, created_at=[AS_OF] * 300)
    profile = measures([frame], *wanted).profile()
    assert profile["rows"] == 300
    assert profile["newest.created_at"] == "2026-11-21T12:00:00Z"
    assert profile["nulls.email"] == 0
    assert profile[f"values.industry.{OTHER}"] == pytest.approx(1 / 3)
    assert len(profile) == 3 + 201
    assert "ann" not in str(profile)


RULES = [
    rule(**COUNT),
    rule(freshness="2d"),
    rule(field="email", nulls={"at_most": 0.3}, min_rows=1),
    rule(field="country", share={"of": "US", "between": [0.2, 0.8]}, min_rows=1),
    rule(field="country", drift={"at_most": 0.3, "history": 1}, min_rows=1),
    rule(field="country", unknown={"allowed": ["US"], "at_most": 0.5}, min_rows=1),
]
COLUMNS = {
    "email": st.sampled_from(["a@b.co", None]),
    "country": st.sampled_from(["US", "DE", None]),
    "created_at": st.sampled_from([AS_OF - timedelta(days=days) for days in (1, 2, 3)] + [None]),
}


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=12), st.data())
def test_any_split_into_pieces_ends_in_the_same_measures(rows, data):
    frame = leads(len(rows), **{name: [row[name] for row in rows] for name in COLUMNS})
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    edges = [0, *cuts, len(rows)]
    pieces = [frame.iloc[start:end].reset_index(drop=True) for start, end in pairwise(edges)]
    named = [one.model_copy(update={"rule": f"r.{at}"}) for at, one in enumerate(RULES)]
    before = past(4, 4, 4, 4, **{"values.country.US": 1.0})
    whole, parts = (
        check_batch(measures(frames, *named), past=before, as_of=AS_OF, lists={})
        for frames in ([frame], pieces)
    )
    assert whole == parts
    assert measures([frame], *named).profile() == measures(pieces, *named).profile()
    for one in whole:
        low = -np.inf if one.low is None else one.low
        high = np.inf if one.high is None else one.high
        assert one.within == (low <= one.value <= high)
