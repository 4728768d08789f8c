"""A sweep finds what is due by index, on both stores: no statement of it reads a table whole."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accord.ledger import tables
from accord.ledger.bulk import write_columns
from accord.records import to_us
from accord.services.clock_records import steps_of
from accord.services.clocks import SweepResult
from accord.sla import term_book
from tests.services.clock_world import MONDAY, World
from tests.services.plans import analyse, read_whole, said_to

OPEN, DUE = 10_000, 20
LARGE = ("clock", "lead", "pending")  # the other tables are small here: to read those is cheapest
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(workspace):
    """Many open clocks; a few are due, and of two of their leads something is known, unplaced."""
    made = World(workspace)
    made.add_lead("crm:1", created=MONDAY - timedelta(days=2))
    made.hand_over("crm:1", "crm:ann")
    made.sync()
    _fill(workspace)
    made.sweep(MONDAY)  # the weeks that have ended are judged: that is work of one sweep a week
    made.touch("crm:9", "crm:ann", MONDAY)
    made.need("crm:9", "lifecycle")
    made.need("crm:8")
    analyse(workspace.ledger.engine)
    return made


def _fill(workspace) -> None:
    book = term_book(workspace.agreement(MONDAY))
    (term,) = (term for term in book.terms if term.watch.name == "qualify")
    numbers = range(2, OPEN)
    first = term.within * 4 // 5 // timedelta(microseconds=1)
    soon = to_us(MONDAY + MINUTE) - first
    starts = [soon if number < DUE + 2 else to_us(MONDAY) for number in numbers]
    same = {
        "term": "qualify",
        "side": "sales",
        "from_event": "touched",
        "until_event": "decision",
        "cycle": 1,
        "owner_id": "crm:ann",
        "team": "inbound",
        "within_us": term.within // timedelta(microseconds=1),
        "business": False,
        "calendar": "office",
        "calendar_terms": json.dumps(book.calendars["office"]),
        "pauses": "[]",
        "escalation": term.escalation,
        "steps": json.dumps(steps_of(term.rungs)),
        "origin": "decided",
        "version": "2026.4",
        "next_step": 0,
    }
    clocks = {
        **{name: [value] * len(numbers) for name, value in same.items()},
        "clock_id": [f"c{number}" for number in numbers],
        "lead_id": [f"crm:{number}" for number in numbers],
        "started_at": starts,
        "due_at": [start + same["within_us"] for start in starts],
        "next_step_at": [start + first for start in starts],
    }
    leads = {
        "lead_id": clocks["lead_id"],
        "created_at": [to_us(MONDAY)] * len(numbers),
        "known_at": [to_us(MONDAY)] * len(numbers),
        "row_hash": ["x"] * len(numbers),
    }
    with workspace.ledger.begin(large=True) as connection:
        write_columns(connection, tables.lead, leads)
        write_columns(connection, tables.clock, clocks)
        waiting = {"need": ["score"] * len(numbers), "lead_id": clocks["lead_id"]}
        write_columns(connection, tables.pending, waiting)


def test_no_sweep_reads_a_table_from_end_to_end_and_an_idle_one_is_one_statement(world):
    engine = world.workspace.ledger.engine
    with said_to(engine) as said:
        result = world.sweep(MONDAY + 5 * MINUTE)
    assert result.fired == DUE - 2 + 1  # two had nothing behind them, and the first lead's clock
    asked = [one for one in said if one[0].startswith(("SELECT", "UPDATE", "DELETE"))]
    assert any("next_step_at" in statement for statement, _ in asked)
    whole = {
        statement: read_whole(engine, statement, given, among=LARGE) for statement, given in asked
    }
    assert {statement: read for statement, read in whole.items() if read} == {}

    with said_to(engine) as said:
        assert world.sweep(MONDAY + 5 * MINUTE) == SweepResult()
    ((statement, given),) = [one for one in said if "clock" in one[0]]
    assert read_whole(engine, statement, given, among=LARGE) == []
