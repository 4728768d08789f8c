"""Money and instants come back exactly as they went in, on both stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from accord.ledger import insert_rows, read_frame, read_rows
from accord.ledger.tables import spend, touch

KEPT = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def spend_row(key: str, amount: Decimal) -> dict[str, object]:
    return {
        "spend_id": key,
        "spent_on": datetime(2026, 10, 5, tzinfo=UTC).date(),
        "amount": amount,
        "known_at": datetime(2026, 10, 5, tzinfo=UTC),
        "row_hash": key,
    }


def touch_row(key: str, at: datetime) -> dict[str, object]:
    return {
        "touch_id": key,
        "lead_id": "crm:1",
        "channel": "call",
        "touched_at": at,
        "known_at": at,
        "row_hash": key,
    }


def written(ledger, table, rows):
    with ledger.begin() as connection:
        connection.execute(table.delete())
        insert_rows(connection, table, rows)
    with ledger.read() as connection:
        return read_rows(connection, table.select())


@KEPT
@given(st.decimals(min_value="-999999999999.99", max_value="999999999999.99", places=2))
def test_money_is_exact(ledger, amount) -> None:
    (row,) = written(ledger, spend, [spend_row("s", amount)])
    assert row["amount"] == amount


def test_money_is_rounded_half_up_to_cents(ledger) -> None:
    (row,) = written(ledger, spend, [spend_row("s", Decimal("0.125"))])
    assert row["amount"] == Decimal("0.13")


def test_money_adds_up_inside_the_store(ledger) -> None:
    written(ledger, spend, [spend_row(str(i), Decimal("0.10")) for i in range(3)])
    with ledger.read() as connection:
        total = connection.execute(text("SELECT sum(amount) FROM spend")).scalar_one()
    assert total in (30, Decimal("0.30"))


@KEPT
@given(
    st.datetimes(
        min_value=datetime(1990, 1, 1),
        max_value=datetime(2100, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    )
)
def test_an_instant_is_exact_to_the_microsecond_and_comes_back_in_utc(ledger, at) -> None:
    (row,) = written(ledger, touch, [touch_row("t", at)])
    assert row["touched_at"] == at
    assert row["touched_at"].utcoffset() == timedelta(0)


def test_a_frame_holds_utc_datetimes_and_decimals(ledger) -> None:
    written(ledger, spend, [spend_row("s", Decimal("12.50"))])
    with ledger.read() as connection:
        frame = read_frame(connection, spend.select())
    assert str(frame["known_at"].dtype) == "datetime64[us, UTC]"
    assert frame["amount"].tolist() == [Decimal("12.50")]


def test_rows_of_a_failed_transaction_are_gone(ledger) -> None:
    with pytest.raises(IntegrityError), ledger.begin() as connection:
        insert_rows(connection, spend, [spend_row("s", Decimal(1)), spend_row("s", Decimal(2))])
    with ledger.read() as connection:
        assert read_rows(connection, spend.select()) == []
