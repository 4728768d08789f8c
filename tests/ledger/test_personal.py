"""Every column of the ledger is classified: personal, id, or impersonal."""

from __future__ import annotations

import pytest

from accord.ledger.personal import PRIVACY
from accord.ledger.tables import metadata


def test_every_table_is_on_the_list_and_nothing_else():
    assert set(PRIVACY) == set(metadata.tables)


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_every_column_is_classified_once(name):
    listed = list(PRIVACY[name].all())
    assert sorted(listed) == sorted(column.name for column in metadata.tables[name].columns)


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_a_table_with_a_lead_says_which_column_it_is(name):
    columns = metadata.tables[name].columns
    assert (PRIVACY[name].lead is not None) == ("lead_id" in columns)


def test_what_is_emptied_can_be_empty():
    for name, columns in PRIVACY.items():
        for column in columns.words:
            assert metadata.tables[name].columns[column].nullable
