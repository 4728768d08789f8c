"""How often and how long a service is asked again, and what Retry-After says."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from accord.crm.patience import (
    AgainError,
    Patience,
    is_worth_asking_again,
    retry_after_seconds,
)
from accord.errors import SourceError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Failing:
    """Fails as often as told, then answers."""

    def __init__(self, times, error):
        self.left, self.error, self.asked = times, error, 0

    def __call__(self):
        self.asked += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "answer"


@given(st.integers(min_value=0, max_value=10**6))
def test_seconds_are_seconds(seconds):
    assert retry_after_seconds({"Retry-After": str(seconds)}) == seconds


@given(st.integers(min_value=-(10**6), max_value=10**6))
def test_a_date_counts_from_the_clock_of_the_service(seconds):
    until = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    headers = {"Retry-After": until, "Date": format_datetime(NOW, usegmt=True)}
    assert retry_after_seconds(headers) == max(0, seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": ""},
        {"Retry-After": "soon"},
        {"Retry-After": "1 minute"},
        {"Retry-After": "-5"},
        {"Retry-After": "Sat, 21 Nov 2026 12:00:00 GMT"},
        {"Retry-After": "Sat, 21 Nov 2026 12:00:00 GMT", "Date": "today"},
    ],
)
def test_what_cannot_be_read_says_nothing(headers):
    assert retry_after_seconds(headers) is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 529])
def test_these_may_be_answered_otherwise_later(status):
    assert is_worth_asking_again(status)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 501])
def test_these_will_not(status):
    assert not is_worth_asking_again(status)


@pytest.mark.parametrize("times", [0, 1, 3])
def test_it_asks_until_it_is_answered(times):
    send = Failing(times, AgainError("x"))
    with stamina.set_testing(True, attempts=4, cap=True):
        assert Patience(tries=4, wait_seconds=60).ask(send) == "answer"
    assert send.asked == times + 1


def test_the_last_failure_is_raised_when_the_tries_are_used_up():
    send = Failing(4, AgainError("x"))
    with (
        stamina.set_testing(True, attempts=9, cap=True),
        pytest.raises(AgainError),
    ):
        Patience(tries=4, wait_seconds=60).ask(send)
    assert send.asked == 4


def test_a_refusal_is_not_asked_again():
    send = Failing(4, SourceError(where="x", found="no"))
    with pytest.raises(SourceError):
        Patience(tries=4, wait_seconds=60).ask(send)
    assert send.asked == 1


@pytest.mark.parametrize(("patience", "asked"), [(2.9, 1), (3, 2), (8, 3)])
def test_waits_that_are_asked_for_add_up_to_no_more_than_patience(patience, asked):
    send = Failing(9, AgainError("x", after_seconds=3))
    with (
        stamina.set_testing(True, attempts=9, cap=True),
        pytest.raises(AgainError),
    ):
        Patience(tries=9, wait_seconds=patience).ask(send)
    assert send.asked == asked


def test_without_a_word_of_the_service_it_waits_a_little_longer_each_time():
    send = Failing(1, AgainError("x"))
    begun = time.monotonic()
    Patience(tries=2, wait_seconds=60).ask(send)
    assert 0.5 <= time.monotonic() - begun < 10
