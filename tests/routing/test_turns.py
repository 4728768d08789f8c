"""Fairness: whose turn it is, with weights, absences and capacity."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.records import Role
from tests.routing.office import MONDAY, ZONE, Office, away, lead, rep, weights_of

HOUR = timedelta(hours=1)


def test_thirty_single_leads_to_two_equal_reps_are_fifteen_and_fifteen():
    office = Office([rep("a"), rep("b")])
    office.run(MONDAY, [lead(number) for number in range(30)])
    assert (office.count("a"), office.count("b")) == (15, 15)


def test_six_hundred_leads_follow_weights_of_one_two_three():
    reps = [
        rep(name, weight=Fraction(weight)) for name, weight in zip("abc", (1, 2, 3), strict=True)
    ]
    office = Office(reps)
    office.run(MONDAY, [lead(number) for number in range(600)])
    assert [office.count(name) for name in "abc"] == [100, 200, 300]


def test_without_a_weight_of_their_own_reps_weigh_what_their_week_holds():
    office = Office([rep("a", per_week=30), rep("b", per_week=60)])
    office.run(MONDAY, [lead(number) for number in range(9)])
    assert (office.count("a"), office.count("b")) == (3, 6)


@pytest.mark.parametrize("size", [1, 2, 7, 50])
def test_equal_leads_are_decided_alike_in_any_batching(size):
    weights = {"a": "1", "b": "1.5", "c": "4"}
    reps = [rep(name, weight=Fraction(weight)) for name, weight in weights.items()]
    whole, parts = Office(reps), Office(reps)
    leads = [lead(number) for number in range(100)]
    whole.run(MONDAY, leads)
    for start in range(0, 100, size):
        parts.run(MONDAY, leads[start : start + size])
    assert [one.assignment for one in parts.given] == [one.assignment for one in whole.given]


def test_who_comes_back_is_not_flooded():
    office = Office([rep("a"), rep("b", absences=(away(0, 100),))])
    for hour in range(100):
        office.run(MONDAY + hour * HOUR, [lead(hour)])
    assert office.count("b") == 0
    for hour in range(100, 120):
        office.run(MONDAY + hour * HOUR, [lead(hour)])
    assert office.count("b") == 10


def test_leads_taken_over_from_who_left_are_turns_like_others():
    office = Office([rep("a"), rep("b")])
    office.run(MONDAY, [lead(number, reassigned=True) for number in range(3)])
    office.run(MONDAY, [lead(number) for number in range(3, 6)])
    assert (office.count("a"), office.count("b")) == (3, 3)


def test_short_stretches_add_up_to_the_weights():
    """Availability changes every second lead: still one in four, three in four, in the long run."""
    blinks = tuple(away(4 * number, 1) for number in range(200))
    reps = [
        rep("a", weight=Fraction(1)),
        rep("b", weight=Fraction(3)),
        rep("c", weight=Fraction(1), absences=blinks),
    ]
    office = Office(reps)
    for number in range(200):
        for hour in (1, 2):
            office.run(MONDAY + (4 * number + hour) * HOUR, [lead(2 * number + hour)])
    assert office.count("a") == pytest.approx(80, abs=1)
    assert office.count("b") == pytest.approx(240, abs=1)


def test_hot_leads_and_others_are_counted_apart():
    office = Office([rep("a"), rep("b")])
    office.run(MONDAY, [lead(1)])
    office.run(MONDAY, [lead(2, hot=True)])
    assert [one.assignment.rep_id for one in office.given] == ["a", "a"]


def test_leads_kept_with_their_account_are_not_counted():
    office = Office([rep("a"), rep("b")], accounts={(Role.SDR, "acme.example"): "a"})
    office.run(MONDAY, [lead(number, account="acme.example") for number in range(5)])
    office.run(MONDAY, [lead(number) for number in range(5, 15)])
    assert (office.count("a"), office.count("b")) == (5 + 5, 5)


def _is_there(one, at) -> bool:
    return not any(start <= at < end for start, end in one.absences)


def _week(at) -> tuple[int, int]:
    return at.astimezone(ZoneInfo(ZONE)).isocalendar()[:2]


def _breaks(office: Office) -> list[tuple[set[str], Counter]]:
    """Cut what was given into stretches, from outside, and count turns in each."""
    weights = {one.rep_id: one for one in office.reps}
    edges = sorted({edge for one in office.reps for span in one.absences for edge in span})
    weekly: Counter = Counter()
    stretches: list[tuple[set[str], Counter]] = []
    before = None
    for one in office.given:
        week = _week(one.at)
        there = {
            name
            for name, terms in weights.items()
            if _is_there(terms, one.at) and weekly[name, week] < terms.per_week
        }
        crossed = before is not None and any(before[0] < edge <= one.at for edge in edges)
        # a week's end frees only those who were full, and that is seen in who is there
        if before is None or crossed or before[1] != there:
            stretches.append((there, Counter()))
        rep_id = one.assignment.rep_id
        weekly[rep_id, week] += 1
        if one.assignment.forced:
            continue
        stretches[-1][1][rep_id] += 1
        still = weekly[rep_id, week] < weights[rep_id].per_week
        before = (one.at, there if still else None)
    return stretches


spans = st.lists(st.builds(away, st.integers(0, 24 * 20), st.integers(1, 60)), max_size=3).map(
    tuple
)
people = st.lists(
    st.tuples(spans, st.sampled_from([1, 2, 3, Fraction(5, 2)]), st.sampled_from([4, 9, 10**6])),
    min_size=1,
    max_size=4,
).map(
    lambda terms: [
        rep(f"r{number}", absences=away_at, weight=Fraction(weight), per_week=per_week)
        for number, (away_at, weight, per_week) in enumerate(terms)
    ]
)
arrivals = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=30)


@settings(deadline=None, max_examples=150)
@given(
    reps=people,
    steps=arrivals,
    held_days=st.sampled_from([0, 2, 28]),
    every=st.sampled_from([1, 2, 3, 1000]),
)
def test_within_a_stretch_nobody_is_more_than_one_turn_ahead(reps, steps, held_days, every):
    """Leads taken over from reps who left are turns like others, unless forced over capacity."""
    office = Office(reps, hold_at_most=timedelta(days=held_days))
    weights = weights_of(reps)
    at, number = MONDAY, 0
    for hours, count in steps:
        at += timedelta(hours=hours)
        leads = range(number, number + count)
        office.run(at, [lead(one, at=at, reassigned=one % every == 1) for one in leads])
        number += count
    for there, counts in _breaks(office):
        for one, other in combinations(sorted(there), 2):
            gap = counts[one] / weights[one] - counts[other] / weights[other]
            assert abs(gap) <= 1, (there, counts)


@settings(deadline=None, max_examples=60)
@given(reps=people, steps=arrivals)
def test_nobody_is_given_a_lead_while_away_or_above_capacity_unless_forced(reps, steps):
    office = Office(reps, hold_at_most=timedelta(days=3))
    terms = {one.rep_id: one for one in reps}
    at, number = MONDAY, 0
    for hours, count in steps:
        at += timedelta(hours=hours)
        office.run(at, [lead(number + one, at=at) for one in range(count)])
        number += count
    weekly: Counter = Counter()
    for one in office.given:
        rep_id = one.assignment.rep_id
        assert _is_there(terms[rep_id], one.at)
        weekly[rep_id, _week(one.at)] += 1
        within = weekly[rep_id, _week(one.at)] <= terms[rep_id].per_week
        assert within or one.assignment.forced
    assert number == len(office.given) + len(office.queue)
