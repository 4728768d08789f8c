"""The cut moved and a lead erased, killed for real anywhere: what is stored is the old or the new.

Children come from a fork server that has the imports done. Every test asserts that the kill
happened, and where.
"""

from __future__ import annotations

import itertools
import random
import shutil
import sys
import time
from collections import Counter

import pytest

from tests.crash.ingest_world import open_workspace
from tests.crash.rollup_world import GONE, POINTS, STEPS, files, fill, run, scores, stored
from tests.proof import count

pytestmark = pytest.mark.proof

INSTANT = "an instant"
AT_MOST_A_WORLD = 9
COMMITS = ("the first cut", "erasing", "the second cut")
ENOUGH = len(COMMITS) + 1


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A log with activities and a migrated ledger, to be copied."""
    home = tmp_path_factory.mktemp("rollup") / "filled"
    home.mkdir()
    fill(home, url_of(home))
    return home


@pytest.fixture
def world(tmp_path, filled):
    made = itertools.count()
    return lambda: shutil.copytree(filled, tmp_path / f"world-{next(made)}")


def url_of(home):
    return f"sqlite:///{home / 'home' / 'ledger.db'}"


@pytest.fixture(scope="module")
def undisturbed(filled, tmp_path_factory):
    """Whatever may be stored, step by step, the scores throughout, and how long a run takes."""
    home = shutil.copytree(filled, tmp_path_factory.mktemp("rollup") / "undisturbed")
    workspace = open_workspace(home, url_of(home))
    states, always = [stored(workspace)], scores(workspace)
    for step in STEPS:
        step(workspace)
        states.append(stored(workspace))
        assert scores(workspace) == always
    workspace.close()
    return states, always


def look(home, url, undisturbed) -> tuple:
    """Hold what is there to what may be; gives back what is stored."""
    states, always = undisturbed
    workspace = open_workspace(home, url)
    found = stored(workspace)
    assert found in states
    assert scores(workspace) == always
    workspace.close()
    return found


def test_the_steps_of_these_tests_each_store_something_else(undisturbed):
    states, always = undisturbed
    assert [states.count(state) for state in states] == [1, 1, 1, 2, 2]
    assert all(row["intent"] for row in always)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_until_it_comes_no_further_it_ends_as_run_once(
    children, world, new_url, undisturbed, point
):
    """Before its commit a run gets no further however often it is killed; after it, it does."""
    home = world()
    url = new_url(home)
    kills = 0
    while kills < ENOUGH and run(children, home, url, point):
        kills += 1
        look(home, url, undisturbed)
    assert kills == (len(COMMITS) if point == "rollup.after_commit" else ENOUGH)
    assert not run(children, home, url)
    assert look(home, url, undisturbed) == undisturbed[0][-1]
    assert len(files(home)) == 1


@pytest.mark.timeout(7200)
def test_killed_again_and_again_anywhere_what_is_stored_is_the_old_or_the_new(
    children, world, undisturbed, capsys, request
):
    """Kills at named points and at random instants, in worlds that are each brought to an end."""
    chance = random.Random(20261122)
    wanted = count(100)
    fired = Counter(dict.fromkeys((*POINTS, INSTANT), 0))
    home = world()
    began = time.monotonic()
    run(children, home, url_of(home))
    takes = time.monotonic() - began
    worlds = 0
    while fired.total() < wanted:
        worlds += 1
        home = world()
        url = url_of(home)
        for _ in range(AT_MOST_A_WORLD):
            point = min(fired, key=lambda one: (fired[one], chance.random()))
            instant = chance.uniform(0, takes) if point == INSTANT else None
            if not run(children, home, url, "" if instant is not None else point, instant=instant):
                break
            fired[point] += 1
            look(home, url, undisturbed)
        run(children, home, url)
        cut, rows = look(home, url, undisturbed)
        assert (cut, rows) == undisturbed[0][-1]
        assert GONE not in {row[0] for row in rows}
        assert len(files(home)) == 1
    lines = [f"{request.node.name}: {fired.total()} kills in {worlds} worlds"]
    lines += [f"  {point:24} {times}" for point, times in fired.items()]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert min(fired.values()) > 0
