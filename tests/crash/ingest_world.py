"""A small world to ingest, the child that does it, and what the stores hold afterwards.

The world has bad rows, repeats, versions, two records of one person, unknown leads, overlapping
batches, a file in pieces, and a database that is pulled in pages.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from accord.errors import LeaseHeldError
from accord.ledger import tables
from accord.log import staging
from accord.services import ingest, pull, taking
from accord.services.audit import every_row_is_accounted_for, the_log_holds_what_was_accepted
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from accord.sources import Sources, read_sources

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
POINTS = (
    "pull.after_page",
    "pull.after_spool",
    "pull.after_take",
    "ingest.after_piece",
    "ingest.after_quality",
    "log.before_append",
    "log.after_move",
    "log.after_append",
    "ingest.before_commit",
    "ingest.after_commit",
)
AT_A_PIECE = 3  # rows: the larger file of activities comes in several pieces
PART_BYTES = 100  # of staged rows: its pieces become files of the log more than once
AT_A_PULL = 4  # rows: the database comes in several batches

SOURCES = """
sources:
  - name: web
    entity: activity
    path: in/activities-*.csv
    fields: {activity_id: id, lead_id: {column: lead, system: crm}, kind: kind, occurred_at: at}
  - name: crm_leads
    entity: lead
    system: crm
    path: in/leads-*.csv
    fields: {lead_id: id, email: mail, employees: size, created_at: created}
  - name: crm_touches
    entity: touch
    system: crm
    path: in/touches.jsonl
    fields: {touch_id: id, lead_id: lead, channel: channel, touched_at: at}
  - name: crm_deals
    entity: opportunity
    system: crm
    path: in/deals.csv
    fields: {opportunity_id: id, lead_id: lead, stage: stage, amount: amount}
  - name: shop
    entity: activity
    sql: {url: "sqlite:///HERE/shop.db", table: visits, watermark: seen_at, overlap: 1h, page: 2}
    fields: {activity_id: id, lead_id: {column: lead, system: crm}, kind: kind, occurred_at: at}
"""
FILES = {
    "leads-1.csv": "id,mail,size,created\n1,ann@b.co,10,2026-01-02\n2,nope,,\n"
    "1,ann@b.co,10,2026-01-02\n",
    "leads-2.csv": "id,mail,size,created\n3,ANN@b.co,,2026-01-01\n1,ann@b.co,900,2026-01-02\n"
    "4,,x,\n5,bob@b.co,,2026-01-05\n",
    "activities-1.csv": "id,lead,kind,at\n1,1,page_viewed,2026-01-03\n2,9,page_viewed,2026-02-03\n"
    "1,1,page_viewed,2026-01-03\n3,1,,2026-01-03\n4,3,page_viewed,2026-01-04\n"
    "5,3,page_viewed,2026-01-05\n1,1,page_viewed,2026-01-03\n",
    "activities-2.csv": "id,lead,kind,at\n2,9,page_viewed,2026-02-03\n"
    "6,3,demo_requested,2026-03-01\n",
    "touches.jsonl": '{"id": 1, "lead": 1, "channel": "call", "at": "2026-01-01T00:00Z"}\n'
    '{"id": 2, "lead": 8, "channel": "smoke", "at": "2026-01-04"}\n',
    "deals.csv": "id,lead,stage,amount\n1,1,Won,10.10\n2,,Won,-1\n",
}
VISITS = 11


def make_world(home: Path) -> Path:
    """Write the sources into an empty folder."""
    (home / "in").mkdir(parents=True)
    (home / "sources.yaml").write_text(SOURCES.replace("HERE", str(home)))
    for name, content in FILES.items():
        (home / "in" / name).write_text(content)
    with closing(sqlite3.connect(home / "shop.db")) as shop:
        shop.execute("CREATE TABLE visits (id, lead, kind, at, seen_at)")
        for number in range(VISITS):
            day = f"2026-04-{1 + number:02d}"
            row = (f"v{number}", (1, 3, 5)[number % 3], "page_viewed", day, f"{day} 10:00:00")
            shop.execute("INSERT INTO visits VALUES (?, ?, ?, ?, ?)", row)
        shop.commit()
    return home


def open_workspace(home: Path, url: str) -> Workspace:
    return Workspace.open(
        Settings(
            home=home / "home",
            database_url=url,
            agreement=ROOT / "agreement.yaml",
            sources=home / "sources.yaml",
            quality=ROOT / "quality.yaml",
            _env_file=None,
        )
    )


def cut_small() -> None:
    taking._AT_ONCE, staging._PART_BYTES = AT_A_PIECE, PART_BYTES


def work(home: Path, url: str, point: str, witness: str) -> None:
    """What a child does: die at the point, or run to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    cut_small()
    pull._ENOUGH_ROWS = AT_A_PULL
    result = ingest.run_ingest(open_workspace(home, url), as_of=AS_OF)
    assert not result.errors, result.errors


def keep_trying(home: Path, url: str, names: tuple[str, ...], start: object) -> None:
    """What one of two children does that ingest at once: until it has had its turn.

    ``names`` are the files that it sees; ``start`` is a barrier that lets both begin together.
    """
    cut_small()
    workspace = open_workspace(home, url)
    sources = only(home, names)
    start.wait(60)
    while True:
        try:
            result = ingest.run_ingest(workspace, as_of=AS_OF, sources=sources)
        except LeaseHeldError:
            continue
        assert not result.errors, result.errors
        return


def only(home: Path, names: tuple[str, ...]) -> Sources:
    """The world's sources, each looking at no other files than these; no database."""
    sources = read_sources(home / "sources.yaml", {})
    return Sources(
        sources=tuple(
            source.model_copy(update={"path": str(home / "in" / name)})
            for source in sources.sources
            if source.path is not None
            for name in names
            if Path(name).match(Path(source.path).name)
        )
    )


def run(
    children, home: Path, url: str, point: str = "", *, instant: float | None = None, doing=None
) -> bool:
    """Run a child; returns whether it died, at the point or at the instant (in seconds).

    It does the work of this world, or what another's is: ``doing``, called like :func:`work`.

    Asserts that nothing else happened: that a child that died at a point said so before, and that
    one that was not killed came to its end.
    """
    witness = home / "witness"
    before = witness.read_text() if witness.exists() else ""
    child = children.Process(target=doing or work, args=(home, url, point, str(witness)))
    child.start()
    if instant is not None:
        time.sleep(instant)
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
    child.join(120)
    died = child.exitcode == -signal.SIGKILL
    assert died or child.exitcode == 0
    after = witness.read_text() if witness.exists() else ""
    assert after == before + (f"{point}\n" if died and point else "")
    return died


def broken_laws(home: Path, url: str, *, whole: bool) -> list[str]:
    """Say what L1 and L2 find; unless ``whole``, only of batches that the ledger has decided on."""
    workspace = open_workspace(home, url)
    with workspace.ledger.read() as connection:
        found = list(every_row_is_accounted_for(connection, workspace, AS_OF))
        batches = connection.execute(select(tables.batch.c.batch_id)).scalars()
        decided = {f"batch {batch_id}" for batch_id in batches}
        found.extend(
            finding
            for finding in the_log_holds_what_was_accepted(connection, workspace, AS_OF)
            if whole or finding.subject in decided or finding.subject == "activity log"
        )
    workspace.close()
    return [str(finding) for finding in found]


def dump(home: Path, url: str) -> tuple[dict[str, list[str]], list[tuple], dict[str, int]]:
    """Every table and the log; the numbers of work rows are the store's own and left out."""
    workspace = open_workspace(home, url)
    with workspace.ledger.read() as connection:
        ledger = {
            table.name: sorted(
                str([value for name, value in row.items() if name != "pending_id"]).replace(
                    str(home), "HOME"
                )
                for row in connection.execute(select(table)).mappings()
            )
            for table in tables.metadata.sorted_tables
        }
    log = sorted(workspace.log.read().fetchall())
    batches = workspace.log.count_by_batch()
    workspace.close()
    return ledger, log, batches


def settled(stores: tuple[dict[str, list[str]], list[tuple], dict[str, int]]) -> object:
    """What must not depend on how often a run was killed.

    Work may be noted twice, and every further run of a pull reads its overlap again: a batch of
    repeats, of which nothing is taken.
    """
    ledger, log, _ = stores
    tables_left = {name: rows for name, rows in ledger.items() if name not in {"batch", "sync"}}
    taken = sum("taken" in row for row in ledger["batch"])
    assert taken == len(ledger["batch"])
    return tables_left | {"pending": sorted(set(ledger["pending"]))}, log
