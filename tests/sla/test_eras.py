"""Several agreements, one after the other: when a clock was made does not change what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.sla import BEGINNING, Books, LeadEvents, derive_clocks
from tests.sla.stories import at, book_of, reps
from tests.sla.test_clocks import TERMS, began, histories, one_handoff

WITHIN = ("5m", "2h", "7d")


@st.composite
def agreed(draw: st.DrawFn, events: LeadEvents) -> Books:
    """Up to four agreements; a term is changed, redefined or dropped from one to the next.

    They follow one another where something happens.
    """
    turns = st.sampled_from(sorted(events.instants))
    since = (BEGINNING, *sorted(draw(st.lists(turns, min_size=1, max_size=3, unique=True))))
    first = draw(st.sampled_from(TERMS))
    books = []
    for number in range(len(since)):
        term = first if draw(st.integers(0, 3)) else draw(st.sampled_from(TERMS))
        book = book_of(term | {"within": draw(st.sampled_from(WITHIN))})
        terms = (replace(book.terms[0], version=f"v{number}"),)
        books.append(replace(book, terms=terms if draw(st.integers(0, 4)) else ()))
    named = {f"v{number}": book for number, book in enumerate(books)}
    return Books(since=since, books=tuple(books), named=named)


def parts_of(events: LeadEvents) -> list[tuple[str, object]]:
    facts = [
        (name, one) for name in ("entries", "touches", "decisions") for one in each(events, name)
    ]
    return facts + [("owners", owner) for owner in events.handoffs[0].owners]


def each(events: LeadEvents, name: str) -> tuple[object, ...]:
    found: tuple[object, ...] = getattr(events, name)
    return found


def known(events: LeadEvents, facts: list[tuple[str, object]]) -> LeadEvents:
    """The history as far as these facts are known; an owner's place in it is their own."""
    told = {
        name: tuple(one for kind, one in facts if kind == name)
        for name in ("entries", "touches", "decisions", "owners")
    }
    handoff = replace(events.handoffs[0], owners=told.pop("owners"))
    return replace(events, handoffs=(handoff,), **told)


@settings(max_examples=400, deadline=None)
@given(events=histories(), data=st.data())
def test_clocks_told_bit_by_bit_in_any_order_are_those_of_all_told_at_once(events, data):
    books = data.draw(agreed(events))
    facts = data.draw(st.permutations(parts_of(events)))
    kept: dict = {}
    for count in range(1, len(facts) + 1):
        derive = partial(derive_clocks, [known(events, facts[:count])], books=books, reps=reps())
        found = sorted(derive(started={"crm:1": kept}), key=_key)
        assert found == sorted(derive(), key=_key)
        assert len({clock.clock_id for clock in found}) == len(found)
        kept = {clock.clock_id: began(clock) for clock in found}


def _key(clock):
    return clock.clock_id


@settings(max_examples=200, deadline=None)
@given(events=histories(), data=st.data())
def test_every_clock_has_the_terms_of_its_beginning(events, data):
    books = data.draw(agreed(events))
    for clock in derive_clocks([events], books=books, reps=reps()):
        (term,) = books.in_force(clock.period.started_at).terms
        assert (clock.terms.version, clock.terms.watch) == (term.version, term.watch)


def test_a_term_agreed_later_begins_nothing_before_it_and_a_dropped_one_goes_on():
    monday = at("Mon 2026-11-23 10:00")
    book = book_of(TERMS[0])
    none = replace(book, terms=())
    later = Books(since=(BEGINNING, monday + timedelta(minutes=1)), books=(none, book))
    assert derive_clocks([one_handoff(monday)], books=later, reps=reps()) == ()
    dropped = Books(since=(BEGINNING, monday + timedelta(minutes=1)), books=(book, none))
    (clock,) = derive_clocks([one_handoff(monday)], books=dropped, reps=reps())
    assert clock.terms.watch == book.terms[0].watch
