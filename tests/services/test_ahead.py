"""What is made ahead comes in order, with its errors, and only when it should."""

from __future__ import annotations

import threading

import pytest

from accord.services.ahead import ahead


def made(count, log):
    for number in range(count):
        log.append(number)
        yield number


def test_the_items_come_in_order():
    assert list(ahead(iter(range(7)))) == list(range(7))
    assert list(ahead([])) == []


def test_the_first_is_used_before_the_second_is_made_and_from_there_one_is_made_ahead():
    log: list[int] = []
    going_on = threading.Event()

    def items():
        yield from made(2, log)
        going_on.set()
        yield 2

    found = ahead(items())
    assert next(found) == 0
    assert log == [0]
    assert next(found) == 1
    assert going_on.wait(timeout=10)
    assert list(found) == [2]


def test_an_error_comes_where_its_item_would():
    def items():
        yield 1
        yield 2
        raise KeyError("third")

    found = ahead(items())
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(KeyError, match="third"):
        next(found)


def test_closed_before_its_end_it_makes_no_more():
    log: list[int] = []
    found = ahead(made(100, log))
    assert [next(found), next(found)] == [0, 1]
    found.close()
    assert len(log) <= 3
