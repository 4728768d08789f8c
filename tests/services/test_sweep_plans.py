"""A sweep finds what is due by index, on both stores: no statement of it reads a table whole."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from accord.ledger import tables
from accord.ledger.bulk import write_columns
from accord.records import to_us
from accord.services.clock_records import steps_of
from accord.services.clocks import SweepResult
from accord.sla import term_book
from tests.services.clock_world import MONDAY, World

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
    with workspace.ledger.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
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


@contextmanager
def _said_to(engine):
    """Collect the statements that are sent to a store, with their values."""
    said: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, many) -> None:
        said.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _read_whole(engine, statement: str, parameters: object) -> list[str]:
    """Return the tables that the store would read from end to end."""
    postgres = engine.dialect.name == "postgresql"
    asked = f"{'EXPLAIN' if postgres else 'EXPLAIN QUERY PLAN'} {statement}"
    with engine.connect() as connection:
        lines = [str(row[-1]) for row in connection.exec_driver_sql(asked, parameters)]
    mark = "Seq Scan on " if postgres else "SCAN "
    scans = [line.partition(mark)[2].split() for line in lines if mark in line]
    return [words[0] for words in scans if words[0] in LARGE and "INDEX" not in words]


def test_no_sweep_reads_a_table_from_end_to_end_and_an_idle_one_is_one_statement(world):
    engine = world.workspace.ledger.engine
    with _said_to(engine) as said:
        result = world.sweep(MONDAY + 5 * MINUTE)
    assert result.fired == DUE - 2 + 1  # two had nothing behind them, and the first lead's clock
    asked = [one for one in said if one[0].startswith(("SELECT", "UPDATE", "DELETE"))]
    assert any("next_step_at" in statement for statement, _ in asked)
    whole = {statement: _read_whole(engine, statement, given) for statement, given in asked}
    assert {statement: read for statement, read in whole.items() if read} == {}

    with _said_to(engine) as said:
        assert world.sweep(MONDAY + 5 * MINUTE) == SweepResult()
    ((statement, given),) = [one for one in said if "clock" in one[0]]
    assert _read_whole(engine, statement, given) == []
