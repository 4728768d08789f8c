"""When a run hands over so many leads that a person looks first; which team a rule names."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.agreement import load
from accord.routing import needs_approval, team_of

AGREEMENT = load(Path(__file__).resolve().parents[2] / "agreement.yaml")
TERMS = AGREEMENT.handoff  # approval above 3 times the usual, 30 leads a week


@pytest.mark.parametrize(
    ("decided", "usual", "waits"), [(30, 1, False), (31, 1, True), (60, 20, False), (61, 20, True)]
)
def test_a_run_waits_above_three_times_the_usual_and_one_reps_week(decided, usual, waits):
    assert needs_approval(decided, recent=[usual] * 20, terms=TERMS) is waits


def test_nothing_waits_before_twenty_runs_have_shown_what_is_usual():
    assert not needs_approval(1000, recent=[1] * 19, terms=TERMS)


def test_usual_is_the_median_of_the_last_twenty():
    recent = [10] * 10 + [30] * 10 + [1000] * 5
    assert not needs_approval(60, recent=recent, terms=TERMS)
    assert needs_approval(61, recent=recent, terms=TERMS)


@pytest.mark.parametrize(
    ("lead", "team"),
    [
        ({"country": "de", "segment": "large"}, "emea"),
        ({"country": "US", "segment": "large"}, "enterprise"),
        ({"country": None, "segment": "small"}, "inbound"),
    ],
)
def test_the_first_rule_that_matches_names_the_team(lead, team):
    assert team_of(TERMS.routing.mql, lead) == team
