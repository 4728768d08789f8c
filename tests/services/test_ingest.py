"""The stage ingest: every row accounted for, nothing taken twice, on both stores."""

from __future__ import annotations

import dataclasses
import itertools
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text

from accord.agreement import load
from accord.errors import LeaseHeldError, SourceError
from accord.ledger import Ledger, batch_rows, insert_rows, tables
from accord.ledger.quarantine_rows import Wanted, find_aside, list_aside
from accord.services.clocks import run_sweep
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.score import run_score
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from accord.sources import read_sources

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOURCES = """
sources:
  - name: web
    entity: activity
    path: in/activities-*.csv
    fields: {activity_id: id, lead_id: {column: lead, system: crm}, kind: kind, occurred_at: at}
  - name: crm_touches
    entity: touch
    system: crm
    path: in/touches-*.csv
    fields: {touch_id: id, lead_id: lead, channel: channel, touched_at: at}
  - name: crm_deals
    entity: opportunity
    system: crm
    path: in/deals-*.jsonl
    fields:
      opportunity_id: id
      lead_id: lead
      stage: stage
      amount: amount
      closed_at: {column: closed, optional: true}
  - name: crm_leads
    entity: lead
    system: crm
    path: in/leads-*.csv
    fields: {lead_id: id, email: mail, employees: size, created_at: created, stage: stage}
  - name: crm_reps
    entity: rep
    system: crm
    path: in/reps-*.csv
    fields: {rep_id: id, role: role, manager_id: boss}
"""
LEADS = "id,mail,size,created,stage\n"


@pytest.fixture
def inbox(workspace):
    folder = workspace.settings.sources.parent / "in"
    folder.mkdir()
    workspace.settings.sources.write_text(SOURCES)

    def put(name, content):
        (folder / name).write_text(content)

    return put


def rows(workspace, query):
    with workspace.ledger.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def everything(workspace):
    """Every table and the log, as text: what two runs must agree on."""
    with workspace.ledger.read() as connection:
        ledger = {
            table.name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
            for table in tables.metadata.sorted_tables
        }
    return ledger, sorted(workspace.log.read().fetchall())


def counted(result):
    names = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
    return tuple(getattr(result, name) for name in names)


def test_a_row_is_accepted_set_aside_or_a_duplicate_and_none_is_lost(workspace, inbox):
    inbox(
        "leads-1.csv",
        LEADS
        + "1,a@b.co,10,2026-01-01,\n"
        + "2,nope,10,2026-01-01,\n"
        + "1,a@b.co,10,2026-01-01,\n"
        + "3,c@d.co,many,2026-01-01,Sold\n",
    )
    assert counted(run_ingest(workspace, as_of=AS_OF)) == (4, 1, 2, 1, 0, 0)
    with workspace.ledger.read() as connection:
        listed = list_aside(connection, Wanted(), limit=9)
        (whole,) = find_aside(connection, listed[1]["batch_id"][:12], 4)
    assert [one["row_number"] for one in listed] == [2, 4]
    assert "row" not in listed[0]
    assert whole["row"] == {
        "id": "3",
        "mail": "c@d.co",
        "size": "many",
        "created": "2026-01-01",
        "stage": "Sold",
    }
    assert [reason["rule"] for reason in whole["reasons"]] == ["lead.unparsed"]
    assert "employees is not a whole number; stage is not one of" in whole["reasons"][0]["sentence"]
    assert whole["record_key"] == "crm:3"
    assert whole["set_aside_at"] == AS_OF


def test_the_same_batch_twice_changes_nothing(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,2026-01-01,\n2,x,10,2026-01-01,\n")
    inbox("activities-1.csv", "id,lead,kind,at\n1,1,page_viewed,2026-01-02\n2,9,x,2026-01-02\n")
    inbox("deals-1.jsonl", '{"id": 1, "lead": 1, "stage": "Won", "amount": 10.10}\n')
    first = run_ingest(workspace, as_of=AS_OF)
    assert first.batches == 3
    before = everything(workspace)
    inbox("leads-2.csv", LEADS + "1,a@b.co,10,2026-01-01,\n2,x,10,2026-01-01,\n")
    again = run_ingest(workspace, as_of=AS_OF + timedelta(hours=1))
    assert (again.batches, *counted(again)) == (0,) * 7
    assert everything(workspace) == before


def test_rows_of_another_file_that_say_the_same_are_duplicates(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,2026-01-01,\n")
    inbox("activities-1.csv", "id,lead,kind,at\n1,1,page_viewed,2026-01-02\n")
    run_ingest(workspace, as_of=AS_OF)
    inbox("leads-2.csv", LEADS + "1,a@b.co,10.0,2026-01-01T00:00Z,\n2,,,,\n")
    inbox("activities-2.csv", "id,lead,kind,at\n1,1,page_viewed,2026-01-02\n2,1,x,2026-01-03\n")
    result = run_ingest(workspace, as_of=AS_OF + timedelta(hours=1))
    assert counted(result) == (4, 2, 0, 2, 0, 0)
    assert rows(workspace, "SELECT count(*) FROM lead_version") == [(2,)]
    assert len(workspace.log.read().fetchall()) == 2


def test_other_content_of_a_key_is_a_new_version_and_the_newest_row_is_last(workspace, inbox):
    inbox(
        "leads-1.csv",
        LEADS + "1,a@b.co,10,2026-01-01,\n1,a@b.co,500,2026-01-01,\n1,a@b.co,10,2026-01-01,\n"
        "1,a@b.co,5000,2026-01-01,\n",
    )
    assert counted(run_ingest(workspace, as_of=AS_OF)) == (4, 4, 0, 0, 0, 0)
    assert rows(workspace, "SELECT employees, segment, domain FROM lead") == [
        (5000, "large", "b.co")
    ]
    versions = "SELECT employees FROM lead_version ORDER BY row_number"
    assert rows(workspace, versions) == [(10,), (500,), (10,), (5000,)]


def test_an_update_keeps_the_leads_stage_and_cycle(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,2026-01-01,\n")
    run_ingest(workspace, as_of=AS_OF)
    with workspace.ledger.begin() as connection:
        connection.execute(tables.lead.update().values(current_stage="mql", cycle=2))
    inbox("leads-2.csv", LEADS + "1,new@b.co,10,2026-01-01,\n")
    run_ingest(workspace, as_of=AS_OF + timedelta(hours=1))
    found = rows(workspace, "SELECT current_stage, cycle, email, mailbox FROM lead")
    assert found == [("mql", 2, "new@b.co", "new@b.co")]


def test_a_lead_without_a_date_was_created_when_it_was_first_taken(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,,\n2,,,2026-01-01,\n")
    run_ingest(workspace, as_of=AS_OF)
    inbox("leads-2.csv", LEADS + "1,a@b.co,11,,\n2,,7,,\n")
    run_ingest(workspace, as_of=AS_OF + timedelta(days=1))
    with workspace.ledger.read() as connection:
        query = select(tables.lead.c.created_at).order_by(tables.lead.c.lead_id)
        assert connection.execute(query).scalars().all() == [
            AS_OF,
            datetime(2026, 1, 1, tzinfo=UTC),
        ]


def test_leads_come_before_what_is_said_of_them_in_the_same_run(workspace, inbox):
    inbox("touches-1.csv", "id,lead,channel,at\n1,1,call,2026-01-02\n2,9,call,2026-01-02\n")
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,2026-01-01,\n")
    assert run_ingest(workspace, as_of=AS_OF).flagged == 1
    found = rows(workspace, "SELECT rule, record_key, row_number FROM flag")
    assert found == [("touch.unknown_lead", "crm:2", 2)]
    assert rows(workspace, "SELECT count(*) FROM touch") == [(2,)]


def test_what_is_new_makes_work_for_the_stages_after(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,2026-01-01,\n2,bad,,,\n")
    inbox("touches-1.csv", "id,lead,channel,at\n1,7,call,2026-01-02\n")
    inbox("activities-1.csv", "id,lead,kind,at\n1,8,x,2026-01-02\n2,8,x,2026-01-02\n")
    inbox(
        "deals-1.jsonl",
        '{"id": 1, "lead": null, "stage": "Won", "amount": 1, "closed": "2026-01-01"}\n',
    )
    run_ingest(workspace, as_of=AS_OF)
    assert sorted(rows(workspace, "SELECT need, lead_id FROM pending")) == [
        ("clock", "crm:8"),
        ("lifecycle", "crm:1"),
        ("lifecycle", "crm:7"),
        ("score", "crm:1"),
        ("score", "crm:8"),
    ]


def test_a_record_that_turns_out_to_be_of_another_lead_makes_work_for_both(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,,,2026-01-01,\n2,,,2026-01-01,\n")
    inbox("touches-1.csv", "id,lead,channel,at\n7,1,call,2026-01-02\n")
    run_ingest(workspace, as_of=AS_OF)
    run_lifecycle(workspace, as_of=AS_OF)
    inbox("touches-2.csv", "id,lead,channel,at\n7,2,call,2026-01-02\n")
    run_ingest(workspace, as_of=AS_OF)
    query = "SELECT lead_id FROM pending WHERE need = 'lifecycle' ORDER BY lead_id"
    assert rows(workspace, query) == [("crm:1",), ("crm:2",)]


def test_money_is_exact(workspace, inbox):
    inbox("deals-1.jsonl", '{"id": 1, "lead": 1, "stage": "Won", "amount": 12345678901.10}\n')
    run_ingest(workspace, as_of=AS_OF)
    with workspace.ledger.read() as connection:
        amount = connection.execute(select(tables.opportunity.c.amount)).scalar_one()
    assert amount == Decimal("12345678901.10")


def test_ids_of_every_field_carry_the_system(workspace, inbox):
    inbox("reps-1.csv", "id,role,boss\n1,sdr,2\n2,manager,\n")
    run_ingest(workspace, as_of=AS_OF)
    found = rows(workspace, "SELECT rep_id, manager_id FROM rep ORDER BY rep_id")
    assert found == [("crm:1", "crm:2"), ("crm:2", None)]


def leads_failing(failing, total):
    lines = [f"{i},{'x' if i < failing else f'a{i}@b.co'},10,2026-01-01," for i in range(total)]
    return LEADS + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("failing", "total", "held"), [(20, 100, 0), (21, 100, 100), (99, 99, 0), (0, 100, 0)]
)
def test_a_batch_of_100_rows_is_held_above_the_agreed_share(workspace, inbox, failing, total, held):
    inbox("leads-1.csv", leads_failing(failing, total))
    result = run_ingest(workspace, as_of=AS_OF)
    assert result.held == held
    assert len(result.findings) == (1 if held else 0)
    assert rows(workspace, "SELECT count(*) FROM quarantine") == [(0 if held else failing,)]
    assert rows(workspace, "SELECT count(*) FROM lead") == [(0 if held else total - failing,)]
    again = run_ingest(workspace, as_of=AS_OF)
    assert (again.batches, again.findings) == (0, ())


def test_one_broken_file_takes_nothing_and_the_others_go_on(workspace, inbox):
    inbox("leads-1.csv", LEADS + "1,a@b.co,10,2026-01-01,\n")
    inbox("leads-2.csv", LEADS + '2,"b@b.co,10,2026-01-01,\n')
    inbox("leads-3.csv", "id,mail,size,created\n3,c@b.co,10,2026-01-01\n")
    inbox("activities-1.csv", "id,lead,kind,at\n1,1,page_viewed,2026-01-02\n")
    result = run_ingest(workspace, as_of=AS_OF)
    assert result.batches == 2
    lines = [str(error) for error in result.errors]
    assert "leads-2.csv line 2: opens a quote that is never closed; expected balanced" in lines[0]
    assert "leads-3.csv line 1: has no column 'stage'; expected every column" in lines[1]
    assert not any("\n" in line for line in lines)
    assert rows(workspace, "SELECT lead_id FROM lead") == [("crm:1",)]
    inbox("leads-2.csv", LEADS + "2,b@b.co,10,2026-01-01,\n")
    assert run_ingest(workspace, as_of=AS_OF).accepted == 1


def test_results_are_plain_counts_that_can_be_copied(workspace, inbox):
    inbox("leads-2.csv", "")
    assert dataclasses.asdict(run_ingest(workspace, as_of=AS_OF))["errors"]


def test_faults_of_the_sources_file_end_the_run(workspace):
    workspace.settings.sources.write_text("sources: [{name: a}]")
    with pytest.raises(SourceError, match=r"sources\.a\.entity: is missing"):
        run_ingest(workspace, as_of=AS_OF)


def test_only_one_process_ingests(workspace, inbox, monkeypatch):
    soon = partial(workspace.ledger.lease, wait_seconds=0.1)
    monkeypatch.setattr(workspace.ledger, "lease", soon)
    other = Ledger.open(workspace.settings.ledger_url)
    with other.lease("ingest"), pytest.raises(LeaseHeldError):
        run_ingest(workspace, as_of=AS_OF)
    other.close()


def merged(workspace):
    query = "SELECT lead_id, into_lead_id FROM merge WHERE undone_at IS NULL ORDER BY lead_id"
    return dict(rows(workspace, query))


def test_leads_of_one_mailbox_are_one_person_and_the_oldest_stays(workspace, inbox):
    inbox(
        "leads-1.csv",
        LEADS
        + "3,Ann@B.co,10,2026-01-03,\n2, ann@b.co ,10,2026-01-02,\n4,bob@b.co,10,2026-01-01,\n"
        "5,,,,\n6,,,,\n",
    )
    run_ingest(workspace, as_of=AS_OF)
    assert merged(workspace) == {"crm:3": "crm:2"}
    inbox("leads-2.csv", LEADS + "7,ann@b.co,10,2026-01-05,\n")
    run_ingest(workspace, as_of=AS_OF + timedelta(hours=1))
    assert merged(workspace) == {"crm:3": "crm:2", "crm:7": "crm:2"}


def test_an_older_identity_that_comes_late_takes_all_of_them_over(workspace, inbox):
    inbox("leads-1.csv", LEADS + "3,ann@b.co,10,2026-01-03,\n2,ann@b.co,10,2026-01-02,\n")
    run_ingest(workspace, as_of=AS_OF)
    inbox("leads-2.csv", LEADS + "1,ann@b.co,10,2026-01-01,\n")
    run_ingest(workspace, as_of=AS_OF + timedelta(hours=1))
    assert merged(workspace) == {"crm:2": "crm:1", "crm:3": "crm:1"}
    assert rows(workspace, "SELECT count(*) FROM merge WHERE undone_at IS NOT NULL") == [(1,)]
    work = rows(workspace, "SELECT DISTINCT lead_id FROM pending WHERE need = 'lifecycle'")
    assert {lead_id for (lead_id,) in work} == {"crm:1", "crm:2", "crm:3"}


def test_the_end_does_not_depend_on_how_leads_are_cut_into_files(tmp_path):
    lines = [
        "1,ann@b.co,10,2026-01-04,\n",
        "2,ann@b.co,10,2026-01-02,\n",
        "3,ANN@b.co,10,2026-01-02,\n",
        "4,bob@b.co,10,2026-01-01,\n",
    ]
    ends = set()
    for number, order in enumerate(itertools.permutations(lines)):
        home = tmp_path / str(number)
        (home / "in").mkdir(parents=True)
        (home / "sources.yaml").write_text(SOURCES)
        for at, line in enumerate(order):
            (home / "in" / f"leads-{at}.csv").write_text(LEADS + line)
        opened = Workspace.open(
            Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
        )
        run_ingest(opened, as_of=AS_OF, sources=read_sources(home / "sources.yaml", {}))
        ends.add(tuple(merged(opened).items()))
        opened.close()
    assert ends == {(("crm:1", "crm:2"), ("crm:3", "crm:2"))}


ROOT = Path(__file__).resolve().parents[2]


def test_each_lead_keeps_its_own_mailbox_beside_rows_that_repeat_or_fail(workspace, inbox):
    lines = [f"{number},p{number}@b{number}.co,,2026-01-02,\n" for number in range(6)]
    bad = "x,nope,,2026-01-02,\n"
    inbox("leads-1.csv", LEADS + lines[0] + bad + lines[0] + lines[1] + lines[2])
    run_ingest(workspace, as_of=AS_OF)
    inbox("leads-2.csv", LEADS + lines[1] + bad + lines[3] + lines[2] + lines[4] + lines[5])
    run_ingest(workspace, as_of=AS_OF)
    found = rows(workspace, "SELECT lead_id, email, mailbox, domain FROM lead ORDER BY lead_id")
    assert found == [
        (f"crm:{number}", f"p{number}@b{number}.co", f"p{number}@b{number}.co", f"b{number}.co")
        for number in range(6)
    ]
    assert rows(workspace, "SELECT * FROM merge") == []


def test_text_that_is_longer_than_the_stores_keep_is_set_aside_and_not_cut(workspace, inbox):
    fits, long = "i" * 196, "i" * 197  # with "crm:" in front
    mailbox = "a" * (320 - len("@b.co"))
    inbox(
        "leads-1.csv",
        LEADS
        + f"{fits},a@b.co,,2026-01-02,\n{long},b@b.co,,2026-01-02,\n"
        + f"3,{mailbox}@b.co,,2026-01-02,\n4,a{mailbox}@b.co,,2026-01-02,\n"
        + f"5,{'x' * 50_000}@b.co,,2026-01-02,\n",
    )
    result = run_ingest(workspace, as_of=AS_OF)
    assert (result.accepted, result.quarantined) == (2, 3)
    kept = rows(workspace, "SELECT lead_id FROM lead ORDER BY lead_id")
    assert kept == [("crm:3",), (f"crm:{fits}",)]
    with workspace.ledger.read() as connection:
        reasons = [row["reasons"] for row in list_quarantine_rows(connection)]
    assert all("characters" in reason[0]["sentence"] for reason in reasons)


def test_work_that_is_noted_for_everyone_is_done_for_everyone(workspace, inbox, monkeypatch):
    monkeypatch.setattr(batch_rows, "_MANY", 2)
    inbox("leads-1.csv", LEADS + "".join(f"{at},p{at}@b{at}.co,,2026-01-02,\n" for at in range(5)))
    activities = "".join(f"{at},{at},demo_requested,2026-11-20\n" for at in range(7))
    inbox("activities-1.csv", "id,lead,kind,at\n" + activities)
    run_ingest(workspace, as_of=AS_OF)
    noted = rows(workspace, "SELECT DISTINCT lead_id FROM pending ORDER BY lead_id")
    assert noted == [(tables.EVERYONE,), ("crm:5",), ("crm:6",)]
    assert run_score(workspace, as_of=AS_OF).scored == 5
    run_lifecycle(workspace, as_of=AS_OF)
    run_sweep(workspace, as_of=AS_OF)
    assert rows(workspace, "SELECT count(*) FROM score WHERE intent > 0") == [(5,)]
    left = rows(workspace, "SELECT DISTINCT lead_id FROM pending ORDER BY lead_id")
    assert left == [("crm:5",), ("crm:6",)]
    inbox("leads-2.csv", LEADS + "5,p5@b5.co,,2026-01-02,\n")
    run_ingest(workspace, as_of=AS_OF)
    assert run_score(workspace, as_of=AS_OF).scored == 1


def test_a_replaced_file_is_taken_and_said_and_one_that_is_being_written_waits(workspace, inbox):
    inbox("touches-1.csv", "id,lead,channel,at\n1,1,call,2026-01-03\n")
    assert run_ingest(workspace, as_of=AS_OF).notes == ()
    inbox("touches-1.csv", "id,lead,channel,at\n1,1,call,2026-01-03\n2,1,call,2026-01-04\n")
    result = run_ingest(workspace, as_of=AS_OF)
    assert [note.rule for note in result.notes] == ["ingest.replaced"]
    assert (result.accepted, result.duplicates, result.errors) == (1, 1, ())
    settling = SOURCES.replace("path: in/touches-*.csv", "path: in/touches-*.csv\n    settle: 1h")
    workspace.settings.sources.write_text(settling)
    inbox("touches-2.csv", "id,lead,channel,at\n3,1,call,2026-01-05\n")
    written = (workspace.settings.sources.parent / "in" / "touches-2.csv").stat().st_mtime
    just_now = datetime.fromtimestamp(written, UTC) + timedelta(minutes=59)
    waits = run_ingest(workspace, as_of=just_now)
    assert (waits.batches, waits.errors) == (0, ())
    assert {note.rule for note in waits.notes} == {"ingest.in_motion"}
    settled = run_ingest(workspace, as_of=just_now + timedelta(minutes=2))
    assert (settled.batches, settled.accepted, settled.notes) == (1, 1, ())


def test_lines_that_do_not_fit_the_header_are_set_aside_with_their_own_text(workspace, inbox):
    inbox(
        "touches-1.csv",
        "id,lead,channel,at\n1,1,call,2026-01-03\n2,1,call\n"
        "3,1,smoke,2026-01-03\n4,1,call,2026-01-03,more,and more\n5,2,email,2026-01-04\n",
    )
    result = run_ingest(workspace, as_of=AS_OF)
    assert (result.rows_in, result.accepted, result.quarantined) == (5, 2, 3)
    with workspace.ledger.read() as connection:
        aside = {row["row_number"]: row["row"] for row in list_quarantine_rows(connection)}
    assert aside[2]["(line)"] == "2,1,call"
    assert aside[3]["channel"] == "smoke"
    assert aside[4]["(line)"] == "4,1,call,2026-01-03,more,and more"


def list_quarantine_rows(connection):
    return connection.execute(select(tables.quarantine)).mappings()


def test_rows_of_people_who_were_erased_do_not_hold_the_batch_they_come_in(workspace, inbox):
    gone = "".join(f"{number},p{number}@b.co,,2026-01-02,\n" for number in range(120))
    inbox("leads-1.csv", LEADS + gone)
    run_ingest(workspace, as_of=AS_OF)
    ids = [f"crm:{number}" for number in range(120)]
    erased = [
        {"lead_id": one, "certificate_id": "c", "erased_at": AS_OF, "why": "asked"} for one in ids
    ]
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.erasure, erased)
    inbox("leads-2.csv", LEADS + gone + "200,new@b.co,,2026-01-02,\n201,nope,,2026-01-02,\n")
    result = run_ingest(workspace, as_of=AS_OF)
    assert (result.accepted, result.quarantined, result.held) == (1, 121, 0)
    aside = rows(workspace, "SELECT status, record_key FROM quarantine ORDER BY row_number")
    assert aside[:120] == [("erased", None)] * 120
    assert aside[120:] == [("open", "crm:201")]


def example(name, tmp_path, data):
    folder = ROOT / "examples" / name
    opened = Workspace.open(
        Settings(home=tmp_path / "home", agreement=folder / "agreement.yaml", _env_file=None)
    )
    sources = read_sources(folder / "sources.yaml", os.environ | {"ACCORD_DATA": str(data)})
    result = run_ingest(opened, as_of=AS_OF, sources=sources)
    assert (result.errors, result.findings, result.quarantined, result.duplicates) == ((), (), 0, 0)
    assert run_ingest(opened, as_of=AS_OF, sources=sources).batches == 0
    return opened, result


@pytest.mark.parametrize("name", ["olist", "bpi2012", "maven"])
def test_an_examples_agreement_loads_without_fault_or_warning(name):
    assert load(ROOT / "examples" / name / "agreement.yaml").warnings == ()


@pytest.mark.data
def test_olist_is_taken_whole_and_the_deal_before_its_lead_flagged(tmp_path, data):
    opened, result = example("olist", tmp_path, data)
    assert (result.accepted, result.flagged) == (41 + 8000 + 842, 1)
    assert rows(opened, "SELECT rule, sentence FROM flag") == [
        ("opportunity.before_lead", "won or lost before its lead was created")
    ]
    by_channel = dict(
        rows(
            opened,
            "SELECT channel, count(o.opportunity_id) || ' of ' || count(*) FROM lead "
            "LEFT JOIN opportunity o USING (lead_id) WHERE lead.stage = 'mql' GROUP BY channel",
        )
    )
    assert by_channel["paid_search"] == "195 of 1586"
    assert by_channel["organic_search"] == "271 of 2296"
    assert by_channel["email"] == "15 of 493"
    assert by_channel["unknown"] == "179 of 1099"
    assert by_channel[None] == "14 of 60"
    assert len(by_channel) == 11
    opened.close()


@pytest.mark.data
def test_maven_has_deals_without_leads_and_a_corrected_product(tmp_path, data):
    opened, result = example("maven", tmp_path, data)
    assert (result.accepted, result.flagged) == (6 + 35 + 8800, 0)
    stages = "SELECT stage, count(*), sum(amount) FROM opportunity GROUP BY stage"
    assert sorted(rows(opened, stages), key=str) == [
        ("customer", 4238, 1000553400),
        ("lost", 2473, 0),
        ("opportunity", 1589, None),
        ("target", 500, None),
    ]
    assert rows(opened, "SELECT count(*) FROM opportunity WHERE product = 'GTX Pro'") == [(1480,)]
    assert rows(opened, "SELECT count(*) FROM opportunity WHERE account IS NULL") == [(1425,)]
    assert rows(opened, "SELECT count(*) FROM opportunity WHERE lead_id IS NOT NULL") == [(0,)]
    assert rows(opened, "SELECT count(*) FROM rep WHERE manager_id IS NOT NULL") == [(35,)]
    assert rows(opened, "SELECT count(*) FROM opportunity WHERE industry = 'technolgy'") == [(0,)]
    assert rows(opened, "SELECT min(length(country)), max(length(country)) FROM opportunity") == [
        (2, 2)
    ]
    opened.close()
