"""The adapter that is a file of JSON lines."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.crm import FileCrm, Item, Result
from accord.errors import DeliveryError
from accord.records import payload_hash
from tests.crm.conformance import Conformance, Feature

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)


def item(key: str, **payload) -> Item:
    return Item(key=key, kind="handoff", payload={"lead_id": "crm:1", **payload})


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_item_is_one_line_with_its_key_first(tmp_path):
    crm = FileCrm(tmp_path / "outbox" / "crm.jsonl")
    outcomes = crm.upsert([item("handoff:1:rep", name="Zoë")], sent_at=AT)
    assert [outcome.result for outcome in outcomes] == [Result.TAKEN]
    line = {
        "key": "handoff:1:rep",
        "kind": "handoff",
        "sent_at": "2026-11-16T14:00:00Z",
        "payload": {"lead_id": "crm:1", "name": "Zoë"},
    }
    assert lines(crm.path) == [line]
    assert crm.path.read_text(encoding="utf-8").startswith('{"key": "handoff:1:rep"')


def test_a_key_sent_twice_is_one_line(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item("a"), item("a")], sent_at=AT)
    crm.upsert([item("a"), item("b")], sent_at=AT)
    FileCrm(crm.path).upsert([item("a"), item("b")], sent_at=AT)
    assert [line["key"] for line in lines(crm.path)] == ["a", "b"]


def test_reading_back_tells_which_keys_are_there(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    assert crm.read_back(["a"]) == {}
    crm.upsert([item("a"), item('with "quotes" and \\')], sent_at=AT)
    there = FileCrm(crm.path).read_back(["a", "c", 'with "quotes" and \\'])
    assert set(there) == {"a", 'with "quotes" and \\'}


def test_a_last_line_that_a_crash_cut_off_does_not_count_and_is_written_anew(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item("a"), item("b")], sent_at=AT)
    whole = crm.path.read_bytes()
    crm.path.write_bytes(whole[:-5])
    again = FileCrm(crm.path)
    assert set(again.read_back(["a", "b"])) == {"a"}
    again.upsert([item("b"), item("c")], sent_at=AT)
    assert [line["key"] for line in lines(crm.path)] == ["a", "b", "c"]


def test_a_file_replaced_by_another_is_read_anew(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item("a")], sent_at=AT)
    crm.path.unlink()
    crm.upsert([item("b")], sent_at=AT)
    assert set(crm.read_back(["a", "b"])) == {"b"}


def test_two_writers_on_one_file_keep_one_effect_a_key(tmp_path):
    one, other = FileCrm(tmp_path / "crm.jsonl"), FileCrm(tmp_path / "crm.jsonl")
    one.upsert([item("a")], sent_at=AT)
    other.upsert([item("a"), item("b")], sent_at=AT)
    one.upsert([item("b"), item("c")], sent_at=AT)
    assert [line["key"] for line in lines(one.path)] == ["a", "b", "c"]


def test_lines_that_are_not_ours_are_passed_over(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.path.write_text("a note of somebody\n", encoding="utf-8")
    crm.upsert([item("a")], sent_at=AT)
    assert set(crm.read_back(["a"])) == {"a"}


@pytest.mark.parametrize(
    "damaged", ['{"key": "abc', '{"key": ', '{"key": "\\x", "kind', '{"key": 7}', '{"key": [[[[["a']
)
def test_a_damaged_line_is_passed_over_and_ends_no_delivery(tmp_path, damaged):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item("a")], sent_at=AT)
    with crm.path.open("a", encoding="utf-8") as file:
        file.write(f"{damaged}\n")
    for again in (crm, FileCrm(crm.path)):
        assert [one.result for one in again.upsert([item("b")], sent_at=AT)] == [Result.TAKEN]
        assert set(again.read_back(["a", "b"])) == {"a", "b"}
    assert crm.path.read_text(encoding="utf-8").count('"key": "b"') == 1


def test_a_folder_in_the_files_place_is_one_error(tmp_path):
    (tmp_path / "crm.jsonl").mkdir()
    crm = FileCrm(tmp_path / "crm.jsonl")
    for use in (lambda: crm.upsert([item("a")], sent_at=AT), lambda: crm.read_back(["a"])):
        with pytest.raises(DeliveryError, match=r"crm\.jsonl cannot be used \(Is a directory\)"):
            use()


def test_a_file_in_the_folders_place_is_one_error(tmp_path):
    (tmp_path / "outbox").write_text("", encoding="utf-8")
    with pytest.raises(DeliveryError, match="cannot be used"):
        FileCrm(tmp_path / "outbox" / "crm.jsonl").upsert([item("a")], sent_at=AT)


def test_a_disk_that_is_full_is_one_error_and_nothing_doubles(tmp_path, monkeypatch):
    crm = FileCrm(tmp_path / "crm.jsonl")
    write, left = os.pwrite, 250

    def pwrite(file, some, at):
        nonlocal left
        if not left:
            raise OSError(28, "No space left on device")
        taken = write(file, some[:left], at)
        left -= taken
        return taken

    items = [item(f"k{number}", text="x" * 30) for number in range(5)]
    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(DeliveryError, match=r"cannot be used \(No space left on device\)"):
        crm.upsert(items, sent_at=AT)
    assert crm.path.stat().st_size == 250
    monkeypatch.undo()
    assert {one.result for one in crm.upsert(items, sent_at=AT)} == {Result.TAKEN}
    assert [line["key"] for line in lines(crm.path)] == [one.key for one in items]


def test_a_write_that_takes_a_part_at_a_time_is_gone_on_with(tmp_path, monkeypatch):
    crm, write = FileCrm(tmp_path / "crm.jsonl"), os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, some, at: write(file, some[:7], at))
    crm.upsert([item("a"), item("b")], sent_at=AT)
    crm.erase(lambda key, _: b"{}" if key == "a" else None)
    assert [(line["key"], bool(line["payload"])) for line in lines(crm.path)] == [
        ("a", False),
        ("b", True),
    ]


def test_a_large_file_is_read_in_pieces(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item(f"k{number}", text="x" * 50_000) for number in range(60)], sent_at=AT)
    assert len(FileCrm(crm.path).read_back([f"k{number}" for number in range(70)])) == 60


def hashed(key: str, **payload) -> Item:
    return Item(key=key, kind="task", payload=payload, payload_hash=payload_hash(payload))


def test_a_line_written_by_another_process_conflicts_as_well(tmp_path):
    FileCrm(tmp_path / "crm.jsonl").upsert([hashed("a", n=1)], sent_at=AT)
    crm = FileCrm(tmp_path / "crm.jsonl")
    same, other, fresh = crm.upsert(
        [hashed("a", n=1), hashed("a", n=2), hashed("b", n=1)], sent_at=AT
    )
    assert (same.result, fresh.result) == (Result.TAKEN, Result.TAKEN)
    assert other.result is Result.CONFLICT
    assert [line["payload"] for line in lines(crm.path)] == [{"n": 1}, {"n": 1}]


def test_an_item_without_a_hash_never_conflicts(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([hashed("a", n=1)], sent_at=AT)
    (outcome,) = crm.upsert([item("a", n=2)], sent_at=AT)
    assert outcome.result is Result.TAKEN
    assert [line["payload"] for line in lines(crm.path)] == [{"n": 1}]


def test_what_was_erased_tells_no_hash_and_does_not_conflict(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([hashed("a", name="Zoë"), hashed("b", n=1)], sent_at=AT)
    assert crm.erase(lambda key, _: b"{}" if key == "a" else None) == 1
    there = FileCrm(crm.path).read_back(["a", "b"])
    assert {key: one.payload_hash for key, one in there.items()} == {
        "a": None,
        "b": payload_hash({"n": 1}),
    }
    (outcome,) = crm.upsert([hashed("a", name="Zoë")], sent_at=AT)
    assert outcome.result is Result.TAKEN


class FileSystem:
    """The file, as anybody reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def effects(self, key):
        return sum(line["key"] == key for line in self._lines())

    def payload(self, key):
        return next(line["payload"] for line in self._lines() if line["key"] == key)

    def _lines(self):
        return lines(self.path) if self.path.exists() else []


_NOBODY = "a file of lines holds effects and no leads: nobody edits, nothing is set"
_LOCAL = "it is a file on this machine: nothing is sent, and nobody is asked"


class TestConformance(Conformance):
    cannot = {  # noqa: RUF012 - a class of tests is never changed
        Feature.EDITS: _NOBODY,
        Feature.PRIORITY: _NOBODY,
        Feature.REQUESTS: _LOCAL,
        Feature.REACH: _LOCAL,
        Feature.SECRET: _LOCAL,
        Feature.BAD_ITEMS: "a line takes whatever is JSON",
    }

    @pytest.fixture
    def system(self, tmp_path):
        return FileSystem(tmp_path / "crm.jsonl")

    @pytest.fixture
    def crm(self, system):
        return FileCrm(system.path)
