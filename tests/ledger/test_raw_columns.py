"""Tables are read column by column as the driver has them, and say what SQLAlchemy's rows say."""

from __future__ import annotations

import pandas as pd
import pytest

from accord.ledger.metric_rows import RAW, read_raw
from tests.metrics.company import Company

_FLAGS = {"hot", "forced"}


def _by_values(connection, table: str) -> dict[str, list]:
    fields, query = RAW[table](connection)
    rows = connection.execute(query).fetchall()
    return {name: [row[place] for row in rows] for place, name in enumerate(fields)}


@pytest.mark.parametrize("table", sorted(RAW))
def test_a_table_read_by_columns_is_the_one_read_by_values(ledger, table):
    Company(leads=150).write(ledger)
    with ledger.read() as connection:
        found, wanted = read_raw(connection, table), _by_values(connection, table)
    assert list(found.columns) == list(wanted)
    for name, values in wanted.items():
        plain = [None if pd.isna(one) else one for one in found[name].astype("object")]
        assert plain == [bool(one) if name in _FLAGS else one for one in values]


@pytest.mark.parametrize("table", sorted(RAW))
def test_an_empty_table_has_the_same_kinds_of_columns(ledger, table):
    with ledger.read() as connection:
        empty = read_raw(connection, table)
    Company(leads=150).write(ledger)
    with ledger.read() as connection:
        found = read_raw(connection, table)
    assert empty.dtypes.to_dict() == found.dtypes.to_dict()
