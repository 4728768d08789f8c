"""Taking 1 M leads and 20 M activities, against DuckDB reading and rewriting the same files.

One run prints, for Parquet (zstd) and for CSV, the wall time of an ingest into an empty ledger
(SQLite) and log, the time of DuckDB copying the same files, the ratio and the peak memory; then a
tick of 1,000 new activities, spread over the last 30 days, onto all of them. Each measurement is a
process of its own that has done its imports before the clock starts.

Sizes: ``python benchmarks/ingest.py [LEADS] [ACTIVITIES]``.
"""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent
GIB = 1024 * 1024
TICK_ROWS = 1_000

LEADS = """
SELECT 'L' || i AS id,
       make_timestamp(1763000000000000 - (hash(i) % 60000000000000)::BIGINT) AS created,
       CASE WHEN i % 1000 = 0 THEN 'no address'
            WHEN i % 5 = 0 THEN 'person' || i || '@gmail.com'
            ELSE 'person' || i || '@company' || (hash(i * 3) % 200000)::BIGINT || '.com'
       END AS email,
       'First' || (i % 5000) || ' Last' || (hash(i * 5) % 100000)::BIGINT AS name,
       ['CEO', 'CMO', 'Engineer', 'Head of Sales', 'Intern'][1 + (hash(i * 7) % 5)::INT] AS title,
       'Company ' || (hash(i * 3) % 200000)::BIGINT || ' Inc.' AS company,
       CASE WHEN i % 20 > 0 THEN ['software', 'retail', 'energy'][1 + (hash(i * 11) % 3)::INT] END
           AS industry,
       ['DE', 'US', 'FR', 'BR'][1 + (hash(i * 13) % 4)::INT] AS country,
       CASE WHEN i % 20 > 1 THEN (hash(i * 17) % 5000)::BIGINT END AS employees,
       ['paid_search', 'email', 'referral'][1 + (hash(i * 19) % 3)::INT] AS channel
FROM range({leads}) AS t(i)
"""
ACTIVITIES = """
SELECT 'A' || i AS id,
       'L' || (hash(i) % {leads})::BIGINT AS lead,
       ['email_opened', 'email_clicked', 'page_viewed', 'form_submitted', 'webinar_attended',
        'demo_requested'][1 + (hash(i * 7) % 6)::INT] AS kind,
       make_timestamp(1763500000000000 - (hash(i * 3) % 63072000000000)::BIGINT) AS at,
       CASE WHEN i % 3 = 0 THEN '/pricing/' || (i % 500) END AS detail
FROM range({activities}) AS t(i)
"""
SOURCES = """
sources:
  - name: crm_leads
    entity: lead
    system: crm
    path: leads.{ending}
    fields: {{lead_id: id, created_at: created, email: email, name: name, title: title,
             company: company, industry: industry, country: country, employees: employees,
             channel: channel}}
  - name: web
    entity: activity
    system: web
    path: activities*.{ending}
    fields: {{activity_id: id, lead_id: {{column: lead, system: crm}}, kind: kind, occurred_at: at,
             detail: detail}}
"""


def main() -> None:
    leads, activities = (int(text) for text in (*sys.argv[1:], "1000000", "20000000")[:2])
    folder = Path(tempfile.mkdtemp(prefix="accord-bench-"))
    print(f"{leads:,} leads and {activities:,} activities; process time is of all threads")
    try:
        for ending in ("parquet", "csv"):
            measure(folder / ending, ending, leads=leads, activities=activities)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(home: Path, ending: str, *, leads: int, activities: int) -> None:
    home.mkdir()
    alone(make, home, ending, leads, activities)
    theirs = alone(copy, home, ending)
    ours = alone(ingest, home)
    print(f"{ending}")
    print(f"  DuckDB copies the files {theirs['wall']:8.1f} s wall")
    print(
        f"  accord takes them       {ours['wall']:8.1f} s wall {ours['process']:8.1f} s process  "
        f"peak {ours['peak']:.2f} GiB"
    )
    print(f"  ratio                   {ours['wall'] / theirs['wall']:8.1f}")
    print(f"  {ours['result']}")
    alone(make_tick, home, ending, leads)
    tick = alone(ingest, home)
    print(
        f"  a tick of {TICK_ROWS:,} rows    {tick['wall']:8.1f} s wall {tick['process']:8.1f} s "
        f"process  peak {tick['peak']:.2f} GiB"
    )
    print(f"  {tick['result']}")
    shutil.rmtree(home)


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
    import great_expectations  # noqa: F401

    import accord.services.ingest  # noqa: F401

    wall, process = time.perf_counter(), time.process_time()
    result = work(*given)
    sender.send(
        {
            "wall": time.perf_counter() - wall,
            "process": time.process_time() - process,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB,
            "result": result,
        }
    )


def terms(ending: str) -> str:
    return "FORMAT parquet, COMPRESSION zstd" if ending == "parquet" else "FORMAT csv, HEADER"


def make(home: Path, ending: str, leads: int, activities: int) -> None:
    import duckdb

    for name, query in (("leads", LEADS), ("activities", ACTIVITIES)):
        text = query.format(leads=leads, activities=activities)
        duckdb.sql(f"COPY ({text}) TO '{home / name}.{ending}' ({terms(ending)})")
    (home / "sources.yaml").write_text(SOURCES.format(ending=ending))


def make_tick(home: Path, ending: str, leads: int) -> None:
    """Write new activities of the last 30 days, in the file of a tick."""
    import duckdb

    first = int((AS_OF - timedelta(days=30)).timestamp()) * 1_000_000
    span = 30 * 86_400 * 1_000_000
    text = (
        f"SELECT 'T' || i AS id, 'L' || (hash(i) % {leads})::BIGINT AS lead, "
        f"'page_viewed' AS kind, "
        f"make_timestamp({first} + (hash(i) % {span})::BIGINT) AS at, '/pricing' AS detail "
        f"FROM range({TICK_ROWS}) AS t(i)"
    )
    duckdb.sql(f"COPY ({text}) TO '{home}/activities-tick.{ending}' ({terms(ending)})")


def copy(home: Path, ending: str) -> None:
    """What the ratio is measured against."""
    import duckdb

    for name in ("leads", "activities"):
        target = home / f"copied.{ending}"
        duckdb.sql(f"COPY (FROM '{home / name}.{ending}') TO '{target}' ({terms(ending)})")
        target.unlink()


def ingest(home: Path) -> str:
    from accord.services.ingest import run_ingest
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace

    settings = Settings(
        home=home / "home",
        database_url="",
        agreement=ROOT / "agreement.yaml",
        sources=home / "sources.yaml",
        quality=ROOT / "quality.yaml",
        _env_file=None,
    )
    workspace = Workspace.open(settings)
    result = run_ingest(workspace, as_of=AS_OF)
    workspace.close()
    if result.errors:
        raise SystemExit(str(result.errors[0]))
    return (
        f"rows in {result.rows_in:,} = accepted {result.accepted:,} + quarantined "
        f"{result.quarantined:,} + duplicates {result.duplicates:,} + held {result.held:,}"
    )


if __name__ == "__main__":
    main()
