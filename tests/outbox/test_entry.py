"""Keys, hashes and pauses of the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accord.outbox import (
    Entry,
    Kind,
    handoff_key,
    message_key,
    payload_hash,
    retry_pause,
    task_key,
)

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)


def test_an_entry_becomes_a_waiting_row():
    entry = Entry(key="k", kind=Kind.MESSAGE, lead_id="l", payload={"a": 1}, not_before=AT, step=2)
    row = entry.row(created_at=AT)
    assert (row["status"], row["attempts"], row["not_before"]) == ("waiting", 0, AT)
    assert (row["kind"], row["step"], row["clock_id"]) == ("message", 2, None)


def test_keys_name_the_effect():
    assert handoff_key("h", "crm:1") == "handoff:h:crm:1"
    assert message_key("c", 3, "crm:ann") == "message:c:3:crm:ann"
    assert task_key("c", 3) == "task:c:3"


def test_the_hash_of_a_payload_does_not_depend_on_the_order_of_its_keys():
    assert payload_hash({"a": 1, "b": [1, 2]}) == payload_hash({"b": [1, 2], "a": 1})
    assert payload_hash({"a": 1}) != payload_hash({"a": 2})


def test_pauses_double_and_stop_at_six_hours():
    pauses = [retry_pause("k", attempts=attempt) for attempt in range(1, 40)]
    assert timedelta(seconds=30) <= pauses[0] <= timedelta(seconds=36)
    assert timedelta(seconds=60) <= pauses[1] <= timedelta(seconds=72)
    assert all(timedelta(hours=6) <= pause <= timedelta(hours=7.2) for pause in pauses[11:])


def test_a_system_that_asks_for_years_is_asked_again_tomorrow():
    """An instant in place of seconds, or no number at all: what it meant cannot be known."""
    for asked in (1_763_300_000.0, 1e300, float("inf")):
        assert retry_pause("a", attempts=1, retry_after=asked) == timedelta(days=1)


@given(st.text(min_size=1), st.integers(1, 100), st.floats(0, 86_400))
def test_a_pause_is_never_shorter_than_asked_for_and_the_same_each_time(key, attempts, asked):
    pause = retry_pause(key, attempts=attempts, retry_after=asked)
    assert pause >= timedelta(seconds=asked)
    assert pause == retry_pause(key, attempts=attempts, retry_after=asked)


def test_entries_refused_at_once_do_not_come_back_at_once():
    pauses = {retry_pause(f"k{number}", attempts=3) for number in range(100)}
    assert len(pauses) > 90
