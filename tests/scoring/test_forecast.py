"""When thresholds are lost if nothing more is done: exact, and by the arithmetic of the score."""

from __future__ import annotations

from datetime import timedelta
from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.conditions import parse_condition
from accord.records import from_us, to_us
from accord.scoring import falls_at, qualifies, score_lead, weights_at
from tests.proof import count
from tests.scoring.engines import DAY_US, T_US, T, shipped, with_scoring

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


def held_at(done, agreement, at, *, attributes=None):
    """The thresholds that hold at an instant, by the definition, of activities (kind, at)."""
    one = score_lead(attributes or {}, done, agreement, as_of=at)
    return qualifies(agreement, fit=one.fit, engagement=one.engagement, intent=one.intent)


def falls(done, agreement=None, *, fit=0, at=T):
    rows = [(kind, when, 1.0) for kind, when in done]
    return falls_at(rows, agreement or shipped(), fit=fit, as_of=at)


def with_threshold(agreement=None, **conditions):
    """An agreement with thresholds replaced, written as in its file."""
    parsed = {name: parse_condition(text) for name, text in conditions.items()}
    terms = (agreement or shipped()).qualification.model_copy(update=parsed)
    return (agreement or shipped()).model_copy(update={"qualification": terms})


def test_a_score_falls_below_where_it_is_first_shown_a_tenth_less() -> None:
    """A form at T is 10.0, engaged from 5.0: it is shown 4.9 once it is below 4.95.

    10 x 0.5^(t/30 d) = 4.95 at t = 30 d x log2(10/4.95), 30 days and 10.4 hours.
    """
    done = [("form_submitted", T_US)]
    found = falls(done)
    assert list(found) == ["engaged"]
    at = found["engaged"]
    assert abs((at - T) / DAY - 30 * log2(10 / 4.95)) < 1e-5
    assert held_at(done, shipped(), at - MICROSECOND) == {"engaged"}
    assert held_at(done, shipped(), at) == frozenset()


def test_each_threshold_has_its_own_instant() -> None:
    """Fit 55.0, a demo at T (70.0): hot until below 59.95, mql until below 39.95; no engagement."""
    found = falls([("demo_requested", T_US)], fit=550)
    days = {name: (at - T) / DAY for name, at in found.items()}
    assert days == {
        "mql": pytest.approx(14 * log2(70 / 39.95), abs=1e-5),
        "hot": pytest.approx(14 * log2(70 / 59.95), abs=1e-5),
    }


def test_what_fit_alone_holds_is_held_for_ever() -> None:
    agreement = with_threshold(target={"fit": {"gte": 20}})
    assert falls([("form_submitted", T_US)], agreement, fit=200)["target"] is None


def test_a_lead_that_holds_nothing_has_nothing_to_lose() -> None:
    assert falls([]) == {}
    assert falls([("page_viewed", T_US)]) == {}


def test_the_instant_may_be_the_microsecond_after_the_explanation() -> None:
    """One microsecond before its loss it still holds, and is lost in the next."""
    done = [("form_submitted", T_US)]
    at = falls(done)["engaged"]
    assert falls(done, at=at - MICROSECOND)["engaged"] == at
    assert falls(done, at=at) == {}


def test_what_is_done_after_the_instant_is_not_counted_on() -> None:
    later = ("form_submitted", T_US + 1)
    assert falls([("form_submitted", T_US), later]) == falls([("form_submitted", T_US)])


def test_a_kind_above_its_cap_holds_longer_than_its_points_would() -> None:
    """40 mails at T are 40 x 1, capped at 5.0: 5.0 until 40 x w < 4.95, three half-lives and more.

    30 d x log2(40/4.95) = 90.4 days.
    """
    found = falls([("email_opened", T_US)] * 40)
    assert (found["engaged"] - T) / DAY == pytest.approx(30 * log2(40 / 4.95), abs=1e-5)


def test_rows_of_a_rollup_say_the_same_as_the_activities() -> None:
    """Two forms 30 days apart weigh 1.5 at the later one, which is T."""
    done = [("form_submitted", T_US - 30 * DAY_US), ("form_submitted", T_US)]
    rolled = falls_at([("form_submitted", T_US, 1.5)], shipped(), fit=0, as_of=T)
    assert abs(rolled["engaged"] - falls(done)["engaged"]) <= MICROSECOND
    assert weights_at([("form_submitted", T_US, 1.5)], shipped(), as_of=T + 30 * DAY) == {
        "form_submitted": 0.75
    }


ENGAGEMENT = {
    "cap": 100,
    "half_life": "30d",
    "activities": {
        "form_submitted": {"points": 10},
        "unsubscribed": {"points": -10, "half_life": "1d"},
        "webinar_attended": {"points": 12, "half_life": "60d"},
    },
}


def test_the_first_loss_is_said_where_a_fading_negative_kind_wins_it_back() -> None:
    """Held by a score of at most 1.0: 10.0 - 10.0 at T; the negative fades first, and 1.1 is lost.

    The form fades too, and once it is below 1.05 the threshold holds again: the first loss counts.
    """
    low = with_threshold(with_scoring(engagement=ENGAGEMENT), engaged={"engagement": {"lte": 1}})
    done = [("form_submitted", T_US), ("unsubscribed", T_US)]
    at = falls(done, low)["engaged"]
    assert at - T < DAY
    assert "engaged" in held_at(done, low, at - MICROSECOND)
    assert "engaged" not in held_at(done, low, at)
    assert "engaged" in held_at(done, low, T + 200 * DAY)


def test_a_threshold_of_listed_numbers_is_lost_at_the_first_other_number() -> None:
    """Held at exactly 10.0: a form at T is shown 9.9 once below 9.95, after 5.2 hours."""
    agreement = with_threshold(engaged={"engagement": [10, 9.5]})
    at = falls([("form_submitted", T_US)], agreement)["engaged"]
    assert (at - T) / DAY == pytest.approx(30 * log2(10 / 9.95), abs=1e-5)


KINDS = st.sampled_from(["form_submitted", "unsubscribed", "webinar_attended", "demo_requested"])
DONE = st.lists(st.tuples(KINDS, st.integers(T_US - 200 * DAY_US, T_US)), max_size=8)
LATER = st.integers(0, 400 * DAY_US)
CONDITIONS = st.sampled_from(
    [
        {"engagement": {"gte": 5}},
        {"engagement": {"gt": 0.5, "lt": 12}},
        {"any": [{"engagement": {"gte": 30}}, {"intent": {"gte": 40}}]},
        {"any": [{"engagement": {"lt": 8}}, {"intent": [70, 69.9]}]},
        {"engagement": {"not_in": [11.9, 4]}, "intent": {"lte": 60}},
    ]
)


@settings(max_examples=count(400))
@given(done=DONE, condition=CONDITIONS, later=LATER, negative=st.booleans())
def test_it_holds_until_the_microsecond_before_and_not_at_the_instant(
    done, condition, later, negative
) -> None:
    agreement = with_threshold(
        with_scoring(engagement=ENGAGEMENT) if negative else shipped(), engaged=condition
    )
    found = falls(done, agreement, fit=300)
    attributes = {"title": "CEO", "need": "x"}  # 25 + 5 = 30.0
    assert set(found) == held_at(done, agreement, T, attributes=attributes)
    for name, at in found.items():
        if at is not None:
            before = held_at(done, agreement, at - MICROSECOND, attributes=attributes)
            assert name in before
            assert name not in held_at(done, agreement, at, attributes=attributes)
        some = from_us(T_US + later)
        if at is None or some < at:
            assert name in held_at(done, agreement, some, attributes=attributes)


@settings(max_examples=count(400))
@given(done=DONE.map(lambda all_: [one for one in all_ if one[0] != "unsubscribed"]), later=LATER)
def test_where_all_points_are_positive_what_is_lost_stays_lost(done, later) -> None:
    for name, at in falls(done, fit=550).items():
        assert at is not None
        after = score_lead({}, done, shipped(), as_of=from_us(to_us(at) + later))
        assert name not in qualifies(
            shipped(), fit=550, engagement=after.engagement, intent=after.intent
        )
