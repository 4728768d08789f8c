"""Where leads stand: by their last move alone as by their whole history, on both stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from accord.ledger import insert_rows, read_rows, tables
from accord.ledger.stage_rows import (
    append_changes,
    move_of,
    place_of,
    read_changes,
    read_moves,
    retract_changes,
)
from accord.lifecycle import Entry, enter, fold
from accord.records import Origin, Stage

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATHS = {
    "crm:1": (Stage.TARGET,),
    "crm:2": (Stage.ENGAGED, Stage.MQL, Stage.NURTURE, Stage.MQL),
    "crm:3": (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER),
    "crm:'4\" \\ü,5": (Stage.NEW_NAME,),
}


@pytest.fixture
def history(ledger):
    """Leads with histories of several stages; of the first an early move was taken back."""
    leads = [
        {"lead_id": name, "created_at": NOON, "cycle": 0, "known_at": NOON, "row_hash": ""}
        for name in (*PATHS, "crm:none")
    ]
    with ledger.begin() as connection:
        insert_rows(connection, tables.lead, leads)
        append_changes(connection, [move for one in PATHS for move in moves(one)], known_at=NOON)
        retract_changes(connection, moves("crm:1")[-1:], known_at=NOON + HOUR)
    return ledger


def moves(lead_id: str):
    found, state = [], fold([])
    for number, stage in enumerate(PATHS[lead_id]):
        entry = Entry(stage=stage, at=NOON + number * HOUR, cause="x", origin=Origin.OBSERVED)
        found.extend(enter(state, entry, lead_id=lead_id))
        state = fold(found)
    return found


def test_the_last_move_says_where_a_lead_stands_as_its_whole_history_does(history):
    with history.read() as connection:
        moves_of = read_moves(connection, [*PATHS, "crm:none"])
        histories = read_changes(connection, [*PATHS, "crm:none"])
    assert moves_of.keys() == set(PATHS)
    places = {lead_id: place_of(moves_of.get(lead_id, ())) for lead_id in (*PATHS, "crm:none")}
    for lead_id, place in places.items():
        state = fold(histories.get(lead_id, ()))
        assert (place.stage, place.cycle) == (state.stage, state.cycle)
        assert (place.at, place.position) == (state.at, state.position)
    assert places["crm:1"].stage is Stage.ENGAGED
    assert places["crm:none"].stage is None


def test_moves_entered_last_leave_the_same_beside_the_lead_as_reading_its_history(history):
    entry = Entry(stage=Stage.MQL, at=NOON + 9 * HOUR, cause="score", origin=Origin.DECIDED)
    with history.begin() as connection:
        moves_of = read_moves(connection, sorted(PATHS))
        places = {lead_id: place_of(rows) for lead_id, rows in moves_of.items()}
        entered = [
            move
            for lead_id, place in places.items()
            for move in enter(place, entry, lead_id=lead_id)
        ]
        append_changes(connection, entered, known_at=NOON + 9 * HOUR, newest=True)
        histories = read_changes(connection, sorted(PATHS))
        rows = read_rows(connection, select(tables.lead).where(tables.lead.c.cycle > 0))
    beside = {row["lead_id"]: (row["current_stage"], row["cycle"]) for row in rows}
    folded = {lead_id: fold(changes) for lead_id, changes in histories.items()}
    assert beside == {lead_id: (one.stage, one.cycle) for lead_id, one in folded.items()}
    assert beside["crm:2"] == ("mql", 3)


def test_a_move_is_told_alike_before_it_is_written_and_after(history):
    with history.read() as connection:
        stored = read_moves(connection, sorted(PATHS))
        changes = read_changes(connection, sorted(PATHS))
    for lead_id, rows in stored.items():
        told = sorted(map(tuple, rows), key=lambda row: (row[1], row[3]))
        assert told == [move_of(change) for change in changes[lead_id]]
