"""Finding files, and naming batches by what they hold."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accord.errors import FileInMotionError, SourceError
from accord.sources import csv_rows, find_batches, json_rows, read_pieces, read_rows, streams


def places(source):
    return [batch.place.rpartition("/")[2] for batch in find_batches(source)]


def test_a_glob_finds_files_in_order_and_nothing_is_fine(tmp_path, source):
    made = source(path="in/*.csv*")
    assert places(made) == []
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.csv").write_text("id\n1\n")
    (tmp_path / "in" / "a.csv.gz").write_bytes(gzip.compress(b"id\n2\n"))
    (tmp_path / "in" / "d.csv").mkdir()
    assert places(made) == ["a.csv.gz", "b.csv"]


def test_a_plain_path_must_be_there(source):
    (error,) = find_batches(source(path="no.csv"))
    assert isinstance(error, SourceError)
    assert "no.csv: is not there; expected a file; correct the path" in str(error)


def test_a_batch_is_named_by_content_and_mapping_and_not_by_place_or_packing(tmp_path, source):
    (tmp_path / "a.csv").write_text("id,x\n1,2\n")
    (tmp_path / "b.csv").write_text("id,x\n1,2\n")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"id,x\n1,2\n"))
    (tmp_path / "d.csv").write_text("id,x\n1,3\n")
    ids = [
        next(iter(find_batches(source(path=name)))).batch_id
        for name in ("a.csv", "b.csv", "c.csv.gz", "d.csv")
    ]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    other = source(path="a.csv", fields={"lead_id": "x"})
    assert next(iter(find_batches(other))).batch_id != ids[0]


def test_the_order_of_fields_in_the_file_does_not_rename_a_batch(tmp_path, source):
    (tmp_path / "a.csv").write_text("id,x\n1,2\n")
    one, two = {"lead_id": "id", "title": "x"}, {"title": "x", "lead_id": "id"}
    ids = {
        next(iter(find_batches(source(path="a.csv", fields=fields)))).batch_id
        for fields in (one, two)
    }
    assert len(ids) == 1


def test_a_file_replaced_in_place_is_seen(tmp_path, source):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    made = source(path="a.csv")
    before = next(iter(find_batches(made))).batch_id
    (tmp_path / "new").write_text("id\n2\n")
    (tmp_path / "new").replace(path)
    assert next(iter(find_batches(made))).batch_id != before


def test_a_file_that_changes_between_finding_and_reading_is_left_for_the_next_run(tmp_path, source):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    (batch,) = find_batches(source(path="a.csv"))
    path.write_text("id\n1\n2\n")
    with pytest.raises(SourceError, match="changed while it was read; the next run takes it"):
        read_rows(batch)


def test_a_query_takes_all_its_files_at_once_and_waits_until_all_are_there(tmp_path, source):
    made = source(files={"a": "a*.csv", "b": "b*.csv"}, query="SELECT * FROM a JOIN b USING (id)")
    (tmp_path / "a1.csv").write_text("id\n1\n")
    assert list(find_batches(made)) == []
    (tmp_path / "a2.csv").write_text("id\n2\n")
    (tmp_path / "b1.csv").write_text("id\n2\n")
    (batch,) = find_batches(made)
    assert [file.name for file in batch.files] == ["a", "a", "b"]
    assert read_rows(batch).text("id").to_pylist() == ["2"]


def test_any_url_of_fsspec_is_read(source):
    system = fsspec.filesystem("memory")
    system.pipe("/inbox/leads-1.csv", b"id\n1\n")
    system.pipe("/inbox/leads-2.csv", b"id\n2\n")
    batches = list(find_batches(source(path="memory://inbox/leads-*.csv")))
    assert [read_rows(batch).text("id").to_pylist() for batch in batches] == [["1"], ["2"]]
    (error,) = find_batches(source(path="memory://inbox/none.csv"))
    assert isinstance(error, SourceError)


def test_a_scheme_that_nobody_knows_is_an_error_and_no_traceback(source):
    (error,) = find_batches(source(path="nosuch://inbox/a.csv"))
    assert isinstance(error, SourceError)


def zstd(content):
    return pa.compress(content, codec="zstd", asbytes=True)


def test_names_that_say_not_finished_are_never_taken_from_a_glob(tmp_path, source):
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.csv.tmp", "c.part", "d.crdownload", ".e.csv", "~$f.csv", "g.csv~"):
        (tmp_path / "in" / name).write_text("id\n1\n")
    assert places(source(path="in/*", reader="csv")) == ["a.csv"]


def test_packed_files_are_unpacked_on_the_way_also_of_several_parts(tmp_path, source):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id\n1\n") + gzip.compress(b"2\n"))
    (tmp_path / "b.csv.zst").write_bytes(zstd(b"id\n1\n") + zstd(b"2\n"))
    batches = list(find_batches(source(path="*.csv.*", reader="csv")))
    assert [read_rows(batch).text("id").to_pylist() for batch in batches] == [["1", "2"]] * 2
    assert len({batch.batch_id for batch in batches}) == 1


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_packed_file_cut_short_is_one_error_and_taken_when_it_is_whole(tmp_path, source, pack):
    name = "a.csv.gz" if pack is gzip.compress else "a.csv.zst"
    packed = pack(b"id\n" + b"".join(b"%d\n" % (i * i) for i in range(9_999)))
    made = source(path=name)
    for cut in (len(packed) // 2, len(packed) - 1):
        (tmp_path / name).write_bytes(packed[:cut])
        (error,) = find_batches(made)
        assert isinstance(error, SourceError)
        assert "is no whole" in str(error)
        assert "\n" not in str(error)
    (tmp_path / name).write_bytes(packed)
    (batch,) = find_batches(made)
    assert read_rows(batch).count == 9_999


def test_a_file_that_grows_while_it_is_hashed_is_still_being_written(tmp_path, source, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    real = streams._hash

    def hash_and_grow(place):
        digest = real(place)
        with path.open("a") as opened:
            opened.write("2\n")
        return digest

    monkeypatch.setattr(streams, "_hash", hash_and_grow)
    (error,) = find_batches(source(path="a.csv"))
    assert isinstance(error, FileInMotionError)
    assert str(error) == f"{path}: is still being written; the next run takes it"
    monkeypatch.undo()
    (batch,) = find_batches(source(path="a.csv"))
    assert read_rows(batch).text("id").to_pylist() == ["1", "2"]


def test_a_file_that_changes_under_a_reader_ends_the_reading(tmp_path, source):
    path = tmp_path / "a.csv"
    path.write_text("id,n\n" + "1,x\n" * 10)
    (batch,) = find_batches(source(path="a.csv"))
    pieces = read_pieces(batch, at_once=4)
    with path.open("a") as opened:
        opened.write("2,y\n")
    with pytest.raises(FileInMotionError, match="changed while it was read"):
        list(pieces)


def test_a_parquet_file_without_its_footer_is_left_and_taken_when_it_is_whole(tmp_path, source):
    pq.write_table(pa.table({"id": ["1", "2"]}), tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    made = source(path="a.parquet")
    (tmp_path / "a.parquet").write_bytes(content[:-9])
    (batch,) = find_batches(made)
    with pytest.raises(SourceError, match="is no whole Parquet file"):
        read_rows(batch)
    (tmp_path / "a.parquet").write_bytes(content)
    (batch,) = find_batches(made)
    assert read_rows(batch).text("id").to_pylist() == ["1", "2"]


@pytest.mark.parametrize(("age", "waits"), [(29, True), (30, False), (31, False)])
def test_a_file_younger_than_it_must_settle_waits(tmp_path, source, age, waits):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    as_of = datetime(2026, 11, 22, 12, tzinfo=UTC)
    written = as_of.timestamp() - age
    os.utime(path, (written, written))
    (found,) = find_batches(source(path="*.csv", settle="30s"), as_of=as_of)
    assert isinstance(found, FileInMotionError) is waits


def test_an_error_in_a_late_piece_is_raised_when_it_is_reached(tmp_path, source, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 64)
    (tmp_path / "a.csv").write_text("id,n\n" + "1,x\n" * 100 + '2,"y\n')
    (batch,) = find_batches(source(path="a.csv"))
    pieces = read_pieces(batch, at_once=10)
    assert next(pieces).count == 10
    with pytest.raises(SourceError, match="line 102: opens a quote that is never closed"):
        list(pieces)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.csv.gz", "a.jsonl.zst"])
@pytest.mark.parametrize("at_once", [1, 7, 100, 1_000])
def test_pieces_are_the_whole_in_order_and_numbered(tmp_path, source, monkeypatch, name, at_once):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 50)
    monkeypatch.setattr(json_rows, "_ROWS", 13)
    if "csv" in name:
        content = b"id,n\n" + b"".join(b'%d,"n\n%d"\n' % (i, i) for i in range(100))
    elif "jsonl" in name:
        content = b"".join(b'{"id": "%d", "n": "n\\n%d"}\n' % (i, i) for i in range(100))
    else:
        table = pa.table({"id": [str(i) for i in range(100)], "n": [f"n\n{i}" for i in range(100)]})
        pq.write_table(table, tmp_path / "x", row_group_size=33)
        content = (tmp_path / "x").read_bytes()
    pack = {"gz": gzip.compress, "zst": zstd}.get(name.rpartition(".")[2], lambda same: same)
    (tmp_path / name).write_bytes(pack(content))
    (batch,) = find_batches(source(path=name))
    pieces = list(read_pieces(batch, at_once=at_once))
    assert [piece.first for piece in pieces] == list(range(1, 101, at_once))
    assert all(piece.count == at_once for piece in pieces[:-1])
    whole = read_rows(batch)
    for column in ("id", "n"):
        told = [cell for piece in pieces for cell in piece.text(column).to_pylist()]
        assert told == whole.text(column).to_pylist()
    assert whole.text("n").to_pylist()[42] == "n\n42"


@pytest.mark.parametrize(("name", "content"), [("a.csv", b"id,n\n"), ("a.jsonl", b"")])
def test_a_file_without_rows_is_one_empty_piece(tmp_path, source, name, content):
    (tmp_path / name).write_bytes(content)
    (batch,) = find_batches(source(path=name))
    (piece,) = read_pieces(batch, at_once=10)
    assert (piece.count, piece.first) == (0, 1)


@pytest.mark.parametrize("name", ["r.csv.gz", "r.parquet", "r.jsonl"])
def test_a_file_at_a_url_is_read_by_every_reader_and_must_stay_what_was_found(source, name):
    table = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"]}), table)
    contents = {
        "r.csv.gz": [gzip.compress(b"id\n1\n2\n"), gzip.compress(b"id\n3\n")],
        "r.parquet": [table.getvalue(), table.getvalue()[:-1]],
        "r.jsonl": [b'{"id": 1}\n{"id": 2}', b'{"id": 3}\n'],
    }
    system = fsspec.filesystem("memory")
    system.pipe(f"/far/{name}", contents[name][0])
    (batch,) = find_batches(source(path=f"memory://far/{name}"))
    assert read_rows(batch).text("id").to_pylist() == ["1", "2"]
    system.pipe(f"/far/{name}", contents[name][1])
    with pytest.raises(FileInMotionError, match="changed while it was read"):
        read_rows(batch)
