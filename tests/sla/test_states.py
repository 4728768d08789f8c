"""The state of a clock at every instant that matters: just before it, at it, and just after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.records import HandoffStage, Origin, Stage
from accord.sla import Entry, Handoff, LeadEvents, Owner, State
from tests.sla.stories import at
from tests.sla.test_clocks import TERMS, clocks_of, one_handoff, status

MONDAY = at("Mon 2026-11-23 10:00")
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
DUE = MONDAY + 5 * MINUTE
NONE = timedelta(0)


def first_touch(*touched, within="5m", steps=()):
    (clock,) = clocks_of(
        one_handoff(MONDAY, touched=touched), TERMS[0] | {"within": within}, steps=steps
    )
    return clock


def seen(clock, moment):
    found = status(clock, moment)
    return found.state, found.is_open


@pytest.mark.parametrize(
    ("touched", "moment", "state", "is_open"),
    [
        (None, DUE - TICK, State.DUE_SOON, True),
        (None, DUE, State.DUE_SOON, True),
        (None, DUE + TICK, State.BREACHED, True),
        (MONDAY, MONDAY, State.MET, False),
        (DUE - TICK, DUE - 2 * TICK, State.DUE_SOON, True),
        (DUE - TICK, DUE - TICK, State.MET, False),
        (DUE, DUE - TICK, State.DUE_SOON, True),
        (DUE, DUE, State.MET, False),
        (DUE, DUE + 9 * MINUTE, State.MET, False),
        (DUE + TICK, DUE + TICK, State.BREACHED, False),
        (DUE + 9 * MINUTE, DUE + 8 * MINUTE, State.BREACHED, True),
        (DUE + 9 * MINUTE, DUE + 99 * MINUTE, State.BREACHED, False),
    ],
)
def test_a_clock_is_met_up_to_its_due_time_and_breached_after_it(touched, moment, state, is_open):
    clock = first_touch(*([] if touched is None else [touched]))
    assert seen(clock, moment) == (state, is_open)


@pytest.mark.parametrize(
    ("minutes", "left", "used"), [(0, 5, 0.0), (1, 4, 0.2), (5, 0, 1.0), (6, 0, 1.2)]
)
def test_a_clock_that_has_ended_tells_what_was_left_when_it_did(minutes, left, used):
    found = status(first_touch(MONDAY + minutes * MINUTE), MONDAY + 99 * MINUTE)
    assert (found.left, found.used) == (left * MINUTE, pytest.approx(used))
    assert found.late_wall == found.late_business == max(minutes - 5, 0) * MINUTE


@pytest.mark.parametrize(("steps", "share"), [((), 0.8), (("50%", "90%"), 0.5), (("due",), 0.8)])
def test_a_clock_is_due_soon_from_the_first_share_of_its_ladder_on(steps, share):
    clock = first_touch(steps=steps)
    soon = MONDAY + 5 * MINUTE * share
    assert seen(clock, soon - TICK) == (State.RUNNING, True)
    assert seen(clock, soon) == (State.DUE_SOON, True)
    assert seen(clock, soon + TICK) == (State.DUE_SOON, True)


def test_a_term_of_nothing_is_used_up_from_its_start_and_late_just_after():
    clock = first_touch(within="0m")
    assert clock.due_at == MONDAY
    assert seen(clock, MONDAY) == (State.DUE_SOON, True)
    assert status(clock, MONDAY).used == 1.0
    assert seen(clock, MONDAY + TICK) == (State.BREACHED, True)
    assert seen(first_touch(MONDAY, within="0m"), MONDAY) == (State.MET, False)
    assert seen(first_touch(MONDAY + TICK, within="0m"), MONDAY + MINUTE)[0] is State.BREACHED


def ended_at(moment, how):
    """A lead of ann's that goes on to bob at an instant, or away from sales."""
    owners = [Owner(since=MONDAY, rep_id="ann", team="inbound")]
    entries = [Entry(stage=Stage.MQL, at=MONDAY, cycle=1)]
    if how is State.TRANSFERRED:
        owners.append(Owner(since=moment, rep_id="bob", team="inbound"))
    else:
        entries.append(Entry(stage=Stage.CUSTOMER, at=moment, cycle=1))
        entries.append(Entry(stage=Stage.MQL, at=moment, cycle=2, position=1))
    handoff = Handoff(
        handoff_id="h1",
        cycle=1,
        stage=HandoffStage.MQL,
        origin=Origin.OBSERVED,
        owners=tuple(owners),
    )
    events = LeadEvents(lead_id="crm:1", entries=tuple(entries), handoffs=(handoff,))
    return next(one for one in clocks_of(events, TERMS[0]) if one.period.owner_id == "ann")


@pytest.mark.parametrize("how", [State.TRANSFERRED, State.CANCELLED])
@pytest.mark.parametrize("minutes", [2, 5, 9])
def test_a_clock_that_ends_otherwise_is_what_it_was_until_then_and_tells_if_it_was_late(
    how, minutes
):
    moment = MONDAY + minutes * MINUTE
    clock = ended_at(moment, how)
    before = State.RUNNING if minutes < 4 else State.DUE_SOON if minutes <= 5 else State.BREACHED
    assert seen(clock, moment - TICK) == (before, True)
    for later in (moment, moment + TICK, moment + 99 * MINUTE):
        assert seen(clock, later) == (how, False)
        assert status(clock, later).late_wall == max(minutes - 5, 0) * MINUTE
    assert status(clock, moment).left == max(5 - minutes, 0) * MINUTE + NONE
