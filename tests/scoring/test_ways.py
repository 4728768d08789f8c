"""What would bring a lead to a threshold, decided as the score is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.scoring import (
    THRESHOLDS,
    next_threshold,
    qualifies,
    score_lead,
    shown_by,
    ways_to,
    weights_at,
)
from tests.proof import count
from tests.scoring.engines import DAY_US, T_US, T, shipped, with_scoring

BUYER = {"title": "VP", "industry": "software"}  # 25 + 20 = 45.0


def means_of(threshold, *, attributes=BUYER, weights=None, agreement=None):
    """Of each way, the score, what is done how often and what it gains, written as a line."""
    ways = ways_to(threshold, agreement or shipped(), attributes=attributes, weights=weights or {})
    return [
        [
            f"{one.score}: "
            + ", ".join(f"{times} x {name}" for name, times in one.times.items())
            + f" = {one.points}"
            for one in way.means
        ]
        for way in ways
    ]


@pytest.mark.parametrize(
    ("held", "following"),
    [
        ([], "engaged"),
        (["engaged"], "target"),
        (["engaged", "target"], "mql"),
        (["mql"], "hot"),  # by intent alone: what lies behind is no next stage
        (THRESHOLDS, None),
    ],
)
def test_the_next_stage_is_the_one_after_the_furthest_that_holds(held, following) -> None:
    assert next_threshold(held) == following


def test_the_fewest_activities_of_one_kind_come_first_then_the_smallest() -> None:
    """Mql lacks intent 40.0: a trial (45.0) or a demo (70.0) does it, or 2 price sheets (50.0).

    Pricing pages do not: they are capped at 30.0. By engagement 30.0 are lacking: webinars attended
    at 12.0 are 36.0 with three; forms (cap 20), white papers (cap 24) and the others fall short.
    """
    assert means_of("mql") == [
        ["engagement: 3 x webinar_attended = 36.0"],
        [
            "intent: 1 x trial_started = 45.0",
            "intent: 1 x demo_requested = 70.0",
            "intent: 2 x pricing_sheet_downloaded = 50.0",
        ],
    ]


def test_what_is_there_counts_towards_the_cap() -> None:
    """Two pricing pages (20.0) and a price sheet of weight 0.5 (12.5): 7.5 are lacking to 40.0.

    A third page brings the kind to its cap of 30.0 and the score to 42.5.
    """
    weights = {"pricing_viewed": 2.0, "pricing_sheet_downloaded": 0.5}
    assert means_of("mql", weights=weights)[0][0] == "intent: 1 x pricing_viewed = 10.0"
    at_cap = {"pricing_viewed": 3.0, "pricing_sheet_downloaded": 0.3}  # 30.0 + 7.5
    assert "pricing_viewed" not in " ".join(means_of("mql", weights=at_cap)[0])


def test_rules_of_fit_that_do_not_hold_are_named_the_smallest_that_suffices_first() -> None:
    """A manager (10.0) with engagement 12.0 lacks fit 10.0 to target."""
    found = means_of("target", attributes={"title": "manager"}, weights={"webinar_attended": 1.0})
    assert found == [
        [
            "fit: 1 x authority = 10.0",
            "fit: 1 x served country = 10.0",
            "fit: 1 x timeline = 10.0",
        ]
    ]


def test_where_no_single_rule_suffices_they_are_put_together_the_largest_first() -> None:
    """Nothing is known: mql by engagement lacks fit 40.0; 25 and 20 are the fewest that do it."""
    ways = means_of("mql", attributes={}, weights={"demo_requested": 1.0, "webinar_attended": 3.0})
    by_fit = ["fit: 1 x decision maker, 1 x home industry = 45.0"]
    assert by_fit in ways


def test_what_weighs_against_a_score_must_be_made_good_too() -> None:
    """Unsubscribed at T is -40.0, shown as 0.0: engaged lacks 5.0, and 45.0 must be added.

    Webinars attended are capped at 36.0; with a white paper's or form's they do it: 36 + 10 = 46.
    """
    (means,) = means_of("engaged", weights={"unsubscribed": 1.0})
    assert means == ["engagement: 3 x webinar_attended, 1 x form_submitted = 6.0"]


def test_what_nothing_can_raise_has_no_means() -> None:
    """Only page views, at most 2.0 of them: engaged at 5.0 stays out of reach."""
    section = {
        "cap": 100,
        "half_life": "30d",
        "activities": {"page_viewed": {"points": 1, "cap": 2}},
    }
    assert means_of("engaged", agreement=with_scoring(engagement=section)) == [[]]


def test_a_threshold_beyond_the_cap_of_its_score_has_no_way() -> None:
    """Intent is capped at 30: mql has only its other way, hot none."""
    section = {**shipped().scoring.intent.model_dump(), "cap": 30}
    low = with_scoring(intent=section)
    assert [way.missing for way in ways_to("mql", low, attributes=BUYER, weights={})] == [
        {"engagement": Decimal("30.0")}
    ]
    assert ways_to("hot", low, attributes=BUYER, weights={}) == ()


def test_a_position_is_shown_by_the_kinds_that_speak_for_it() -> None:
    """Two kinds show desire, the weightier first; one of weight 0.2 does not speak."""
    weights = {"pricing_viewed": 0.5, "trial_started": 1.0, "demo_requested": 0.2}
    assert shown_by(weights, shipped()) == ("trial_started", "pricing_viewed")
    assert shown_by({"demo_requested": 0.2}, shipped()) == ()


KINDS = st.sampled_from([*shipped().scoring.engagement.activities, "pricing_viewed", "other"])
DONE = st.lists(st.tuples(KINDS, st.integers(T_US - 90 * DAY_US, T_US)), max_size=6)
WHO = st.sampled_from([{}, BUYER, {"title": "student"}, {"employees": 200, "country": "DE"}])


@settings(max_examples=count(300))
@given(done=DONE, attributes=WHO, threshold=st.sampled_from(THRESHOLDS))
def test_done_as_said_it_reaches_the_threshold_and_once_less_does_not(
    done, attributes, threshold
) -> None:
    agreement = shipped()
    weights = weights_at([(kind, at, 1.0) for kind, at in done], agreement, as_of=T)
    for way in ways_to(threshold, agreement, attributes=attributes, weights=weights):
        for one in way.means:
            if one.score == "fit" or set(way.missing) != {one.score}:
                continue
            more = [(kind, T_US) for kind, times in one.times.items() for _ in range(times)]
            assert threshold in held(attributes, [*done, *more], agreement)
            assert threshold not in held(attributes, [*done, *more[:-1]], agreement)


def held(attributes, done, agreement):
    one = score_lead(attributes, done, agreement, as_of=T)
    return qualifies(agreement, fit=one.fit, engagement=one.engagement, intent=one.intent)
