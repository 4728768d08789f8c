"""Who is told now: one message a recipient and channel, a pause between, reminders at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.sla import Telling, told_now

AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
PAUSE = timedelta(minutes=15)

tellings = st.builds(
    Telling,
    entry_id=st.integers(1, 10_000),
    recipient=st.sampled_from(["ann", "bob", "max"]),
    channel=st.sampled_from(["", "rep"]),
    is_due=st.booleans(),
    at_once=st.booleans(),
)
queues = st.lists(tellings, unique_by=lambda one: one.entry_id, max_size=20)
pasts = st.dictionaries(
    st.sampled_from(["ann", "bob", "max"]),
    st.integers(0, 30).map(lambda minutes: AT - timedelta(minutes=minutes)),
)


def one(entry_id: int = 1, **terms) -> Telling:
    plain = {"recipient": "ann", "channel": "", "is_due": True, "at_once": False}
    return Telling(entry_id=entry_id, **plain | terms)


def told(*waiting: Telling, last: timedelta | None = None) -> tuple[tuple[int, ...], ...]:
    past = {} if last is None else {"ann": AT - last}
    return told_now(waiting, past, pause=PAUSE, as_of=AT)


@pytest.mark.parametrize(
    ("minutes", "goes"), [(14, ()), (15, ((1,),)), (16, ((1,),)), (None, ((1,),))]
)
def test_a_pause_that_ends_now_is_over(minutes, goes):
    last = None if minutes is None else timedelta(minutes=minutes)
    assert told(one(), last=last) == goes


def test_what_goes_at_once_takes_along_what_waits_for_the_pause():
    assert told(one(1), one(2, at_once=True), last=timedelta(0)) == ((1, 2),)


def test_what_failed_goes_along_before_its_time_but_asks_for_no_message():
    assert told(one(1, is_due=False, at_once=True)) == ()
    assert told(one(1, is_due=False), one(2)) == ((1, 2),)


@given(queues, pasts)
def test_each_recipient_gets_one_message_a_channel_and_no_entry_goes_twice(queue, past):
    messages = told_now(queue, past, pause=PAUSE, as_of=AT)
    by_id = {each.entry_id: each for each in queue}
    ways = [(by_id[ids[0]].recipient, by_id[ids[0]].channel) for ids in messages]
    assert len(ways) == len(set(ways))
    went = [entry_id for ids in messages for entry_id in ids]
    assert len(went) == len(set(went))
    for ids, way in zip(messages, ways, strict=True):
        assert {(by_id[each].recipient, by_id[each].channel) for each in ids} == {way}


@given(queues, pasts)
def test_who_was_told_within_the_pause_is_only_told_of_what_goes_at_once(queue, past):
    by_id = {each.entry_id: each for each in queue}
    for ids in told_now(queue, past, pause=PAUSE, as_of=AT):
        group = [by_id[each] for each in ids]
        last = past.get(group[0].recipient)
        if last is not None and AT - last < PAUSE:
            assert any(each.at_once and each.is_due for each in group)


@given(queues, pasts)
def test_a_longer_pause_never_lets_more_go(queue, past):
    short = told_now(queue, past, pause=PAUSE, as_of=AT)
    assert set(told_now(queue, past, pause=2 * PAUSE, as_of=AT)) <= set(short)


@given(queues, pasts)
def test_nothing_that_is_due_waits_for_somebody_who_was_not_told_lately(queue, past):
    went = {each for ids in told_now(queue, past, pause=PAUSE, as_of=AT) for each in ids}
    for each in queue:
        if each.is_due and (each.recipient not in past or past[each.recipient] + PAUSE <= AT):
            assert each.entry_id in went
