"""Hand-off and delivery killed for real at every named point, before CRMs that answer in any way.

Every cell is a company of its own: six leads that have come over the threshold, two reps, and a
receiver that behaves badly at its first request. The child that hands over, or delivers, dies by
SIGKILL; the runs that follow bring everything to its end. Nothing is lost and nothing is doubled.
"""

from __future__ import annotations

import random
import re
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from accord.services.deliver import DeliverResult, run_deliver
from accord.services.handoff import HandoffResult, run_handoff
from tests.crash.handoff_world import (
    A_WHILE,
    DELIVERING,
    FAULTS,
    HANDING,
    LEADS,
    MONDAY,
    POINTS,
    TIMES,
    Handing,
    Receiver,
)
from tests.proof import count

pytestmark = pytest.mark.proof

WHOLE = {"handed": LEADS, "sent": LEADS, "lost": 0, "doubled": 0, "unknown": 0, "broken": 0}


@pytest.fixture(params=["sqlite", "postgresql"])
def company(request, tmp_path_factory):
    """Makes a company before a receiver of some behaviour, on a ledger of its own, for a block."""

    @contextmanager
    def of(behaviour: str):
        home = tmp_path_factory.mktemp("company")
        with ExitStack() as until_then:
            if request.param == "sqlite":
                url = request.getfixturevalue("sqlite_ledger")(home)
            else:
                url = until_then.enter_context(request.getfixturevalue("databases").ledger())
            made = Handing(home, url, Receiver(behaviour))
            until_then.callback(made.close)
            yield made

    return of


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("behaviour", FAULTS)
def test_killed_anywhere_before_any_crm_nothing_is_lost_and_nothing_doubled(
    children, company, behaviour, capsys, request
):
    """Every point fires in every cell; in the long proof again and again, with kills on kills."""
    lines = [f"{request.node.name}"]
    chance = random.Random(behaviour)
    for point in POINTS:
        for number in range(count(10)):
            with company(behaviour) as made:
                kills, runs = _cell(children, made, point, chance if number else None)
            lines.append(f"  {point:32} {kills} killed, whole after {runs} runs: 0 lost, 0 doubled")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")


def _cell(children, company: Handing, point: str, chance: random.Random | None) -> tuple[int, int]:
    """Kill once, and where there is chance, up to twice more on the way back."""
    if point in DELIVERING:
        assert run_handoff(company.workspace, as_of=MONDAY).assigned == LEADS
    assert company.killed(children, point), f"{point} was not reached"
    kills = 1
    for more in range(chance.randrange(3) if chance else 0):
        at = MONDAY + (1 + more) * A_WHILE / 4
        kills += company.killed(children, chance.choice(POINTS), as_of=at)
    runs = company.recover()
    assert company.outcome() == WHOLE, company.outbox()
    at = MONDAY + TIMES * A_WHILE
    assert run_handoff(company.workspace, as_of=at) == HandoffResult()
    assert run_deliver(company.workspace, as_of=at) == DeliverResult()
    return kills, runs


def test_the_matrix_has_every_point_of_hand_off_and_delivery():
    """A point that somebody adds to these stages must be added to the matrix."""

    room = Path(__file__).resolve().parents[2] / "src" / "accord" / "services"
    named = {
        point
        for name in ("handoff", "handoff_assign", "handoff_entries", "departures", "deliver")
        if (room / f"{name}.py").exists()
        for point in re.findall(r'reach\("([^"]+)"\)', (room / f"{name}.py").read_text())
    }
    assert named == {point for point in POINTS if "." in point}
    assert set(HANDING) | set(DELIVERING) == set(POINTS)
