"""Every worked case of cases.yaml, each under its own name."""

from __future__ import annotations

from datetime import UTC

import pytest

from accord.sla import rung_times
from tests.sla.stories import CASES, calendar_of, length, local, rungs, told


def named(kind: str):
    return pytest.mark.parametrize("case", CASES[kind], ids=[each["it"] for each in CASES[kind]])


@named("due")
def test_a_term_runs_out_when_the_worked_case_says(case):
    calendar, zone = calendar_of(case)
    start, due = local(case["start"], zone), local(case["due"], zone)
    assert calendar.due(start, length(case["within"])) == due.astimezone(UTC)
    assert calendar.elapsed(start, due) == length(case["within"])


@named("elapsed")
def test_as_much_open_time_has_passed_as_the_worked_case_says(case):
    calendar, zone = calendar_of(case)
    start, end = local(case["start"], zone), local(case["end"], zone)
    assert calendar.elapsed(start, end) == length(case["elapsed"])


@named("steps")
def test_the_steps_of_a_ladder_come_when_the_worked_case_says(case):
    calendar, zone = calendar_of(case)
    start, within = local(case["start"], zone), length(case["within"])
    due = calendar.due(start, within)
    assert due == local(case["due"], zone).astimezone(UTC)
    times = rung_times(rungs(case["steps"]), calendar, start=start, within=within, due=due)
    assert list(times) == [local(each, zone).astimezone(UTC) for each in case["steps"].values()]


@named("stories")
def test_the_clocks_of_a_story_are_those_that_the_worked_case_says(case):
    assert told(case) == case["clocks"]


def test_there_are_at_least_sixty_worked_cases():
    assert sum(len(CASES[kind]) for kind in ("due", "elapsed", "steps", "stories")) >= 60
