"""What was said of a rep, in any order, and the clocks that ran on their hours."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.sla import (
    BEGINNING,
    Books,
    Posting,
    Statement,
    clock_calendar,
    derive_clocks,
    first_difference,
    is_news,
    posting_at,
    postings_of,
)
from tests.sla.stories import at, book_of, reps
from tests.sla.test_clocks import TERMS, began, histories, one_handoff

START = datetime(2026, 11, 20, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = (None, "nine_to_five", "eight_to_six", "india", "no such calendar")

moments = st.integers(0, 9 * 24).map(lambda hours: START + hours * HOUR)
calendars = st.sampled_from(NAMES)


def learnt(known_at, calendar=None, team="inbound"):
    return Statement(since=known_at, known_at=known_at, stated=False, team=team, calendar=calendar)


def stated(since, known_at, calendar=None, team="inbound"):
    return Statement(since=since, known_at=known_at, stated=True, team=team, calendar=calendar)


statements = st.one_of(
    st.builds(learnt, moments, calendars), st.builds(stated, moments, moments, calendars)
)
lines = st.lists(statements, max_size=5, unique_by=lambda one: (one.since, one.known_at))


def postings(changes) -> tuple[Posting, ...]:
    return postings_of(
        [learnt(BEGINNING), *(stated(since, START, calendar) for since, calendar in changes)]
    )


changed = st.dictionaries(moments, calendars, max_size=3).map(dict.items)


@given(said=lines, data=st.data())
def test_what_was_said_in_any_order_gives_the_same_line(said, data):
    assert postings_of(data.draw(st.permutations(said))) == postings_of(said)


@given(said=lines)
def test_a_line_holds_from_the_beginning_in_order_and_neighbours_differ(said):
    line = postings_of(said)
    assert (not line) == (not said)
    assert [each.since for each in line[:1]] == [None] * len(line[:1])
    marks = [each.since for each in line[1:]]
    assert marks == sorted(set(marks))
    held = [(each.team, each.calendar) for each in line]
    assert all(one != other for one, other in itertools.pairwise(held))


@given(said=lines, again=statements)
def test_what_is_no_news_changes_nothing(said, again):
    if not is_news(said, again) and all(again.known_at >= each.known_at for each in said):
        line = postings_of(said)
        assert posting_at(postings_of([*said, again]), again.since) == posting_at(line, again.since)


@given(one=lines, other=lines)
def test_the_first_difference_is_the_earliest_instant_at_which_lines_differ(one, other):
    lines = postings_of(one), postings_of(other)
    found = first_difference(*lines)

    def held(at):
        says = (posting_at(line, at) for line in lines)
        return [None if each is None else (each.team, each.calendar) for each in says]

    asked = [BEGINNING, *(START + hours * HOUR for hours in range(9 * 24))]
    differing = [each for each in asked if held(each)[0] != held(each)[1]]
    assert found == (differing[0] if differing else None)


def test_of_what_is_said_to_hold_since_one_instant_the_last_known_counts():
    monday = at("Mon 2026-11-23 10:00")
    said = [
        learnt(START),
        stated(monday, monday + HOUR, "india"),
        stated(monday, monday, "eight_to_six"),
    ]
    assert [each.calendar for each in postings_of(said)] == [None, "india"]


def test_what_is_said_again_after_another_word_counts_again():
    known = [learnt(START), stated(START + 24 * HOUR, START + 24 * HOUR, "india")]
    known.append(learnt(START + 48 * HOUR, "eight_to_six"))
    again = stated(START + 24 * HOUR, START + 72 * HOUR, "india")
    assert is_news(known, again)
    assert [each.calendar for each in postings_of([*known, again])] == [None, "india"]


def test_a_change_to_come_is_given_up_by_a_later_word_from_before_it():
    known = [learnt(START), stated(START + 72 * HOUR, START + 24 * HOUR, "india")]
    given_up = learnt(START + 48 * HOUR)
    assert is_news(known, given_up)
    assert [each.calendar for each in postings_of([*known, given_up])] == [None]


def test_what_was_learnt_before_stays_until_the_instant_that_is_told_later():
    tuesday = at("Tue 2026-11-24 10:00")
    said = [learnt(tuesday), stated(tuesday - 24 * HOUR, tuesday + HOUR, "india")]
    assert [(each.since, each.calendar) for each in postings_of(said)] == [
        (None, None),
        (tuesday - 24 * HOUR, "india"),
    ]


@settings(max_examples=100)
@given(events=histories(), term=st.sampled_from(TERMS), changes=changed, data=st.data())
def test_changes_told_one_after_the_other_give_the_clocks_of_all_told_at_once(
    events, term, changes, data
):
    book, told = book_of(term), data.draw(st.permutations(list(changes)))
    kept: dict = {}
    for count in range(len(told) + 1):
        people = with_postings(told[:count])
        found = derive_clocks(
            [events], books=Books.only(book), reps=people, started={"crm:1": kept}
        )
        kept = {clock.clock_id: began(clock) for clock in found}
        assert found == derive_clocks([events], books=Books.only(book), reps=people)


@settings(max_examples=100)
@given(events=histories(), term=st.sampled_from(TERMS), changes=changed)
def test_a_clock_runs_out_when_its_parts_add_up_to_its_term(events, term, changes):
    people = with_postings(changes)
    for clock in derive_clocks([events], books=Books.only(book_of(term)), reps=people):
        hours = clock_calendar(clock.terms, people.get(clock.period.owner_id or ""))
        assert hours.elapsed(clock.period.started_at, clock.due_at) == clock.terms.within
        end = clock.period.ended_at
        for since, _ in hours.parts[1:]:
            assert since > clock.period.started_at
            assert end is None or since < end


def with_postings(changes):
    line = postings(changes)
    return {
        name: replace(rep, postings=line) if rep.calendar is None else rep
        for name, rep in reps().items()
    }


def test_a_started_clock_keeps_its_agreements_hours_and_a_new_name_is_that_of_the_change():
    monday, change = at("Mon 2026-11-23 10:00"), at("Mon 2026-11-23 11:00")
    events = one_handoff(monday)
    term = TERMS[0] | {"within": "4h"}
    first = book_of(term)
    (clock,) = derive_clocks([events], books=Books.only(first), reps=reps())
    early = {"timezone": "America/New_York", "hours": {"mon-fri": ["11:00-12:00"]}}
    shut = {"timezone": "America/New_York", "hours": {"sun": ["11:00-12:00"]}}
    second = replace(first, calendars={**first.calendars, "early": early, "india": shut})
    third = replace(first, calendars=dict.fromkeys((*first.calendars, "early"), shut))
    books = Books(
        since=(BEGINNING, change - HOUR / 2, change + HOUR),
        books=(first, second, third),
        named={clock.terms.version: first},
    )
    started = {"crm:1": {clock.clock_id: began(clock)}}

    def due(calendar):
        people = {"ann": replace(reps()["ann"], postings=postings([(change, calendar)]))}
        (found,) = derive_clocks([events], books=books, reps=people, started=started)
        return found.due_at

    assert due("early") == at("Wed 2026-11-25 12:00")  # the second knows it, the first did not
    assert due("india") == at("Tue 2026-11-24 02:00")
    assert due("unheard of") == clock.due_at
