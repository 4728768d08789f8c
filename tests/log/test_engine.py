"""The connections of one process: of one DuckDB, and each by itself."""

from __future__ import annotations

import os

import duckdb
import pytest

from accord.log import connect, engine


@pytest.mark.parametrize("beside", [False, True])
def test_what_is_temporary_belongs_to_one_connection_and_outlives_another(beside) -> None:
    one, other = connect(beside=beside), connect(beside=beside)
    one.execute("CREATE TEMP TABLE leads AS SELECT 7 AS number")
    with pytest.raises(duckdb.CatalogException):
        other.execute("FROM leads")
    other.close()
    assert one.sql("FROM leads").fetchall() == [(7,)]
    one.close()


def test_work_beside_other_work_has_one_thread() -> None:
    connection = connect(beside=True)
    assert connection.sql("SELECT current_setting('threads')").fetchall() == [(1,)]
    connection.close()


def test_a_child_starts_a_duckdb_of_its_own(monkeypatch) -> None:
    ours = connect()
    ours.execute("CREATE TABLE of_the_parent AS SELECT 1 AS number")
    child = os.getpid() + 1
    monkeypatch.setattr(engine.os, "getpid", lambda: child)
    theirs = connect()
    with pytest.raises(duckdb.CatalogException):
        theirs.execute("FROM of_the_parent")
    theirs.close()
    ours.execute("DROP TABLE of_the_parent")
    ours.close()
