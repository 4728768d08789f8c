"""sources.yaml: what is a fault, and that all are told at once."""

from __future__ import annotations

import pytest

from accord.errors import SourceError
from accord.sources import read_sources


def faults_of(tmp_path, text, environment=None):
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_sources(path, environment or {})
    assert all(str(fault) in str(caught.value) for fault in caught.value.faults)
    faults = {}
    for fault in caught.value.faults:
        text = f"{fault.sentence} {fault.remedy}"
        faults[fault.subject] = (
            f"{faults[fault.subject]} {text}" if fault.subject in faults else text
        )
    return faults


def one(**lines):
    entry = {"name": "crm", "entity": "lead", "path": "a.csv", "fields": "{lead_id: id}"} | lines
    listed = "\n    ".join(f"{key}: {value}" for key, value in entry.items() if value is not None)
    return f"sources:\n  - {listed}\n"


def test_all_faults_of_all_sources_come_at_once_each_with_path_and_remedy(tmp_path):
    text = """
sources:
  - name: crm
    entity: leed
    path: a.csv
    fields: {lead_id: id}
  - name: web
    entity: activity
    path: ${INBOX}/a.txt
    timezone: Mars/Olympus
    fields:
      activty_id: id
      occurred_at: {column: at, formats: ["%H"]}
  - name: web
    entity: rep
    path: b.csv
    query: SELECT 1
    encoding: latin-99
    fields: {rep_id: {column: a, constant: b}, role: {constant: sdr, decimal: ","}}
"""
    faults = faults_of(tmp_path, text)
    assert faults == {
        "sources.crm.entity": "'leed' is no entity. Did you mean lead?",
        "sources.web.path": "has an ending that names no reader. "
        "Say reader: csv, jsonl, parquet or excel. names INBOX, which is not set. "
        "Set it in the environment. "
        "cannot stand beside query. Name the query's files under files:.",
        "sources.web.timezone": "'Mars/Olympus' is no time zone. "
        "Write an IANA name such as Europe/Berlin.",
        "sources.web.fields.activty_id": "'activty_id' is no field of activity. "
        "Did you mean activity_id?",
        "sources.web.fields.activity_id": "is required and not mapped. "
        "Map it: activity_id: COLUMN, or activity_id: {constant: ...}.",
        "sources.web.fields.lead_id": "is required and not mapped. "
        "Map it: lead_id: COLUMN, or lead_id: {constant: ...}.",
        "sources.web.fields.kind": "is required and not mapped. "
        "Map it: kind: COLUMN, or kind: {constant: ...}.",
        "sources.web.fields.occurred_at.formats[0]": "'%H' is no format of a date. "
        "Use strptime's directives with year, month and day, such as %d.%m.%Y.",
        "sources.web.encoding": "'latin-99' is no encoding. Write utf-8, latin-1, cp1252 ...",
        "sources.web.fields.rep_id": "needs a column or a constant, and not both. Write one.",
        "sources.web.fields.role.decimal": "means nothing for a field of kind word. Leave it out.",
        "sources.web": "is the name of two sources. Rename one of them.",
    }


def test_an_unknown_key_names_the_nearest_known_one(tmp_path):
    faults = faults_of(tmp_path, one(timezon="UTC"))
    assert faults == {"sources.crm.timezon": "is not known here. Did you mean timezone?"}


def test_an_unknown_key_of_a_field_names_the_nearest_known_one(tmp_path):
    faults = faults_of(tmp_path, one(fields="{lead_id: {column: id, value: {a: b}}}"))
    assert faults == {"sources.crm.fields.lead_id.value": "is not known here. Did you mean values?"}


def test_a_key_that_stands_twice_is_a_fault_with_its_line(tmp_path):
    faults = faults_of(tmp_path, one() + "    path: b.csv\n")
    assert faults == {"sources[0].path": "stands twice, again in line 6. Keep one of them."}


def test_a_reader_is_asked_for_where_the_ending_names_none(tmp_path):
    assert "sources.crm.path" in faults_of(tmp_path, one(path="export.dat"))


def test_a_query_needs_files_and_a_path_needs_no_query(tmp_path):
    query = faults_of(tmp_path, one(path=None, query="SELECT 1"))
    assert query == {
        "sources.crm.files": "is missing. Name the query's files: files: {name: path}."
    }
    assert "sources.crm.path" in faults_of(tmp_path, one(path=None))


def test_columns_of_a_filter_are_text_and_not_compared_by_size(tmp_path):
    faults = faults_of(tmp_path, one(only="{size: {gte: 5}}"))
    assert "not compared by size" in faults["sources.crm.only"]


def test_a_float_as_a_value_must_be_quoted(tmp_path):
    assert "put it in quotes" in faults_of(tmp_path, one(nulls="[1.0]"))["sources.crm.nulls"]


@pytest.mark.parametrize(
    "text", ["sources: [", "", "sources: {}", "- a", "sources: []\nx: 1", "\x00"]
)
def test_what_is_no_list_of_sources_is_one_clear_error(tmp_path, text):
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"sources\.yaml"):
        read_sources(path, {})


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(SourceError, match="is not there; write one"):
        read_sources(tmp_path / "no.yaml", {})


def test_paths_are_relative_to_the_file_and_take_variables(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(
        one(path="in/a-*.csv") + one(name="b", path="${D}/x.csv").removeprefix("sources:\n")
    )
    sources = read_sources(path, {"D": "/data"}).sources
    assert sources[0].path == str(tmp_path / "in/a-*.csv")
    assert sources[1].path == "/data/x.csv"


def test_a_url_is_left_as_it_is(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(one(path="s3://bucket/a.csv"))
    assert read_sources(path, {}).sources[0].path == "s3://bucket/a.csv"


def test_a_relative_variable_starts_in_the_working_folder_as_whoever_set_it_meant(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(one(path="${D}/a.csv"))
    assert read_sources(path, {"D": "../data"}).sources[0].path == "../data/a.csv"


def test_a_pulled_source_needs_no_path_and_stands_alone(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(one(path=None, hubspot="{object: contacts}"))
    (source,) = read_sources(path, {}).sources
    assert source.is_pulled
    assert source.places == {}
    both = faults_of(tmp_path, one(hubspot="{object: contacts}", sql="{table: t}"))
    assert set(both) == {"sources.crm.path", "sources.crm.hubspot"}
    assert "cannot stand beside sql" in both["sources.crm.path"]


def test_a_sheet_is_counted_from_1_and_only_excel_has_one(tmp_path):
    assert "Count from 1" in faults_of(tmp_path, one(path="a.xlsx", sheet=0))["sources.crm.sheet"]
    assert "no Excel" in faults_of(tmp_path, one(sheet="Leads"))["sources.crm.sheet"]


def test_a_file_settles_for_a_duration(tmp_path):
    faults = faults_of(tmp_path, one(settle="soon"))
    assert "write an integer and one of s, m, h, d" in faults["sources.crm.settle"]


def test_where_files_lie_and_how_long_they_settle_does_not_rename_their_batches(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(one(settle="30s") + one(name="b", path="b.csv").removeprefix("sources:\n"))
    first, second = read_sources(path, {}).sources
    assert first.canonical() | {"name": "b"} == second.canonical()
