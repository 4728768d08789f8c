"""The stored rollup and its tail: what is in which, replaced as a whole, gone when it is erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from accord.log import ROW_NUMBER, ActivityLog, Cut, open_staging
from accord.log import staging as staging_room
from accord.log.columns import ROLLUP_SCHEMA
from accord.log.storage import Storage
from accord.records import to_us
from accord.scoring import ROLLUP_COLUMNS

TAKEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
TAKEN_US = to_us(TAKEN)
SECOND = timedelta(seconds=1)
MONTH_US = 31 * 24 * 3600 * 1_000_000
HALF_LIVES = {"visit": 5.0, "form": 1e300}


def activities(ids, lead_ids, instants):
    return pa.table(
        {
            "activity_id": pa.array(list(ids), pa.string()),
            "lead_id": pa.array(list(lead_ids), pa.string()),
            "kind": pa.array(["visit"] * len(ids), pa.string()),
            "occurred_us": pa.array(instants, pa.int64()),
        }
    )


def append(log, table, batch_id, at=TAKEN):
    return log.append(table, batch_id=batch_id, taken_at=at)


def rollup_of(log, *lead_ids):
    count = len(lead_ids)
    columns = (lead_ids, ["visit"] * count, [1] * count, [0] * count, [0] * count)
    columns = (*columns, [1.0] * count, [5.0] * count)
    arrays = [
        pa.array(list(column), field.type)
        for column, field in zip(columns, ROLLUP_SCHEMA, strict=True)
    ]
    return log.connection.from_arrow(pa.table(arrays, schema=ROLLUP_SCHEMA))


def store(log, *lead_ids, occurred_us=0, taken_us=TAKEN_US):
    cut = Cut(occurred_us=occurred_us, taken_us=taken_us)
    return log.write_rollup(rollup_of(log, *lead_ids), cut=cut, half_lives=HALF_LIVES)


def leads_of(log, **wanted):
    return sorted(row[0] for row in log.read_rollup(**wanted).fetchall())


def tail(log, **wanted):
    return sorted(row[0] for row in log.read_tail(**wanted).fetchall())


def files_with(folder: Path, text: bytes) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


@pytest.fixture(params=["folder", "object storage"])
def log(request, tmp_path):
    """The log in a folder, and reached as object storage is, without a path."""
    opened = ActivityLog.open(str(tmp_path / "log"))
    if request.param == "object storage":
        opened = ActivityLog(Storage(str(tmp_path / "log"), None), folder=None)
    yield opened
    opened.close()


@pytest.fixture
def local(tmp_path):
    opened = ActivityLog.open(str(tmp_path / "log"))
    yield opened
    opened.close()


def test_a_log_without_a_rollup_is_all_tail(log) -> None:
    assert (log.cut, log.stored_half_lives) == (None, {})
    assert log.read_rollup(lead_ids=["ann"], kinds=[]).fetchall() == []
    assert tuple(log.read_rollup().columns) == ROLLUP_COLUMNS
    append(log, activities("ab", ["ann", "bob"], [1, 2]), "b1")
    assert tail(log) == ["a", "b"]
    assert tail(log, lead_ids=["bob"], until_us=2) == ["b"]


def test_what_is_stored_comes_back_with_its_cut_and_its_half_lives(log) -> None:
    assert store(log, "bob", "ann", occurred_us=7) == 2
    assert log.cut == Cut(occurred_us=7, taken_us=TAKEN_US)
    assert log.stored_half_lives == HALF_LIVES
    assert log.read_rollup().order("lead_id").fetchall() == [
        ("ann", "visit", 1, 0, 0, 1.0, 5.0),
        ("bob", "visit", 1, 0, 0, 1.0, 5.0),
    ]
    assert leads_of(log, lead_ids=["ann", "nobody"]) == ["ann"]
    assert leads_of(log, kinds=["form"]) == []


def test_a_rollup_is_replaced_whole_and_may_be_read_for_it(log) -> None:
    store(log, "ann", "bob", "carl")
    kept = log.read_rollup().filter("lead_id <> 'bob'")
    assert log.write_rollup(kept, cut=Cut(occurred_us=9, taken_us=9), half_lives={}) == 2
    assert leads_of(log) == ["ann", "carl"]
    assert (log.cut, log.stored_half_lives) == (Cut(occurred_us=9, taken_us=9), {})


def test_a_rollup_of_nobody_has_a_cut_too(log) -> None:
    store(log, "ann")
    assert store(log, occurred_us=5) == 0
    assert log.cut == Cut(occurred_us=5, taken_us=TAKEN_US)
    assert leads_of(log) == []


def test_an_activity_exactly_at_the_cut_in_both_times_is_held(log) -> None:
    """Beyond it in either time by a microsecond, it is of the tail."""
    append(log, activities(["held", "later"], ["ann"] * 2, [10, 11]), "b1")
    append(log, activities(["since"], ["ann"], [10]), "b2", at=TAKEN + SECOND / 1_000_000)
    store(log, "ann", occurred_us=10)
    assert tail(log) == ["later", "since"]
    assert tail(log, until_us=10) == ["since"]


def test_files_that_the_rollup_holds_whole_are_not_opened_for_the_tail(local) -> None:
    append(local, activities("ab", "ab", [1, MONTH_US * 2]), "b1")
    store(local, "a", "b", occurred_us=MONTH_US * 3)
    append(local, activities("c", "c", [2]), "b2", at=TAKEN + SECOND)
    append(local, activities("d", "d", [MONTH_US * 4]), "b3", at=TAKEN)
    opened = []
    scan = local._scan_files
    with patch.object(local, "_scan_files", lambda files: opened.extend(files) or scan(files)):
        assert tail(local) == ["c", "d"]
    assert len(opened) == 2
    assert len(local._storage.files()) == 4


@pytest.mark.parametrize("tidy", ["merged small", "compacted"])
def test_files_that_mix_old_and_new_are_told_apart_row_by_row(local, tidy) -> None:
    append(local, activities(["old", "far"], ["ann"] * 2, [1, 90]), "b0")
    store(local, "ann", occurred_us=50)
    for number in range(34 if tidy == "merged small" else 3):
        append(local, activities([f"n{number}"], ["ann"], [2]), f"n{number}", at=TAKEN + SECOND)
    if tidy == "compacted":
        local.compact()
        assert len(local._storage.files()) == 1
    new = tail(local)
    assert "old" not in new
    assert {"far", "n0", "n2"} <= set(new)
    assert len(new) == local.read().count("*").fetchall()[0][0] - 1


def test_a_log_of_the_former_version_works_and_learns_to_tell_when_files_were_taken(
    local, tmp_path
) -> None:
    former = {**Storage.configuration, "delta.dataSkippingStatsColumns": "occurred_us"}
    with patch.object(Storage, "configuration", former):
        append(local, activities("ab", "ab", [1, 2]), "b1")
    assert [file.last_taken for file in local._storage.files()] == [None]
    store(local, "a", "b", occurred_us=5)
    append(local, activities("c", "c", [3]), "b2")
    assert tail(local) == ["c"]
    assert [row[0] for row in local.read(known_us=TAKEN_US - 1).fetchall()] == []
    local.compact()
    assert tail(local) == ["c"]
    assert all(file.last_taken is not None for file in local._storage.files())
    settings = DeltaTable(str(tmp_path / "log")).metadata().configuration
    assert settings["delta.dataSkippingStatsColumns"] == "occurred_us,taken_us"


def test_what_is_taken_after_the_cut_counts_as_taken_after_it(log) -> None:
    store(log, occurred_us=100)
    append(log, activities("a", "a", [1]), "b1", at=TAKEN)
    append(log, activities("b", "b", [1]), "b2", at=TAKEN - 5 * SECOND)
    append(log, activities("c", "c", [1]), "b3", at=TAKEN + SECOND)
    taken = dict(log.read().select("activity_id", "taken_us").fetchall())
    assert taken == {"a": TAKEN_US + 1, "b": TAKEN_US + 1, "c": TAKEN_US + 1_000_000}
    assert tail(log) == ["a", "b", "c"]


@pytest.mark.parametrize("late", [False, True])
def test_so_do_the_files_of_a_large_batch(log, tmp_path, late) -> None:
    """Staged with the clock before the cut (late) or after it; both files reach the tail."""
    store(log, occurred_us=MONTH_US * 9)
    at = TAKEN - SECOND if late else TAKEN + SECOND
    with (
        patch.object(staging_room, "_PART_BYTES", 1),
        open_staging(tmp_path / "staging", batch_id="b1", taken_at=at) as staging,
    ):
        for number in range(1, 5):
            piece = activities([f"a{number}"], ["ann"], [number * MONTH_US])
            staging.add(piece.append_column(ROW_NUMBER, pa.array([number])))
        taken = log.append_staged(staging, without=np.empty(0, dtype=np.int64))
    assert taken.accepted == 4
    assert tail(log) == ["a1", "a2", "a3", "a4"]
    due = TAKEN_US + 1 if late else to_us(at)
    assert {row[0] for row in log.read().select("taken_us").fetchall()} == {due}
    assert {(file.first_taken, file.last_taken) for file in log._storage.files()} == {(due, due)}


def test_a_read_may_be_limited_to_what_was_known_by_then(log) -> None:
    for number in range(3):
        append(
            log, activities([f"a{number}"], ["ann"], [1]), f"b{number}", at=TAKEN + number * SECOND
        )
    known = log.read(known_us=TAKEN_US + 1_000_000)
    assert sorted(row[0] for row in known.fetchall()) == ["a0", "a1"]
    assert log.read(known_us=TAKEN_US - 1).fetchall() == []


def test_a_cut_and_the_rows_read_after_it_belong_together_whoever_moves_it(local, tmp_path) -> None:
    append(local, activities("a", "a", [1]), "b1")
    store(local, "a", occurred_us=1)
    assert local.cut == Cut(occurred_us=1, taken_us=TAKEN_US)
    append(local, activities("b", "b", [2]), "b2")
    other = ActivityLog.open(str(tmp_path / "log"))
    store(other, "a", "b", occurred_us=2, taken_us=TAKEN_US + 1)
    assert (leads_of(local), tail(local)) == (["a"], ["b"])
    assert local.cut == other.cut
    assert (leads_of(local), tail(local)) == (["a", "b"], [])
    other.close()


def test_a_relation_of_the_replaced_rollup_is_good_until_the_log_is_compacted(local) -> None:
    store(local, "ann")
    before = local.read_rollup()
    store(local, "bob")
    assert before.fetchall()[0][0] == "ann"
    local.compact()
    assert len(list(Path(local._rollup.uri).glob("*.parquet"))) == 1
    assert leads_of(local) == ["bob"]


def test_erasing_takes_the_leads_out_and_keeps_the_cut(log) -> None:
    append(log, activities("ab", ["ann", "bob"], [1, 2]), "b1")
    store(log, "ann", "bob", occurred_us=5)
    log.erase(["ann"])
    assert leads_of(log) == ["bob"]
    assert log.cut == Cut(occurred_us=5, taken_us=TAKEN_US)
    assert log.stored_half_lives == HALF_LIVES
    log.erase(["bob"])
    assert leads_of(log) == []
    assert log.cut == Cut(occurred_us=5, taken_us=TAKEN_US)


def test_no_file_of_the_rollup_and_no_history_holds_who_was_erased(log, tmp_path) -> None:
    store(log, "ann@b.co", "bob")
    store(log, "ann@b.co", "bob", "carl")
    assert files_with(tmp_path / "log-rollup", b"ann@b.co")
    log.erase(["ann@b.co"])
    assert files_with(tmp_path / "log-rollup", b"ann@b.co") == []
    assert files_with(tmp_path / "log-rollup", b"carl")


def test_no_id_of_a_lead_stands_in_the_history_of_the_rollup(log, tmp_path) -> None:
    store(log, "crm:ann", "crm:bob")
    history = tmp_path / "log-rollup" / "_delta_log"
    assert not [path for path in history.glob("*.json") if b"crm:" in path.read_bytes()]


def test_erasing_somebody_else_rewrites_nothing(local) -> None:
    store(local, "ann")
    before = list(Path(local._rollup.uri).glob("*.parquet"))
    local.erase(["nobody"])
    assert list(Path(local._rollup.uri).glob("*.parquet")) == before


def test_what_a_killed_write_left_is_gone_after_the_next_write_or_compaction(local) -> None:
    """The write that comes next has the name that the killed one had."""
    store(local, "ann")
    folder = Path(local._rollup.uri)
    left = folder / f"{local._rollup.version + 1:020}.parquet"
    left.write_bytes(b"half a file of ann")
    store(local, "bob")
    assert leads_of(local) == ["bob"]
    (folder / "tmp_00000.parquet").write_bytes(b"half a file of ann")
    local.compact()
    assert len(list(folder.glob("*.parquet"))) == 1
    assert leads_of(local) == ["bob"]
