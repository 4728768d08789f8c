"""A batch that comes in pieces is taken as the same batch would be in one, exactly once."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from deltalake import CommitProperties
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import InputError
from accord.log import ROW_NUMBER, ActivityLog, Appended, open_staging
from accord.log import staging as staging_room
from accord.log.storage import Storage
from tests.proof import count

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
MONTH_US = 30 * 86_400_000_000

RAW = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=12)
"""Activities: which id, in which of three months. Few of each, so that they meet."""


def table(rows, first=1):
    count = len(rows)
    return pa.table(
        {
            "activity_id": pa.array([f"web:{number}" for number, _ in rows], pa.string()),
            "lead_id": pa.array([f"crm:{number % 3}" for number, _ in rows], pa.string()),
            "kind": pa.array(["page_viewed"] * count, pa.string()),
            "occurred_us": pa.array([(1 + month) * MONTH_US for _, month in rows], pa.int64()),
            "detail": pa.array([f"row {first + at}" for at in range(count)], pa.string()),
            ROW_NUMBER: pa.array(range(first, first + count), pa.int64()),
        }
    )


def stage(staging, rows, cuts):
    first = 1
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        staging.add(table(rows[start:end], first))
        first += end - start


def content(log):
    columns = ("activity_id", "lead_id", "kind", "occurred_us", "detail")
    return sorted(log.read().select(*columns).fetchall())


def append(log, folder, rows, cuts, *, without=(), batch_id="b1"):
    with open_staging(folder / "staging", batch_id=batch_id, taken_at=NOW) as staging:
        stage(staging, rows, cuts)
        taken = log.append_staged(staging, without=np.array(without, dtype=np.int64))
    assert not (folder / "staging").exists()
    return taken


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp("staged")
    made = iter(range(10_000))

    def make():
        folder = base / str(next(made))
        folder.mkdir()
        return folder

    return make


def opened(folder, *, remote):
    """A log in a folder; a remote one is reached as object storage is, without a path."""
    if not remote:
        return ActivityLog.open(str(folder / "activity"))
    return ActivityLog(Storage(str(folder / "activity"), None), folder=None)


@pytest.mark.proof
@pytest.mark.parametrize("remote", [False, True])
@settings(max_examples=count(200))
@given(data=st.data(), earlier=RAW, rows=RAW)
def test_pieces_end_as_the_whole_does(folders, remote, data, earlier, rows) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    part_bytes = data.draw(st.sampled_from([1, 200, 1_000_000]))
    without = sorted(data.draw(st.sets(st.integers(1, len(rows)))) if rows else ())
    found = []
    for pieces in ((), cuts):
        folder = folders()
        log = opened(folder, remote=remote)
        append(log, folder, earlier, (), batch_id="b0")
        with patch.object(staging_room, "_PART_BYTES", part_bytes):
            taken = append(log, folder, rows, pieces, without=without)
            again = append(log, folder, rows, pieces, without=without)
        assert again == taken
        found.append((taken, content(log), log.count_by_batch(), log.count_doubled()))
        log.close()
        shutil.rmtree(folder)
    assert found[0] == found[1]
    taken, rows_there, by_batch, doubled = found[1]
    assert doubled == 0
    assert taken.accepted + taken.duplicates == len(rows) - len(without)
    assert by_batch.get("b1", 0) == taken.accepted
    assert len(rows_there) == sum(by_batch.values())


def test_of_repeats_the_first_of_the_batch_is_kept(folders) -> None:
    folder = folders()
    log = ActivityLog.open(str(folder / "activity"))
    rows = [(1, 0), (2, 0), (1, 0), (1, 1)]
    assert append(log, folder, rows, (1, 2)) == Appended(accepted=3, duplicates=1)
    assert [row[4] for row in content(log)] == ["row 1", "row 4", "row 2"]
    log.close()


def test_what_a_killed_run_left_in_the_folder_is_not_of_the_next_batch(folders) -> None:
    folder = folders()
    (folder / "staging").mkdir()
    (folder / "staging" / "000000.parquet").write_text("left behind")
    log = ActivityLog.open(str(folder / "activity"))
    assert append(log, folder, [(1, 0), (2, 0)], (1,)) == Appended(accepted=2, duplicates=0)
    log.close()


def files_under(folder):
    return sorted(path.name for path in folder.glob("month=*/*.parquet"))


def test_files_that_were_moved_and_never_named_are_replaced_not_left(folders) -> None:
    """A run killed between the move and the commit; then the same batch once more."""
    folder = folders()
    log = ActivityLog.open(str(folder / "activity"))
    append(log, folder, [(5, 1)], ())
    rows = [(1, 0), (2, 0), (3, 1)]
    with (
        patch.object(CommitProperties, "__init__", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        append(log, folder, rows, (1,), batch_id="b2")
    assert len(content(log)) == 1
    left = files_under(folder / "activity")
    assert len(left) == 3
    assert append(log, folder, rows, (1,), batch_id="b2") == Appended(accepted=3, duplicates=0)
    assert files_under(folder / "activity") == left
    assert len(content(log)) == 4
    log.close()


def test_what_an_append_was_killed_over_goes_with_the_next_compaction(folders) -> None:
    folder = folders()
    log = ActivityLog.open(str(folder / "activity"))
    append(log, folder, [(1, 0)], ())
    stray = folder / "activity" / "month=1970-01" / "b2-1-000000.parquet"
    stray.write_bytes(b"nobody names this")
    log.compact()
    assert not stray.exists()
    assert len(content(log)) == 1
    log.close()


def test_a_later_take_of_a_batch_never_replaces_a_file_in_use(folders) -> None:
    """What was refused at first is taken the next time, beside what was taken then."""
    folder = folders()
    log = ActivityLog.open(str(folder / "activity"))
    rows = [(1, 0), (2, 0), (3, 0)]
    assert append(log, folder, rows, (1,), without=(3,)).accepted == 2
    assert append(log, folder, rows, (1,)).accepted == 3
    assert [row[0] for row in content(log)] == ["web:1", "web:2", "web:3"]
    log.close()


def test_an_activity_without_a_value_that_the_log_requires_must_have_been_left_out(folders) -> None:
    folder = folders()
    log = ActivityLog.open(str(folder / "activity"))
    whole = table([(1, 0), (2, 0), (3, 1)])
    lacking = whole.set_column(3, "occurred_us", pa.array([None, *whole[3].to_pylist()[1:]]))
    for without, expected in (((), None), ((1,), Appended(accepted=2, duplicates=0))):
        with open_staging(folder / "staging", batch_id="b1", taken_at=NOW) as staging:
            staging.add(lacking.slice(0, 1))
            staging.add(lacking.slice(1))
            numbers = np.array(without, dtype=np.int64)
            if expected is None:
                with pytest.raises(InputError, match="1 rows without occurred_us"):
                    log.append_staged(staging, without=numbers)
            else:
                assert log.append_staged(staging, without=numbers) == expected
    log.close()


@pytest.mark.parametrize("cuts", [(), (2, 3)])
def test_the_leads_of_all_pieces_are_known(tmp_path, cuts) -> None:
    with open_staging(tmp_path / "staging", batch_id="b1", taken_at=NOW) as staging:
        stage(staging, [(0, 0), (1, 0), (3, 0), (2, 0)], cuts)
        assert sorted(staging.survey().leads.to_pylist()) == ["crm:0", "crm:1", "crm:2"]
        assert staging.rows == 4


def test_an_empty_batch_names_no_leads(tmp_path) -> None:
    with open_staging(tmp_path / "staging", batch_id="b1", taken_at=NOW) as staging:
        assert staging.survey().leads.to_pylist() == []
