"""Pulling killed for real (SIGKILL) at every point of its own and of taking: each record once.

Children come from a fork server that has the imports done; the service runs here and goes on
changing between the runs. Every test asserts that the point was reached, and that the process died
there.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from datetime import UTC, datetime

import pytest
import stamina
from sqlalchemy import func, select

from accord.ledger import tables
from accord.services import pull
from accord.services.ingest import run_ingest
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.crm.hubspot_server import TOKEN, HubspotServer
from tests.crm.service import Cut
from tests.proof import count

pytestmark = pytest.mark.proof

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN_POINTS = ("pull.after_page", "pull.after_spool", "pull.after_take")
POINTS = (*OWN_POINTS, "ingest.before_commit", "ingest.after_commit")
CONTACTS, CALLS = 130, 90
SOURCES = """
sources:
  - name: contacts
    entity: lead
    system: hubspot
    hubspot: {object: contacts, url: "${HUBSPOT_URL}", page: 20}
    fields: {lead_id: id, email: properties.email, created_at: properties.createdate}
  - name: calls
    entity: activity
    system: hubspot
    hubspot: {object: calls, url: "${HUBSPOT_URL}", page: 20}
    fields:
      activity_id: id
      lead_id: associations.contacts
      kind: {constant: call_held}
      occurred_at: properties.hs_timestamp
"""


def open_workspace(home, url):
    return Workspace.open(
        Settings(
            home=home / "home",
            database_url=url,
            agreement=ROOT / "agreement.yaml",
            sources=home / "sources.yaml",
            _env_file=None,
        )
    )


def pull_once(home, url, service, point, witness):
    """What a child does: die at the point, or run to the end."""
    os.environ |= {
        "ACCORD_KILL_AT": point,
        "ACCORD_KILL_LOG": witness,
        "HUBSPOT_TOKEN": TOKEN,
        "HUBSPOT_URL": service,
    }
    pull._ENOUGH_ROWS = 60
    with stamina.set_testing(True, attempts=8, cap=True):
        result = run_ingest(open_workspace(home, url), as_of=AS_OF)
    assert not result.errors, result.errors


@pytest.fixture
def server():
    running = HubspotServer()
    for number in range(1, CONTACTS + 1):
        running.put("contacts", number, email=f"{number}@b.co")
    for number in range(1, CALLS + 1):
        running.put("calls", number, hs_timestamp="2026-10-01T10:00:00Z")
    links = {str(number): [str(number)] for number in range(1, CALLS + 1)}
    running.links["calls", "contacts"] = links
    running.fail(every=5, fault=Cut(), upto=2000)
    yield running
    running.close()


@pytest.fixture
def world(ledger_url, tmp_path):
    """A home folder and the URL of an empty ledger."""
    (tmp_path / "sources.yaml").write_text(SOURCES)
    return tmp_path, ledger_url


def run(children, world, server, point=""):
    """Run a child; returns whether it died at the point, and asserts that nothing else happened."""
    home, url = world
    witness = home / "witness"
    before = witness.read_text() if witness.exists() else ""
    arguments = (home, url, server.url, point, str(witness))
    child = children.Process(target=pull_once, args=arguments)
    child.start()
    child.join(120)
    after = witness.read_text() if witness.exists() else ""
    died = child.exitcode == -signal.SIGKILL
    assert died or child.exitcode == 0
    assert after == before + (f"{point}\n" if died else "")
    return died


def change(server, number):
    """Somebody works in the CRM between two runs."""
    server.put("contacts", number % CONTACTS + 1, email=f"changed-{number}@b.co")


def assert_each_record_once(world, server):
    home, url = world
    workspace = open_workspace(home, url)
    with workspace.ledger.read() as connection:
        newest = dict(connection.execute(select(tables.lead.c.lead_id, tables.lead.c.email)).all())
        versions = connection.execute(
            select(tables.lead_version.c.lead_id, tables.lead_version.c.email)
        ).all()
        accepted = connection.execute(
            select(func.sum(tables.batch.c.accepted)).where(tables.batch.c.entity == "lead")
        ).scalar_one()
    log = [row[0] for row in workspace.log.read().fetchall()]
    workspace.close()
    assert newest == {
        f"hubspot:{number}": one["properties"]["email"]
        for number, one in server.objects["contacts"].items()
    }
    assert set(Counter(versions).values()) == {1}
    assert accepted == len(versions)
    assert len(log) == len(set(log)) == CALLS
    assert not [path for path in (home / "home" / "spool").rglob("*") if path.is_file()]


@pytest.mark.parametrize("point", POINTS)
def test_killed_once_at_a_point_and_run_again_each_record_is_taken_once(
    children, world, server, point
):
    assert run(children, world, server, point)
    change(server, 3)
    assert not run(children, world, server)
    assert_each_record_once(world, server)


@pytest.mark.parametrize("point", ["pull.after_spool", "pull.after_take"])
def test_killed_with_every_batch_it_goes_on_a_batch_a_run(children, world, server, point):
    for number in range(5):  # three batches of contacts, two of calls
        assert run(children, world, server, point)
        if number == 1:
            change(server, number)
    assert not run(children, world, server)
    assert_each_record_once(world, server)


@pytest.mark.parametrize("seed", range(count(10)))
def test_killed_again_and_again_at_any_points_each_record_is_taken_once(
    children, world, server, seed
):
    chance = random.Random(seed)
    died = []
    for number in range(5):
        died.append(run(children, world, server, chance.choice(POINTS)))
        change(server, number)
    assert sum(died) >= 2
    assert not run(children, world, server)
    assert_each_record_once(world, server)
