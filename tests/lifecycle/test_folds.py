"""What a history amounts to: stays, time in stage, passes, deal steps; then, and as known then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.lifecycle import (
    OVERTAKEN,
    Recorded,
    deal_steps,
    derive,
    differences,
    fold,
    owner_of_move,
    passes,
    standing,
    state_at,
    stays,
    time_in_stages,
)
from accord.records import Programme, Side, Stage
from tests.lifecycle.test_ours import by_us, wake
from tests.lifecycle.test_transitions import (
    FACTS,
    at,
    closed,
    created,
    decided,
    handed,
    opened,
    ours,
    stepped,
)

HOUR = timedelta(hours=1)


def moves(*facts):
    return derive("crm:1", facts).changes


def test_stays_follow_each_other_and_the_last_is_open() -> None:
    found = stays(moves(created(), ours(Stage.MQL, 1), decided("accept", 3)))
    assert [(stay.stage.value, stay.lasted(at(10)) / HOUR) for stay in found] == [
        ("new_name", 1),
        ("engaged", 0),
        ("target", 0),
        ("mql", 2),
        ("sal", 7),
    ]
    assert found[-1].left_at is None


def test_steps_and_moved_dates_end_no_stay() -> None:
    deal = moves(created(), handed(1), opened(2), stepped("proposal", 3))
    assert stays(deal)[-1].entered_at == at(2)
    held = moves(created(), handed(1), decided("defer", 2), decided("defer", 3, until=at(9)))
    assert stays(held)[-1].entered_at == at(2)


def test_time_in_stages_adds_up_over_every_pass() -> None:
    facts = (created(), ours(Stage.MQL, 1), decided("return", 3), ours(Stage.MQL, 10))
    found = {each.stage: each for each in time_in_stages(moves(*facts), until=at(14))}
    assert (found[Stage.MQL].entries, found[Stage.MQL].lasted) == (2, 6 * HOUR)
    assert found[Stage.NURTURE].lasted == 7 * HOUR


@given(FACTS)
def test_the_time_in_all_stages_is_the_time_since_the_first_move(facts) -> None:
    changes = derive("crm:1", facts).changes
    found = time_in_stages(changes, until=at(100))
    whole = at(100) - changes[0].occurred_at if changes else timedelta()
    assert sum((each.lasted for each in found), timedelta()) == whole
    assert {each.stage: each.entries for each in found} == dict(fold(changes).entries)


def test_each_pass_is_kept_with_its_reason_and_how_far_it_got() -> None:
    found = passes(
        moves(
            created(),
            ours(Stage.MQL, 1),
            decided("return", 3, reason="not_ready"),
            ours(Stage.MQL, 1000),
            decided("convert", 1001),
            opened(1002),
            closed(Stage.LOST, 1003),
            ours(Stage.MQL, 3000),
        )
    )
    assert [(one.cycle, one.outcome, one.reason, one.furthest.value) for one in found] == [
        (1, "returned", "not_ready", "mql"),
        (2, "lost", None, "opportunity"),
        (3, None, None, "mql"),
    ]
    assert (found[0].began_at, found[0].ended_at, found[0].cause) == (at(1), at(3), "decision:3")


def test_a_deferred_pass_says_until_when_and_a_wake_begins_the_next() -> None:
    found = passes(
        moves(created(), ours(Stage.MQL, 1), decided("defer", 2, until=at(50)), wake(50))
    )
    assert [(one.outcome, one.until) for one in found] == [("deferred", at(50)), (None, None)]


def test_a_pass_in_whose_course_the_next_began_is_overtaken() -> None:
    found = passes(moves(created(), handed(1), decided("accept", 1), ours(Stage.MQL, 2)))
    assert [(one.outcome, one.ended_at) for one in found] == [(OVERTAKEN, at(2)), (None, None)]


@given(FACTS)
def test_every_entry_into_mql_is_one_pass(facts) -> None:
    changes = derive("crm:1", facts).changes
    assert [one.cycle for one in passes(changes)] == list(range(1, fold(changes).cycle + 1))


def test_steps_of_a_deal_are_told_in_order() -> None:
    facts = (created(), opened(1), stepped("contracting", 5), stepped("proposal", 3))
    found = [(one.step, one.at) for one in deal_steps(moves(*facts))]
    assert found == [("proposal", at(3)), ("contracting", at(5))]


def test_marketing_owns_the_way_to_mql_and_out_of_nurture_and_sales_the_rest() -> None:
    history = moves(
        created(),
        ours(Stage.MQL, 1),
        decided("defer", 2, until=at(50)),
        wake(50),
        decided("convert", 60),
        opened(70),
        closed(Stage.LOST, 80),
        ours(Stage.MQL, 2000),
        decided("disqualify", 2001),
    )
    owners = [(change.to_stage.value, owner_of_move(change).value) for change in history]
    assert owners == [
        ("new_name", "marketing"),
        ("engaged", "marketing"),
        ("target", "marketing"),
        ("mql", "marketing"),
        ("deferred", "sales"),
        ("mql", "sales"),
        ("sal", "sales"),
        ("sql", "sales"),
        ("opportunity", "sales"),
        ("lost", "sales"),
        ("nurture", "sales"),
        ("mql", "marketing"),
        ("disqualified", "sales"),
    ]


def test_the_programme_for_new_prospects_is_marketings() -> None:
    (*_, last) = moves(created(), by_us(Stage.TARGET, 1), by_us(Stage.NURTURE, 2))
    assert (last.programme, owner_of_move(last)) == (Programme.NEW, Side.MARKETING)


def recorded(*views) -> tuple[Recorded, ...]:
    """Write down what was derived, view by view: (known at hours, facts)."""
    found: list[Recorded] = []
    for known, facts in views:
        stood = [each.change for each in found if each.retracted_at is None]
        append, retract = differences(stood, moves(*facts))
        gone = {change.change_id for change in retract}
        found = [
            Recorded(change=each.change, known_at=each.known_at, retracted_at=at(known))
            if each.retracted_at is None and each.change.change_id in gone
            else each
            for each in found
        ]
        found += [Recorded(change=change, known_at=at(known)) for change in append]
    return tuple(found)


EARLY = (created(), ours(Stage.MQL, 1))
VIEWS = ((2, EARLY), (9, (*EARLY, decided("disqualify", 0.5))))


@pytest.mark.parametrize(
    ("then", "known", "stage"),
    [
        (0.7, 2, Stage.NEW_NAME),
        (0.7, 8.9, Stage.NEW_NAME),
        (0.7, 9, Stage.DISQUALIFIED),
        (0.7, None, Stage.DISQUALIFIED),
        (5, 8.9, Stage.MQL),
        (5, 9, Stage.DISQUALIFIED),
        (5, 1, None),
    ],
)
def test_what_was_known_then_is_told_as_it_was_known_then(then, known, stage) -> None:
    known_at = None if known is None else at(known)
    assert state_at(recorded(*VIEWS), at=at(then), known_at=known_at).stage is stage


@given(st.lists(FACTS, min_size=1, max_size=4))
def test_at_each_time_of_knowing_the_history_is_what_was_derived_then(batches) -> None:
    known, views = [], []
    for number, batch in enumerate(batches):
        known = [*known, *batch]
        views.append((100 + number, tuple(known)))
    history = recorded(*views)
    for when, facts in views:
        assert standing(history, known_at=at(when)) == moves(*facts)
    assert standing(history) == moves(*known)
