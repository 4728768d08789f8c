"""The adapter that is a file of JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.crm import FileCrm, Item, Result, open_crm
from accord.errors import InputError

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)


def item(key: str, **payload) -> Item:
    return Item(key=key, kind="handoff", payload=payload)


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
        "payload": {"name": "Zoë"},
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
    assert crm.read_back(["a"]) == frozenset()
    crm.upsert([item("a"), item('with "quotes" and \\')], sent_at=AT)
    there = FileCrm(crm.path).read_back(["a", "c", 'with "quotes" and \\'])
    assert there == {"a", 'with "quotes" and \\'}


def test_a_last_line_that_a_crash_cut_off_does_not_count_and_is_written_anew(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item("a"), item("b")], sent_at=AT)
    whole = crm.path.read_bytes()
    crm.path.write_bytes(whole[:-5])
    again = FileCrm(crm.path)
    assert again.read_back(["a", "b"]) == {"a"}
    again.upsert([item("b"), item("c")], sent_at=AT)
    assert [line["key"] for line in lines(crm.path)] == ["a", "b", "c"]


def test_a_file_replaced_by_another_is_read_anew(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item("a")], sent_at=AT)
    crm.path.unlink()
    crm.upsert([item("b")], sent_at=AT)
    assert crm.read_back(["a", "b"]) == {"b"}


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
    assert crm.read_back(["a"]) == {"a"}


def test_a_large_file_is_read_in_pieces(tmp_path):
    crm = FileCrm(tmp_path / "crm.jsonl")
    crm.upsert([item(f"k{number}", text="x" * 50_000) for number in range(60)], sent_at=AT)
    assert len(FileCrm(crm.path).read_back([f"k{number}" for number in range(70)])) == 60


def test_an_unknown_adapter_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match="'pigeon' is no adapter; expected file"):
        open_crm("pigeon", folder=tmp_path)
