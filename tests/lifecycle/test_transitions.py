"""How facts move a lead: forward, aside, back, and what a source skips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accord.lifecycle import (
    Entry,
    Fact,
    FactKind,
    LeadState,
    derive,
    differences,
    endings,
    enter,
    fold,
)
from accord.records import FUNNEL, DecisionOutcome, HandoffStage, Origin, Programme, Stage

MONDAY = datetime(2026, 10, 5, 13, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def created(hours: float = 0) -> Fact:
    return Fact(kind=FactKind.CREATED, at=at(hours), cause="lead:crm:1")


def ours(stage: Stage, hours: float) -> Fact:
    return Fact(kind=FactKind.OURS, at=at(hours), cause="score", stage=stage)


def handed(hours: float, stage: Stage = Stage.MQL, rep: str | None = "crm:r1") -> Fact:
    cause = f"handoff:{hours}"
    return Fact(kind=FactKind.HANDED, at=at(hours), cause=cause, stage=stage, rep_id=rep)


def decided(outcome: str, hours: float, **more: object) -> Fact:
    return Fact(
        kind=FactKind.DECIDED,
        at=at(hours),
        cause=f"decision:{hours}",
        outcome=DecisionOutcome(outcome),
        **more,
    )


def opened(hours: float) -> Fact:
    return Fact(kind=FactKind.DEAL_OPENED, at=at(hours), cause="opportunity:crm:o1")


def stepped(step: str, hours: float) -> Fact:
    return Fact(kind=FactKind.DEAL_STEP, at=at(hours), cause="opportunity:crm:o1", step=step)


def closed(stage: Stage, hours: float) -> Fact:
    return Fact(kind=FactKind.DEAL_CLOSED, at=at(hours), cause="opportunity:crm:o1", stage=stage)


def path(facts: list[Fact]) -> list[str]:
    return [
        change.to_stage + ("*" if change.inferred else "")
        for change in derive("crm:1", facts).changes
    ]


def state(facts: list[Fact]) -> LeadState:
    return fold(derive("crm:1", facts).changes)


def test_a_lead_begins_as_a_new_name() -> None:
    assert path([created()]) == ["new_name"]


def test_a_skipped_stage_is_entered_at_the_same_instant_and_marked_inferred() -> None:
    facts = [created(), handed(1), decided("convert", 2)]
    assert path(facts) == ["new_name", "engaged*", "target*", "mql", "sal*", "sql"]


def test_accepting_marks_the_lead_as_worked() -> None:
    assert path([created(), handed(1), decided("accept", 2)])[-1] == "sal"


def test_converting_at_sql_makes_an_opportunity() -> None:
    facts = [created(), handed(1), decided("convert", 2), decided("convert", 3)]
    assert path(facts)[-2:] == ["sql", "opportunity"]


def test_a_lead_returned_from_the_development_rep_goes_to_the_programme_returned() -> None:
    now = state([created(), handed(1), decided("return", 2, reason="not_ready")])
    assert (now.stage, now.programme, now.returned_at) == (
        Stage.NURTURE,
        Programme.RETURNED,
        at(2),
    )


def test_a_lead_returned_from_an_opportunity_goes_to_the_programme_lost() -> None:
    now = state([created(), handed(1), opened(2), decided("return", 3, reason="went_cold")])
    assert (now.stage, now.programme) == (Stage.NURTURE, Programme.LOST)


def test_a_lost_deal_ends_in_the_programme_lost_and_counts_as_returned() -> None:
    facts = [created(), handed(1), opened(2), closed(Stage.LOST, 3)]
    assert path(facts)[-3:] == ["opportunity", "lost", "nurture*"]
    assert state(facts).returned_at == at(3)


def test_a_deferred_lead_keeps_the_day_it_wakes() -> None:
    now = state([created(), handed(1), decided("defer", 2, until=at(500))])
    assert (now.stage, now.until) == (Stage.DEFERRED, at(500))


def test_steps_of_a_deal_are_moves_within_the_opportunity() -> None:
    facts = [created(), handed(1), opened(2), stepped("proposal", 3), stepped("contracting", 4)]
    now = state(facts)
    assert (now.stage, now.step, now.since) == (Stage.OPPORTUNITY, "contracting", at(2))
    assert now.entries[Stage.OPPORTUNITY] == 1


def test_a_customer_is_not_moved_aside_by_a_late_decision() -> None:
    facts = [created(), handed(1), closed(Stage.CUSTOMER, 3), decided("return", 4)]
    assert state(facts).stage is Stage.CUSTOMER


def test_each_entry_into_mql_begins_a_cycle() -> None:
    facts = [created(), handed(1), decided("return", 2), ours(Stage.MQL, 1000)]
    assert state(facts).cycle == 2


def test_a_stage_that_a_source_repeats_is_not_entered_again() -> None:
    stated = Fact(kind=FactKind.STATED, at=at(5), cause="lead:crm:1", stage=Stage.ENGAGED)
    assert path([created(), handed(1), stated])[-1] == "mql"


def test_a_deal_won_before_the_lead_was_created_is_placed_when_it_happened() -> None:
    history = derive("crm:1", [created(10), closed(Stage.CUSTOMER, 1)])
    assert history.changes[0].occurred_at == at(1)
    assert fold(history.changes).stage is Stage.CUSTOMER


def test_a_hand_over_that_a_source_reports_is_observed() -> None:
    history = derive("crm:1", [created(), handed(1, rep="crm:r7")])
    (seen,) = history.handoffs
    assert (seen.cycle, seen.stage, seen.at) == (1, HandoffStage.MQL, at(1))
    assert seen.owners == ((at(1), "crm:r7"),)


def test_a_hand_over_reported_after_the_lead_went_on_still_counts_as_observed() -> None:
    history = derive("crm:1", [created(), opened(1), handed(2)])
    assert [seen.stage for seen in history.handoffs] == [HandoffStage.MQL]


def test_the_second_report_of_a_cycle_is_a_change_of_owner() -> None:
    history = derive("crm:1", [created(), handed(1, rep="crm:a"), handed(2, rep="crm:b")])
    (seen,) = history.handoffs
    assert seen.owners == ((at(1), "crm:a"), (at(2), "crm:b"))


def test_a_cycle_that_our_scoring_began_has_no_observed_hand_over_even_at_sql() -> None:
    facts = [created(), ours(Stage.MQL, 1), decided("convert", 2), handed(3, Stage.SQL)]
    assert derive("crm:1", facts).handoffs == ()


def test_an_inferred_entry_is_no_hand_over() -> None:
    assert derive("crm:1", [created(), opened(1)]).handoffs == ()


def test_hand_overs_end_by_their_first_outcome() -> None:
    facts = [created(), handed(1), decided("convert", 2), decided("return", 3)]
    ends = endings(derive("crm:1", facts).changes)
    assert ends[1, HandoffStage.MQL].outcome == "converted"
    assert ends[1, HandoffStage.MQL].at == at(2)
    assert ends[1, HandoffStage.SQL].outcome == "returned"


def test_becoming_a_target_in_nurture_ends_no_hand_over() -> None:
    moves = enter(
        LeadState(stage=Stage.TARGET),
        Entry(
            stage=Stage.NURTURE,
            at=at(1),
            cause="nightly",
            origin=Origin.DECIDED,
            programme=Programme.NEW,
        ),
        lead_id="crm:1",
    )
    assert endings(moves) == {}


def test_a_late_fact_is_placed_where_it_belongs_and_what_followed_is_derived_again() -> None:
    early = [created(), handed(1), opened(5)]
    before = derive("crm:1", early).changes
    after = derive("crm:1", [*early, decided("accept", 2), decided("convert", 3)]).changes
    append, retract = differences(before, after)
    assert [change.to_stage for change in retract if change.inferred] == ["sal", "sql"]
    assert {change.to_stage for change in append} == {"sal", "sql", "opportunity"} - {
        change.to_stage for change in before if change in after
    }
    assert fold(after).stage is Stage.OPPORTUNITY


FACTS = st.lists(
    st.one_of(
        st.builds(created, st.integers(0, 50)),
        st.builds(handed, st.integers(0, 50), st.sampled_from([Stage.MQL, Stage.SQL])),
        st.builds(ours, st.sampled_from([Stage.ENGAGED, Stage.MQL]), st.integers(0, 50)),
        st.builds(
            decided,
            st.sampled_from([outcome.value for outcome in DecisionOutcome]),
            st.integers(0, 50),
        ),
        st.builds(opened, st.integers(0, 50)),
        st.builds(stepped, st.sampled_from(["proposal", "contracting"]), st.integers(0, 50)),
        st.builds(closed, st.sampled_from([Stage.CUSTOMER, Stage.LOST]), st.integers(0, 50)),
    ),
    max_size=12,
)


@given(FACTS, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_become_known_does_not_matter(facts, random) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)
    assert derive("crm:1", facts) == derive("crm:1", shuffled)


@given(FACTS)
def test_a_history_is_a_chain_and_its_fold_is_its_end(facts) -> None:
    changes = derive("crm:1", facts).changes
    stage = None
    for change in changes:
        assert change.from_stage == stage
        stage = change.to_stage
    assert fold(changes).stage == stage
    assert fold(reversed(changes)) == fold(changes)


@given(FACTS)
def test_cycles_count_the_entries_into_mql(facts) -> None:
    changes = derive("crm:1", facts).changes
    entries = [c for c in changes if c.to_stage is Stage.MQL]
    assert fold(changes).cycle == len(entries)


@given(FACTS)
def test_deriving_twice_changes_nothing(facts) -> None:
    changes = derive("crm:1", facts).changes
    assert differences(changes, derive("crm:1", facts).changes) == ((), ())
    assert len({change.change_id for change in changes}) == len(changes)


@given(st.sampled_from(FUNNEL), st.sampled_from(FUNNEL))
def test_entering_a_stage_passes_every_stage_between(start, target) -> None:
    state = LeadState(stage=start)
    entry = Entry(stage=target, at=MONDAY, cause="score", origin=Origin.DECIDED)
    entered = [move.to_stage for move in enter(state, entry, lead_id="crm:1")]
    between = FUNNEL[FUNNEL.index(start) + 1 : FUNNEL.index(target)]
    assert entered == [*between, target]


def test_a_clock_that_went_back_does_not_put_the_new_before_the_old():
    """Created at ten, scored by a machine that says nine: mql is entered at ten, after the rest."""
    state = fold(derive("l1", [created(1)]).changes)
    entry = Entry(stage=Stage.MQL, at=at(0), cause="score", origin=Origin.DECIDED)
    moves = enter(state, entry, lead_id="l1")
    assert {move.occurred_at for move in moves} == {at(1)}
    assert fold([*derive("l1", [created(1)]).changes, *moves]).stage is Stage.MQL
