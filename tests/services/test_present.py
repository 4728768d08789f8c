"""Lists of what is now, on both databases: not for a time before what the ledger tells of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.errors import InputError
from accord.services.hot_list import read_hot
from accord.services.queue_view import read_queue_view
from tests.services.handoff_world import HOUR, MONDAY, World

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def world(workspace) -> World:
    return World(workspace)


@pytest.mark.parametrize("read", [read_hot, read_queue_view])
def test_a_time_before_the_newest_run_or_score_is_refused_by_name(world, read):
    assert read(world.workspace, as_of=MONDAY)  # where nothing happened, nothing is past
    world.mqls("l1", at=MONDAY)
    with pytest.raises(InputError, match="leads were scored at 2026-11-16T14:00:00Z"):
        read(world.workspace, as_of=MONDAY - MOMENT)
    assert read(world.workspace, as_of=MONDAY)
    world.run(MONDAY + HOUR)
    with pytest.raises(InputError, match="handed over at 2026-11-16T15:00:00Z"):
        read(world.workspace, as_of=MONDAY + HOUR - MOMENT)
    assert read(world.workspace, as_of=MONDAY + HOUR)


def test_a_run_shows_what_it_left_waiting_although_another_has_gone_on(world):
    world.mqls("l1", country="DE")
    world.run()
    world.score("l1", at=MONDAY + HOUR, crossed=None)
    (row,) = read_queue_view(world.workspace, as_of=MONDAY, may_be_past=True).rows
    assert row.waits_for == "no rep in team emea"
