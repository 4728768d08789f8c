"""What files of other people's systems do to values, hazard by hazard."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accord.errors import SourceError

LONG = "9007199254740993123"  # 19 digits, which no float holds


def faults(records):
    return [tuple(row) for row in records.faults[["position", "field", "text"]].to_numpy().tolist()]


def test_ids_of_19_digits_keep_every_digit_in_every_format(tmp_path, taken):
    assert taken(f"id\n{LONG}\n").frame["lead_id"].tolist() == [f"crm:{LONG}"]
    assert taken(f'{{"id": {LONG}}}', name="a.jsonl").frame["lead_id"].tolist() == [f"crm:{LONG}"]
    pq.write_table(pa.table({"id": pa.array([int(LONG)], pa.uint64())}), tmp_path / "x")
    content = (tmp_path / "x").read_bytes()
    assert taken(content, name="a.parquet").frame["lead_id"].tolist() == [f"crm:{LONG}"]


def test_an_id_that_a_spreadsheet_rounded_is_no_id(tmp_path, taken):
    records = taken("id\n1.23457E+18\n1e5\nA+1\n")
    assert records.frame["lead_id"].fillna("NULL").tolist() == ["NULL", "crm:1e5", "crm:A+1"]
    assert faults(records) == [(0, "lead_id", "1.23457E+18")]
    pq.write_table(pa.table({"id": pa.array([float(LONG), 42.0, 2.0**53 - 1])}), tmp_path / "x")
    frame = taken((tmp_path / "x").read_bytes(), name="a.parquet").frame
    assert frame["lead_id"].fillna("NULL").tolist() == ["NULL", "crm:42", f"crm:{2**53 - 1}"]


def test_whole_numbers_that_came_as_floats_are_whole(taken):
    fields = {"lead_id": "id", "employees": "size"}
    frame = taken("id,size\n42.0,120.0\n1.50,7.5\n", fields=fields).frame
    assert frame["lead_id"].tolist() == ["crm:42", "crm:1.50"]
    assert frame["employees"].fillna(-1).tolist() == [120, -1]


def test_day_first_and_iso_dates_may_stand_in_one_column(taken):
    fields = {"lead_id": "id", "created_at": {"column": "at", "formats": ["%d/%m/%Y"]}}
    records = taken("id,at\n1,03/04/2026\n2,2026-04-03\n3,31/04/2026\n", fields=fields)
    day = datetime(2026, 4, 3, tzinfo=UTC)
    assert records.frame["created_at"].tolist()[:2] == [day, day]
    assert faults(records) == [(2, "created_at", "31/04/2026")]


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-03-29 01:59:59", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
        ("2026-03-29 02:00:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),  # skipped: the change
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("2026-03-29 03:00:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # repeated: the first
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
        ("25.10.2026 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_naive_local_times_are_read_in_the_hours_that_are_skipped_or_repeated(taken, local, utc):
    fields = {"lead_id": "id", "created_at": {"column": "at", "formats": ["%d.%m.%Y %H:%M"]}}
    records = taken(f"id,at\n1,{local}\n", timezone="Europe/Berlin", fields=fields)
    assert records.frame["created_at"].tolist() == [utc]


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("€ 3.500,00", ",", Decimal("3500.00")),
        ("3.500,00 €", ",", Decimal("3500.00")),
        ("1,234.5", ".", Decimal("1234.5")),
        ("1\u202f234,5", ",", Decimal("1234.5")),
        ("1.234.5", ",", None),
    ],
)
def test_amounts_are_read_by_the_decimal_sign_that_the_source_names(taken, text, decimal, expected):
    fields = {"lead_id": "id", "budget": {"column": "b", "decimal": decimal}}
    records = taken(f'id,b\n1,"{text}"\n', fields=fields)
    assert records.frame["budget"].tolist() == [expected]
    assert (not faults(records)) is (expected is not None)


def test_words_that_mean_missing_hold_for_the_column_that_names_them(taken):
    fields = {
        "lead_id": "id",
        "employees": {"column": "n", "nulls": ["#REF!"]},
        "industry": {"column": "i", "nulls": ["Select"]},
        "title": {"column": "t", "nulls": ["-"]},
        "need": "w",
    }
    text = "id,n,i,t,w\n1,#REF!,Select,-,Select\n2,#REF!,-,Select,-\n"
    records = taken(text, fields=fields)
    frame = records.frame[["employees", "industry", "title", "need"]].astype("str")
    assert frame.fillna("NULL").replace("<NA>", "NULL").to_numpy().tolist() == [
        ["NULL", "NULL", "NULL", "Select"],
        ["NULL", "-", "Select", "-"],
    ]
    assert faults(records) == []


def test_an_error_cell_that_nobody_named_is_set_aside_and_not_guessed(taken):
    records = taken("id,n\n1,#REF!\n", fields={"lead_id": "id", "employees": "n"})
    assert faults(records) == [(0, "employees", "#REF!")]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("\ufeffid,n\r\n1,Zürich\r\n".encode(), {}),
        ("id,n\r\n1,Zürich\r\n".encode("latin-1"), {"encoding": "latin-1"}),
        ("id,n\n1,Zürich\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("id,n\r1,Zürich\r".encode(), {}),
        ("id;n\n1;Zürich".encode("cp1252"), {"encoding": "cp1252", "delimiter": ";"}),
    ],
)
def test_marks_encodings_and_line_ends_leave_no_trace_in_values(taken, content, options):
    records = taken(content, fields={"lead_id": "id", "name": "n"}, **options)
    assert records.frame["name"].tolist() == ["Zürich"]


def test_latin_1_that_is_called_utf_8_is_one_error_naming_line_and_byte(taken):
    with pytest.raises(SourceError, match=r"in\.csv line 2: byte 9 is no utf-8 text; .*encoding:"):
        taken("id,n\n1,Zürich\n".encode("latin-1"))


def test_a_byte_that_the_named_encoding_lacks_is_one_error_naming_the_line(taken):
    with pytest.raises(SourceError, match=r"in\.csv line 3: a byte is no cp1252 text"):
        taken(b"id,n\n1,a\n2,\x81\n", encoding="cp1252")


def test_a_nul_byte_makes_its_cell_unreadable_and_its_row_is_set_aside(taken):
    records = taken("id,n\n1,a\x00b\n2,c\n", fields={"lead_id": "id", "name": "n"})
    assert records.frame["name"].fillna("NULL").tolist() == ["NULL", "c"]
    assert faults(records) == [(0, "name", "a\x00b")]


def test_quoted_newlines_stay_in_their_cell(taken):
    records = taken('id,n\n1,"two\r\nlines"\n2,x\n', fields={"lead_id": "id", "name": "n"})
    assert records.frame["name"].tolist() == ["two\r\nlines", "x"]
    assert records.row_numbers.tolist() == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        '"id,n"\n"1,""a, b"""\n"2,c"\n',  # every line is one field
        'id,n\n"1,""a, b"""\n2,c\n',  # some are
        '"id,n"\n1,"a, b"\n2,c\n',  # the header alone is
    ],
)
def test_a_record_that_was_wrapped_as_one_field_is_unwrapped(taken, text):
    records = taken(text, fields={"lead_id": "id", "name": "n"})
    assert records.frame["name"].tolist() == ["a, b", "c"]


def test_a_name_that_holds_the_delimiter_is_no_wrapped_header(taken):
    records = taken('"id, old"\n1\n2\n', fields={"lead_id": "id, old"})
    assert records.frame["lead_id"].tolist() == ["crm:1", "crm:2"]


def test_a_column_that_stands_twice_cannot_be_mapped_and_its_twin_is_kept(taken):
    with pytest.raises(SourceError, match=r"column 'n' stands twice; .*rename one of them"):
        taken("id,n,n\n1,a,b\n", fields={"lead_id": "id", "name": "n"})
    assert taken("id,n,n\n1,a,b\n").whole_rows([0]) == [{"id": "1", "n": "a", "n#2": "b"}]


def test_columns_come_and_go_between_files_of_one_source(taken):
    fields = {"lead_id": "id", "phone": {"column": "tel", "optional": True}}
    assert taken("id,new\n1,x\n", fields=fields).frame["phone"].isna().all()
    assert taken("tel,id\n7,1\n", fields=fields).frame["phone"].tolist() == ["7"]
    with pytest.raises(SourceError, match="has no column 'id'"):
        taken("tel,new\n7,1\n", fields=fields)


def test_a_key_of_json_lines_that_comes_late_is_no_missing_column(tmp_path, source):
    from accord.sources import find_batches, map_records, read_pieces

    lines = [{"id": 1}] * 20_001 + [{"id": 2, "mail": "a@b.c"}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    made = source(path="a.jsonl", fields={"lead_id": "id", "email": "mail"})
    (batch,) = find_batches(made)
    pieces = [
        map_records(rows, made, stage_of=lambda _: None)
        for rows in read_pieces(batch, at_once=5_000)
    ]
    assert [len(piece.frame) for piece in pieces] == [5_000] * 4 + [2]
    assert [int(piece.frame["email"].notna().sum()) for piece in pieces] == [0, 0, 0, 0, 1]


def test_a_line_with_more_or_fewer_cells_than_the_header_is_set_aside_and_counted(taken):
    text = 'id,n\n1,a\n2\n3,b,"x\ny"\n4,c,,\n'
    fields = {"lead_id": "id", "name": "n"}
    records = taken(text, fields=fields)
    assert records.frame["name"].fillna("NULL").tolist() == ["a", "NULL", "NULL", "c"]
    assert faults(records) == [(1, "row", "2"), (2, "row", '3,b,"x\ny"')]
    assert records.faults["expected"].tolist() == ["2 cells, as in the header"] * 2
    assert records.whole_rows([2]) == [{"id": None, "n": None, "(line)": '3,b,"x\ny"'}]
    assert records.rows.picked([0, 2]).records([0, 1]) == records.whole_rows([0, 2])
    with pytest.raises(SourceError, match="line 3: has 1 cells; expected 2 cells"):
        taken(text, fields=fields, ragged="refuse")


def test_a_filter_keeps_lines_that_are_no_records(taken):
    records = taken("id,n\n1,a\n2\n3,b\n", only={"n": "b"})
    assert records.row_numbers.tolist() == [2, 3]
    assert faults(records) == [(0, "row", "2")]


def test_a_file_whose_every_line_has_more_cells_than_the_header_is_refused(taken):
    with pytest.raises(SourceError, match=r"in\.csv line 2: has 3 cells; expected 2 cells"):
        taken("id,n\n1,a,x\n2,b,y\n")


def test_a_line_of_json_that_is_no_object_is_set_aside_unless_nothing_is(taken):
    records = taken('{"id": 1}\n{"id": 2,\n[3]\n', name="a.jsonl")
    assert faults(records) == [(1, "row", '{"id": 2,'), (2, "row", "[3]")]
    assert records.row_numbers.tolist() == [1, 2, 3]
    with pytest.raises(SourceError, match=r"b\.jsonl line 1: is no JSON"):
        taken("[\n 1\n]\n", name="b.jsonl")


def test_excel_serial_dates_in_a_csv_are_read_as_the_format_says(taken):
    fields = {"lead_id": "id", "created_at": {"column": "at", "formats": ["excel"]}}
    frame = taken("id,at\n1,45292.25\n2,2024-01-01 06:00\n", fields=fields).frame
    assert frame["created_at"].tolist() == [datetime(2024, 1, 1, 6, tzinfo=UTC)] * 2


def test_an_entity_without_any_date_is_mapped_with_none(taken):
    records = taken("id\n1\n")
    assert records.frame["created_at"].isna().all()
    assert faults(records) == []


def test_hours_without_a_leading_zero_and_the_word_utc_are_read(taken):
    text = "id,at\n1,2021-01-07 6:49:18\n2,2021-01-07 06:49:18.000 UTC\n"
    records = taken(text, timezone="Europe/Berlin", fields={"lead_id": "id", "created_at": "at"})
    assert records.frame["created_at"].tolist() == [
        datetime(2021, 1, 7, 5, 49, 18, tzinfo=UTC),
        datetime(2021, 1, 7, 6, 49, 18, tzinfo=UTC),
    ]


def test_flags_are_read_in_capitals_too(taken):
    fields = {"lead_id": "id", "authority": "a"}
    frame = taken("id,a\n1,TRUE\n2,FALSE\n3,true\n4,No\n", fields=fields).frame
    assert frame["authority"].tolist() == [True, False, True, False]
