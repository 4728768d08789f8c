"""Writing by columns leaves the same rows as writing them one by one, on both stores."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError

from accord.ledger import insert_rows, read_rows, tables
from accord.ledger.bulk import change_columns, write_columns
from accord.ledger.outbox_rows import write_entries
from accord.ledger.record_rows import write_records
from accord.ledger.store import is_among
from accord.records import Entity, to_us

AT = datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)


def spend_columns(count, *, amount=12345, channel="ads"):
    return {
        "spend_id": [f"s{number}" for number in range(count)],
        "spent_on": [date(2026, 11, 20)] * count,
        "amount": [amount] * count,
        "channel": [channel if number % 2 else None for number in range(count)],
        "known_at": [to_us(AT)] * count,
        "row_hash": ["h"] * count,
    }


def spend_rows(count, *, amount=Decimal("123.45"), channel="ads"):
    return [
        {
            "spend_id": f"s{number}",
            "spent_on": date(2026, 11, 20),
            "amount": amount,
            "channel": channel if number % 2 else None,
            "campaign": None,
            "known_at": AT,
            "row_hash": "h",
        }
        for number in range(count)
    ]


def stored(ledger):
    with ledger.read() as connection:
        return read_rows(connection, select(tables.spend).order_by(tables.spend.c.spend_id))


@pytest.mark.parametrize("count", [1, 3, 999, 1000, 2500])
def test_columns_are_stored_as_their_rows_would_be(ledger, count) -> None:
    with ledger.begin() as connection:
        write_columns(connection, tables.spend, spend_columns(count))
    expected = sorted(spend_rows(count), key=lambda row: row["spend_id"])
    assert stored(ledger) == expected


@pytest.mark.parametrize("count", [3, 1500])
def test_a_key_that_is_there_is_replaced_or_kept_as_asked(ledger, count) -> None:
    with ledger.begin() as connection:
        insert_rows(connection, tables.spend, spend_rows(2, amount=Decimal("1.00")))
        write_columns(connection, tables.spend, spend_columns(count), on_conflict="keep")
    assert [row["amount"] for row in stored(ledger)][:2] == [Decimal("1.00")] * 2
    with ledger.begin() as connection:
        columns = spend_columns(count, amount=200)
        write_columns(connection, tables.spend, columns, on_conflict="replace")
        write_columns(connection, tables.spend, columns, on_conflict="replace")
    assert {row["amount"] for row in stored(ledger)} == {Decimal("2.00")}
    assert len(stored(ledger)) == count


@pytest.mark.parametrize("count", [2, 1200])
def test_a_column_that_is_not_named_keeps_what_it_holds(ledger, count) -> None:
    with ledger.begin() as connection:
        write_columns(connection, tables.spend, spend_columns(count, channel="print"))
        columns = spend_columns(count, channel="other")
        del columns["channel"]
        write_columns(connection, tables.spend, columns, on_conflict="replace")
    assert {row["channel"] for row in stored(ledger)} == {"print", None}


def test_what_is_written_by_columns_goes_with_its_transaction(ledger) -> None:
    with ledger.engine.connect() as connection:
        write_columns(connection, tables.spend, spend_columns(1500))
        connection.rollback()
    assert stored(ledger) == []


def test_an_error_of_the_store_does_not_tell_the_values_of_rows(ledger) -> None:
    columns = spend_columns(2, channel="ann@b.co") | {"spend_id": ["s", "s"]}
    with pytest.raises(IntegrityError) as raised, ledger.begin() as connection:
        write_columns(connection, tables.spend, columns)
    assert "ann@b.co" not in str(raised.value)


def test_no_rows_are_no_work(ledger) -> None:
    with ledger.begin() as connection:
        write_columns(connection, tables.spend, {})
        write_columns(connection, tables.spend, spend_columns(0))
    assert stored(ledger) == []


def test_json_true_false_and_awkward_text_survive(ledger) -> None:
    text = 'tab\t, quote " and \\ backslash, \\N, é, 漢'
    columns = {
        "batch_id": ["b"] * 1500,
        "row_number": list(range(1500)),
        "source": [text] * 1500,
        "entity": ["lead"] * 1500,
        "record_key": [None, text] * 750,
        "row": ['{"a": "\\u0041\\\\n"}'] * 1500,
        "reasons": ["[]"] * 1500,
        "status": ["open"] * 1500,
        "set_aside_at": [to_us(AT)] * 1500,
    }
    with ledger.begin() as connection:
        write_columns(connection, tables.quarantine, columns)
    with ledger.read() as connection:
        rows = read_rows(connection, select(tables.quarantine))
    assert len(rows) == 1500
    assert {row["source"] for row in rows} == {text}
    assert {row["record_key"] for row in rows} == {text, None}
    assert rows[0]["row"] == {"a": "A\\n"}
    assert rows[0]["set_aside_at"] == AT


def test_an_empty_table_filled_in_bulk_has_its_indexes_again(ledger) -> None:
    def indexes():
        with ledger.engine.connect() as connection:
            return {index["name"] for index in inspect(connection).get_indexes("touch")}

    before = indexes()
    count = 60_000
    columns = {
        "touch_id": [f"t{number}" for number in range(count)],
        "lead_id": [f"l{number % 7}" for number in range(count)],
        "channel": ["call"] * count,
        "touched_at": [to_us(AT)] * count,
        "automatic": [None, True] * (count // 2),
        "known_at": [to_us(AT)] * count,
        "row_hash": ["h"] * count,
    }
    with ledger.begin() as connection:
        write_columns(connection, tables.touch, columns, on_conflict="replace")
    assert indexes() == before
    assert before
    with ledger.read() as connection:
        of_one = select(func.count()).where(tables.touch.c.lead_id == "l3")
        assert connection.execute(of_one).scalar_one() == len(range(3, count, 7))


@pytest.mark.parametrize("count", [3, 1500])
def test_first_versions_say_what_was_given_and_where_it_stood(ledger, count) -> None:
    """Many of them are copied inside the store; the rows of a batch have gaps in their numbers."""
    leads = [f"crm:{count - number}" for number in range(count)]
    said = {
        "lead_id": leads,
        "created_at": [to_us(AT) + number for number in range(count)],
        "email": [f"{number}@b.co" if number % 3 else None for number in range(count)],
        "known_at": [to_us(AT)] * count,
    }
    numbers = [2 + 3 * number for number in range(count)]
    placed = {"batch_id": ["b'1"] * count, "row_number": numbers}
    with ledger.begin() as connection:
        newest = said | {"row_hash": ["h"] * count, "domain": ["b.co"] * count}
        write_records(connection, Entity.LEAD, newest=newest, versions=said | placed)
    table = tables.lead_version
    columns = [table.c[name] for name in ("lead_id", "email", "batch_id", "row_number")]
    with ledger.read() as connection:
        found = connection.execute(select(*columns).order_by(table.c.row_number)).all()
        created = connection.execute(select(table.c.created_at).order_by(table.c.row_number))
        assert [to_us(at) for at in created.scalars()] == said["created_at"]
    batches = ["b'1"] * count
    assert found == list(zip(leads, said["email"], batches, numbers, strict=True))


@pytest.mark.parametrize("count", [0, 3, 1500])
def test_rows_that_are_there_are_changed_by_their_key_and_no_others(ledger, count) -> None:
    changed = {
        "spend_id": [f"s{number}" for number in range(count)],
        "amount": list(range(count)),
        "campaign": [None if number % 3 else f"c{number}" for number in range(count)],
        "known_at": [to_us(AT) + number for number in range(count)],
    }
    with ledger.begin() as connection:
        write_columns(connection, tables.spend, spend_columns(count + 2))
        change_columns(connection, tables.spend, changed, key="spend_id")
    rows = {row["spend_id"]: row for row in stored(ledger)}
    assert len(rows) == count + 2
    for number in range(count):
        row = rows[f"s{number}"]
        assert row["amount"] == Decimal(number) / 100
        assert row["campaign"] == (None if number % 3 else f"c{number}")
        assert row["known_at"] == AT + timedelta(microseconds=number)
        assert row["channel"] == ("ads" if number % 2 else None)
    untouched = spend_rows(count + 2)[count:]
    assert [rows[row["spend_id"]] for row in untouched] == untouched


@pytest.mark.parametrize("count", [2, 1200])
def test_a_unique_key_that_is_not_the_primary_one_keeps_its_row(ledger, count) -> None:
    def entries(status, names):
        return {
            "key": names,
            "kind": ["handoff"] * len(names),
            "payload": ['{"a":1}'] * len(names),
            "payload_hash": ["h"] * len(names),
            "status": [status] * len(names),
            "created_at": [to_us(AT)] * len(names),
            "not_before": [to_us(AT)] * len(names),
            "attempts": [0] * len(names),
        }

    names = [f"k{number}" for number in range(count)]
    with ledger.begin() as connection:
        write_entries(connection, entries("sent", names[:1]))
        write_entries(connection, entries("waiting", names))
        rows = read_rows(connection, select(tables.outbox).order_by(tables.outbox.c.outbox_id))
    assert [row["key"] for row in rows] == names
    assert [row["status"] for row in rows] == ["sent", *["waiting"] * (count - 1)]
    assert rows[-1]["payload"] == {"a": 1}


@pytest.mark.parametrize("names", [[], ["s1"], ["s0", "s2", "nobody", "'\"\\ü,", "s0"]])
def test_a_list_given_as_one_value_finds_what_in_would_find(ledger, names) -> None:
    column = tables.spend.c.spend_id
    odd = {**spend_columns(1), "spend_id": ["'\"\\ü,"]}
    with ledger.begin() as connection:
        write_columns(connection, tables.spend, spend_columns(4))
        write_columns(connection, tables.spend, odd)
        found = connection.execute(select(column).where(is_among(connection, column, names)))
        wanted = connection.execute(select(column).where(column.in_(names)))
        assert sorted(found.scalars()) == sorted(wanted.scalars())
