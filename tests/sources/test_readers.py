"""Reading files: every cell the text it was, and one line for what is wrong."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import SourceError
from accord.sources import csv_rows
from accord.sources.csv_rows import read_csv
from accord.sources.json_rows import read_json_lines
from accord.sources.rows import join_rows

BIG = "9223372036854775807123"


def table(rows):
    return {name: rows.text(name).to_pylist() for name in rows.columns}


def read(text, **options):
    content = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    terms = {"encoding": "utf-8", "delimiter": ",", "ragged": "refuse"} | options
    return join_rows(list(read_csv(content, place="f.csv", **terms)))


def read_json(text, **options):
    content = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    terms = {"encoding": "utf-8", "ragged": "refuse"} | options
    return join_rows(list(read_json_lines(content, place="f", **terms)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"id,a\n{BIG},x\n", {"id": [BIG], "a": ["x"]}),
        ("id,a\r\n1,x\r\n", {"id": ["1"], "a": ["x"]}),
        ('\ufeffid,a\n1,"x\ny"\n', {"id": ["1"], "a": ["x\ny"]}),
        ('id,a\n1,"say ""hi"""', {"id": ["1"], "a": ['say "hi"']}),
        ("id,a\n", {"id": [], "a": []}),
        ("id,a", {"id": [], "a": []}),
        ("id\n1\n\n2\n", {"id": ["1", "2"]}),
        ("id,a\n\n1,\n", {"id": ["1"], "a": [""]}),
        ("id,a\r1,x\r", {"id": ["1"], "a": ["x"]}),
    ],
)
def test_a_csv_is_text_whatever_its_line_ends_quotes_and_marks(text, expected):
    assert table(read(text)) == expected


def test_another_encoding_and_delimiter_are_read_as_said():
    rows = read("id;a\n1;Zürich\n".encode("latin-1"), encoding="latin-1", delimiter=";")
    assert table(rows) == {"id": ["1"], "a": ["Zürich"]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            b"id,a\n1,x\n2,\xff\n",
            "f.csv line 3: byte 12 is no utf-8 text; expected text in utf-8; ",
        ),
        ('id,a\n1,x\n2,"y\n3,z\n', "f.csv line 3: opens a quote that is never closed; "),
        ('id,a\n1,"x"y\n', "f.csv line 2: has text after a closing quote; "),
        ("id,a\n1,x\n2\n", "f.csv line 3: has 1 cells; expected 2 cells, as in the header; "),
        (
            'id,a\n"1\n",x\n2,y,z\n',
            "f.csv line 4: has 3 cells; expected 2 cells, as in the header; ",
        ),
        ("", "f.csv: is empty; expected a header line; "),
    ],
)
def test_a_broken_csv_is_one_line_naming_file_place_and_remedy(text, line):
    with pytest.raises(SourceError) as caught:
        read(text)
    assert str(caught.value).startswith(line)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


PLAIN = st.text(st.sampled_from(["a", "é", " ", "\t", "7", "'", "\x00", "#", "\u2028"]), max_size=4)
QUOTED = st.text(st.sampled_from(["a", "é", ",", '"', "\n", " ", "\r"]), max_size=5)


def written(cell, quoted):
    return '"{}"'.format(cell.replace('"', '""')) if quoted else cell


CELL = st.one_of(
    PLAIN, QUOTED.map(lambda cell: written(cell, quoted=True)), st.sampled_from(['""', '5" disk'])
)
TABLE = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8)
)


def by_definition(text):
    """Read a text by Python's csv module alone."""
    records = [one for one in csv.reader(io.StringIO(text, newline=""), strict=True) if one]
    names = records[0]
    return {name: [one[at] for one in records[1:]] for at, name in enumerate(names)}


@given(TABLE, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.sampled_from([7, 40, 2**24]))
def test_the_fast_way_reads_what_the_definition_reads(records, newline, ended, block):
    width = len(records[0]) if records else 2
    lines = [",".join(f"c{i}" for i in range(width)), *(",".join(record) for record in records)]
    text = newline.join(lines) + (newline if ended else "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "BLOCK_BYTES", block)
        assert table(read(text)) == by_definition(text)


@given(st.text(st.sampled_from(["a", ",", '"', "\n", "\r"]), max_size=30), st.booleans())
def test_any_text_is_read_as_the_definition_reads_it_or_refused_with_it(text, small):
    text = f"c0,c1\n{text}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "BLOCK_BYTES", 9 if small else 2**24)
        try:
            found = table(read(text))
        except SourceError:
            found = None
    try:
        records = [one for one in csv.reader(io.StringIO(text, newline=""), strict=True) if one]
    except csv.Error:
        records = [[]]
    if any(len(one) != 2 for one in records):
        wrapped = any(len(one) == 1 and "," in one[0] for one in records)
        trailing = any(len(one) > 2 and not any(one[2:]) for one in records)
        assert found is None or wrapped or trailing
    else:
        assert found == by_definition(text)


def test_the_fast_way_is_taken_for_quoted_files_and_only_doubtful_blocks_leave_it(monkeypatch):
    taken = []
    real = csv_rows.read_plain
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 4_000)
    monkeypatch.setattr(
        csv_rows, "read_plain", lambda *args, **more: taken.append(1) or real(*args, **more)
    )
    lines = [f'{i},"say ""{i}"", or\nnot"' for i in range(2_000)]
    lines[700] = '700,5" disk'
    rows = read("id,a\n" + "\n".join(lines))
    assert rows.count == 2_000
    assert rows.text("a").to_pylist()[699:702] == [
        'say "699", or\nnot',
        '5" disk',
        'say "701", or\nnot',
    ]
    assert len(taken) >= 8


def test_json_numbers_stay_as_they_were_written():
    text = f'{{"id": {BIG}, "n": 1.10, "b": true, "p": {{"email": "a@b.c"}}, "l": ["x"]}}\n'
    text += '\n{"id": "2"}'
    rows = read_json(text)
    assert table(rows) == {
        "id": [BIG, "2"],
        "n": ["1.10", None],
        "b": ["true", None],
        "p.email": ["a@b.c", None],
        "l": ['["x"]', None],
    }


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"a": 1', "is no JSON"),
        ("[1]", "is no JSON object"),
        ('{"a": 1, "a": 2}', "has a key that stands twice"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": "\\ud800"}', "holds half of a surrogate pair"),
        ("[" * 100_000, ""),
    ],
)
def test_a_broken_json_line_is_named(line, found):
    with pytest.raises(SourceError, match=f"f line 2: {found}"):
        read_json(f'{{"a": "x"}}\n{line}\n')


def test_parquet_keeps_integers_decimals_and_instants_exactly(tmp_path, taken):
    path = tmp_path / "x.parquet"
    at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    pq.write_table(
        pa.table(
            {
                "id": pa.array([2**63 - 1], pa.int64()),
                "at": pa.array([at], pa.timestamp("us", "America/New_York")),
                "money": pa.array([Decimal("12345678901.10")], pa.decimal128(20, 2)),
                "size": pa.array([120.0], pa.float64()),
            }
        ),
        path,
    )
    fields = {"lead_id": "id", "created_at": "at", "budget": "money", "employees": "size"}
    records = taken(path.read_bytes(), name="y.parquet", fields=fields)
    row = records.frame.iloc[0]
    assert row["lead_id"] == f"crm:{2**63 - 1}"
    assert row["created_at"] == at
    assert row["budget"] == Decimal("12345678901.10")
    assert row["employees"] == 120
    assert records.whole_rows([0])[0]["at"].startswith("2026-03-29 01:30:00")


def test_a_parquet_file_cut_short_is_one_clear_error(taken):
    with pytest.raises(SourceError, match="is no whole Parquet file"):
        taken(b"PAR1 nothing", name="y.parquet")


def test_gzip_is_unpacked_and_a_broken_one_is_named(taken):
    packed = gzip.compress(b"id\n1\n")
    assert taken(packed, name="in.csv.gz").frame["lead_id"].tolist() == ["crm:1"]
    with pytest.raises(SourceError, match="is no whole gzip file"):
        taken(packed[:-4], name="cut.csv.gz")
