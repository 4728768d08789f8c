"""Erasing people from the activity log: their rows go, nothing of them stays in any file."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.log import ActivityLog

TAKEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
MONTH_US = 31 * 24 * 3600 * 1_000_000
START_US = 1_760_000_000_000_000
MANY = 5_000_000
SECONDS = 30


def activities(ids, lead_ids, *, details=None, at=START_US):
    count = len(ids)
    return pa.table(
        {
            "activity_id": pa.array(list(ids), pa.string()),
            "lead_id": pa.array(list(lead_ids), pa.string()),
            "kind": pa.array(["page_viewed"] * count, pa.string()),
            "occurred_us": pa.array([at + MONTH_US * one for one in range(count)], pa.int64()),
            "detail": pa.array(details or [None] * count, pa.string()),
        }
    )


@pytest.fixture
def log(tmp_path):
    opened = ActivityLog.open(str(tmp_path / "log"))
    yield opened
    opened.close()


def append(log, table, batch_id):
    return log.append(table, batch_id=batch_id, taken_at=TAKEN)


def files_with(folder: Path, text: bytes) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


def leads_of(log):
    return sorted(row[1] for row in log.read().fetchall())


def test_the_rows_of_a_lead_go_and_all_others_stay(log):
    append(log, activities("abc", ["ann", "bob", "ann"]), "b1")
    append(log, activities("def", ["bob", "ann", "carl"]), "b2")
    assert log.count_of(["ann"]) == {"b1": 2, "b2": 1}
    log.erase(["ann"])
    assert leads_of(log) == ["bob", "bob", "carl"]
    assert log.count_by_batch() == {"b1": 1, "b2": 2}
    assert log.count_of(["ann"]) == {}


def test_erasing_twice_is_erasing_once(log):
    append(log, activities("abc", ["ann", "bob", "ann"]), "b1")
    log.erase(["ann"])
    before = sorted(log.read().fetchall())
    log.erase(["ann"])
    assert sorted(log.read().fetchall()) == before


def test_an_empty_log_and_an_unknown_lead_are_nothing_to_do(log):
    assert log.erase(["ann"]) == 0
    assert log.count_of(["ann"]) == {}
    append(log, activities("a", ["bob"]), "b1")
    assert log.erase(["ann"]) == 0
    assert leads_of(log) == ["bob"]


def test_a_lead_id_with_an_apostrophe_is_taken_as_it_is(log):
    append(log, activities("abc", ["crm:o'neil@b.co", "crm:o", "neil' OR 1=1 --"]), "b1")
    log.erase(["crm:o'neil@b.co"])
    assert leads_of(log) == ["crm:o", "neil' OR 1=1 --"]


def test_details_of_others_that_quote_the_person_are_emptied(log):
    told = ["forwarded to ANN@b.co", "read it", "ann@b.company wrote", None]
    append(log, activities("abcd", ["bob", "bob", "carl", "ann"], details=told), "b1")
    assert log.erase(["ann"], quoted=["Ann@B.co"]) == 2
    assert sorted(str(row[4]) for row in log.read().fetchall()) == ["None", "None", "read it"]


def test_no_file_of_the_table_holds_what_was_erased(log, tmp_path):
    append(log, activities("abc", ["ann@b.co", "bob", "ann@b.co"]), "b1")
    append(log, activities("def", ["bob", "ann@b.co", "carl"], details=["z9z9"] * 3), "b2")
    assert files_with(tmp_path, b"ann@b.co")
    log.erase(["ann@b.co"], quoted=["z9z9"])
    assert files_with(tmp_path, b"ann@b.co") == []
    assert files_with(tmp_path, b"z9z9") == []


def test_what_a_killed_append_left_behind_is_deleted_too(log, tmp_path):
    append(log, activities("abc", ["ann@b.co", "bob", "carl"]), "b1")
    orphan = next((tmp_path / "log").rglob("part-*.parquet"))
    copy = orphan.with_name("part-00000-killed.parquet")
    copy.write_bytes(orphan.read_bytes())
    log.erase(["nobody"])
    assert not copy.exists()
    assert len(leads_of(log)) == 3


def test_a_batch_is_known_after_the_rows_of_it_were_erased(log):
    table = activities("ab", ["ann", "bob"])
    append(log, table, "b1")
    log.erase(["ann"])
    again = ActivityLog.open(log._storage.uri)
    assert again._storage.holds_batch("b1")
    assert append(again, table.slice(1), "b1").accepted == 1
    assert leads_of(again) == ["bob"]


def test_a_process_that_had_the_log_open_goes_on_after_the_history_is_gone(log):
    append(log, activities("abc", ["ann", "bob", "ann"]), "b1")
    other = ActivityLog.open(log._storage.uri)
    assert len(leads_of(other)) == 3
    for number in range(3):
        append(log, activities([f"x{number}"], ["carl"]), f"c{number}")
    log.erase(["ann"])
    assert leads_of(other) == ["bob", "carl", "carl", "carl"]
    assert append(other, activities("q", ["dora"]), "d").accepted == 1
    assert leads_of(log) == ["bob", "carl", "carl", "carl", "dora"]


def test_compacting_leaves_no_file_and_no_history_behind(log, tmp_path):
    for number in range(60):
        append(log, activities([f"a{number}"], ["ann"]), f"b{number}")
    log.compact()
    folder = tmp_path / "log"
    named = {file.path for file in log._storage.files()}
    on_disk = {str(path.relative_to(folder)) for path in folder.rglob("part-*.parquet")}
    assert on_disk == named
    assert len(named) == 1
    assert len(list((folder / "_delta_log").iterdir())) <= 3
    assert len(leads_of(log)) == 60


def test_a_table_of_an_older_ledger_learns_to_forget(log, tmp_path):
    append(log, activities("ab", ["ann", "bob"]), "b1")
    table = DeltaTable(str(tmp_path / "log"))
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})
    again = ActivityLog.open(str(tmp_path / "log"))
    again.erase(["ann"])
    assert files_with(tmp_path, b"ann") == []


_LEADS = st.sampled_from(["ann", "bob", "carl", "dora"])


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(st.lists(_LEADS, min_size=1, max_size=6), min_size=1, max_size=4),
    gone=st.sets(_LEADS),
)
def test_counts_before_and_after_differ_by_what_was_counted(tmp_path_factory, batches, gone):
    log = ActivityLog.open(str(tmp_path_factory.mktemp("log")))
    for number, leads in enumerate(batches):
        ids = [f"{number}-{at}" for at in range(len(leads))]
        append(log, activities(ids, leads), f"b{number}")
    before, counted = log.count_by_batch(), log.count_of(sorted(gone))
    log.erase(sorted(gone))
    after = log.count_by_batch()
    assert {name: count - counted.get(name, 0) for name, count in before.items()} == {
        name: after.get(name, 0) for name in before
    }
    assert gone.isdisjoint(leads_of(log))
    log.close()


def named(prefix, numbers, between):
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), between)


@pytest.mark.proof
def test_a_lead_of_five_million_activities_is_gone_within_seconds(log):
    chance = np.random.default_rng(7)
    count = MANY // 5
    for part in range(5):
        ids = named(f"{part}", np.arange(count), "-")
        leads = named("crm", chance.integers(0, 200_000, count), ":")
        at = START_US + np.sort(chance.integers(0, 12 * MONTH_US, count))
        table = pa.table(
            {
                "activity_id": ids,
                "lead_id": leads,
                "kind": pa.repeat("page_viewed", count),
                "occurred_us": pa.array(at),
            }
        )
        append(log, table, f"b{part}")
    log.compact()
    assert log.count_of(["crm:77"])
    began = time.monotonic()
    log.erase(["crm:77"], quoted=["ann@b.co"])
    took = time.monotonic() - began
    assert took < SECONDS
    assert log.count_of(["crm:77"]) == {}
    assert sum(log.count_by_batch().values()) < MANY
