"""Finding files, and naming batches by what they hold."""

from __future__ import annotations

import gzip

import fsspec
import pytest

from accord.errors import SourceError
from accord.sources import find_batches, read_rows


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
