"""Batches read and judged while others are stored end as batches taken one by one."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from accord.services import known_leads, one_batch, taking
from accord.services.ingest import run_ingest
from tests.crash.ingest_world import open_workspace
from tests.proof import count

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOURCES = """
sources:
  - name: crm_leads
    entity: lead
    system: crm
    path: in/leads-*.csv
    fields: {lead_id: id, email: mail, created_at: created}
  - name: web
    entity: activity
    system: web
    path: in/activities-*.csv
    fields: {activity_id: id, lead_id: {column: lead, system: crm}, kind: kind, occurred_at: at}
  - name: crm_touches
    entity: touch
    system: crm
    path: in/touches-*.csv
    fields: {touch_id: id, lead_id: lead, channel: channel, touched_at: at}
"""
DAYS = ("2026-11-01", "2026-11-10", "2026-11-20", "")
MAILS = ("", "a@b.co", "b@b.co", "nope")
LEADS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(MAILS), st.sampled_from(DAYS)), max_size=6
)
FACTS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 8), st.sampled_from(DAYS)), max_size=9)
NAMES = ("leads-1", "leads-2", "activities-1", "activities-2", "touches-1")  # as a run takes them
WORLD = st.tuples(LEADS, LEADS, FACTS, FACTS, FACTS)
HEADS = {
    "leads": "id,mail,created",
    "activities": "id,lead,at,kind",
    "touches": "id,lead,at,channel",
}
TAILS = {"leads": "", "activities": ",page_viewed", "touches": ",call"}
QUERIES = (
    "SELECT lead_id, created_at FROM lead",
    "SELECT lead_id, row_number, created_at, email FROM lead_version",
    "SELECT source, row_number, record_key, status FROM quarantine",
    "SELECT entity, rule, row_number, record_key FROM flag",
    "SELECT need, lead_id FROM pending",
    "SELECT source, status, rows_in, accepted, quarantined, duplicates, held, flagged FROM batch",
    "SELECT touch_id, lead_id, touched_at FROM touch",
)


def lines(name, rows):
    kind = name.partition("-")[0]
    return "\n".join([HEADS[kind], *(",".join(map(str, row)) + TAILS[kind] for row in rows), ""])


def opened(folder):
    (folder / "in").mkdir(parents=True)
    (folder / "sources.yaml").write_text(SOURCES)
    return open_workspace(folder, "")


def stored(workspace):
    with workspace.ledger.read() as connection:
        found = [sorted(map(str, connection.execute(text(query)))) for query in QUERIES]
    return found, sorted(workspace.log.read().fetchall())


def ended(folder, *runs):
    """What is stored after some runs, each of which finds further files."""
    workspace = opened(folder)
    for files in runs:
        for name, rows in files.items():
            (folder / "in" / f"{name}.csv").write_text(lines(name, rows))
        assert not run_ingest(workspace, as_of=AS_OF).errors
    found = stored(workspace)
    workspace.close()
    return found


@pytest.mark.parametrize("many", [0, 20_000], ids=["all leads at once", "some leads"])
@pytest.mark.proof
@pytest.mark.timeout(3600)
@settings(max_examples=count(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=WORLD)
def test_files_taken_in_one_run_end_as_taken_in_a_run_each(monkeypatch, tmp_path, many, world):
    monkeypatch.setattr(known_leads, "_MANY", many)
    monkeypatch.setattr(taking, "_AT_ONCE", 3)
    folder = tmp_path / "together"
    shutil.rmtree(tmp_path, ignore_errors=True)
    named = dict(zip(NAMES, world, strict=True))
    one_by_one = ({name: rows} for name, rows in named.items())
    assert ended(folder, named) == ended(tmp_path / "apart", *one_by_one)


def looked_at_with(monkeypatch, tmp_path, leads):
    """What is flagged among activities that come in one run with these leads."""
    monkeypatch.setattr(one_batch, "_FEWEST_HELD", 1)
    folder = tmp_path / str(len(leads))
    facts = [(1, 1, DAYS[0]), (2, 2, DAYS[0])]
    (*_, flags, _, batches, _), _ = ended(folder, {"leads-1": leads, "activities-1": facts})
    return flags, batches


def test_leads_of_a_batch_that_is_held_are_not_known_to_the_next(monkeypatch, tmp_path):
    good, bad = (1, "a@b.co", DAYS[0]), (3, "nope", DAYS[0])
    flags, _ = looked_at_with(monkeypatch, tmp_path, [good])
    assert len(flags) == 1
    assert "crm:2" not in flags[0]
    assert "'web:2'" in flags[0]
    flags, batches = looked_at_with(monkeypatch, tmp_path, [good, bad, bad])
    assert "'held'" in "".join(batches)
    assert len(flags) == 2


def test_after_an_error_nothing_goes_on_and_nothing_waits(monkeypatch, tmp_path):
    """The store fails under the first batch while the second waits for its leads."""
    workspace = opened(tmp_path / "world")
    inbox = tmp_path / "world" / "in"
    (inbox / "leads-1.csv").write_text(lines("leads-1", [(1, "", DAYS[0])]))
    (inbox / "activities-1.csv").write_text(lines("activities-1", [(1, 1, DAYS[0])] * 9))
    monkeypatch.setattr(taking, "_AT_ONCE", 1)

    def fails(*_, **__):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(one_batch, "store_records", fails)
        with pytest.raises(OSError, match="disk is full"):
            run_ingest(workspace, as_of=AS_OF)
    assert not [thread for thread in threading.enumerate() if "accord" in thread.name]
    assert not workspace.settings.staging_path.exists()
    assert run_ingest(workspace, as_of=AS_OF).batches == 2
    workspace.close()


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_taken(tmp_path):
    workspace = opened(tmp_path / "world")
    inbox = tmp_path / "world" / "in"
    (inbox / "leads-1.csv").write_text(lines("leads-1", [(1, "", DAYS[0])]))
    (inbox / "activities-1.csv").write_bytes(b"id,lead,at,kind\n1,1,2026-11-01,\xff\xfe\n")
    (inbox / "activities-2.csv").write_text(lines("activities-2", [(1, 1, DAYS[0])]))
    result = run_ingest(workspace, as_of=AS_OF)
    assert (result.batches, len(result.errors)) == (2, 1)
    assert "activities-1.csv" in result.errors[0].subject
    workspace.close()
