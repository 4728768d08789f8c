"""The same hazards, in files that real systems wrote."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime

import pytest

from accord.errors import SourceError
from accord.sources import find_batches, map_records, read_pieces, read_rows

SEEDS = "fivetran_crm_seeds"


@pytest.fixture
def mapped(data, source):
    """Map one real file by one source."""

    def mapped_by(place, **entry):
        made = source(path=str((data / place).resolve()), **entry)
        (batch,) = find_batches(made)
        if isinstance(batch, SourceError):
            raise batch
        return map_records(read_rows(batch), made, stage_of=lambda _: None)

    return mapped_by


def test_every_real_file_is_read_to_the_cells_that_the_definition_gives(data, source):
    files = sorted(data.glob("**/*.csv"))
    assert len(files) > 100
    for file in files:
        made = source(path=str(file.resolve()))
        (batch,) = find_batches(made)
        pieces = list(read_pieces(batch, at_once=1_000))
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header, *expected = [one for one in csv.reader(opened) if one]
        found = [list(row.values()) for rows in pieces for row in rows.records(range(rows.count))]
        assert list(pieces[0].columns) == header, file
        assert found == expected, file


def test_a_byte_order_mark_is_no_part_of_the_first_columns_name(data, mapped):
    place = f"{SEEDS}/marketo/marketo_activity_open_email_data.csv"
    assert (data / place).read_bytes().startswith(b"\xef\xbb\xbf")
    fields = {
        "activity_id": "id",
        "lead_id": "lead_id",
        "kind": {"constant": "email_opened"},
        "occurred_at": "activity_date",
    }
    records = mapped(place, entity="activity", fields=fields)
    assert records.frame["occurred_at"].notna().all()
    assert records.faults.empty


def test_line_ends_of_windows_leave_no_trace(data, mapped):
    place = f"{SEEDS}/marketo/marketo_lead_data.csv"
    assert b"\r\n" in (data / place).read_bytes()
    records = mapped(
        place, fields={"lead_id": "id", "name": "last_name", "created_at": "created_at"}
    )
    assert not records.frame["name"].str.contains("\r").any()
    assert records.faults.empty


def test_hours_without_a_leading_zero_are_read(data, mapped):
    place = f"{SEEDS}/hubspot/deal_stage_data.csv"
    assert b" 6:49:18" in (data / place).read_bytes()
    records = mapped(place, fields={"lead_id": "deal_id", "created_at": "_fivetran_start"})
    assert datetime(2021, 1, 7, 6, 49, 18, tzinfo=UTC) in records.frame["created_at"].tolist()
    assert records.faults.empty


def test_stamps_that_end_in_the_word_utc_are_utc_whatever_the_zone(mapped):
    place = f"{SEEDS}/pardot/pardot_prospect_data.csv"
    fields = {"lead_id": "id", "created_at": "created_at"}
    utc = mapped(place, fields=fields).frame["created_at"]
    tokyo = mapped(place, fields=fields, timezone="Asia/Tokyo").frame["created_at"]
    assert utc.notna().all()
    assert utc.tolist() == tokyo.tolist()


def test_flags_in_capitals_are_flags(mapped):
    place = f"{SEEDS}/marketo/marketo_program_data.csv"
    records = mapped(place, fields={"lead_id": "id", "authority": "_fivetran_deleted"})
    assert records.frame["authority"].notna().all()
    assert records.faults.empty


def test_numbers_that_look_whole_are_whole_though_written_with_a_point(mapped):
    place = f"{SEEDS}/pardot/pardot_opportunity_data.csv"
    fields = {"opportunity_id": "id", "stage": {"constant": "won"}, "amount": "value"}
    records = mapped(place, entity="opportunity", fields=fields)
    amounts = records.frame["amount"].dropna()
    assert len(amounts) > 50
    assert "amount" not in set(records.faults["field"])


def test_select_means_missing_in_13_380_cells_of_x_education(data, mapped):
    place = "x_education/Leads.csv.gz"
    with gzip.open(data / place, "rt", encoding="utf-8-sig", newline="") as opened:
        table = list(csv.reader(opened))
    columns = {
        "need": "Specialization",
        "channel": "How did you hear about X Education",
        "industry": "Lead Profile",
        "country": "City",
    }
    given = {name: [row[table[0].index(name)] for row in table[1:]] for name in columns.values()}
    assert sum(cells.count("Select") for cells in given.values()) == 13_380
    fields = {"lead_id": "Lead Number"} | {
        ours: {"column": theirs, "nulls": ["Select"]} for ours, theirs in columns.items()
    }
    frame = mapped(place, fields=fields).frame
    for ours, theirs in columns.items():
        missing = sum(cell.strip() in {"", "Select"} for cell in given[theirs])
        assert int(frame[ours].isna().sum()) == missing


def test_leads_without_any_date_have_none(mapped):
    records = mapped("x_education/Leads.csv.gz", fields={"lead_id": "Lead Number"})
    assert len(records.frame) == 9_240
    assert records.frame["created_at"].isna().all()
    assert records.faults.empty


def test_offsets_of_both_sides_of_the_end_of_summer_time_are_read(mapped):
    fields = {
        "activity_id": "case_id",
        "lead_id": "case_id",
        "kind": "activity",
        "occurred_at": "timestamp",
    }
    records = mapped("bpi_challenge_2012/bpi2012_events.csv.gz", entity="activity", fields=fields)
    at = records.frame["occurred_at"]
    assert len(at) == 262_200
    assert at.min() == datetime(2011, 9, 30, 22, 38, 44, 546000, tzinfo=UTC)
    assert at.max() == datetime(2012, 3, 14, 15, 4, 54, 681000, tzinfo=UTC)
    assert records.faults.empty


def test_quotes_that_only_some_cells_have_are_no_part_of_them(mapped):
    fields = {"lead_id": "seller_id", "country": "seller_state", "company": "seller_city"}
    frame = mapped("olist_funnel/olist_sellers_dataset.csv", fields=fields).frame
    assert len(frame) == 3_095
    assert not frame["lead_id"].str.contains('"').any()


def test_a_cell_that_holds_quoted_quotes_and_commas_stays_one_cell(mapped):
    place = f"{SEEDS}/zendesk/audit_log_data.csv"
    records = mapped(place, fields={"lead_id": "id", "need": "change_description"})
    assert records.frame["need"].iloc[0].startswith('Workweek changed from {:sun=&amp;gt;{"01:45"')
