"""Rows set aside, released and discarded: judged again, taken once, wherever it is killed."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from accord.errors import InputError
from accord.ledger.audit_rows import miscounted_quarantine, unbalanced_batches
from accord.ledger.quarantine_rows import Wanted, keys_aside, list_aside
from accord.services.accept import accept_batch
from accord.services.ingest import run_ingest
from accord.services.release import discard, find_key, release
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = AS_OF + timedelta(hours=1)
SOURCES = """
sources:
  - name: crm_leads
    entity: lead
    system: crm
    path: in/leads-*.csv
    fields: {lead_id: id, email: mail, employees: size, created_at: created}
  - name: web
    entity: activity
    path: in/activities-*.csv
    fields: {activity_id: id, lead_id: {column: lead, system: crm}, kind: kind, occurred_at: at}
"""
LEADS = "id,mail,size,created\n1,ann@b.co,10,2026-01-02\n2,nope,,2026-01-02\n3,bob@b.co,many,\n"
ACTIVITIES = "id,lead,kind,at\n1,1,page_viewed,2026-01-03\n2,1,page_viewed,\n3,1,,2026-01-03\n"


@pytest.fixture
def taken(workspace, tmp_path):
    """A ledger with two leads and two activities set aside."""
    (tmp_path / "in").mkdir()
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "in" / "leads-1.csv").write_text(LEADS)
    (tmp_path / "in" / "activities-1.csv").write_text(ACTIVITIES)
    result = run_ingest(workspace, as_of=AS_OF)
    assert (result.accepted, result.quarantined) == (2, 4)
    return workspace


def rows(workspace, query):
    with workspace.ledger.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def keys(workspace, **wanted):
    with workspace.ledger.read() as connection:
        return keys_aside(connection, Wanted(**wanted))


def asides(workspace, **wanted):
    with workspace.ledger.read() as connection:
        found = list_aside(connection, Wanted(**wanted), limit=100)
    return {(row["source"], row["row_number"]): row for row in found}


def laws_hold(workspace):
    with workspace.ledger.read() as connection:
        return not unbalanced_batches(connection) and not miscounted_quarantine(connection)


def aside(workspace, source, row_number):
    row = asides(workspace)[source, row_number]
    return row["batch_id"], row["row_number"]


def test_a_corrected_row_is_taken_and_says_as_which_batch(taken):
    key = aside(taken, "crm_leads", 2)
    decided = release(taken, [key], as_of=LATER, changes={"mail": "cy@d.co"})
    assert (decided.done, decided.failing) == ((key,), ())
    assert rows(taken, "SELECT lead_id, email FROM lead ORDER BY 1") == [
        ("crm:1", "ann@b.co"),
        ("crm:2", "cy@d.co"),
    ]
    row = asides(taken)["crm_leads", 2]
    assert (row["status"], row["decided_at"]) == ("released", LATER)
    place = f"SELECT place, rows_in, accepted FROM batch WHERE batch_id = '{row['released_as']}'"
    assert rows(taken, place) == [("released:crm_leads", 1, 1)]
    assert rows(taken, "SELECT quarantined FROM batch WHERE place LIKE '%leads-1.csv'") == [(2,)]
    assert laws_hold(taken)


def test_a_row_that_fails_again_stays_open_with_its_new_reasons(taken):
    key = aside(taken, "crm_leads", 3)
    decided = release(taken, [key], as_of=LATER, changes={"size": "-4"})
    assert decided.done == ()
    (finding,) = decided.failing
    assert "employees is negative" in finding.sentence
    row = asides(taken)["crm_leads", 3]
    assert row["status"] == "open"
    assert row["reasons"] == [{"rule": "lead.employees", "sentence": "employees is negative"}]
    assert rows(taken, "SELECT count(*) FROM batch") == [(2,)]
    assert laws_hold(taken)


def test_releasing_twice_does_nothing_and_says_so(taken):
    key = aside(taken, "crm_leads", 2)
    release(taken, [key], as_of=LATER, changes={"mail": "cy@d.co"})
    before = rows(taken, "SELECT * FROM batch ORDER BY batch_id")
    again = release(taken, [key], as_of=LATER, changes={"mail": "dee@d.co"})
    assert (again.done, again.failing) == ((), ())
    ((which, what),) = again.before
    assert which == key
    assert what.startswith("is released already, as batch ")
    assert rows(taken, "SELECT * FROM batch ORDER BY batch_id") == before
    assert rows(taken, "SELECT email FROM lead WHERE lead_id = 'crm:2'") == [("cy@d.co",)]


def test_many_rows_are_released_by_their_rule_as_one_batch_a_source(taken):
    picked = keys(taken, rule="activity.missing", status="open")
    assert len(picked) == 2
    changes = {"kind": "page_viewed", "at": "2026-01-04"}
    decided = release(taken, picked, as_of=LATER, changes=changes)
    assert len(decided.done) == 2
    assert sorted(row[0] for row in taken.log.read().fetchall()) == ["web:1", "web:2", "web:3"]
    assert len({row["released_as"] for row in asides(taken, source="web").values()}) == 1
    assert len(keys(taken, status="open")) == 2
    assert laws_hold(taken)


def test_of_many_rows_those_that_fail_stay(taken):
    decided = release(taken, keys(taken, status="open"), as_of=LATER, changes={})
    assert decided.done == ()
    assert len(decided.failing) == 4
    mixed = release(taken, keys(taken, source="crm_leads"), as_of=LATER, changes={"size": "7"})
    assert len(mixed.done) == len(mixed.failing) == 1
    assert laws_hold(taken)


def test_a_column_that_the_row_has_not_is_one_error_with_the_nearest_name(taken):
    key = aside(taken, "crm_leads", 2)
    with pytest.raises(InputError, match="did you mean mail") as found:
        release(taken, [key], as_of=LATER, changes={"mial": "cy@d.co"})
    assert found.value.where == "--set mial"
    assert asides(taken)["crm_leads", 2]["status"] == "open"


def test_a_source_that_is_gone_is_one_error(taken, tmp_path):
    key = aside(taken, "crm_leads", 2)
    (tmp_path / "sources.yaml").write_text(SOURCES.replace("crm_leads", "crm_people"))
    with pytest.raises(InputError, match="no source any more"):
        release(taken, [key], as_of=LATER, changes={"mail": "cy@d.co"})


def test_a_row_is_read_by_the_mapping_as_it_is_now(taken, tmp_path):
    key = aside(taken, "crm_leads", 3)
    written = "employees: {column: size, nulls: [many]}"
    (tmp_path / "sources.yaml").write_text(SOURCES.replace("employees: size", written))
    assert release(taken, [key], as_of=LATER).done == (key,)
    assert rows(taken, "SELECT email FROM lead WHERE lead_id = 'crm:3'") == [("bob@b.co",)]


def test_a_row_that_the_sources_filter_leaves_out_now_stays(taken, tmp_path):
    key = aside(taken, "crm_leads", 2)
    filtered = SOURCES.replace("path: in/leads", "only: {id: ['1']}\n    path: in/leads")
    (tmp_path / "sources.yaml").write_text(filtered)
    decided = release(taken, [key], as_of=LATER, changes={"mail": "cy@d.co"})
    (finding,) = decided.failing
    assert "filter" in finding.sentence


def test_discarded_rows_stay_counted_and_wait_for_nobody(taken):
    key = aside(taken, "crm_leads", 2)
    assert discard(taken, [key], as_of=LATER, reason="a test entry").done == (key,)
    row = asides(taken)["crm_leads", 2]
    assert (row["status"], row["decided_at"]) == ("discarded", LATER)
    assert row["reasons"][-1] == {"rule": "discarded", "sentence": "a test entry"}
    assert discard(taken, [key], as_of=LATER).before == ((key, "is discarded"),)
    assert release(taken, [key], as_of=LATER, changes={"mail": "c@d.co"}).before == (
        (key, "is discarded"),
    )
    assert laws_hold(taken)


def test_a_row_is_named_by_the_first_letters_of_its_batch(taken):
    batch_id, row_number = aside(taken, "crm_leads", 2)
    assert find_key(taken, batch_id[:8], row_number) == (batch_id, row_number)
    with pytest.raises(InputError, match="no such row"):
        find_key(taken, batch_id[:8], 99)


HELD = "id,mail,size,created\n" + "".join(
    f"{n},{'nope' if n % 2 else f'p{n}@b.co'},,2026-01-02\n" for n in range(1, 121)
)


def test_a_held_batch_is_taken_once_a_person_accepts_it(workspace, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "in" / "leads-1.csv").write_text(HELD)
    assert run_ingest(workspace, as_of=AS_OF).held == 120
    ((batch_id,),) = rows(workspace, "SELECT batch_id FROM batch")
    assert run_ingest(workspace, as_of=LATER).batches == 0
    found = accept_batch(workspace, batch_id[:10], as_of=LATER, by="ann", reason="a fair")
    assert (found.status, found.counts.accepted, found.counts.quarantined) == ("taken", 60, 60)
    assert rows(workspace, "SELECT batch_id, status, held FROM batch") == [(batch_id, "taken", 0)]
    said = "SELECT sentence FROM quality WHERE rule = 'accepted'"
    assert rows(workspace, said) == [("let in by ann at 2026-11-21 13:00 UTC: a fair",)]
    assert laws_hold(workspace)
    with pytest.raises(InputError, match="is taken"):
        accept_batch(workspace, batch_id, as_of=LATER, by="ann")
    assert run_ingest(workspace, as_of=LATER).batches == 0


def test_a_held_batch_whose_file_is_gone_cannot_be_accepted(workspace, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "sources.yaml").write_text(SOURCES)
    file = tmp_path / "in" / "leads-1.csv"
    file.write_text(HELD)
    run_ingest(workspace, as_of=AS_OF)
    ((batch_id,),) = rows(workspace, "SELECT batch_id FROM batch")
    file.write_text(HELD.replace("p2@", "q2@"))
    with pytest.raises(InputError, match="not there any more"):
        accept_batch(workspace, batch_id, as_of=LATER, by="ann")


# Killed for real.


def release_all(home, url, point, witness):
    """What a child does: die at the point, or run to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    settings = Settings(
        home=home / "home",
        database_url=url,
        agreement=ROOT / "agreement.yaml",
        sources=home / "sources.yaml",
        _env_file=None,
    )
    workspace = Workspace.open(settings)
    changes = {"kind": "page_viewed", "at": "2026-01-04"}
    release(workspace, keys(workspace, source="web", status="open"), as_of=LATER, changes=changes)
    workspace.close()


def die_or_end(children, home, url, point):
    witness = home / "witness"
    child = children.Process(target=release_all, args=(home, url, point, str(witness)))
    child.start()
    child.join(120)
    died = child.exitcode == -signal.SIGKILL
    assert died or child.exitcode == 0
    assert died == (witness.exists() and point in witness.read_text())
    witness.unlink(missing_ok=True)
    return died


@pytest.mark.parametrize(
    ("point", "released"),
    [
        ("ingest.after_quality", 0),
        ("log.after_append", 0),
        ("ingest.before_commit", 0),
        ("ingest.after_commit", 2),
    ],
)
def test_killed_anywhere_a_release_has_happened_once_or_not_at_all(
    taken, tmp_path, ledger_url, children, point, released
):
    assert die_or_end(children, tmp_path, ledger_url, point)
    assert len(keys(taken, source="web", status="released")) == released
    assert die_or_end(children, tmp_path, ledger_url, point) == (released == 0)
    assert not die_or_end(children, tmp_path, ledger_url, "")
    assert len(keys(taken, source="web", status="released")) == 2
    assert sorted(row[0] for row in taken.log.read().fetchall()) == ["web:1", "web:2", "web:3"]
    assert rows(taken, "SELECT count(*) FROM batch WHERE place = 'released:web'") == [(1,)]
    assert laws_hold(taken)
