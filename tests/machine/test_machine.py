"""Runs of fifty steps, whatever happens in them: nobody is lost, doubled or given away unsigned."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from accord.quality import engine
from tests.machine.machine import STEPS, HandoffMachine
from tests.proof import count, is_full

pytestmark = pytest.mark.proof

RUNS = 200
STORES = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def new_home(request, tmp_path):
    """Gives an empty folder and the URL of an empty ledger, as often as asked for."""
    engine._machinery()  # slow to import, and only once: its warnings are not those of a run
    numbers = itertools.count()
    with contextlib.ExitStack() as until_the_end:

        def give():
            until_the_end.close()  # the one before is done with
            home = tmp_path / f"company-{next(numbers)}"
            if request.param == "sqlite":
                return home, request.getfixturevalue("sqlite_ledger")(home / "home")
            databases = request.getfixturevalue("databases")
            return home, until_the_end.enter_context(databases.ledger())

        yield give


@pytest.mark.timeout(14_400)
def test_whatever_happens_in_whatever_order_the_laws_hold_after_every_step(
    children, new_home, capsys, request
):
    wanted = RUNS if is_full() else count(RUNS // STORES)
    done: Counter[str] = Counter()
    fired: Counter[str] = Counter()
    given = {"children": children, "new_home": staticmethod(new_home), "done": done, "fired": fired}
    machine = type("Machine", (HandoffMachine,), given)
    run_state_machine_as_test(
        machine,
        settings=settings(
            # One in four ends before its last step where runs are drawn anew each time.
            max_examples=wanted * 3 // 2 if is_full() else wanted,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not is_full(),  # the long proof looks for what is new, every run guards
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{request.node.name}\n{_table(done)}\n  killed at\n{_table(fired)}\n")
    assert done["a whole run"] >= wanted
    assert fired.total() > 0


def _table(counted: Counter[str]) -> str:
    return "\n".join(f"  {name:40} {times:6}" for name, times in sorted(counted.items()))
