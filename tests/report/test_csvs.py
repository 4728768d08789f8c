from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.metrics import Status
from accord.report import Cell, Column, Table, write_csvs
from accord.report.csvs import safe

_RUNS = ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1+1", "-cmd", "@SUM(A1)", " =1", "\t=1"])
def test_what_a_spreadsheet_would_run_is_made_text(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-12.5", "0", "1200", "plain", "a=b", "2026-11-09T05:00:00Z", ""])
def test_numbers_and_words_stay_as_they_are(text):
    assert safe(text) == text


@given(st.text(max_size=20))
def test_no_cell_begins_as_a_formula_unless_it_is_a_plain_number(text):
    found = safe(text)
    if found.startswith(_RUNS):
        float(found)


def test_a_file_holds_every_row_exact_and_reads_back(tmp_path):
    rows = tuple(
        (Cell(shown="short", raw=f'name {n}, "x"\nline'), Cell(shown="1 k", raw="1024.37"))
        for n in range(60)
    )
    table = Table(
        name="names",
        caption="Names",
        columns=(Column(title="Name", numeric=False), Column(title="=Amount")),
        rows=rows,
        empty="none",
        limit=5,
    )
    (path,) = write_csvs([table], tmp_path / "2026-W46")
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.reader(file))
    assert read[0] == ["Name", "'=Amount"]
    assert len(read) == 61
    assert read[1] == ['name 0, "x"\nline', "1024.37"]


def test_a_status_is_written_as_its_word(tmp_path):
    cell = Cell(shown="3 late", raw=Status.MISSED.value, status=Status.MISSED)
    table = Table(name="s", caption="", columns=(Column(title="x"),), rows=((cell,),), empty="")
    (path,) = write_csvs([table], tmp_path)
    assert "missed" in path.read_text("utf-8")


@pytest.mark.parametrize("text", ["-1\n", "-1.5\n", "-1\r", "-1\n=1"])
def test_a_number_with_a_line_break_behind_it_is_no_number(text):
    assert safe(text) == f"'{text}"
