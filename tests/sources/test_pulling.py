"""The spool: whole pairs wait in order, halves are swept, names are content."""

from __future__ import annotations

import pytest

from accord.records import Entity
from accord.sources import Source, read_rows
from accord.sources.pulling import Spool, spool_folders

SOURCE = Source(
    name="x",
    entity=Entity.LEAD,
    hubspot={"object": "contacts"},
    fields={"lead_id": "id", "email": "properties.email"},
)


@pytest.fixture
def spool(tmp_path):
    return Spool(folder=tmp_path / "a [b]*" / "x")


def write(spool, number, *ids, cursor=None):
    with spool.open(number, asked="that") as file:
        file.write([{"id": one, "properties": {"email": None}} for one in ids])
        return file.finish(cursor or {"after": ids[-1]})


def test_what_was_finished_waits_in_the_order_it_was_pulled_with_its_cursor(spool):
    write(spool, 2, "b")
    write(spool, 1, "a")
    write(spool, 10, "c")
    assert [(one.number, one.cursor, one.asked) for one in spool.waiting()] == [
        (1, {"after": "a"}, "that"),
        (2, {"after": "b"}, "that"),
        (10, {"after": "c"}, "that"),
    ]


def test_rows_come_back_as_they_were_written_from_a_folder_of_any_name(spool):
    batch = write(spool, 1, "19-digit", "1234567890123456789", "é\n").batch(SOURCE)
    rows = read_rows(batch)
    assert rows.text("id").to_pylist() == ["19-digit", "1234567890123456789", "é\n"]
    assert rows.text("properties.email").to_pylist() == [None, None, None]


def test_the_same_rows_are_the_same_batch_whichever_pull_they_came_with(spool):
    one, other, third = write(spool, 1, "a"), write(spool, 2, "a"), write(spool, 3, "b")
    assert one.digest == other.digest != third.digest
    names = [spooled.batch(SOURCE).batch_id for spooled in (one, other, third)]
    assert names[0] == names[1] != names[2]


def test_a_pull_that_was_not_finished_leaves_nothing(spool):
    with spool.open(1, asked="that") as file:
        file.write([{"id": "a"}])
    assert list(spool.folder.iterdir()) == []


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_half_a_pair_that_a_kill_left_is_swept(spool, ending):
    rows = write(spool, 1, "a").rows
    rows.with_suffix(ending).unlink()
    (spool.folder / "00000002.part").write_text("half")
    assert spool.waiting() == []
    assert list(spool.folder.iterdir()) == []


def test_what_is_removed_waits_no_more(spool):
    one, other = write(spool, 1, "a"), write(spool, 2, "b")
    one.remove()
    one.remove()
    assert [left.number for left in spool.waiting()] == [other.number]


def test_the_folder_is_its_owners_alone(spool):
    write(spool, 1, "a")
    assert spool.folder.stat().st_mode & 0o077 == 0


def test_a_spool_that_was_never_used_is_empty(spool, tmp_path):
    assert spool.waiting() == []
    assert list(spool_folders(tmp_path / "nowhere")) == []
