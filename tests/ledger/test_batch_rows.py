"""The work that a batch makes is noted for each lead, however many there are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from accord.ledger import tables
from accord.ledger.batch_rows import add_pending
from accord.ledger.bulk import write_columns
from accord.ledger.fact_rows import clear_pending, read_pending
from accord.records import to_us

AT = to_us(datetime(2026, 11, 20, tzinfo=UTC))


def noted(connection):
    query = select(tables.pending.c.need, tables.pending.c.lead_id)
    return Counter(tuple(row) for row in connection.execute(query))


def know(connection, count):
    columns = {"lead_id": [f"l{number}" for number in range(count)]}
    rest = {"created_at": AT, "known_at": AT, "row_hash": "h"}
    columns |= {name: [value] * count for name, value in rest.items()}
    write_columns(connection, tables.lead, columns)


@pytest.mark.parametrize("known", [0, 10, 20_000, 40_000])
def test_every_lead_of_a_large_batch_gets_its_work_the_unknown_once_they_come(
    ledger, known
) -> None:
    asked = [f"l{number}" for number in range(5, 20_005)]
    with ledger.begin() as connection:
        know(connection, known)
        add_pending(connection, ("clock", "score"), asked)
        rows = noted(connection)
        waiting, top = read_pending(connection, "score")
        assert set(waiting) == {f"l{number}" for number in range(known)}
        clear_pending(connection, "score", up_to=top)
        assert read_pending(connection, "score")[0] == ()
        assert set(read_pending(connection, "clock")[0]) == set(waiting)
        left = {lead_id for need, lead_id in noted(connection) if need == "score"}
    assert left == set(asked) - set(waiting)
    assert len(rows) == 2 * (1 + len(left))


def test_work_of_everyone_that_came_after_the_reading_stays(ledger) -> None:
    with ledger.begin() as connection:
        know(connection, 20_000)
        everyone = [f"l{number}" for number in range(20_000)]
        add_pending(connection, ("score",), everyone)
        _, top = read_pending(connection, "score")
        add_pending(connection, ("score",), everyone)
        clear_pending(connection, "score", up_to=top)
        assert len(read_pending(connection, "score")[0]) == 20_000


def test_few_of_many_leads_get_their_own_work_only(ledger) -> None:
    asked = [f"l{number}" for number in range(20_000)]
    with ledger.begin() as connection:
        know(connection, 40_001)
        add_pending(connection, ("score",), asked)
        found = noted(connection)
    assert set(found) == {("score", lead_id) for lead_id in asked}


def test_work_that_waits_is_noted_again_since_a_stage_may_be_at_it(ledger) -> None:
    with ledger.begin() as connection:
        add_pending(connection, ("score",), ["a"])
        add_pending(connection, ("score",), ["a", "a", "b"])
        assert noted(connection) == {("score", "a"): 2, ("score", "b"): 1}
