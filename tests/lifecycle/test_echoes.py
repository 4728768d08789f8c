"""Which statements of a source are our own writing come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accord.lifecycle import SETTLES, FactKind, Writing, is_echo_of_stage, without_echo
from accord.records import Stage
from tests.lifecycle.test_transitions import at, handed

TICK = timedelta(microseconds=1)
OURS = Writing(stage=Stage.MQL, rep_id="crm:r1", begun_at=at(1), written_at=at(2))
END = at(2) + SETTLES


@pytest.mark.parametrize(
    ("stated_at", "is_ours"),
    [(at(1) - TICK, False), (at(1), True), (END, True), (END + TICK, False)],
)
def test_a_stage_within_the_time_of_our_writing_is_ours(stated_at, is_ours) -> None:
    assert is_echo_of_stage(Stage.MQL, stated_at, [OURS], known_at=at(9)) is is_ours


def test_another_stage_within_that_time_is_a_persons() -> None:
    assert not is_echo_of_stage(Stage.SAL, at(2), [OURS], known_at=at(9))


def test_a_writing_that_nobody_knows_the_end_of_is_open() -> None:
    unknown = replace(OURS, written_at=None)
    assert is_echo_of_stage(Stage.MQL, at(5000), [unknown], known_at=at(5000))


@pytest.mark.parametrize(("known_at", "is_ours"), [(at(1) - TICK, False), (at(1), True)])
def test_a_stage_without_a_time_is_ours_if_it_was_first_heard_since_we_wrote_it(
    known_at, is_ours
) -> None:
    assert is_echo_of_stage(Stage.MQL, None, [OURS], known_at=known_at) is is_ours


def test_our_owner_makes_a_report_ours_and_another_is_a_change_of_owner() -> None:
    assert without_echo(handed(2, rep="crm:r1"), [OURS]) is None
    assert without_echo(handed(2, rep=None), [OURS]) is None
    moved = without_echo(handed(2, rep="crm:r2"), [OURS])
    assert (moved.kind, moved.stage, moved.rep_id) == (FactKind.OWNED, None, "crm:r2")


def test_a_report_outside_that_time_or_of_another_stage_is_whole() -> None:
    for fact in (handed(5, rep="crm:r1"), handed(2, Stage.SQL, rep="crm:r2")):
        assert without_echo(fact, [OURS]) == fact
        assert without_echo(fact, []) == fact
