"""Ingestion killed for real (SIGKILL) at every named point and at any instant: it ends as run once.

Children come from a fork server that has the imports done, so that a kill costs little. Every test
asserts that the kill happened, and where.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections import Counter

import pytest

from tests.crash.ingest_world import POINTS, broken_laws, dump, run, settled
from tests.proof import count

pytestmark = pytest.mark.proof

INSTANT = "an instant"
AT_MOST_A_WORLD = 12


@pytest.fixture(scope="module")
def once(children, world, new_url):
    """What a run that nobody disturbs ends with, and how long it takes once the server is warm."""
    for _ in ("the server starts", "it is warm"):
        home = world()
        url = new_url(home)
        began = time.monotonic()
        assert not run(children, home, url)
        takes = time.monotonic() - began
    return dump(home, url), takes


def test_the_world_of_these_tests_has_every_kind_of_row(once):
    (ledger, log, batches), _ = once
    sizes = {name: len(ledger[name]) for name in ("lead", "lead_version", "merge", "touch")}
    assert sizes == {"lead": 3, "lead_version": 6, "merge": 1, "touch": 1}
    assert len(ledger["quarantine"]) == 5
    assert len(ledger["flag"]) >= 2
    assert len(log) == 5 + 11
    assert len(ledger["batch"]) == 6 + 3
    assert len(batches) == 2 + 3
    assert ledger["pending"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_once_at_a_point_and_run_again_it_ends_as_run_once(
    children, world, new_url, once, point
):
    home = world()
    url = new_url(home)
    assert run(children, home, url, point)
    assert broken_laws(home, url, whole=False) == []
    assert not run(children, home, url)
    assert broken_laws(home, url, whole=True) == []
    assert settled(dump(home, url)) == settled(once[0])


@pytest.mark.timeout(7200)
def test_killed_again_and_again_anywhere_it_ends_as_run_once(
    children, world, new_url, once, capsys, request
):
    """Kills at named points and at random instants, in worlds that are each brought to an end."""
    chance = random.Random(20261122)
    wanted = count(500)
    fired = Counter(dict.fromkeys((*POINTS, INSTANT), 0))
    stores, takes = once
    for worlds in itertools.count(1):
        home = world()
        url = new_url(home)
        for _ in range(AT_MOST_A_WORLD):
            point = min(fired, key=lambda one: (fired[one], chance.random()))
            instant = chance.uniform(0, takes) if point == INSTANT else None
            if not run(children, home, url, "" if instant is not None else point, instant=instant):
                takes *= 1 if instant is None else 0.9  # the machine has become faster
                break
            fired[point] += 1
            assert broken_laws(home, url, whole=False) == []
        run(children, home, url)
        assert broken_laws(home, url, whole=True) == []
        assert settled(dump(home, url)) == settled(stores)
        if fired.total() >= wanted:
            lines = [f"{request.node.name}: {fired.total()} kills in {worlds} worlds"]
            break
    lines += [f"  {point:24} {times}" for point, times in fired.items()]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert min(fired.values()) > 0
