"""What holds for every history of a lead: clocks do not depend on the order of arrival, ..."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.calendars import Calendar
from accord.records import DecisionOutcome, HandoffStage, Origin, Programme, Stage
from accord.sla import (
    Began,
    Books,
    Decision,
    Ended,
    Entry,
    Handoff,
    LeadEvents,
    Owner,
    State,
    Touch,
    business_elapsed,
    climb,
    derive_clocks,
    missed,
    parse_absences,
    rung_times,
    status_of,
    wall_elapsed,
)
from tests.sla.stories import CASES, REPS, at, book_of, reps, rungs

TERMS = (
    {"from": "assigned", "until": "touch", "within": "5m", "clock": "business"},
    {"from": "touched", "until": "decision", "within": "7d", "clock": "wall"},
    {"from": "entered_sql", "until": "decision", "within": "7d", "clock": "wall"},
    {"from": "entered_mql", "until": "entered_sal", "within": "2h", "clock": "business"},
    {"from": "entered_opportunity", "until": "closed", "within": "9d", "clock": "wall"},
    {
        "from": "returned",
        "until": "nurture_activity",
        "within": "16h",
        "clock": "business",
        "side": "marketing",
    },
)
START = datetime(2026, 11, 20, 14, tzinfo=UTC)
moments = st.integers(0, 9 * 24 * 12).map(lambda n: START + timedelta(minutes=5 * n))
people = st.sampled_from(["ann", "bob", "sam", "eve"])
touches = st.builds(Touch, at=moments, rep_id=st.one_of(st.none(), people), automatic=st.booleans())
decisions = st.builds(Decision, at=moments, outcome=st.sampled_from(list(DecisionOutcome)))
terms = st.sampled_from(TERMS)


@st.composite
def histories(draw: st.DrawFn) -> LeadEvents:
    """A lead handed over, maybe to several owners, and on to sql, a deal, or back."""
    marks = sorted(draw(st.lists(moments, min_size=2, max_size=6, unique=True)))
    origin = draw(st.sampled_from(list(Origin)))
    after = draw(
        st.sampled_from(
            [
                (),
                (Stage.SQL,),
                (Stage.SQL, Stage.OPPORTUNITY),
                (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER),
                (Stage.SAL, Stage.NURTURE),
                (Stage.DEFERRED,),
                (Stage.DISQUALIFIED,),
                (Stage.SAL, Stage.NURTURE, Stage.MQL),
                (Stage.SQL, Stage.DEFERRED, Stage.SQL),
                (Stage.SQL, Stage.OPPORTUNITY, Stage.SQL, Stage.OPPORTUNITY),
                (Stage.OPPORTUNITY, Stage.SQL, Stage.OPPORTUNITY, Stage.LOST),
            ]
        )
    )
    entries, cycle = [], 0
    for mark, stage in zip(marks, (Stage.MQL, *after), strict=False):
        cycle += stage is Stage.MQL
        back = Programme.RETURNED if stage is Stage.NURTURE else None
        entries.append(Entry(stage=stage, at=mark, cycle=cycle, programme=back, origin=origin))
    owners = [
        Owner(since=mark, rep_id=draw(people), team="inbound")
        for mark in sorted({marks[0], *draw(st.lists(moments, max_size=3))})
        if mark >= marks[0]
    ]
    handoff = Handoff(
        handoff_id="h1",
        cycle=1,
        stage=HandoffStage.MQL,
        origin=origin,
        owners=tuple(owners),
        segment="small",
    )
    return LeadEvents(
        lead_id="crm:1",
        segment="small",
        entries=tuple(entries),
        handoffs=(handoff,),
        touches=tuple(draw(st.lists(touches, max_size=5))),
        decisions=tuple(draw(st.lists(decisions, max_size=3))),
    )


def clocks_of(events, term, **book):
    found = derive_clocks([events], books=Books.only(book_of(term, **book)), reps=reps())
    return sorted(found, key=lambda clock: (clock.period.started_at, clock.clock_id))


@settings(max_examples=300, deadline=None)
@given(events=histories(), term=terms, data=st.data())
def test_the_same_events_in_any_order_give_the_same_clocks_to_the_bit(events, term, data):
    shuffled = replace(
        events,
        entries=tuple(data.draw(st.permutations(events.entries))),
        touches=tuple(data.draw(st.permutations(events.touches))),
        decisions=tuple(data.draw(st.permutations(events.decisions))),
        handoffs=tuple(
            replace(each, owners=tuple(data.draw(st.permutations(each.owners))))
            for each in events.handoffs
        ),
    )
    assert clocks_of(shuffled, term) == clocks_of(events, term)


@settings(max_examples=300, deadline=None)
@given(events=histories(), term=terms)
def test_clocks_have_one_name_each_end_after_they_start_and_never_overlap(events, term):
    clocks = clocks_of(events, term)
    assert len({clock.clock_id for clock in clocks}) == len(clocks)
    for clock in clocks:
        period = clock.period
        assert clock.due_at >= period.started_at
        assert (period.ended_at is None) == (period.ended_by is None)
        assert period.ended_at is None or period.ended_at >= period.started_at
    for before, after in itertools.pairwise(clocks):
        if before.period.cycle == after.period.cycle:
            assert before.period.ended_at is not None
            assert before.period.ended_at <= after.period.started_at


@settings(max_examples=200, deadline=None)
@given(events=histories(), term=terms, extra=st.integers(1, 500), moment=moments)
def test_a_looser_term_never_breaches_where_a_tighter_one_did_not(events, term, extra, moment):
    looser = term | {"within": f"{extra + 30 * 24 * 60}m"}
    tight = {clock.clock_id: late(clock, moment) for clock in clocks_of(events, term)}
    loose = {clock.clock_id: late(clock, moment) for clock in clocks_of(events, looser)}
    assert tight.keys() == loose.keys()
    assert all(tight[key] or not loose[key] for key in tight)


def late(clock, moment):
    return status(clock, moment).state is State.BREACHED


def status(clock, moment):
    return status_of(
        terms=clock.terms,
        started_at=clock.period.started_at,
        due_at=clock.due_at,
        ended_at=clock.period.ended_at,
        ended_by=clock.period.ended_by,
        rep=reps().get(clock.period.owner_id or ""),
        as_of=moment,
    )


def began(clock):
    return Began(clock.period.started_at, clock.terms)


@settings(max_examples=200, deadline=None)
@given(events=histories(), term=terms)
def test_a_clock_keeps_the_term_it_was_started_with(events, term):
    clocks = clocks_of(events, term, steps=("due",))
    stored = {"crm:1": {clock.clock_id: began(clock) for clock in clocks}}
    for book in (book_of(term | {"within": "1m"}), replace(book_of(term), terms=())):
        again = derive_clocks([events], books=Books.only(book), reps=reps(), started=stored)
        assert sorted(again, key=lambda c: c.clock_id) == sorted(clocks, key=lambda c: c.clock_id)


def test_a_term_given_per_segment_takes_that_of_the_lead():
    book = book_of(TERMS[0])
    within = {"small": timedelta(hours=1), "large": timedelta(hours=2)}
    book = replace(book, terms=(replace(book.terms[0], by_segment=within),))
    moment = at("Mon 2026-11-23 10:00")
    for segment, expected in (("small", 11), ("large", 12), ("middle", 10)):
        events = one_handoff(moment, segment=segment)
        (clock,) = derive_clocks([events], books=Books.only(book), reps=REPS)
        assert clock.due_at.astimezone(moment.tzinfo).hour == expected
        assert clock.terms.segment == segment


def one_handoff(moment, *, segment="small", rep_id="ann", team="inbound", touched=()):
    owner = Owner(since=moment, rep_id=rep_id, team=team)
    handoff = Handoff(
        handoff_id="h1",
        cycle=1,
        stage=HandoffStage.MQL,
        origin=Origin.DECIDED,
        owners=(owner,),
        segment=segment,
    )
    return LeadEvents(
        lead_id="crm:1",
        entries=(Entry(stage=Stage.MQL, at=moment, cycle=1, origin=Origin.DECIDED),),
        handoffs=(handoff,),
        touches=tuple(Touch(at=each, rep_id=rep_id) for each in touched),
    )


@pytest.mark.parametrize(
    ("rep_id", "team", "calendar"),
    [
        ("sam", None, "saturday"),  # his own
        ("ann", None, "nine_to_five"),  # her team's
        ("gone", "emea", "berlin"),  # nobody we know: the team of the hand-over
        (None, None, "nine_to_five"),  # nobody at all: the side's default
        (None, "no such team", "nine_to_five"),
    ],
)
def test_a_business_clock_without_a_calendar_runs_on_its_owners(rep_id, team, calendar):
    events = one_handoff(at("Mon 2026-11-23 10:00"), rep_id=rep_id, team=team)
    book = replace(book_of(TERMS[0]), team_calendars={"inbound": "nine_to_five", "emea": "berlin"})
    (clock,) = derive_clocks([events], books=Books.only(book), reps=REPS)
    assert clock.terms.calendar == calendar


@pytest.mark.parametrize(
    ("moment", "state", "left"),
    [
        ("Mon 2026-11-23 10:00", State.RUNNING, 300),
        ("Mon 2026-11-23 10:03", State.RUNNING, 120),
        ("Mon 2026-11-23 10:04", State.DUE_SOON, 60),
        ("Mon 2026-11-23 10:05", State.DUE_SOON, 0),
    ],
)
def test_a_running_clock_tells_what_is_left(moment, state, left):
    (clock,) = clocks_of(one_handoff(at("Mon 2026-11-23 10:00")), TERMS[0], steps=("80%", "due"))
    seen = status(clock, at(moment))
    assert (seen.state, seen.left, seen.is_open) == (state, timedelta(seconds=left), True)
    assert seen.late_wall == seen.late_business == timedelta(0)


def test_a_clock_that_is_unmet_after_its_due_time_runs_on_and_is_late_by_wall_and_by_hours():
    (clock,) = clocks_of(one_handoff(at("Fri 2026-11-20 16:58")), TERMS[0])
    assert status(clock, clock.due_at).state is not State.BREACHED
    assert status(clock, clock.due_at + timedelta(microseconds=1)).state is State.BREACHED
    seen = status(clock, at("Tue 2026-11-24 09:03"))
    assert seen.is_open
    assert seen.late_wall == timedelta(days=1)
    assert seen.late_business == timedelta(hours=8)


def test_a_clock_that_is_met_late_is_breached_and_ended():
    moment = at("Mon 2026-11-23 10:00")
    (clock,) = clocks_of(one_handoff(moment, touched=[moment + timedelta(minutes=35)]), TERMS[0])
    assert clock.period.ended_by is Ended.MET
    seen = status(clock, at("Tue 2026-11-24 10:00"))
    assert (seen.state, seen.is_open) == (State.BREACHED, False)
    assert seen.late_wall == seen.late_business == timedelta(minutes=30)
    assert status(clock, moment + timedelta(minutes=20)).is_open


def test_wall_time_over_the_end_of_summer_time_is_real_time():
    (clock,) = clocks_of(
        one_handoff(at("Sat 2026-10-31 10:00"), touched=[at("Sat 2026-10-31 10:00")]), TERMS[1]
    )
    assert clock.due_at - clock.period.started_at.astimezone(UTC) == timedelta(days=7)
    assert clock.due_at == at("Sat 2026-11-07 09:00").astimezone(UTC)


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.integers(0, 200), max_size=6).map(sorted),
    sweeps=st.lists(st.integers(0, 250), max_size=6).map(sorted),
)
def test_every_step_is_taken_once_in_order_or_recorded_as_skipped(steps, sweeps):
    times = [START + timedelta(minutes=each) for each in steps]
    first, taken, sent = 0, [], []
    for sweep in sweeps:
        plan = climb(times, first=first, as_of=START + timedelta(minutes=sweep))
        taken.extend([*plan.skipped, *([] if plan.sent is None else [plan.sent])])
        sent.extend([] if plan.sent is None else [plan.sent])
        first = len(times) if plan.next_step is None else plan.next_step
        again = climb(times, first=first, as_of=START + timedelta(minutes=sweep))
        assert (again.skipped, again.sent) == ((), None)
    assert taken == [index for index, each in enumerate(steps) if sweeps and each <= sweeps[-1]]
    assert len(sent) <= len(sweeps)
    assert sent == sorted(set(sent))


def test_steps_between_the_last_sweep_and_the_end_are_missed_and_one_at_the_end_is_not():
    times = [START + timedelta(minutes=each) for each in (4, 5, 35)]
    assert missed(times, ended_at=START + timedelta(minutes=5)) == (times[0],)
    assert missed(times, ended_at=START + timedelta(hours=1)) == tuple(times)


@settings(max_examples=150, deadline=None)
@given(start=moments, within=st.integers(0, 3000), name=st.sampled_from(sorted(CASES["calendars"])))
def test_steps_come_in_the_order_in_which_the_ladder_names_them(start, within, name):
    calendar = Calendar.parse(CASES["calendars"][name])
    term = timedelta(minutes=within)
    due = calendar.due(start, term)
    ladder = rungs(("10%", "80%", "due", "due+30m", "due+8h"))
    times = list(rung_times(ladder, calendar, start=start, within=term, due=due))
    assert times == sorted(times)
    assert times[2] == due
    assert all(calendar.elapsed(start, each) <= term for each in times[:3])
    assert calendar.elapsed(due, times[3]) == timedelta(minutes=30)


def test_business_time_of_many_clocks_is_each_by_its_own_calendar():
    calendars = [Calendar.parse(CASES["calendars"][name]) for name in ("nine_to_five", "berlin")]
    column = np.array([calendars[0], calendars[1], None, calendars[0]], dtype=object)
    starts = np.array(["2026-11-23T14:00"] * 3 + ["NaT"], "M8[us]")
    ends = starts + np.timedelta64(3, "h")
    hours = business_elapsed(column, starts, ends)
    assert hours[:2].tolist() == [timedelta(hours=3), timedelta(hours=2)]
    assert np.isnat(hours[2:]).all()
    assert wall_elapsed(starts, ends)[0] == np.timedelta64(3, "h")


def test_absences_are_pairs_of_instants_and_nothing_is_no_absence():
    spans = parse_absences("2026-11-23T09:00-05:00/2026-11-24T09:00-05:00; 2026-12-01/2026-12-02")
    assert spans[0][0] == datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert spans[1] == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))
    assert parse_absences(None) == parse_absences("") == ()
