"""A migrated ledger has exactly the tables of the code, and is migrated once."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from accord.ledger import Ledger
from accord.ledger.migrate import _FOLDER, VERSION_TABLE, current_revision, newest_revision
from accord.ledger.posting_rows import read_postings
from accord.ledger.tables import metadata
from accord.records import from_us


def test_a_migrated_ledger_has_exactly_the_tables_of_the_code(ledger) -> None:
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_a_ledger_is_at_the_newest_revision_in_a_table_of_our_own_name(ledger) -> None:
    assert current_revision(ledger.engine) == newest_revision()
    assert inspect(ledger.engine).has_table(VERSION_TABLE)
    assert not inspect(ledger.engine).has_table("alembic_version")


def test_two_that_open_an_empty_ledger_at_once_take_turns(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    opened: list[Ledger] = []
    threads = [threading.Thread(target=lambda: opened.append(Ledger.open(url))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [current_revision(one.engine) for one in opened] == [newest_revision()] * 2
    for one in opened:
        one.close()


def test_opening_a_new_ledger_waits_for_one_who_is_writing_in_it(tmp_path) -> None:
    # SQLite refuses the change to WAL at once beside a writer, whatever the busy timeout.
    path = tmp_path / "ledger.db"
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(0.5, writer.rollback)
    ending.start()
    opened = Ledger.open(f"sqlite:///{path}")
    ending.join()
    assert current_revision(opened.engine) == newest_revision()
    opened.close()
    writer.close()


def _upgraded(folder: Path, *, revision: str, statement: str) -> Ledger:
    """A ledger that was at a revision, with one statement run there, opened by the code of now."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    config, engine = Config(), create_engine(url)
    config.set_main_option("script_location", str(_FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.exec_driver_sql(statement)
    engine.dispose()
    return Ledger.open(url)


def test_what_waited_for_the_crm_as_a_message_is_a_task_after_the_upgrade(tmp_path) -> None:
    columns = "key, kind, payload, payload_hash, status, created_at, not_before, attempts"
    row = "'message:c:0', 'message', '{}', 'h', 'waiting', 0, 0, 0"
    statement = f"INSERT INTO outbox ({columns}) VALUES ({row})"
    opened = _upgraded(tmp_path, revision="0003", statement=statement)
    with opened.read() as connection:
        found = connection.execute(text("SELECT key, kind, recipient FROM outbox")).all()
    opened.close()
    assert found == [("message:c:0", "task", None)]


def test_what_an_older_ledger_knows_of_a_rep_is_the_first_that_was_known(tmp_path) -> None:
    columns = "rep_id, role, team, calendar, known_at, row_hash"
    values = "'r1', 'sdr', 'inbound', 'berlin', 5, 'x'"
    statement = f"INSERT INTO rep ({columns}) VALUES ({values})"
    opened = _upgraded(tmp_path, revision="0003", statement=statement)
    with opened.read() as connection:
        (row,) = read_postings(connection)["r1"]
    opened.close()
    assert (row["since"], row["known_at"], row["stated"]) == (from_us(5), from_us(5), False)
    assert (row["team"], row["calendar"]) == ("inbound", "berlin")
