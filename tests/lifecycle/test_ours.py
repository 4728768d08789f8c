"""What becomes of our own decisions when facts are learnt late that we did not know of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.lifecycle import OVERTAKEN, Fact, FactKind, derive, endings, fold, is_return
from accord.records import HandoffStage, Origin, Programme, Stage
from tests.lifecycle.test_transitions import (
    FACTS,
    at,
    closed,
    created,
    decided,
    handed,
    opened,
    ours,
    path,
    state,
)


def wake(hours: float) -> Fact:
    return Fact(kind=FactKind.OURS, at=at(hours), cause="wake", stage=Stage.MQL)


def by_us(stage: Stage, hours: float, cause: str = "nightly") -> Fact:
    programme = Programme.NEW if stage is Stage.NURTURE else None
    terms = {"at": at(hours), "cause": cause, "stage": stage, "programme": programme}
    return Fact(kind=FactKind.OURS, **terms)


def ends(facts: list[Fact]) -> dict[tuple[int, str], str]:
    found = endings(derive("crm:1", facts).changes)
    return {(cycle, stage.value): ending.outcome for (cycle, stage), ending in found.items()}


@pytest.mark.parametrize(
    ("before", "stage", "outcome"),
    [
        (decided("disqualify", 1), Stage.DISQUALIFIED, "disqualified"),
        (decided("defer", 1, until=at(500)), Stage.DEFERRED, "deferred"),
        (closed(Stage.CUSTOMER, 1), Stage.CUSTOMER, "converted"),
        (opened(1), Stage.OPPORTUNITY, "converted"),
    ],
)
def test_a_lead_that_was_elsewhere_when_we_handed_it_over_is_put_back_at_once(
    before, stage, outcome
) -> None:
    facts = [created(), before, ours(Stage.MQL, 2)]
    now = state(facts)
    assert now.stage is stage
    assert now.since == at(2)
    assert ends(facts)[now.cycle, "mql"] == outcome
    last = derive("crm:1", facts).changes[-1]
    assert (last.from_stage, last.inferred, last.origin) == (Stage.MQL, True, Origin.OBSERVED)
    assert last.cause == before.cause


def test_a_lead_put_back_keeps_its_date_its_step_and_its_reason() -> None:
    deferred = [created(), decided("defer", 1, until=at(500), reason="busy"), ours(Stage.MQL, 2)]
    assert state(deferred).until == at(500)
    assert derive("crm:1", deferred).changes[-1].reason == "busy"


def test_a_lead_that_sales_was_working_on_stays_in_hand_under_our_hand_off() -> None:
    facts = [created(), handed(1), decided("accept", 1), ours(Stage.MQL, 2)]
    now = state(facts)
    assert (now.stage, now.cycle) == (Stage.SAL, 2)
    found = ends(facts)
    assert found[1, "mql"] == OVERTAKEN
    assert (2, "mql") not in found


def test_a_wake_after_a_return_that_was_learnt_late_is_no_second_return() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("defer", 2, until=at(50))]
    late = [*facts, wake(50), decided("return", 20, reason="not_ready")]
    now = state(late)
    assert (now.stage, now.programme, now.cycle) == (Stage.NURTURE, Programme.RETURNED, 2)
    assert now.returned_at == at(20)
    assert sum(is_return(change) for change in derive("crm:1", late).changes) == 1
    assert ends(late)[2, "mql"] == "returned"


def test_a_wake_before_a_date_that_was_moved_late_is_put_back_to_the_new_date() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("defer", 2, until=at(50)), wake(50)]
    moved = [*facts, decided("defer", 30, until=at(90))]
    assert (state(moved).stage, state(moved).until) == (Stage.DEFERRED, at(90))
    assert state([*moved, wake(90)]).stage is Stage.MQL


def test_a_wake_at_exactly_its_date_stands() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("defer", 2, until=at(50)), wake(50)]
    assert (state(facts).stage, state(facts).cycle) == (Stage.MQL, 2)


def test_a_wake_whose_deferral_was_taken_back_leaves_one_hand_off_open() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("accept", 2), wake(50)]
    found = ends(facts)
    assert found[1, "mql"] == OVERTAKEN
    assert state(facts).stage is Stage.SAL
    assert (2, "mql") not in found


def test_an_old_return_does_not_undo_a_hand_off_that_scoring_made() -> None:
    facts = [created(), handed(1), decided("return", 2), ours(Stage.MQL, 5000)]
    assert state(facts).stage is Stage.MQL


@pytest.mark.parametrize("stage", [Stage.ENGAGED, Stage.TARGET])
def test_what_our_scoring_says_never_takes_a_lead_back_from_sales(stage) -> None:
    assert path([created(), handed(1), by_us(stage, 2, "score")])[-1] == "mql"


def test_a_lead_in_hand_is_not_moved_to_the_programme_for_new_prospects() -> None:
    assert path([created(), handed(1), by_us(Stage.NURTURE, 2)])[-1] == "mql"


def test_a_record_that_was_merged_stands_aside_also_from_sales_hands() -> None:
    assert path([created(), handed(1), by_us(Stage.NURTURE, 2, "merge:crm:9")])[-1] == "nurture"


def test_sales_goes_on_with_a_lead_on_hold_in_the_same_cycle() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("defer", 2, until=at(50))]
    resumed = [*facts, decided("convert", 10)]
    assert path(resumed)[-3:] == ["deferred", "sal*", "sql"]
    assert state(resumed).cycle == 1
    assert ends(resumed)[1, "mql"] == "deferred"


def test_an_executive_who_goes_on_with_a_lead_on_hold_makes_it_an_opportunity() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("convert", 2), decided("defer", 3)]
    assert path([*facts, decided("convert", 10)])[-2:] == ["deferred", "opportunity"]


def test_a_second_deferral_moves_the_date_and_enters_nothing() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("defer", 2, until=at(50))]
    now = state([*facts, decided("defer", 3, until=at(90))])
    assert (now.until, now.since, now.entries[Stage.DEFERRED]) == (at(90), at(2), 1)


def test_two_decisions_of_one_instant_are_placed_alike_whatever_came_first() -> None:
    both = [decided("return", 2, reason="timing"), decided("accept", 2)]
    one = [created(), ours(Stage.MQL, 1), *both]
    other = [*reversed(both), ours(Stage.MQL, 1), created()]
    assert derive("crm:1", one) == derive("crm:1", other)
    assert path(one)[-2:] == ["sal", "nurture"]


def test_a_decision_at_the_instant_of_our_hand_off_is_about_it() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("disqualify", 1, reason="spam")]
    assert ends(facts)[1, "mql"] == "disqualified"


@given(FACTS)
def test_at_most_the_last_cycles_hand_overs_are_open(facts) -> None:
    changes = derive("crm:1", facts).changes
    found, last = endings(changes), fold(changes).cycle
    for cycle in range(1, last):
        assert all((cycle, stage) in found for stage in HandoffStage)


@given(FACTS, st.integers(0, 50))
def test_an_entry_of_ours_into_mql_always_has_its_own_cycle(facts, hours) -> None:
    decision = Fact(kind=FactKind.OURS, at=at(hours), cause="wake", stage=Stage.MQL)
    history = derive("crm:1", [*facts, decision])
    entries = [c for c in history.changes if c.to_stage is Stage.MQL and c.cause == "wake"]
    assert len(entries) == 1
    assert entries[0].cycle not in {seen.cycle for seen in history.handoffs}
