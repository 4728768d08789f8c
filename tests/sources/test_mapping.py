"""From a file's text to canonical records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from accord.errors import SourceError
from accord.records import SCHEMAS, Entity
from accord.sources.columns import DTYPES


def faults(records):
    return [tuple(row) for row in records.faults[["position", "field", "text"]].to_numpy().tolist()]


def test_ids_get_the_systems_name_in_front_and_keep_their_text(taken):
    fields = {
        "touch_id": "t",
        "lead_id": {"column": "l", "system": "web"},
        "rep_id": {"column": "r", "system": ""},
    }
    fields |= {"channel": {"constant": "call"}, "touched_at": "at"}
    text = "t,l,r,at\n007,0031t,crm:r1,2026-01-01\n 8 ,,,2026-01-01\n"
    frame = taken(text, entity="touch", system="dialer", fields=fields).frame
    assert frame["touch_id"].tolist() == ["dialer:007", "dialer:8"]
    assert frame["lead_id"].iloc[0] == "web:0031t"
    assert frame["rep_id"].iloc[0] == "crm:r1"
    assert frame["lead_id"].isna().tolist() == [False, True]


def test_every_field_stands_in_its_kinds_dtype_mapped_or_not(taken):
    frame = taken("id\n").frame
    for field in SCHEMAS[Entity.LEAD].fields:
        assert str(frame[field.name].dtype) == DTYPES[field.kind]


def test_nulls_hold_for_all_columns_or_for_one(taken):
    fields = {"lead_id": "id", "need": {"column": "n", "nulls": ["Select"]}, "title": "t"}
    frame = taken("id,n,t\n1,Select,Select\n2,-,-\n3, ,\n", nulls=["-"], fields=fields).frame
    assert frame["need"].isna().tolist() == [True, True, True]
    assert frame["title"].fillna("NULL").tolist() == ["Select", "NULL", "NULL"]


def test_value_maps_replace_words_and_may_say_missing(taken):
    fields = {
        "lead_id": "id",
        "channel": {"column": "c", "values": {"ppc": "paid_search", 0: None}},
    }
    frame = taken("id,c\n1,ppc\n2,0\n3,other\n", fields=fields).frame
    assert frame["channel"].fillna("NULL").tolist() == ["paid_search", "NULL", "other"]


def test_stages_are_read_by_alias_and_an_unknown_word_is_a_fault(taken):
    records = taken("id,s\n1,WON\n2,Sold\n3,\n", fields={"lead_id": "id", "stage": "s"})
    assert records.frame["stage"].fillna("NULL").tolist() == ["customer", "NULL", "NULL"]
    assert faults(records) == [(1, "stage", "Sold")]


def test_words_do_not_mind_case_blanks_and_hyphens(taken):
    fields = {"touch_id": "id", "lead_id": "id", "touched_at": "id", "channel": "c", "outcome": "o"}
    records = taken(
        "id,c,o\n1,CALL,No Answer\n2,Email,left-message\n", entity="touch", fields=fields
    )
    assert records.frame["channel"].tolist() == ["call", "email"]
    assert records.frame["outcome"].tolist() == ["no_answer", "left_message"]


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("€ 3.500,00", ",", Decimal("3500.00")),
        ("1,234.5", ".", Decimal("1234.5")),
        ("$1,234", ".", Decimal(1234)),
        ("-5", ".", Decimal(-5)),
        ("1 234,5", ",", Decimal("1234.5")),
        ("1'000 CHF", ".", Decimal(1000)),
        ("1e3", ".", Decimal("1e3")),
        (".5", ".", Decimal("0.5")),
        ("1,23,456", ".", None),
        ("1.234.5", ".", None),
        ("#REF!", ".", None),
        ("12x", ".", None),
        ("NaN", ".", None),
        ("Infinity", ".", None),
        (".", ".", None),
        ("--5", ".", None),
    ],
)
def test_an_amount_is_read_by_its_decimal_sign_or_is_a_fault(taken, text, decimal, expected):
    row = f'id,b\n1,"{text}"\n'
    records = taken(row, decimal=decimal, fields={"lead_id": "id", "budget": "b"})
    assert records.frame["budget"].tolist() == [expected]
    assert faults(records) == ([] if expected is not None else [(0, "budget", text)])


def test_integers_may_be_written_as_floats_but_not_have_a_fraction(taken):
    records = taken(
        "id,e\n1,12.0\n2,12.5\n3,99999999999999999999\n", fields={"lead_id": "id", "employees": "e"}
    )
    assert records.frame["employees"].isna().tolist() == [False, True, True]
    assert records.frame["employees"].iloc[0] == 12
    assert faults(records) == [(1, "employees", "12.5"), (2, "employees", "99999999999999999999")]


def test_flags_are_read_in_the_ways_files_write_them(taken):
    text = "id,a\n1,Yes\n2,0\n3,maybe\n4,\n"
    records = taken(text, fields={"lead_id": "id", "authority": "a"})
    assert records.frame["authority"].isna().tolist() == [False, False, True, True]
    assert records.frame["authority"].iloc[:2].tolist() == [True, False]
    assert faults(records) == [(2, "authority", "maybe")]


def test_a_day_is_the_day_that_is_written(taken):
    fields = {"spend_id": "id", "amount": "a", "spent_on": {"column": "d", "formats": ["%d/%m/%Y"]}}
    text = "id,a,d\n1,5,31/12/2025\n2,5,2026-01-02\n3,5,2026-02-30\n"
    records = taken(text, entity="spend", timezone="Asia/Tokyo", fields=fields)
    assert records.frame["spent_on"].tolist()[:2] == [date(2025, 12, 31), date(2026, 1, 2)]
    assert faults(records) == [(2, "spent_on", "2026-02-30")]


def test_absences_are_pairs_of_instants_written_in_utc(taken):
    fields = {"rep_id": "id", "role": {"constant": "sdr"}, "absences": "a"}
    text = (
        "id,a\n1,2026-07-01T00:00/2026-07-08T00:00; 2026-01-01T00:00Z/2026-01-02T00:00Z\n"
        "2,2026-07-08/2026-07-01\n3,2026-07-01\n4,\n"
    )
    records = taken(text, entity="rep", timezone="Europe/Berlin", fields=fields)
    assert records.frame["absences"].iloc[0] == (
        "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z;2026-06-30T22:00:00Z/2026-07-07T22:00:00Z"
    )
    assert [fault[0] for fault in faults(records)] == [1, 2]


def test_control_characters_in_text_are_a_fault_since_no_store_keeps_them(taken):
    records = taken("id,t\n1,a\x00b\n2\x01,c\n", fields={"lead_id": "id", "title": "t"})
    assert faults(records) == [(1, "lead_id", "2\x01"), (0, "title", "a\x00b")]
    assert records.frame["lead_id"].isna().tolist() == [False, True]


def test_a_filter_keeps_rows_and_their_numbers(taken):
    only = {"status": ["open", "won"], "any": [{"n": {"present": True}}, {"status": "won"}]}
    text = "id,status,n\n1,open,5\n2,lost,5\n3,OPEN,\n4,won,\n"
    records = taken(text, only=only)
    assert records.frame["lead_id"].tolist() == ["crm:1", "crm:4"]
    assert records.row_numbers.tolist() == [1, 4]
    assert records.whole_rows([1]) == [{"id": "4", "status": "won", "n": ""}]


def test_numbers_in_a_filter_are_the_files_text(taken):
    assert len(taken("id,n\n1,1\n2,01\n", only={"n": 1}).frame) == 1


@pytest.mark.parametrize(
    ("header", "entry", "message"),
    [
        (
            "ident,a",
            {},
            (
                "line 1: has no column 'id'; expected every column that sources.crm maps; "
                "did you mean 'ident'?"
            ),
        ),
        ("id,a", {"only": {"status": "x"}}, "has no column 'status'"),
        ("id,id", {}, "column 'id' stands twice"),
    ],
)
def test_a_column_that_is_not_there_is_one_clear_error(taken, header, entry, message):
    with pytest.raises(SourceError) as caught:
        taken(f"{header}\n1,2\n", **entry)
    assert message in str(caught.value)


def test_a_column_may_be_optional_and_columns_that_are_not_mapped_may_stand_twice(taken):
    fields = {"lead_id": "id", "phone": {"column": "tel", "optional": True}}
    records = taken("id,,\n1,a,b\n", fields=fields)
    assert records.frame["phone"].isna().all()
    assert records.whole_rows([0]) == [{"id": "1", "": "a", "#2": "b"}]


def test_json_lines_without_a_line_are_a_batch_of_no_rows(taken):
    assert taken("", name="a.jsonl").frame.empty


def test_a_query_joins_files_whose_cells_are_text(tmp_path, taken):
    (tmp_path / "b.csv").write_text("id,mail\n01,a@b.c\n")
    records = taken(
        "id,size\n01,5\n1,6\n",
        files={"a": "in.csv", "b": "b.csv"},
        query="SELECT a.id, mail, size::INT * 2 AS twice FROM a LEFT JOIN b USING (id) "
        "ORDER BY a.file_row",
        fields={"lead_id": "id", "email": "mail", "employees": "twice"},
    )
    assert records.frame["lead_id"].tolist() == ["crm:01", "crm:1"]
    assert records.frame["email"].fillna("NULL").tolist() == ["a@b.c", "NULL"]
    assert records.frame["employees"].tolist() == [10, 12]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nothing FROM a",
        "SELEC",
        "SELECT * FROM read_csv('/etc/passwd')",
        "CREATE TABLE x AS SELECT 1",
        "COPY a TO 'out.csv'",
        "SELECT size::INT FROM a",
    ],
)
def test_a_query_that_fails_or_reaches_outside_is_an_error_naming_the_source(taken, query):
    with pytest.raises(SourceError, match=r"sources\.crm\.query: ") as caught:
        taken("id,size\n1,x\n", files={"a": "in.csv"}, query=query)
    assert "\n" not in str(caught.value)


def test_local_times_of_instants_are_read_in_the_sources_zone_or_the_columns(taken):
    fields = {
        "lead_id": "id",
        "created_at": {"column": "c", "timezone": "Asia/Tokyo"},
        "stage_at": "s",
    }
    text = "id,c,s\n1,2026-01-01 09:00,2026-01-01 09:00\n"
    row = taken(text, timezone="Europe/Berlin", fields=fields).frame.iloc[0]
    assert row["created_at"] == datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
    assert row["stage_at"] == datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def test_inputs_of_other_batches_do_not_show(taken):
    first = taken("id\n1\n").frame
    second = taken("id\n2\n", name="b.csv").frame
    pd.testing.assert_index_equal(first.index, second.index)
    assert first["lead_id"].tolist() == ["crm:1"]
