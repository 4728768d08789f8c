"""The shipped examples on the real data: every file named, every row accounted for, once."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from accord.agreement import load, stage_of
from accord.ledger import tables
from accord.records import Entity
from accord.services.audit import run_audit
from accord.services.ingest import run_ingest
from accord.services.score import run_score
from accord.sources import (
    find_batches,
    map_records,
    read_rows,
    read_sources,
    unlisted_columns,
    unlisted_files,
)
from tests.conftest import ROOT
from tests.sources.counted import COUNTS, raw

pytestmark = pytest.mark.data

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXAMPLES = sorted(COUNTS)
EXPORTS = ("hubspot", "marketo", "pardot", "salesforce", "zendesk")
BOM = b"\xef\xbb\xbf"
BY_DEFAULT = ROOT / "agreement.yaml"

SET_ASIDE = {
    # A chat's message whose chat is not among the chats: nobody knows whom it was written to.
    ("zendesk", "chat_messages"): [("touch.missing", "4323.953441.TzBlankActorTwo")],
}
"""The rows of all examples that are set aside: rule, and the chat that the row names."""


def sources_of(example: str, data: Path):
    return read_sources(ROOT / "examples" / example / "sources.yaml", {"ACCORD_DATA": str(data)})


def agreement_of(example: str) -> Path:
    own = ROOT / "examples" / example / "agreement.yaml"
    return own if own.exists() else BY_DEFAULT


@cache
def frames_of(example: str, data: Path) -> dict[str, pd.DataFrame]:
    """Source -> canonical records, before they are judged; read, never changed."""
    agreement = load(agreement_of(example))
    found = {}
    for source in sources_of(example, data).sources:
        (batch,) = find_batches(source)
        rows = read_rows(batch)
        records = map_records(rows, source, stage_of=partial(stage_of, agreement))
        assert records.faults.empty, (source.name, records.faults)
        found[source.name] = records.frame
    return found


def unknown_leads(example: str, data: Path) -> int:
    """Count the facts of an export whose lead is none of its leads."""
    frames = frames_of(example, data)
    entities = {source.name: source.entity for source in sources_of(example, data).sources}
    of_leads = [name for name, entity in entities.items() if entity is Entity.LEAD]
    leads = {lead for name in of_leads for lead in frames[name]["lead_id"]}
    facts = [frame for name, frame in frames.items() if name not in of_leads]
    named = [frame["lead_id"].dropna() for frame in facts if "lead_id" in frame]
    return sum(int((~lead_ids.isin(leads)).sum()) for lead_ids in named)


def stored(workspace, table) -> list:
    with workspace.ledger.read() as connection:
        return connection.execute(select(table)).all()


def test_every_folder_of_the_examples_is_tested():
    folders = {path.parent.name for path in (ROOT / "examples").glob("*/sources.yaml")}
    assert folders == set(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_file_of_the_data_is_mapped_or_left_out_with_a_reason(example, data):
    sources = sources_of(example, data)
    named = {place for source in sources.sources for place in source.places.values()}
    listed = {Path(place).resolve() for place in (*named, *sources.left_out)}
    (folder,) = {place.parent for place in listed}
    assert listed == {path.resolve() for path in folder.glob("*.csv*")}
    assert unlisted_files(sources) == ()
    assert all(len(reason.split()) > 3 for reason in sources.left_out.values())


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_taken_whole_and_once(example, workspace, data):
    shutil.copy(agreement_of(example), workspace.settings.agreement)
    sources = sources_of(example, data)
    result = run_ingest(workspace, as_of=AS_OF, sources=sources)
    assert (result.errors, result.findings) == ((), ())
    batches = stored(workspace, tables.batch)
    assert {one.source: one.rows_in for one in batches} == COUNTS[example](data)
    for one in batches:
        aside = SET_ASIDE.get((example, one.source), [])
        assert one.status == "taken"
        assert (one.quarantined, one.duplicates, one.held) == (len(aside), 0, 0), one.source
        assert one.accepted == one.rows_in - len(aside), one.source
    assert run_audit(workspace, as_of=AS_OF) == ()
    if example in EXPORTS:  # keys do not join between their tables: taken, and flagged
        flags = [one.rule for one in stored(workspace, tables.flag)]
        found = sum(rule.endswith(".unknown_lead") for rule in flags)
        assert found == unknown_leads(example, data)
    again = run_ingest(workspace, as_of=AS_OF, sources=sources)
    assert (again.batches, again.rows_in, again.errors) == (0, 0, ())
    assert stored(workspace, tables.batch) == batches


def test_what_is_set_aside_is_the_datas_fault_and_is_kept_whole(workspace, data):
    for example, _ in SET_ASIDE:
        run_ingest(workspace, as_of=AS_OF, sources=sources_of(example, data))
    found = {}
    for row in stored(workspace, tables.quarantine):
        rules = [(reason["rule"], row.row["chat_id"]) for reason in row.reasons]
        found[row.source] = found.get(row.source, []) + rules
    assert found == {source: rules for (_, source), rules in SET_ASIDE.items()}


def test_the_readme_of_the_examples_says_what_each_export_gives(data):
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    table = [cells for cells in lines if cells and cells[0] in EXPORTS]
    said = {(example, name): int(rows) for example, name, _, rows, _, _ in table}
    counts = {example: COUNTS[example](data) for example in EXPORTS}
    assert said == {
        (example, name): rows for example in EXPORTS for name, rows in counts[example].items()
    }
    unknown = {example: unknown_leads(example, data) for example in EXPORTS}
    aside = {example: len(SET_ASIDE.get((example, "chat_messages"), [])) for example in EXPORTS}
    for example in EXPORTS:
        rows = [cells for cells in table if cells[0] == example]
        assert sum(int(cells[4]) for cells in rows) == aside[example]
        assert sum(int(cells[5]) for cells in rows) == unknown[example]


def test_quirks_of_the_exports_come_out_right(data):
    hubspot, pardot = frames_of("hubspot", data), frames_of("pardot", data)
    deals = hubspot["deals"].set_index("opportunity_id")
    # The hour without a leading zero: 2021-01-07 6:49:18.
    assert deals.loc["hubspot:3954699413", "stage_at"] == pd.Timestamp("2021-01-07 06:49:18Z")
    assert deals.loc["hubspot:3954699413", "opened_at"] == pd.Timestamp("2021-01-07 06:49:18Z")
    assert deals.loc["hubspot:1244495215", "opened_at"] == pd.Timestamp("2019-12-04 12:48:22Z")
    # Milliseconds, after a byte order mark; "... UTC" at the end.
    marketo = frames_of("marketo", data)["email_activities"].set_index("activity_id")
    opened = marketo.loc["marketo:77855610"]
    assert (opened["kind"], opened["lead_id"]) == ("email_opened", "marketo:1305232")
    assert opened["occurred_at"] == pd.Timestamp("2020-05-09 19:46:36Z")
    event = hubspot["email_events"].iloc[0]
    assert event["occurred_at"] == pd.Timestamp("2020-03-16 19:03:20.357Z")
    activity = pardot["visitor_activities"].iloc[0]
    assert activity["occurred_at"] == pd.Timestamp("2019-03-29 07:24:17Z")
    # Line ends of Windows, a byte order mark, 382 columns: nothing of them is left in a value.
    exports = data / "fivetran_crm_seeds"
    assert (exports / "hubspot" / "contact_data.csv").read_bytes().count(b"\r\n") == 23
    assert (exports / "marketo" / "marketo_activity_open_email_data.csv").read_bytes()[:3] == BOM
    assert len(raw(exports / "salesforce" / "sf_lead_data.csv").columns) == 382
    (lead,) = frames_of("salesforce", data)["leads"].to_dict("records")
    assert (lead["company"], lead["channel"], lead["stage"]) == ("Z", "paid_social", "sql")
    # A hash is no address and no country; a wrong address would still be seen.
    assert hubspot["contacts"]["email"].isna().all()
    assert pardot["prospects"][["email", "country"]].isna().all(axis=None)
    # a;b;c: the contact that lists three merged ones stands, they do not.
    ids = set(hubspot["contacts"]["lead_id"])
    assert "hubspot:78971951" in ids
    assert ids.isdisjoint({"hubspot:76340251", "hubspot:46897301", "hubspot:76226001"})


def test_kinds_of_activity_are_those_that_the_systems_tell_of(data):
    def kinds(example: str, source: str) -> dict[str, int]:
        return frames_of(example, data)[source]["kind"].value_counts().to_dict()

    assert kinds("marketo", "email_activities") == {
        "email_sent": 98,
        "email_delivered": 100,
        "email_bounced": 100,
        "email_opened": 100,
        "email_clicked": 100,
        "unsubscribed": 100,
    }
    assert kinds("pardot", "visitor_activities") == {
        "unsubscribed": 42,
        "email_bounced": 5,
        "spam_reported": 1,
        "new_opportunity": 33,
        "opportunity_lost": 10,
        "opportunity_won": 9,
    }
    assert kinds("hubspot", "email_events") == {
        "email_opened": 90,
        "email_sent": 4,
        "email_delivered": 3,
    }
    assert kinds("hubspot", "form_submissions")["demo_requested"] == 1


@pytest.fixture
def copied(tmp_path, data):
    """A copy of one system's export, to change and read again."""

    def copy(example: str) -> Path:
        target = tmp_path / "fivetran_crm_seeds" / example
        target.mkdir(parents=True)
        for file in (data / "fivetran_crm_seeds" / example).iterdir():
            (target / file.name).write_bytes(file.read_bytes())
        return target

    return copy


def changed(file: Path, change) -> None:
    frame = raw(file)
    change(frame)
    frame.to_csv(file, index=False)


def test_deals_that_salesforce_has_not_deleted_are_read_with_all_they_have(copied, tmp_path):
    folder = copied("salesforce")

    def keep(frame):
        frame["is_deleted"] = "false"

    def sell(frame):
        frame.loc[:1, "opportunity_id"] = "006q000000HddohAAB"

    def convert(frame):
        frame["converted_opportunity_id"] = "006q000000HK8jdAAD"

    changed(folder / "sf_opportunity_data.csv", keep)
    changed(folder / "sf_opportunity_line_item_data.csv", sell)
    changed(folder / "sf_lead_data.csv", convert)
    deals = frames_of("salesforce", tmp_path)["opportunities"].set_index("opportunity_id")
    assert deals["stage"].value_counts().to_dict() == {"customer": 5, "lost": 4, "opportunity": 1}
    won, lost = (
        deals.loc["salesforce:006q000000HddohAAB"],
        deals.loc["salesforce:006q000000HK8jdAAD"],
    )
    assert (won["product"], str(won["amount"])) == ("plan a, plan b", "24120000")
    assert (
        won["closed_at"]
        == won["opened_at"]
        == pd.Timestamp("2018-12-18 19:51:13Z") + pd.Timedelta("1D")
    )
    assert lost["lead_id"] == "salesforce:00Q1G00000nDnM5UAK"
    open_deal = deals.loc["salesforce:006q000000HdOhuAAF"]
    assert pd.isna(open_deal["closed_at"])
    assert open_deal["stage_at"] == pd.Timestamp("2019-04-03 18:36:06Z")


def test_where_keys_join_hubspots_tables_add_up_to_one_record(copied, tmp_path):
    folder = copied("hubspot")
    event = raw(folder / "email_event_data.csv").iloc[0]

    def click(frame):
        frame.loc[0, "type"] = "CLICK"
        frame.loc[0, "recipient"] = "Ann@Example.com"

    def address(frame):
        frame.loc[frame["id"] == "76340251", "property_email"] = "ann@example.com"
        frame.loc[frame["id"] == "36842001", "property_email"] = "no address"

    def won(frame):
        frame.loc[0, "stage_id"] = "09a969da1d61b38bd3746f0f49c1475a"

    def met(frame):
        frame.loc[0, ["engagement_id", "contact_id"]] = ["3416212491", "36842001"]

    changed(folder / "email_event_data.csv", click)
    changed(
        folder / "email_event_click_data.csv", lambda frame: frame.__setitem__("id", event["id"])
    )
    changed(folder / "contact_data.csv", address)
    changed(folder / "deal_pipeline_stage_data.csv", won)
    changed(folder / "engagement_contact_data.csv", met)
    (folder / "email_event_click_data.csv").write_text(
        "\n".join((folder / "email_event_click_data.csv").read_text().splitlines()[:2])
    )
    frames = frames_of("hubspot", tmp_path)
    first = frames["email_events"].iloc[0]
    assert (first["kind"], first["detail"]) == ("email_clicked", "iPHafipvnOaU27T2oMVtyg==")
    assert (
        first["lead_id"] == "hubspot:78971951"
    )  # into whom the contact of that address was merged
    contacts = frames["contacts"].set_index("lead_id")
    assert contacts.loc["hubspot:36842001", "email"] == "no address"  # for the rules to set aside
    assert (frames["deals"]["stage"] == "customer").sum() == 7
    (touch,) = frames["engagements"].to_dict("records")
    assert (touch["channel"], touch["lead_id"]) == ("meeting", "hubspot:36842001")
    assert touch["touched_at"] == pd.Timestamp("2019-09-26 13:00:00Z")


LEAKING = {
    "Converted",
    "Tags",
    "Lead Quality",
    "Lead Profile",
    "Last Activity",
    "Last Notable Activity",
    "Asymmetrique Activity Index",
    "Asymmetrique Activity Score",
    "Asymmetrique Profile Index",
    "Asymmetrique Profile Score",
}
"""Columns of X Education that know how it ended."""


def test_select_is_missing_in_each_of_its_13380_cells(data):
    cells = raw(data / "x_education" / "Leads.csv.gz")
    said = (cells == "Select").sum()
    assert int(said.sum()) == 13_380
    assert not frames_of("x_education", data)["leads"].isin(["Select"]).any(axis=None)
    # The four columns that say it, through the same source: missing is what is empty or says it.
    (source,) = sources_of("x_education", data).sources
    columns = [column for column, count in said.items() if count]
    assert len(columns) == 4
    fields = dict(zip(("name", "title", "company", "industry"), columns, strict=True))
    mappings = {
        field: source.fields["title"].model_copy(update={"column": column})
        for field, column in {"lead_id": "Prospect ID", **fields}.items()
    }
    (batch,) = find_batches(source.model_copy(update={"fields": mappings}))
    frame = map_records(read_rows(batch), batch.source, stage_of=lambda _: None).frame
    missing = int(frame[list(fields)].isna().sum().sum())
    assert missing == 13_380 + int((cells[columns] == "").sum().sum())


def test_columns_that_leak_the_outcome_feed_no_field_of_a_lead_and_no_activity(data):
    sources = sources_of("x_education", data)
    assert [source.entity for source in sources.sources] == [Entity.LEAD]
    (source,) = sources.sources
    mapped = {mapping.column for mapping in source.fields.values()}
    assert mapped.isdisjoint(LEAKING)
    leaks = {column for column, reason in source.ignored.items() if reason.startswith("leaks:")}
    assert leaks == LEAKING
    header = set(raw(data / "x_education" / "Leads.csv.gz").columns)
    assert mapped | source.ignored.keys() == header
    assert list(unlisted_columns(sources)) == []


def test_leads_without_dates_are_created_when_first_seen_and_scored_by_what_they_stated(
    workspace, data
):
    shutil.copy(agreement_of("x_education"), workspace.settings.agreement)
    run_ingest(workspace, as_of=AS_OF, sources=sources_of("x_education", data))
    run_score(workspace, as_of=AS_OF)
    leads, scores = stored(workspace, tables.lead), stored(workspace, tables.score)
    assert {lead.created_at for lead in leads} == {AS_OF}
    reasons = {reason["name"] for score in scores for reason in score.reasons}
    assert reasons == {rule.name for rule in load(agreement_of("x_education")).scoring.fit.rules}
    converted = raw(data / "x_education" / "Leads.csv.gz").set_index("Prospect ID")["Converted"]
    ready = [one.lead_id.partition(":")[2] for one in scores if "mql" in one.qualifies]
    share = (converted[ready] == "1").mean()
    # Without a column that leaks: 38.5 % of all leads converted, of these far more.
    assert len(ready) > 1_000
    assert share > 0.85
