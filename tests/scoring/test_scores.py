"""Scores with numbers worked out by hand, on every engine."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accord.scoring import combine, reasons, roll_up, score, to_points, to_tenths
from tests.scoring.engines import (
    DAY_US,
    ENGINES,
    T_US,
    T,
    activities,
    by_score,
    collected,
    leads,
    numbers,
    shipped,
    with_scoring,
)

pytestmark = pytest.mark.parametrize("engine", ENGINES)

ANN = {"lead_id": "crm:1"}


def scores_of(engine, records, rows, agreement=None, *, as_of=T):
    put = ENGINES[engine]
    terms = agreement or shipped()
    rollup = roll_up(put(activities(*rows)), terms, as_of=as_of)
    return numbers(collected(score(put(leads(*records)), rollup, terms, as_of=as_of), "lead_id"))


def reasons_of(engine, records, rows, agreement=None, *, as_of=T):
    put = ENGINES[engine]
    terms = agreement or shipped()
    rollup = roll_up(put(activities(*rows)), terms, as_of=as_of)
    lines = reasons(put(leads(*records)), rollup, terms, as_of=as_of)
    return collected(lines, "lead_id", "score", "name")


def test_a_lead_without_attributes_and_activity_scores_nothing(engine) -> None:
    assert scores_of(engine, [ANN], []) == [("crm:1", 0, 0, 0, None)]
    assert reasons_of(engine, [ANN], []) == []


def test_no_leads_give_no_scores(engine) -> None:
    assert scores_of(engine, [], [("crm:1", "page_viewed", T_US)]) == []


def test_an_activity_at_exactly_as_of_counts_whole(engine) -> None:
    """One form at T: 10 x 0.5^0 = 10.0."""
    rows = [("crm:1", "form_submitted", T_US)]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 100, 0, "interest")]


def test_an_activity_after_as_of_counts_nothing(engine) -> None:
    """One form a microsecond after T, one demo at T: only the demo's 70.0."""
    rows = [("crm:1", "form_submitted", T_US + 1), ("crm:1", "demo_requested", T_US)]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 0, 700, "action")]


def test_a_rollup_that_reaches_beyond_as_of_adds_nothing(engine) -> None:
    put = ENGINES[engine]
    rollup = roll_up(put(activities(("crm:1", "form_submitted", T_US + 1))), shipped())
    frame = score(put(leads(ANN)), rollup, shipped(), as_of=T)
    assert numbers(collected(frame, "lead_id")) == [("crm:1", 0, 0, 0, None)]


def test_weight_halves_every_half_life(engine) -> None:
    """A form 30 days ago (half-life 30 d): 10 x 0.5 = 5.0; a demo 28 days ago (14 d): 70/4 = 17.5.

    Both 0.25 or more, so the demo's position stands: at two half-lives the weight is 0.25.
    """
    rows = [
        ("crm:1", "form_submitted", T_US - 30 * DAY_US),
        ("crm:1", "demo_requested", T_US - 28 * DAY_US),
    ]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 50, 175, "action")]


def test_below_a_quarter_a_kind_no_longer_speaks_for_a_position(engine) -> None:
    """A demo 28 days and a second ago weighs a hair below 0.25; a page today shows attention."""
    rows = [
        ("crm:1", "demo_requested", T_US - 28 * DAY_US - 1_000_000),
        ("crm:1", "page_viewed", T_US),
    ]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 10, 175, "attention")]


def test_a_kind_may_have_a_half_life_of_its_own(engine) -> None:
    """A webinar attended 60 days ago, half-life 60 d: 12 x 0.5 = 6.0; registered: 5 x 0.25 = 1.3.

    1.25 is a tie, which goes up: floor(12.5 + 0.5 + 1e-6) = 13 tenths.
    """
    rows = [
        ("crm:1", "webinar_attended", T_US - 60 * DAY_US),
        ("crm:1", "webinar_registered", T_US - 60 * DAY_US),
    ]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 73, 0, "interest")]


def test_a_kind_s_cap_bounds_its_points(engine) -> None:
    """Seven mails opened at T are 7 x 1, capped at 5.0; the cap is inside the line, 7.0 beside."""
    rows = [("crm:1", "email_opened", T_US)] * 7
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 50, 0, "attention")]
    (line,) = reasons_of(engine, [ANN], rows)
    assert (line["name"], line["points"], line["count"], line["last_us"]) == (
        "email_opened",
        50,
        7,
        T_US,
    )
    assert (line["weight"], line["uncapped"]) == (7.0, 70)


def test_negative_points_are_capped_in_size_too_and_a_score_ends_at_zero(engine) -> None:
    """Points -40, cap 60: two at T are -80, bounded to -60.0; with a form's 10.0 the sum is -50.0.

    The score is 0.0, and the limit's line says +50.0.
    """
    section = {
        "cap": 100,
        "half_life": "30d",
        "activities": {
            "unsubscribed": {"points": -40, "cap": 60},
            "form_submitted": {"points": 10, "shows": "interest"},
        },
    }
    agreement = with_scoring(engagement=section)
    rows = [("crm:1", "unsubscribed", T_US)] * 2 + [("crm:1", "form_submitted", T_US)]
    assert scores_of(engine, [ANN], rows, agreement) == [("crm:1", 0, 0, 0, "interest")]
    lines = reasons_of(engine, [ANN], rows, agreement)
    assert [(line["name"], line["points"]) for line in lines] == [
        ("form_submitted", 100),
        ("limit", 500),
        ("unsubscribed", -600),
    ]


def test_a_score_ends_at_its_cap_and_the_limit_is_a_line_of_its_own(engine) -> None:
    """Demo 70 + trial 45 = 115.0, limited to 100.0 by a line of -15.0."""
    rows = [("crm:1", "demo_requested", T_US), ("crm:1", "trial_started", T_US)]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 0, 1000, "action")]
    lines = reasons_of(engine, [ANN], rows)
    assert [(line["name"], line["points"], line["count"]) for line in lines] == [
        ("demo_requested", 700, 1),
        ("limit", -150, 0),
        ("trial_started", 450, 1),
    ]
    assert by_score(lines) == {("crm:1", "intent"): 1000}


def test_a_kind_that_is_not_in_scoring_is_harmless(engine) -> None:
    rows = [("crm:1", "email_sent", T_US), ("crm:1", "email_sent", T_US - 999 * DAY_US)]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 0, 0, None)]
    assert reasons_of(engine, [ANN], rows) == []
    rollup = roll_up(ENGINES[engine](activities(*rows)), shipped())
    (row,) = collected(rollup, "lead_id")
    assert (row["count"], row["weight"]) == (2, 2.0)


def test_activities_of_unknown_leads_count_nowhere(engine) -> None:
    rows = [("crm:2", "demo_requested", T_US), ("crm:1", "page_viewed", T_US)]
    assert scores_of(engine, [ANN], rows) == [("crm:1", 0, 10, 0, "attention")]
    assert {line["lead_id"] for line in reasons_of(engine, [ANN], rows)} == {"crm:1"}


def test_fit_adds_up_person_account_and_bant(engine) -> None:
    """VP 25 + finance 20 + 100 people 20 + de 10 + budget 15 + authority 10 + need 5 + 90 days 10.

    That is 115.0, limited to 100.0; a student at a private mailbox is -30 - 15 + manager 10, so 0.
    """
    good = {
        "lead_id": "crm:1",
        "title": "VP Vertrieb",
        "email": "ann@acme.example",
        "industry": "FINANCE",
        "employees": 100,
        "country": "de",
        "budget": Decimal(10000),
        "authority": True,
        "need": "x",
        "timeline_days": 90,
    }
    bad = {"lead_id": "crm:2", "title": "Student, Manager", "email": "bob@GMAIL.com"}
    assert scores_of(engine, [good, bad], []) == [
        ("crm:1", 1000, 0, 0, None),
        ("crm:2", 0, 0, 0, None),
    ]
    lines = reasons_of(engine, [good, bad], [])
    names = [(line["lead_id"], line["name"], line["points"]) for line in lines]
    assert ("crm:1", "limit", -150) in names
    assert ("crm:2", "limit", 350) in names
    assert by_score(lines) == {("crm:1", "fit"): 1000, ("crm:2", "fit"): 0}


def test_just_below_a_threshold_of_a_fit_rule_gives_nothing(engine) -> None:
    near = {"lead_id": "crm:1", "employees": 99, "budget": Decimal("9999.99"), "timeline_days": 91}
    assert scores_of(engine, [near], []) == [("crm:1", 0, 0, 0, None)]


def test_a_raw_39_96_shows_and_counts_as_40_0(engine) -> None:
    """A rule of 39.96 points is 40.0: 399.6 + 0.5 floors to 400 tenths. 39.94 stays 39.9."""
    rule = {"name": "known", "part": "person", "when": {"need": {"present": True}}}
    for points, tenths in ((39.96, 400), (39.94, 399)):
        agreement = with_scoring(fit={"cap": 100, "rules": [{**rule, "points": points}]})
        known = {"lead_id": "crm:1", "need": "x"}
        assert scores_of(engine, [known], [], agreement)[0][1] == tenths


def test_contributions_are_rounded_one_by_one_before_they_are_summed(engine) -> None:
    """Two kinds of 0.04 each round to 0.0 each: the sum is 0.0, not 0.1."""
    kinds = {"page_viewed": {"points": 0.04}, "email_opened": {"points": 0.04}}
    agreement = with_scoring(engagement={"cap": 100, "half_life": "30d", "activities": kinds})
    rows = [("crm:1", "page_viewed", T_US), ("crm:1", "email_opened", T_US)]
    assert scores_of(engine, [ANN], rows, agreement) == [("crm:1", 0, 0, 0, None)]


def test_two_rollups_combine_into_one_whichever_comes_first(engine) -> None:
    """A form 30 days ago and one at T: weight 0.5 + 1 at T, 15.0 points."""
    put = ENGINES[engine]
    old = roll_up(put(activities(("crm:1", "form_submitted", T_US - 30 * DAY_US))), shipped())
    new = roll_up(put(activities(("crm:1", "form_submitted", T_US))), shipped())
    for both in (combine(old, new), combine(new, old)):
        (row,) = collected(both, "lead_id")
        assert row["weight"] == 1.5
        assert (row["count"], row["first_us"], row["last_us"]) == (2, T_US - 30 * DAY_US, T_US)
        frame = score(put(leads(ANN)), both, shipped(), as_of=T)
        assert numbers(collected(frame, "lead_id")) == [("crm:1", 0, 150, 0, "interest")]


def test_attributes_without_a_column_are_null(engine) -> None:
    put = ENGINES[engine]
    bare = put(leads(ANN).select(["lead_id"]))
    rollup = roll_up(put(activities()), shipped())
    assert numbers(collected(score(bare, rollup, shipped(), as_of=T), "lead_id")) == [
        ("crm:1", 0, 0, 0, None)
    ]


def test_tenths_are_the_number_shown(engine) -> None:
    assert to_points(to_tenths(39.96)) == Decimal("40.0")
    assert [to_tenths(points) for points in (0.05, -0.05, -0.06, 1.25, -1.25)] == [
        1,
        0,
        -1,
        13,
        -12,
    ]
