"""The activity log takes every activity once, reads what was asked, and survives being killed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import InputError
from accord.log import READ_COLUMNS, ActivityLog, Appended
from accord.log.storage import Storage
from accord.records import to_us
from tests.killing import run_killed

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
DAY_US = 86_400_000_000
SEPTEMBER_30 = to_us(datetime(2026, 9, 30, tzinfo=UTC))


def batch(*rows: tuple[str, str, str, int], detail: str | None = None) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    ids, leads, kinds, instants = (list(column) for column in columns)
    return pa.table(
        {
            "activity_id": pa.array(ids, pa.string()),
            "lead_id": pa.array(leads, pa.string()),
            "kind": pa.array(kinds, pa.string()),
            "occurred_us": pa.array(instants, pa.int64()),
            "detail": pa.array([detail] * len(ids), pa.string()),
        }
    )


def content(log: ActivityLog, **wanted) -> list[tuple]:
    table = log.read(**wanted).to_arrow_table()
    return sorted(
        (row["activity_id"], row["lead_id"], row["kind"], row["occurred_us"])
        for row in table.to_pylist()
    )


@pytest.fixture
def log(tmp_path: Path):
    opened = ActivityLog.open(str(tmp_path / "a folder" / "activity"))
    yield opened
    opened.close()


THREE = (
    ("web:1", "crm:1", "page_viewed", SEPTEMBER_30),
    ("web:2", "crm:2", "page_viewed", SEPTEMBER_30 + DAY_US),
    ("web:3", "crm:1", "demo_requested", SEPTEMBER_30 + 2 * DAY_US),
)


def test_an_absent_log_is_empty_and_has_its_columns(log: ActivityLog) -> None:
    table = log.read().to_arrow_table()
    assert table.num_rows == 0
    assert tuple(table.column_names) == READ_COLUMNS
    assert log.read(lead_ids=["crm:1"], kinds=["x"], from_us=0, until_us=1).fetchall() == []
    assert log.version is None
    log.compact()


def test_a_batch_is_read_back_whole(log: ActivityLog) -> None:
    appended = log.append(batch(*THREE, detail="/pricing"), batch_id="b1", taken_at=NOW)
    assert appended == Appended(accepted=3, duplicates=0)
    assert content(log) == sorted(THREE)
    row = log.read(lead_ids=["crm:2"]).to_arrow_table().to_pylist()
    assert row == [
        {
            "activity_id": "web:2",
            "lead_id": "crm:2",
            "kind": "page_viewed",
            "occurred_us": SEPTEMBER_30 + DAY_US,
            "detail": "/pricing",
            "taken_us": to_us(NOW),
        }
    ]


def test_the_months_are_partitions_cut_in_utc(log: ActivityLog, tmp_path: Path) -> None:
    last = to_us(datetime(2026, 10, 1, tzinfo=UTC)) - 1
    log.append(batch(("a", "x", "k", last), ("b", "x", "k", last + 1)), batch_id="b1", taken_at=NOW)
    folder = tmp_path / "a folder" / "activity"
    assert {path.name for path in folder.glob("month=*")} == {"month=2026-09", "month=2026-10"}


def test_a_batch_offered_again_is_counted_as_the_first_time(log: ActivityLog) -> None:
    log.append(batch(THREE[0]), batch_id="b0", taken_at=NOW)
    first = log.append(batch(*THREE), batch_id="b1", taken_at=NOW)
    version = log.version
    assert first == Appended(accepted=2, duplicates=1)
    assert log.append(batch(*THREE), batch_id="b1", taken_at=NOW) == first
    assert log.version == version
    assert content(log) == sorted(THREE)


def test_a_row_that_the_first_time_left_out_is_taken_when_the_batch_comes_again(
    log: ActivityLog,
) -> None:
    first = log.append(batch(*THREE[:2]), batch_id="b1", taken_at=NOW)
    again = log.append(batch(*THREE), batch_id="b1", taken_at=NOW)
    assert (first.accepted, again) == (2, Appended(accepted=3, duplicates=0))
    assert len(content(log)) == 3


def test_a_batch_of_nothing_new_writes_nothing_and_counts_the_same_again(log: ActivityLog) -> None:
    log.append(batch(*THREE), batch_id="b1", taken_at=NOW)
    version = log.version
    for _ in range(2):
        again = log.append(batch(*THREE), batch_id="b2", taken_at=NOW)
        assert again == Appended(accepted=0, duplicates=3)
    assert log.append(batch(), batch_id="b3", taken_at=NOW) == Appended(accepted=0, duplicates=0)
    assert log.version == version


def test_a_repeat_within_the_batch_is_a_duplicate_and_the_first_stays(log: ActivityLog) -> None:
    rows = batch(
        ("web:1", "crm:1", "first", 5), ("web:1", "crm:1", "second", 5), ("web:0", "crm:1", "k", 5)
    )
    assert log.append(rows, batch_id="b1", taken_at=NOW) == Appended(accepted=2, duplicates=1)
    assert [row[2] for row in content(log)] == ["k", "first"]


def test_the_same_id_at_another_time_is_another_activity(log: ActivityLog) -> None:
    log.append(batch(("web:1", "crm:1", "k", 5)), batch_id="b1", taken_at=NOW)
    other = log.append(batch(("web:1", "crm:1", "k", 6)), batch_id="b2", taken_at=NOW)
    assert other == Appended(accepted=1, duplicates=0)


def test_both_bounds_of_time_are_inclusive(log: ActivityLog) -> None:
    for number in range(4):
        log.append(
            batch((f"a{number}", "x", "k", number * 40 * DAY_US)),
            batch_id=f"b{number}",
            taken_at=NOW,
        )
    inside = content(log, from_us=40 * DAY_US, until_us=80 * DAY_US)
    assert [row[0] for row in inside] == ["a1", "a2"]
    assert content(log, from_us=40 * DAY_US + 1, until_us=80 * DAY_US - 1) == []


def test_leads_and_kinds_narrow_the_read_and_an_empty_list_means_none(log: ActivityLog) -> None:
    log.append(batch(*THREE), batch_id="b1", taken_at=NOW)
    assert [row[0] for row in content(log, lead_ids=["crm:1", "crm:1"])] == ["web:1", "web:3"]
    assert [row[0] for row in content(log, lead_ids=["crm:1"], kinds=["page_viewed"])] == ["web:1"]
    assert content(log, lead_ids=[]) == []
    assert content(log, kinds=[]) == []


def test_compaction_keeps_the_content_and_the_exactly_once(log: ActivityLog) -> None:
    for number in range(5):
        row = (f"a{number}", "x", "k", number)
        log.append(batch(row), batch_id=f"b{number}", taken_at=NOW)
    before = content(log)
    log.compact()
    assert content(log) == before
    assert len(log._storage.files()) == 1
    again = log.append(batch(("a3", "x", "k", 3)), batch_id="b3", taken_at=NOW)
    assert again == Appended(accepted=1, duplicates=0)
    assert content(log) == before


def test_many_small_files_are_merged_while_an_open_relation_stays_good(log: ActivityLog) -> None:
    log.append(batch(("first", "x", "k", 0)), batch_id="b", taken_at=NOW)
    relation = log.read()
    for number in range(40):
        row = (f"a{number}", "x", "k", number)
        log.append(batch(row), batch_id=f"b{number}", taken_at=NOW)
    assert len(log._storage.files()) < 32
    assert len(relation.fetchall()) == 1
    assert len(content(log)) == 41


def test_another_process_s_batches_are_seen(log: ActivityLog, tmp_path: Path) -> None:
    log.append(batch(THREE[0]), batch_id="b1", taken_at=NOW)
    other = ActivityLog.open((tmp_path / "a folder" / "activity").as_uri())
    other.append(batch(THREE[1]), batch_id="b2", taken_at=NOW)
    other.close()
    assert len(content(log)) == 2


def test_a_log_beyond_the_local_disk_is_read_by_its_storage(tmp_path: Path) -> None:
    log = ActivityLog(Storage(str(tmp_path / "log"), {"timeout": "30s"}), folder=None)
    log.append(batch(*THREE), batch_id="b1", taken_at=NOW)
    again = log.append(batch(*THREE), batch_id="b2", taken_at=NOW)
    assert again == Appended(accepted=0, duplicates=3)
    assert content(log, lead_ids=["crm:1"], until_us=SEPTEMBER_30) == [THREE[0]]
    log.close()


def test_no_id_of_a_person_stands_in_the_history_of_the_table(
    log: ActivityLog, tmp_path: Path
) -> None:
    log.append(batch(*THREE), batch_id="b1", taken_at=NOW)
    history = (tmp_path / "a folder" / "activity" / "_delta_log").glob("*.json")
    assert not [path for path in history if b"crm:" in path.read_bytes()]


def test_a_missing_column_and_a_missing_value_are_one_clear_error(log: ActivityLog) -> None:
    with pytest.raises(InputError, match="without the column lead_id"):
        log.append(batch(*THREE).drop(["lead_id"]), batch_id="b1", taken_at=NOW)
    rows = pa.table({"activity_id": ["a"], "lead_id": [None], "kind": ["k"], "occurred_us": [1]})
    with pytest.raises(InputError, match="1 rows without lead_id"):
        log.append(rows, batch_id="b1", taken_at=NOW)
    bare = batch(*THREE).drop(["detail"])
    assert log.append(bare, batch_id="b1", taken_at=NOW).accepted == 3


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=6),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_comes_twice_is_there_once(tmp_path_factory, batches) -> None:
    log = ActivityLog.open(str(tmp_path_factory.mktemp("log")))
    seen: set[tuple[int, int]] = set()
    for number, keys in enumerate(batches):
        rows = batch(*((f"a{key}", "x", "k", at * 20 * DAY_US) for key, at in keys))
        appended = log.append(rows, batch_id=f"b{number}", taken_at=NOW)
        fresh = set(keys) - seen
        assert appended == Appended(accepted=len(fresh), duplicates=len(keys) - len(fresh))
        seen |= fresh
    found = {(int(row[0][1:]), row[3] // (20 * DAY_US)) for row in content(log)}
    assert found == seen
    assert len(content(log)) == len(seen)
    log.close()


def append(folder: str) -> Appended:
    log = ActivityLog.open(folder)
    rows = {"activity_id": ["web:1", "web:2", "web:2"], "lead_id": ["crm:1"] * 3}
    rows |= {"kind": ["k"] * 3, "occurred_us": [1, 2, 2]}
    taken_at = datetime(2026, 10, 5, tzinfo=UTC)
    return log.append(pa.table(rows), batch_id="b1", taken_at=taken_at)


@pytest.mark.parametrize("point", ["log.before_append", "log.after_append"])
def test_killed_around_the_append_and_run_again_is_as_if_run_once(
    tmp_path: Path, children: Any, point: str
) -> None:
    folder = str(tmp_path / "log")
    run_killed(children, append, tmp_path / "witness", folder, point=point)
    for _ in range(2):
        assert append(folder) == Appended(accepted=2, duplicates=1)
    log = ActivityLog.open(folder)
    assert content(log) == [("web:1", "crm:1", "k", 1), ("web:2", "crm:1", "k", 2)]
    log.close()


@pytest.mark.parametrize("name", ["a[1]", "a*", "what?", "50%20off", "x^y"])
def test_a_folder_whose_name_engines_take_for_a_pattern_is_refused(
    tmp_path: Path, name: str
) -> None:
    for uri in (str(tmp_path / name), (tmp_path / name).as_uri()):
        with pytest.raises(InputError, match="in its name; expected a folder for the activity log"):
            ActivityLog.open(uri)
    ActivityLog.open(str(tmp_path / "Söle & Co (1)")).close()
