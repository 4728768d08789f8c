"""The cadence: every worked case of cadence.yaml under its own name, and what holds for all."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from accord.agreement import load
from accord.calendars import Calendar
from accord.records import Channel, HandoffStage, Origin, TouchOutcome
from accord.sla import (
    Attempt,
    Became,
    Branch,
    Duty,
    Play,
    Playbook,
    Tenure,
    follow,
    follow_all,
    next_step,
    playbook_of,
)
from tests.conftest import ROOT
from tests.sla.cadence_stories import BOOK, CASES, told

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
OFFICES = tuple(
    Calendar.parse(BOOK.calendars[name]) for name in ("nine_to_five", "lunch", "always_ny")
)
DONE = (Became.ON_TIME, Became.LATE)


@pytest.mark.parametrize("case", CASES, ids=[each["it"] for each in CASES])
def test_the_steps_of_a_story_are_those_that_the_worked_case_says(case):
    assert told(case) == case["steps"]


def test_there_are_at_least_twenty_five_worked_cases():
    assert len(CASES) >= 25


def test_the_worked_example_of_the_guide_is_right():
    text = (ROOT / "docs" / "cadence.md").read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    case = YAML(typ="safe", pure=True).load(block)
    assert told(case) == case["steps"]


def test_the_shipped_agreement_has_seven_steps_before_and_two_after_the_lead_is_reached():
    plays = playbook_of(load(ROOT / "agreement.yaml")).plays
    assert [play.name for play in plays if play.branch is Branch.CONNECTED] == [
        "connected 1 email",
        "connected 2 meeting",
    ]
    assert [play.channel.value for play in plays][:7] == [
        *("call", "email", "call", "email", "call", "email", "call"),
    ]
    assert [play.voicemail for play in plays] == [True] + [False] * 8


instants = st.integers(-60, 6_000).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
attempts = st.builds(
    Attempt,
    at=instants,
    channel=st.sampled_from(Channel),
    rep_id=st.sampled_from(["ann", "ann", "bob", None]),
    outcome=st.sampled_from([None, *TouchOutcome]),
    automatic=st.sampled_from([False, False, False, True]),
)
lengths = st.integers(0, 3_000).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def plays(draw) -> tuple[Play, ...]:
    return tuple(
        Play(
            branch=branch,
            number=number,
            channel=draw(st.sampled_from(Channel)),
            within=draw(lengths),
            voicemail=draw(st.booleans()),
        )
        for branch in Branch
        for number in range(1, draw(st.integers(0, 4)) + 1)
    )


@st.composite
def duties(draw) -> Duty:
    since = draw(instants)
    until = draw(st.none() | lengths.map(lambda length: since + length))
    return Duty(
        tenure=Tenure(
            handoff_id="h",
            lead_id="crm:1",
            stage=draw(st.sampled_from(HandoffStage)),
            origin=draw(st.sampled_from(Origin)),
            rep_id="ann",
            team="inbound",
            since=since,
            until=until,
            transferred=until is not None and draw(st.booleans()),
        ),
        attempts=tuple(draw(st.lists(attempts, max_size=12))),
        playbook=Playbook(version="1", plays=draw(plays()), book=BOOK),
        calendar=draw(st.sampled_from(OFFICES)),
    )


def _by_play(duty: Duty, as_of: datetime) -> dict[str, Became]:
    return {step.play.name: step.became for step in follow(duty, as_of=as_of)}


@given(duty=duties(), as_of=instants)
def test_every_step_of_a_branch_that_began_ends_in_exactly_one_state(duty, as_of):
    steps = follow(duty, as_of=as_of)
    names = [step.play.name for step in steps]
    assert len(names) == len(set(names))
    begun = {step.play.branch for step in steps}
    expected = [play.name for play in duty.playbook.plays if play.branch in begun]
    assert names == expected
    for step in steps:
        done, over = step.done_at is not None, step.over_at is not None
        assert {
            Became.ON_TIME: done and step.done_at <= step.due_at,
            Became.LATE: done and step.done_at > step.due_at,
            Became.MISSED: not done and as_of > step.due_at,
            Became.NOT_NEEDED: not done and over and step.over_at <= step.due_at,
            Became.OPEN: not done and as_of <= step.due_at and not over,
        }[step.became]
        assert step.is_to_do == (not done and not over)


@given(duty=duties(), as_of=instants, data=st.data())
def test_the_order_in_which_attempts_are_told_does_not_matter(duty, as_of, data):
    shuffled = tuple(data.draw(st.permutations(duty.attempts)))
    assert follow(replace(duty, attempts=shuffled), as_of=as_of) == follow(duty, as_of=as_of)


@given(duty=duties(), as_of=instants, more=lengths)
def test_looser_terms_never_make_a_step_missed_that_was_done_nor_late_that_was_on_time(
    duty, as_of, more
):
    looser = tuple(replace(play, within=play.within + more) for play in duty.playbook.plays)
    after = _by_play(replace(duty, playbook=replace(duty.playbook, plays=looser)), as_of)
    for name, became in _by_play(duty, as_of).items():
        if became is Became.ON_TIME:
            assert after[name] is Became.ON_TIME
        elif became is Became.LATE:
            assert after[name] in DONE
        else:
            assert after[name] not in DONE
            assert became is Became.MISSED or after[name] is not Became.MISSED


@given(duty=duties(), as_of=instants, later=lengths)
def test_as_time_goes_on_what_was_done_stays_done_as_it_was(duty, as_of, later):
    after = _by_play(duty, as_of + later)
    for name, became in _by_play(duty, as_of).items():
        if became in DONE or became is Became.NOT_NEEDED:
            assert after[name] is became
        elif became is Became.MISSED:
            assert after[name] in (Became.MISSED, Became.LATE)


@given(duty=duties(), as_of=instants)
def test_an_attempt_serves_one_step_and_comes_from_the_branchs_own_time(duty, as_of):
    steps = follow(duty, as_of=as_of)
    made = duty.tenure.made(duty.attempts, until=as_of)
    served = [step.done_at for step in steps if step.done_at is not None]
    assert len(served) <= len(made)
    for step in steps:
        if step.done_at is not None:
            assert duty.tenure.since <= step.done_at <= (step.over_at or as_of)


@given(many=st.lists(duties(), max_size=6), as_of=instants)
@settings(max_examples=50)
def test_many_at_once_are_followed_as_each_alone(many, as_of):
    assert follow_all(many, as_of=as_of) == [follow(duty, as_of=as_of) for duty in many]


@given(duty=duties(), as_of=instants)
def test_the_next_step_is_the_one_due_first_of_what_is_still_owed(duty, as_of):
    steps = follow(duty, as_of=as_of)
    owed = [step for step in steps if step.is_to_do]
    found = next_step(steps)
    assert (found is None) == (not owed)
    if found is not None:
        assert found.became in (Became.OPEN, Became.MISSED)
        assert all(found.due_at <= step.due_at for step in owed)
