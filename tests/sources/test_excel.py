"""Workbooks: one sheet, one header row, and dates in either of Excel's calendars."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from accord.errors import SourceError


def book(*sheets, epoch=CALENDAR_WINDOWS_1900):
    """Write a workbook: each sheet is a name and its rows."""
    workbook = openpyxl.Workbook()
    workbook.epoch = epoch
    workbook.remove(workbook.active)
    for name, rows in sheets:
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


@pytest.mark.parametrize("epoch", [CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
def test_dates_are_the_right_instant_in_both_calendars(taken, epoch):
    moments = [datetime(2026, 3, 29, 1, 59, 59), datetime(2026, 3, 29, 2, 30), date(2024, 2, 29)]
    moments += [datetime(1999, 12, 31, 23, 59, 59, 123000)]
    rows = [["id", "at"], *([index, moment] for index, moment in enumerate(moments))]
    fields = {"lead_id": "id", "created_at": "at"}
    content = book(("Leads", rows), epoch=epoch)
    records = taken(content, name="a.xlsx", timezone="Europe/Berlin", fields=fields)
    assert records.frame["created_at"].tolist() == [
        datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, tzinfo=UTC),  # skipped by daylight saving: the change
        datetime(2024, 2, 28, 23, tzinfo=UTC),
        datetime(1999, 12, 31, 22, 59, 59, 123000, tzinfo=UTC),
    ]


def test_days_around_the_one_that_excel_invented_are_right(taken):
    rows = [["id", "at"], [1, date(1900, 2, 28)], [2, date(1900, 3, 1)]]
    content = book(("Leads", rows))
    frame = taken(content, name="a.xlsx", fields={"lead_id": "id", "created_at": "at"}).frame
    assert [one.date() for one in frame["created_at"]] == [date(1900, 2, 28), date(1900, 3, 1)]


def test_numbers_are_exactly_the_text_that_says_them(taken):
    rows = [
        ["id", "size", "budget", "decides", "need"],
        [42, 120.0, 12345678.9, True, "0012"],
        ["0042", 7, 0.1, False, time(3, 4, 5)],
        [2**53 - 1, None, 1e20, None, "#N/A"],
        [1234567890123456789, None, None, None, "x"],
    ]
    fields = {
        "lead_id": "id",
        "employees": "size",
        "budget": "budget",
        "authority": "decides",
        "need": "need",
    }
    records = taken(book(("Leads", rows)), name="a.xlsx", fields=fields)
    frame = records.frame
    assert frame["lead_id"].tolist()[:2] == ["crm:42", "crm:0042"]
    assert frame["lead_id"].isna().tolist() == [False, False, False, True]  # rounded by Excel
    assert frame["employees"].tolist()[:2] == [120, 7]
    assert frame["budget"].tolist()[:2] == [Decimal("12345678.9"), Decimal("0.1")]
    assert frame["authority"].tolist()[:2] == [True, False]
    assert frame["need"].tolist()[:2] == ["0012", "03:04:05"]


def test_rows_and_columns_without_a_value_are_none(taken):
    rows = [["id", "name", None], [1, "a"], [None] * 3, [2, "b"], [None, ""], [None] * 9]
    records = taken(book(("Leads", rows)), name="a.xlsx", fields={"lead_id": "id", "name": "name"})
    assert records.frame["name"].tolist() == ["a", "b"]
    assert records.whole_rows([1]) == [{"id": "2", "name": "b"}]


@pytest.mark.parametrize(
    "rows",
    [
        [["Leads of March", None, None], ["id", "name", "size"], [1, "a", 5]],
        [["Person", None, "Firm", None], ["id", "name", "firm", "size"], [1, "a", "b", 5]],
    ],
)
def test_a_title_or_a_second_header_row_is_one_clear_error(taken, rows):
    with pytest.raises(SourceError, match=r"row 1: names . of . columns; expected one header row"):
        taken(book(("Leads", rows)), name="a.xlsx")


def test_a_sheet_is_taken_by_name_or_number_and_an_unknown_one_lists_them(taken):
    content = book(("Notes", [["x"]]), ("Leads", [["id"], [7]]))
    for sheet in ("Leads", 2):
        assert taken(content, name="a.xlsx", sheet=sheet).frame["lead_id"].tolist() == ["crm:7"]
    with pytest.raises(SourceError, match=r"has 2 sheets; expected one sheet; .*Notes, Leads"):
        taken(content, name="a.xlsx")
    for sheet in ("Lead", 3):
        with pytest.raises(SourceError, match=r"has no sheet .*it has Notes, Leads"):
            taken(content, name="a.xlsx", sheet=sheet)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"id,name\n1,a\n"])
def test_what_is_no_workbook_is_one_clear_error(taken, content):
    with pytest.raises(SourceError, match="is no whole Excel file"):
        taken(content, name="a.xlsx")


def test_an_empty_sheet_is_one_clear_error(taken):
    with pytest.raises(SourceError, match="is empty; expected a header row"):
        taken(book(("Leads", [])), name="a.xlsx")
