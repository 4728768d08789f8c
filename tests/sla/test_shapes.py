"""What is worked out once a shape of history is what each history would give by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.records import DecisionOutcome, HandoffStage, Origin, Programme, Side, Stage
from accord.sla import EVENTS, Activity, Decision, Entry, Handoff, LeadEvents, Owner, Touch, Watch
from accord.sla.derive import derive_periods
from accord.sla.events import Timeline
from accord.sla.shapes import Shapes

START = datetime(2026, 11, 20, 14, tzinfo=UTC)
KINDS = frozenset({"form_submitted"})
WATCHES = tuple(
    Watch(name=f"{side}:{event}:{until}", side=side, from_event=event, until_event=until)
    for side in Side
    for event in sorted(EVENTS)
    for until in ("touch", "decision", "entered_sal")
)

moments = st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours))
people = st.sampled_from([None, "ann", "bob"])
entries = st.builds(
    Entry,
    stage=st.sampled_from(Stage),
    at=moments,
    cycle=st.integers(0, 2),
    position=st.integers(0, 2),
    programme=st.sampled_from([None, *Programme]),
    origin=st.sampled_from(Origin),
    inferred=st.booleans(),
)
owners = st.builds(Owner, since=moments, rep_id=people, team=st.sampled_from([None, "inbound"]))
handoffs = st.builds(
    Handoff,
    handoff_id=st.sampled_from(["h1", "h2", "h3"]),
    cycle=st.integers(1, 2),
    stage=st.sampled_from(HandoffStage),
    origin=st.sampled_from(Origin),
    owners=st.lists(owners, max_size=3).map(tuple),
    segment=st.sampled_from([None, "large"]),
)
histories = st.builds(
    LeadEvents,
    lead_id=st.just("crm:1"),
    segment=st.sampled_from([None, "small"]),
    entries=st.lists(entries, max_size=5).map(tuple),
    handoffs=st.lists(handoffs, max_size=2, unique_by=lambda one: one.handoff_id).map(tuple),
    touches=st.lists(st.builds(Touch, at=moments, rep_id=people), max_size=2).map(tuple),
    decisions=st.lists(
        st.builds(Decision, at=moments, outcome=st.sampled_from(DecisionOutcome)), max_size=2
    ).map(tuple),
    activities=st.one_of(
        st.just(()),
        st.lists(
            st.builds(Activity, at=moments, kind=st.sampled_from(["form_submitted", "invited"]))
        ).map(tuple),
    ),
)


def moved(lead: LeadEvents, stretch: int, *, renamed: bool) -> LeadEvents:
    """The same shape at other times: all instants further apart; with other reps and hand-offs."""

    def later(at: datetime) -> datetime:
        return START + (at - START) * stretch + timedelta(microseconds=stretch)

    def other(name: str | None) -> str | None:
        return f"x:{name}" if renamed and name is not None else name

    return LeadEvents(
        lead_id="crm:2",
        segment=lead.segment,
        entries=tuple(replace(one, at=later(one.at)) for one in lead.entries),
        handoffs=tuple(
            replace(
                one,
                handoff_id=other(one.handoff_id),
                owners=tuple(
                    replace(owner, since=later(owner.since), rep_id=other(owner.rep_id))
                    for owner in one.owners
                ),
            )
            for one in lead.handoffs
        ),
        touches=tuple(
            replace(one, at=later(one.at), rep_id=other(one.rep_id)) for one in lead.touches
        ),
        decisions=tuple(replace(one, at=later(one.at)) for one in lead.decisions),
        activities=tuple(replace(one, at=later(one.at)) for one in lead.activities),
    )


def directly(lead: LeadEvents):
    timeline = Timeline(lead)
    return [period for watch in WATCHES for period in derive_periods(timeline, watch, kinds=KINDS)]


@settings(max_examples=60)
@given(
    leads=st.lists(histories, min_size=1, max_size=3),
    stretch=st.integers(1, 3),
    renamed=st.booleans(),
)
def test_each_history_gets_the_periods_that_it_would_get_by_itself(leads, stretch, renamed):
    shapes = Shapes(WATCHES[:40], kinds=KINDS)
    everybody = [*leads, *(moved(lead, stretch, renamed=renamed) for lead in leads), *leads]
    for lead in everybody:
        assert list(shapes.periods(lead, WATCHES[40:])) == directly(lead)


def handed_over(rep_id: str, minutes: int, *, touched: bool = False) -> LeadEvents:
    at = START + timedelta(minutes=minutes)
    owner = Owner(since=at, rep_id=rep_id, team="inbound")
    return LeadEvents(
        lead_id=f"crm:{minutes}",
        entries=(Entry(stage=Stage.MQL, at=at, cycle=1),),
        handoffs=(
            Handoff(
                handoff_id=f"h{minutes}",
                cycle=1,
                stage=HandoffStage.MQL,
                origin=Origin.DECIDED,
                owners=(owner,),
            ),
        ),
        touches=(Touch(at=at + timedelta(hours=1), rep_id=rep_id),) if touched else (),
    )


def test_leads_that_differ_in_times_and_reps_alone_are_worked_out_once(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "accord.sla.shapes.derive_periods",
        lambda timeline, watch, kinds: (
            asked.append(timeline.events.lead_id) or derive_periods(timeline, watch, kinds=kinds)
        ),
    )
    watch = Watch(name="first_touch", side=Side.SALES, from_event="assigned", until_event="touch")
    shapes = Shapes((watch,), kinds=KINDS)
    leads = [handed_over("ann", 1), handed_over("bob", 2), handed_over("ann", 3, touched=True)]
    found = [next(iter(shapes.periods(lead))) for lead in leads]
    assert asked == ["crm:1", "crm:3"]
    assert [one.owner_id for one in found] == ["ann", "bob", "ann"]
    assert [one.handoff_id for one in found] == ["h1", "h2", "h3"]
    assert [one.started_at for one in found] == [lead.entries[0].at for lead in leads]
    assert [one.ended_at for one in found] == [None, None, leads[2].touches[0].at]
