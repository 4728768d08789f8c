"""Opening a ledger, bulk writing, and the history of leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from accord.errors import InputError
from accord.ledger import Ledger, add_rows, insert_rows, read_rows, upsert_rows
from accord.ledger.stage_rows import append_changes, read_changes, retract_changes
from accord.ledger.tables import lead, stage_change, touch
from accord.lifecycle import Fact, FactKind, derive, fold
from accord.records import Stage

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def a_touch(touch_id: str, rep_id: str) -> dict[str, object]:
    return {
        "touch_id": touch_id,
        "lead_id": "crm:1",
        "rep_id": rep_id,
        "channel": "call",
        "touched_at": NOON,
        "known_at": NOON,
        "row_hash": "",
    }


def a_lead(lead_id: str) -> dict[str, object]:
    return {
        "lead_id": lead_id,
        "created_at": NOON,
        "cycle": 0,
        "known_at": NOON,
        "row_hash": "",
    }


@pytest.mark.parametrize("url", ["no url", "mysql://host/db", "sqlite://"])
def test_a_url_that_is_no_ledger_is_one_clear_error(url) -> None:
    with pytest.raises(InputError, match="ACCORD_DATABASE_URL"):
        Ledger.open(url)


def test_opening_twice_changes_nothing(ledger_url) -> None:
    first = Ledger.open(ledger_url)
    with first.begin() as connection:
        insert_rows(connection, lead, [a_lead("crm:1")])
    first.close()
    second = Ledger.open(ledger_url)
    with second.read() as connection:
        assert [row["lead_id"] for row in read_rows(connection, select(lead))] == ["crm:1"]
    second.close()


def reps_of_touches(connection) -> dict[str, str]:
    return {row["touch_id"]: row["rep_id"] for row in read_rows(connection, select(touch))}


def test_postgresql_plans_for_the_list_of_ids_it_is_given(postgres_url) -> None:
    # From its sixth run on, a prepared query may get a plan for any list, which takes it for ten.
    opened = Ledger.open(postgres_url)
    ids = ", ".join(f"'crm:{number}'" for number in range(1_000))
    asked = text(f"EXPLAIN EXECUTE of_these (ARRAY[{ids}])")
    with opened.read() as connection:
        query = "PREPARE of_these (TEXT[]) AS SELECT * FROM lead WHERE name = ANY ($1)"
        connection.execute(text(query))
        plans = ["".join(connection.execute(asked).scalars()) for _ in range(8)]
    opened.close()
    assert all("crm:999" in plan for plan in plans)


def test_an_upsert_replaces_and_the_last_of_equal_keys_wins(ledger) -> None:
    with ledger.begin() as connection:
        upsert_rows(connection, touch, [a_touch("t1", "a"), a_touch("t1", "b")])
        upsert_rows(connection, touch, [a_touch("t1", "c")])
        assert reps_of_touches(connection) == {"t1": "c"}


def test_adding_leaves_what_is_there(ledger) -> None:
    with ledger.begin() as connection:
        add_rows(connection, touch, [a_touch("t1", "a")])
        add_rows(connection, touch, [a_touch("t1", "z"), a_touch("t2", "b")])
        assert reps_of_touches(connection) == {"t1": "a", "t2": "b"}


def history(*facts: Fact):
    return derive("crm:1", [Fact(kind=FactKind.CREATED, at=NOON, cause="lead:crm:1"), *facts])


HANDED = Fact(
    kind=FactKind.HANDED, at=NOON + timedelta(hours=1), cause="handoff:1", stage=Stage.MQL
)


def test_a_history_is_kept_with_the_present_stage_beside_the_lead(ledger) -> None:
    changes = history(HANDED).changes
    with ledger.begin() as connection:
        insert_rows(connection, lead, [a_lead("crm:1")])
        append_changes(connection, changes, known_at=NOON)
        assert read_changes(connection, ["crm:1"]) == {"crm:1": changes}
        (row,) = read_rows(connection, select(lead))
    assert (row["current_stage"], row["cycle"]) == ("mql", 1)


def test_a_retracted_move_no_longer_stands_but_its_row_is_unchanged(ledger) -> None:
    changes = history(HANDED).changes
    with ledger.begin() as connection:
        insert_rows(connection, lead, [a_lead("crm:1")])
        append_changes(connection, changes, known_at=NOON)
        before = {row["change_id"]: row for row in read_rows(connection, select(stage_change))}
        retract_changes(connection, changes[1:], known_at=NOON + timedelta(days=1))
        after = {row["change_id"]: row for row in read_rows(connection, select(stage_change))}
        standing = read_changes(connection, ["crm:1"])["crm:1"]
        (row,) = read_rows(connection, select(lead))
    assert standing == changes[:1]
    assert row["current_stage"] == "new_name"
    assert all(after[key] == kept for key, kept in before.items())
    assert len(after) == len(before) + len(changes) - 1


def test_a_move_may_be_retracted_and_derived_again(ledger) -> None:
    changes = history(HANDED).changes
    with ledger.begin() as connection:
        insert_rows(connection, lead, [a_lead("crm:1")])
        for day in range(3):
            known_at = NOON + timedelta(days=day)
            append_changes(connection, changes[1:] if day else changes, known_at=known_at)
            assert fold(read_changes(connection, ["crm:1"])["crm:1"]).stage is Stage.MQL
            retract_changes(connection, changes[1:], known_at=known_at)
            assert fold(read_changes(connection, ["crm:1"])["crm:1"]).stage is Stage.NEW_NAME
