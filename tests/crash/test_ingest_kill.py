"""Ingestion killed for real (SIGKILL) at every named point: run again, it ends as if run once.

Children come from a fork server that has the imports done, so that a kill costs little. Every test
asserts that the point was reached, and that the process died there.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from accord.ledger import tables
from accord.services.ingest import run_ingest
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.proof import count

pytestmark = pytest.mark.proof

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
POINTS = (
    "ingest.after_quality",
    "log.before_append",
    "log.after_append",
    "ingest.before_commit",
    "ingest.after_commit",
)
BATCHES = 6

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
"""
FILES = {
    # Bad rows, repeats, versions, two records of one person, unknown leads, an overlapping batch.
    "leads-1.csv": "id,mail,size,created\n1,ann@b.co,10,2026-01-02\n2,nope,,\n"
    "1,ann@b.co,10,2026-01-02\n",
    "leads-2.csv": "id,mail,size,created\n3,ANN@b.co,,2026-01-01\n1,ann@b.co,900,2026-01-02\n"
    "4,,x,\n",
    "activities-1.csv": "id,lead,kind,at\n1,1,page_viewed,2026-01-03\n2,9,page_viewed,2026-02-03\n"
    "1,1,page_viewed,2026-01-03\n3,1,,2026-01-03\n",
    "activities-2.csv": "id,lead,kind,at\n2,9,page_viewed,2026-02-03\n"
    "4,3,demo_requested,2026-03-01\n",
    "touches.jsonl": '{"id": 1, "lead": 1, "channel": "call", "at": "2026-01-01T00:00Z"}\n'
    '{"id": 2, "lead": 8, "channel": "smoke", "at": "2026-01-04"}\n',
    "deals.csv": "id,lead,stage,amount\n1,1,Won,10.10\n2,,Won,-1\n",
}


def open_workspace(home: Path, url: str) -> Workspace:
    return Workspace.open(
        Settings(
            home=home / "home",
            database_url=url,
            agreement=ROOT / "agreement.yaml",
            sources=home / "sources.yaml",
            _env_file=None,
        )
    )


def ingest(home: Path, url: str, point: str, witness: str) -> None:
    """What a child does: die at the point, or run to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    run_ingest(open_workspace(home, url), as_of=AS_OF)


@pytest.fixture(scope="module")
def children():
    context = multiprocessing.get_context("forkserver")
    names = ("great_expectations", "psycopg", "holidays", "deltalake", "duckdb", "pytest")
    context.set_forkserver_preload(["accord.services.ingest", *names])
    return context


@pytest.fixture
def world(tmp_path):
    made = itertools.count()

    def make():
        home = tmp_path / f"world-{next(made)}"
        (home / "in").mkdir(parents=True)
        (home / "sources.yaml").write_text(SOURCES)
        for name, content in FILES.items():
            (home / "in" / name).write_text(content)
        return home

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request):
    """URLs of empty ledgers, as many as asked for."""
    if request.param == "sqlite":
        return lambda home: f"sqlite:///{home / 'home' / 'ledger.db'}"
    return request.getfixturevalue("postgres_urls")


@pytest.fixture
def postgres_urls(postgres_server):
    from sqlalchemy import create_engine, text

    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    names = []

    def make(_home):
        names.append(f"kill_{os.getpid()}_{id(names)}_{len(names)}")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{names[-1]}"'))
        return admin.url.set(database=names[-1]).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


def run(children, home, url, point=""):
    """Run a child; returns whether it died at the point, and asserts that nothing else happened."""
    witness = home / "witness"
    before = witness.read_text() if witness.exists() else ""
    child = children.Process(target=ingest, args=(home, url, point, str(witness)))
    child.start()
    child.join(120)
    after = witness.read_text() if witness.exists() else ""
    died = child.exitcode == -signal.SIGKILL
    assert died or child.exitcode == 0
    assert after == before + (f"{point}\n" if died else "")
    return died


def dump(home, url):
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


@pytest.fixture
def once(children, world, new_url):
    """What a run that nobody disturbs ends with."""
    home = world()
    url = new_url(home)
    assert not run(children, home, url)
    return dump(home, url)


def test_the_world_of_these_tests_has_every_kind_of_row(once):
    ledger, log, _ = once
    assert len(ledger["batch"]) == BATCHES
    assert [len(ledger[name]) for name in ("lead", "lead_version", "merge", "touch")] == [
        2,
        3,
        1,
        1,
    ]
    assert len(ledger["quarantine"]) == 5
    assert len(ledger["flag"]) >= 2
    assert len(log) == 3
    assert ledger["pending"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_once_at_a_point_and_run_again_it_ends_as_run_once(
    children, world, new_url, once, point
):
    home = world()
    url = new_url(home)
    assert run(children, home, url, point)
    assert not run(children, home, url)
    assert dump(home, url) == once


def test_killed_after_every_commit_it_takes_one_batch_a_run(children, world, new_url, once):
    home = world()
    url = new_url(home)
    deaths = 0
    while run(children, home, url, "ingest.after_commit"):
        deaths += 1
    assert deaths == BATCHES
    assert dump(home, url) == once


@pytest.mark.parametrize("seed", range(count(30)))
def test_killed_again_and_again_at_any_points_it_ends_as_run_once(
    children, world, new_url, once, seed
):
    chance = random.Random(seed)
    home = world()
    url = new_url(home)
    died = [run(children, home, url, chance.choice(POINTS)) for _ in range(6)]
    assert sum(died) >= 2
    run(children, home, url)
    assert not run(children, home, url)
    assert dump(home, url) == once
