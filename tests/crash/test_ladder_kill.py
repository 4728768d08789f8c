"""Ladders under random histories: downtime, real kills, sweeps twice and two at once (law L6).

Each history has a ledger of its own. An oracle works out from the story alone which steps had to
be sent and which are skipped; each step comes at most once, in order, none after its clock is met
or ended, none is lost without being recorded as skipped.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack, contextmanager

import pytest

from tests.crash.ladder_world import POINTS, History
from tests.proof import count, is_full

pytestmark = pytest.mark.proof

HISTORIES = 200


@pytest.fixture(params=["sqlite", "postgresql"])
def history(request, children, tmp_path_factory):
    """Makes a history by its number, on a ledger of its own, for a block."""

    @contextmanager
    def of(seed: int):
        home = tmp_path_factory.mktemp("history")
        with ExitStack() as until_then:
            if request.param == "sqlite":
                url = request.getfixturevalue("sqlite_ledger")(home)
            else:
                url = until_then.enter_context(request.getfixturevalue("databases").ledger())
            made = History(home, url, children, seed=seed)
            until_then.callback(made.close)
            yield made

    return of


@pytest.mark.timeout(3600)
def test_each_step_comes_at_most_once_in_order_and_none_is_lost(history, capsys, request):
    total: Counter[str] = Counter()
    for seed in range(count(HISTORIES)):
        with history(seed) as made:
            try:
                total += made.live(kills=3 if is_full() else 1)
            except AssertionError as error:
                error.add_note(f"history {seed}: {made.counts}")
                raise
    assert all(total[point] for point in POINTS), "a point at which no sweep was killed"
    assert total["step sent"] > total["step skipped"] / 10
    assert total["step skipped"] > total["step sent"] / 10
    with capsys.disabled():
        lines = (f"  {what:20} {number:6,}" for what, number in sorted(total.items()))
        sys.stdout.write(f"\n{request.node.name}\n" + "\n".join(lines) + "\n")
