"""What a store would do to answer: the statements it is sent, and its planner's word on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

Said = list[tuple[str, object]]


@contextmanager
def said_to(engine: Engine) -> Iterator[Said]:
    """Collect the statements that are sent to a store, with their values."""
    said: Said = []

    def note(_connection, _cursor, statement, parameters, _context, many) -> None:
        said.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def read_whole(
    engine: Engine, statement: str, parameters: object, *, among: Collection[str]
) -> list[str]:
    """Return those of these tables that the store would read from end to end."""
    postgres = engine.dialect.name == "postgresql"
    asked = f"{'EXPLAIN' if postgres else 'EXPLAIN QUERY PLAN'} {statement}"
    with engine.connect() as connection:
        lines = [str(row[-1]) for row in connection.exec_driver_sql(asked, parameters)]
    mark = "Seq Scan on " if postgres else "SCAN "
    scans = [line.partition(mark)[2].split() for line in lines if mark in line]
    return [words[0] for words in scans if words[0] in among and "INDEX" not in words]


def analyse(engine: Engine) -> None:
    """Let PostgreSQL know what its tables hold, as its autovacuum does in a quiet minute."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
