"""Files and columns that are no source: listed with reasons, and found where they are not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.errors import SourceError
from accord.sources import read_sources, unlisted_columns, unlisted_files
from accord.sources.overlap import overlap
from tests.sources.conftest import write_yaml

ONE = """
sources:
  - name: crm
    entity: lead
    path: in/leads-*.csv
    fields: {lead_id: id}
"""


def written(tmp_path, text, environment=None):
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return read_sources(path, environment or {})


def faults_of(tmp_path, text):
    with pytest.raises(SourceError) as caught:
        written(tmp_path, text)
    return [(fault.subject, f"{fault.sentence} {fault.remedy}") for fault in caught.value.faults]


def test_a_file_is_left_out_with_its_reason_and_found_like_a_path(tmp_path):
    text = ONE + "left_out:\n  in/notes.csv: notes of nobody\n  ${D}/x.csv: not ours\n"
    sources = written(tmp_path, text, {"D": "/data"})
    assert sources.left_out == {
        str(tmp_path / "in/notes.csv"): "notes of nobody",
        "/data/x.csv": "not ours",
    }


def test_nothing_is_left_out_where_nothing_says_so(tmp_path):
    assert written(tmp_path, ONE).left_out == {}


def test_what_is_read_cannot_be_left_out_and_a_reason_must_be_said(tmp_path):
    text = (
        ONE + "left_out:\n  in/leads-1.csv: old\n  in/a.csv: ' '\n  in/b.csv:\n  ${D}/c.csv: no\n"
    )
    assert faults_of(tmp_path, text) == [
        ("left_out.in/leads-1.csv", "is read by sources.crm. Leave one of them out."),
        ("left_out.in/a.csv", "has no reason. Say in a sentence why it is no source."),
        ("left_out.in/b.csv", "has no reason. Say in a sentence why it is no source."),
        ("left_out.${D}/c.csv", "names D, which is not set. Set it in the environment."),
    ]


def test_a_glob_that_takes_in_a_file_of_a_query_is_a_fault(tmp_path):
    text = """
sources:
  - name: deals
    entity: rep
    files: {a: in/a.csv, b: in/b.csv}
    query: SELECT 1
    fields: {rep_id: id, role: {constant: ae}}
left_out: {"in/*.csv": all of it}
"""
    sentence = "is read by sources.deals. Leave one of them out."
    assert faults_of(tmp_path, text) == [("left_out.in/*.csv", sentence)]


def test_a_list_is_no_map_of_files_to_reasons(tmp_path):
    (found,) = faults_of(tmp_path, ONE + "left_out: [in/a.csv]\n")
    assert found[0] == "left_out"
    assert "is no map" in found[1]


def test_an_unknown_key_at_the_top_names_the_nearest_known_one(tmp_path):
    (found,) = faults_of(tmp_path, ONE + "leftout: {}\n")
    assert found == ("leftout", "is not known here. Did you mean left_out?")


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("a/*.csv", "a/b.csv", True),
        ("a/b.csv", "a/*.csv", True),
        ("a/*.csv", "a/c/b.csv", False),
        ("a/**/b.csv", "a/c/d/b.csv", True),
        ("a/**/b.csv", "a/b.csv", True),
        ("a/./b.csv", "a/b.csv", True),
        ("a/[bc].csv", "a/d.csv", False),
        ("s3://x/a*.csv", "s3://x/ab.csv", True),
        ("a/*.csv", "a/*.csv", True),
    ],
)
def test_two_places_overlap_where_they_name_a_file_in_common(one, other, answer):
    assert overlap(one, other) is answer


@pytest.fixture
def inbox(tmp_path):
    """A folder with a file that is read, one that is left out, and some that nobody named."""
    (tmp_path / "in").mkdir()
    for name in ("leads-1.csv", "notes.csv", "new.csv.gz", "readme.md", ".hidden.csv"):
        (tmp_path / "in" / name).write_bytes(b"id,name\n1,Ann\n")
    (tmp_path / "in" / "folder.csv").mkdir()
    return tmp_path


def test_a_file_beside_the_sources_that_nobody_named_is_found(inbox):
    sources = written(inbox, ONE + "left_out: {in/notes.csv: notes of nobody}\n")
    assert unlisted_files(sources) == (str(inbox / "in/new.csv.gz"),)
    assert len(unlisted_files(written(inbox, ONE))) == 2


def test_a_folder_that_is_not_there_yet_has_no_files(tmp_path):
    assert unlisted_files(written(tmp_path, ONE)) == ()


def test_a_column_is_new_only_where_the_ignored_ones_are_listed(inbox):
    ignored = ONE + "    ignored: {name: nobody needs it}\n"
    assert list(unlisted_columns(written(inbox, ONE))) == []
    assert list(unlisted_columns(written(inbox, ignored))) == []
    (inbox / "in" / "leads-2.csv").write_text("id,name,score\n1,Ann,5\n")
    assert list(unlisted_columns(written(inbox, ignored))) == [("crm", "score")]


def test_a_column_is_mapped_or_ignored_with_a_reason(tmp_path):
    found = faults_of(tmp_path, ONE + "    ignored: {id: a key, name: ''}\n")
    assert found == [
        (
            "sources.crm.ignored.id",
            "is mapped as well. fields.lead_id maps it: leave one of them out.",
        ),
        ("sources.crm.ignored.name", "has no reason. Say in a sentence why it feeds nothing."),
    ]


def test_what_is_ignored_does_not_rename_a_batch(tmp_path):
    plain = written(tmp_path, ONE).sources[0].canonical()
    assert written(tmp_path, ONE + "    ignored: {name: why}\n").sources[0].canonical() == plain


def test_a_malformed_key_hides_none_of_its_entrys_other_faults(tmp_path):
    text = """
sources:
  - name: web
    entity: activity
    path: ${INBOX}/a.txt
    timezone: Mars/Olympus
    encoding: [utf-8]
    colour: red
    fields:
      activty_id: id
      kind: {column: k, valuess: {}}
      occurred_at: {column: at, formats: 5, zone: UTC}
"""
    assert {subject for subject, _ in faults_of(tmp_path, text)} == {
        "sources.web.encoding",
        "sources.web.colour",
        "sources.web.path",
        "sources.web.timezone",
        "sources.web.fields.activty_id",
        "sources.web.fields.activity_id",
        "sources.web.fields.lead_id",
        "sources.web.fields.kind.valuess",
        "sources.web.fields.occurred_at.formats",
        "sources.web.fields.occurred_at.zone",
    }


@pytest.mark.parametrize(
    ("entry", "subjects"),
    [
        ("entity: leed\n    path: a.csv\n    fields: {x: {column: a, formats: ['%H']}}",
         {"entity", "fields.x.formats[0]"}),
        ("path: a.csv\n    timezone: X/Y\n    fields: {lead_id: id}", {"entity", "timezone"}),
        ("entity: lead\n    path: [a.csv]\n    decimal: ;\n    fields: {lead_id: id}",
         {"path", "decimal"}),
        ("entity: lead\n    path: a.dat\n    fields: 5", {"path", "fields"}),
        ("entity: lead\n    path: a.dat", {"path", "fields"}),
        ("entity: lead\n    path: a.csv\n    fields: {lead_id: {column: [x]}, stag: s}",
         {"fields.lead_id.column", "fields.stag"}),
        ("entity: lead\n    sql: {tabel: t}\n    timezone: X/Y\n    fields: {lead_id: id}",
         {"sql.tabel", "timezone"}),
    ],
)  # fmt: skip
def test_what_only_follows_from_a_malformed_key_is_not_said_as_well(tmp_path, entry, subjects):
    found = faults_of(tmp_path, f"sources:\n  - name: crm\n    {entry}\n")
    named = {subject.removeprefix("sources.crm.") for subject, _ in found}
    assert named - {"sql", "sql.query", "sql.table"} == subjects
    assert len(found) == len(set(found))


BROKEN = {
    "timezone": ("timezone", "Mars/Olympus", {"timezone"}),
    "encoding": ("encoding", ["utf-8"], {"encoding"}),
    "decimal": ("decimal", ";", {"decimal"}),
    "delimiter": ("delimiter", "ab", {"delimiter"}),
    "colour": ("colour", "red", {"colour"}),
    "nulls": ("nulls", [1.5], {"nulls"}),
    "only": ("only", {"size": {"gte": 5}}, {"only"}),
    "path": ("path", ["a.csv"], {"path"}),
    "settle": ("settle", "soon", {"settle"}),
    "stag": ("fields.stag", "s", {"fields.stag"}),
    "formats": ("fields.created_at", {"column": "c", "formats": 5}, {"fields.created_at.formats"}),
    "neither": ("fields.title", {}, {"fields.title"}),
    "valuess": ("fields.email", {"column": "m", "valuess": {}}, {"fields.email.valuess"}),
    "ignored": ("ignored", {"x": " "}, {"ignored.x"}),
}
"""Ways to break an entry: what is written where, and the paths of the faults that it makes."""


@given(st.sets(st.sampled_from(sorted(BROKEN))))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_faults_of_an_entry_add_up_whatever_their_sort(tmp_path, names):
    entry = {"name": "crm", "entity": "lead", "path": "a.csv", "fields": {"lead_id": "id"}}
    for name in names:
        place, value, _ = BROKEN[name]
        *above, key = place.split(".")
        (entry["fields"] if above else entry)[key] = value
    path = write_yaml(tmp_path / "sources.yaml", {"sources": [entry]})
    expected = set().union(*(BROKEN[name][2] for name in names))
    try:
        read_sources(path, {})
        found = []
    except SourceError as error:
        found = [fault.subject.removeprefix("sources.crm.") for fault in error.faults]
    assert {subject.split("[")[0].removesuffix(".0") for subject in found} == expected
    assert len(found) == len(expected)


STEPS = st.lists(
    st.sampled_from(["a", "b.csv", "*", "**", "[ab]", "?.csv"]), min_size=1, max_size=4
)


@given(STEPS, STEPS)
def test_two_places_overlap_whichever_is_named_first(one, other):
    first, second = "/".join(one), "/".join(other)
    assert overlap(first, first)
    assert overlap(first, second) == overlap(second, first)
