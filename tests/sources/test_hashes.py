"""A file that nobody touched is hashed once, whoever looks; one that was touched is read again."""

from __future__ import annotations

import json
import os

import pytest

from accord.sources import hashes, streams
from accord.sources.hashes import kept_hashes
from accord.sources.streams import hash_content


@pytest.fixture
def read(monkeypatch):
    """The places that were read to be hashed."""
    places = []
    plain = streams._hash

    def hashing(place):
        places.append(place)
        return plain(place)

    monkeypatch.setattr(streams, "_hash", hashing)
    return places


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    os.utime(path, ns=(1_700_000_000_000_000_000, 1_700_000_000_000_000_000))
    return path


def new_process(monkeypatch):
    monkeypatch.setattr(hashes, "known", {})


def older(kept):
    """Let the hashes have been kept long after the files were changed."""
    later = kept.stat().st_mtime_ns + 10_000_000_000
    os.utime(kept, ns=(later, later))


def test_an_untouched_file_is_read_once_by_all_processes(tmp_path, file, read, monkeypatch):
    kept = tmp_path / "home" / "hashes.json"
    with kept_hashes(kept):
        digest, _ = hash_content(str(file))
        assert hash_content(str(file))[0] == digest
    older(kept)
    new_process(monkeypatch)
    with kept_hashes(kept):
        assert hash_content(str(file))[0] == digest
    assert read == [str(file)]


def test_a_file_with_other_content_of_the_same_length_is_read_again(
    tmp_path, file, read, monkeypatch
):
    kept = tmp_path / "hashes.json"
    with kept_hashes(kept):
        before, _ = hash_content(str(file))
    older(kept)
    new_process(monkeypatch)
    file.write_text("id\n2\n")
    os.utime(file, ns=(1_700_000_000_000_000_000, 1_700_000_000_000_000_000))
    with kept_hashes(kept):
        assert hash_content(str(file))[0] != before
    assert len(read) == 2


def test_a_file_changed_just_before_its_hash_was_kept_is_read_again(
    tmp_path, file, read, monkeypatch
):
    kept = tmp_path / "hashes.json"
    with kept_hashes(kept):
        hash_content(str(file))
    new_process(monkeypatch)
    with kept_hashes(kept):
        hash_content(str(file))
    assert len(read) == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"form": 9, "files": []}', '{"form": 1, "files": [[1]]}']
)
def test_hashes_that_cannot_be_read_cost_time_and_nothing_else(tmp_path, file, read, text):
    kept = tmp_path / "hashes.json"
    kept.write_text(text)
    with kept_hashes(kept):
        hash_content(str(file))
    assert len(json.loads(kept.read_text())["files"]) == 1


def test_what_is_no_longer_asked_for_is_forgotten(tmp_path, file):
    kept = tmp_path / "hashes.json"
    other = tmp_path / "b.csv"
    other.write_text("id\n")
    with kept_hashes(kept):
        hash_content(str(file))
        hash_content(str(other))
    with kept_hashes(kept):
        hash_content(str(other))
    assert [entry[0] for entry in json.loads(kept.read_text())["files"]] == [str(other)]
