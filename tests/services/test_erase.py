"""Erasing a person: traces before, none after, every count holds, killed anywhere it ends the same.

On SQLite and PostgreSQL; kills are real (SIGKILL).
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, insert, make_url, select, text, update

from accord.errors import InputError, LeaseHeldError
from accord.ledger import read_rows, tables
from accord.services.audit import run_audit
from accord.services.deliver import run_deliver
from accord.services.erase import (
    erased_among,
    find_needles,
    finish_begun,
    read_certificates,
    run_erase,
)
from accord.services.erase_check import find_traces
from accord.services.ingest import run_ingest
from accord.services.nightly import run_nightly
from accord.services.settings import Settings
from accord.services.weekly import run_weekly
from accord.services.workspace import Workspace
from tests.services import erase_world as world
from tests.services.erase_world import DAY, EMAIL, MONDAY, NAME, NEEDLES, OLD_EMAIL, PHONE

AT = MONDAY + DAY
ROOT = Path(__file__).resolve().parents[2]
POINTS = (
    "erase.after_plan",
    "erase.after_log",
    "erase.within_files",
    "erase.after_files",
    "erase.before_commit",
    "erase.after_ledger",
    "erase.after_vacuum",
    "erase.after_certificate",
)


def open_in(folder: Path, url: str) -> Workspace:
    places = {"home": folder / "home", "sources": folder / "sources.yaml"}
    agreement = ROOT / "agreement.yaml"
    return Workspace.open(Settings(**places, database_url=url, agreement=agreement, _env_file=None))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lived(request, tmp_path_factory):
    """A company that has lived for a day: its folder and its ledger's URL, to be copied."""
    folder = tmp_path_factory.mktemp("lived")
    if request.param == "sqlite":
        _live(folder, f"sqlite:///{folder / 'home' / 'ledger.db'}")
        yield folder, None
        return
    with request.getfixturevalue("databases").new() as url:
        _live(folder, url)
        yield folder, url


def _live(folder: Path, url: str) -> None:
    workspace = open_in(folder, url)
    world.live(workspace)
    workspace.close()


@pytest.fixture
def company(lived, tmp_path, request):
    """A copy of the company for one test."""
    lived_in, lived_on = lived
    shutil.copytree(lived_in, tmp_path, dirs_exist_ok=True)
    if lived_on is None:
        opened = open_in(tmp_path, f"sqlite:///{tmp_path / 'home' / 'ledger.db'}")
        yield opened
        opened.close()
        return
    like = str(make_url(lived_on).database)
    with request.getfixturevalue("databases").new(like=like) as url:
        opened = open_in(tmp_path, url)
        yield opened
        opened.close()


def rows(workspace, table: str):
    with workspace.ledger.read() as connection:
        return read_rows(connection, select(tables.metadata.tables[table]))


def places(findings):
    return {finding.subject.partition("/")[0] for finding in findings}


def test_the_check_finds_the_person_before_and_nothing_after(company):
    before = find_traces(company, NEEDLES)
    assert {"file activity", "file outbox", "file reports"} <= places(before)
    ledger = {one.subject for one in before if one.subject.startswith("ledger ")}
    assert {
        "ledger lead.email",
        "ledger lead_version.name",
        "ledger quarantine.row",
        "ledger outbox.payload",
        "ledger decision.reason",
        "ledger opportunity.account",
    } <= ledger
    run_erase(company, "crm:1", as_of=AT)
    assert find_traces(company, NEEDLES) == ()


def test_any_record_of_a_person_erases_the_whole_person(company):
    certificate = run_erase(company, "crm:2", as_of=AT)
    assert certificate.leads == ("crm:1", "crm:2")
    assert find_traces(company, NEEDLES) == ()


def test_all_laws_hold_before_and_after(company):
    assert run_audit(company, as_of=AT) == ()
    run_erase(company, "crm:1", as_of=AT)
    assert run_audit(company, as_of=AT) == ()
    run_nightly(company, as_of=AT + DAY)
    assert run_audit(company, as_of=AT + DAY) == ()
    assert find_traces(company, NEEDLES) == ()


def test_counts_of_a_closed_week_stay_as_they_were(company):
    friday = MONDAY + 8 * DAY
    run_weekly(company, as_of=friday)
    before = {
        (row["period"], row["metric"], row["dimension"], row["member"]): row["value"]
        for row in rows(company, "metric")
        if not row["partial"] and row["metric"] not in {"clocks_running", "clocks_overdue"}
    }
    run_erase(company, "crm:1", as_of=friday)
    restated = run_weekly(company, as_of=friday + timedelta(minutes=1)).restatements
    assert before
    assert [one for one in restated if one.period < "2026-W48"] == []


def test_what_stays_are_ids_and_counts(company):
    batches = rows(company, "batch")
    moves = {row["change_id"] for row in rows(company, "stage_change")}
    run_erase(company, "crm:1", as_of=AT)
    assert rows(company, "batch") == batches
    assert {row["change_id"] for row in rows(company, "stage_change")} == moves
    lead = next(row for row in rows(company, "lead") if row["lead_id"] == "crm:1")
    gone = ("email", "name", "phone", "title", "company", "mailbox", "domain", "company_key")
    assert {lead[name] for name in gone} == {None}
    assert lead["current_stage"] is not None
    aside = [row for row in rows(company, "quarantine") if row["status"] == "erased"]
    assert len(aside) == 3
    assert {json.dumps(row["row"]) for row in aside} == {"{}"}
    assert all(reason["rule"] for row in aside for reason in row["reasons"])


def test_nothing_of_others_is_lost(company):
    others = [row for row in rows(company, "lead") if row["lead_id"] > "crm:2"]
    sent = [row for row in rows(company, "outbox") if row["lead_id"] == "crm:4"]
    activities = sorted(company.log.read(lead_ids=["crm:3", "crm:4"]).fetchall())
    run_erase(company, "crm:1", as_of=AT)
    assert [row for row in rows(company, "lead") if row["lead_id"] > "crm:2"] == others
    assert [row for row in rows(company, "outbox") if row["lead_id"] == "crm:4"] == sent
    left = sorted(company.log.read().fetchall())
    assert [row[:4] for row in left] == [row[:4] for row in activities]
    assert [row[4] for row in left].count(None) == 1  # the one that quoted the person


def test_what_was_sent_of_others_is_only_cut(company):
    run_erase(company, "crm:1", as_of=AT)
    path = company.settings.outbox_path / "crm.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    payloads = {line["payload"].get("lead_id"): line["payload"] for line in lines}
    assert set(payloads) == {None, "crm:3", "crm:4"}
    assert "forwarded by [...]" in json.dumps(payloads["crm:3"])
    assert payloads["crm:3"]["lead"]["name"] == "Other Person3"


def test_of_what_people_were_told_the_person_is_cut_and_the_rest_stays(company):
    path = company.settings.outbox_path / "messages.jsonl"
    told = [{"text": f"Lead {one} is late"} for one in (EMAIL, "crm:4")]
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in told))
    path.chmod(0o600)
    certificate = run_erase(company, "crm:1", as_of=AT)
    first, other = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert EMAIL not in first["text"]
    assert other == told[1]
    assert path.stat().st_mode & 0o777 == 0o600
    assert certificate.removed["message_files"] == 1


def test_what_was_sent_is_known_as_sent_and_goes_to_nobody_again(company):
    run_deliver(company, as_of=AT + 30 * DAY)
    path = company.settings.outbox_path / "crm.jsonl"
    size = path.stat().st_size
    run_erase(company, "crm:1", as_of=AT + 30 * DAY)
    assert path.stat().st_size == size  # who reads on from where he stopped, reads on
    with company.ledger.begin() as connection:
        sent = update(tables.outbox).where(tables.outbox.c.status == "sent")
        connection.execute(sent.values(status="waiting", leased_by="a dead process"))
    run_deliver(company, as_of=AT + 31 * DAY)
    assert path.stat().st_size == size


def test_what_waits_for_the_person_is_withdrawn_and_nothing_is_open(company):
    row = next(one for one in rows(company, "outbox") if one["lead_id"] == "crm:1")
    waiting = {name: row[name] for name in row if name != "outbox_id"}
    waiting |= {"key": "waits", "status": "waiting", "sent_at": None}
    with company.ledger.begin() as connection:
        connection.execute(insert(tables.outbox).values(waiting))
        connection.execute(
            update(tables.handoff).where(tables.handoff.c.lead_id == "crm:1").values(ended_at=None)
        )
    run_erase(company, "crm:1", as_of=AT)
    states = {r["key"]: r["status"] for r in rows(company, "outbox") if r["lead_id"] == "crm:1"}
    assert states["waits"] == "withdrawn"
    for name in ("clock", "handoff"):
        assert [
            r for r in rows(company, name) if r["lead_id"] == "crm:1" and not r["ended_at"]
        ] == []


def test_no_stage_works_on_an_erased_lead_again(company):
    run_erase(company, "crm:1", as_of=AT)
    moves = len(rows(company, "stage_change"))
    for stage in ("target", "sql", "deferred", "nurture"):
        with company.ledger.begin() as connection:
            mine = tables.lead.c.lead_id == "crm:1"
            connection.execute(update(tables.lead).where(mine).values(current_stage=stage))
        world.tick(company, AT + DAY)
        run_nightly(company, as_of=AT + 2 * DAY)
    own = [row for row in rows(company, "stage_change") if row["lead_id"] == "crm:1"]
    assert len(own) <= moves
    assert max(row["known_at"] for row in own) < AT
    assert [row for row in rows(company, "score") if row["lead_id"] in {"crm:1", "crm:2"}] == []


def test_an_old_export_read_again_sets_the_person_aside_without_content(company):
    folder = company.settings.sources.parent
    run_erase(company, "crm:1", as_of=AT)
    leads = len(rows(company, "lead"))
    world.write(
        folder,
        "leads-9.csv",
        world._LEADS
        + world.lead_line("1", "new@mail.example", "New Name", "")
        + world.lead_line("77", f" {EMAIL.upper()} ", NAME, PHONE)
        + world.lead_line("78", OLD_EMAIL.lower(), NAME, PHONE)
        + world.lead_line("79", "somebody@else.example", "Some Body", ""),
    )
    world.write(
        folder,
        "activities-9.csv",
        f"id,lead,kind,at,detail\nn1,1,page_viewed,2026-11-12T10:00:00Z,{EMAIL}\n"
        "n2,3,page_viewed,2026-11-12T10:00:00Z,x\n",
    )
    world.write(folder, "touches-9.csv", "id,lead,rep,channel,at\nt9,2,r1,call,2026-11-17T15:00Z\n")
    result = run_ingest(company, as_of=AT + DAY)
    assert (result.accepted, result.quarantined) == (2, 5)
    fresh = [row for row in rows(company, "quarantine") if row["set_aside_at"] == AT + DAY]
    assert {row["status"] for row in fresh} == {"erased"}
    assert {json.dumps(row["row"]) for row in fresh} == {"{}"}
    assert {row["reasons"][0]["sentence"] for row in fresh} == {"person was erased"}
    assert len(rows(company, "lead")) == leads + 1
    assert find_traces(company, [*NEEDLES, "new@mail.example"]) == ()
    assert run_audit(company, as_of=AT + DAY) == ()


def test_the_certificate_counts_and_names_nobody(company):
    activities = company.log.count_of(["crm:1", "crm:2"])
    certificate = run_erase(company, "crm:1", as_of=AT, request="DSR-2026-17")
    assert certificate.state == "done"
    assert certificate.request == "DSR-2026-17"
    assert certificate.activities_by_batch == activities
    assert certificate.removed["activities"] == sum(activities.values()) == 25
    assert certificate.removed["ledger.lead"] == 2
    assert certificate.removed["sent_entries"] == 2
    assert certificate.kept["stage_change"] > 0
    path = company.settings.home / "certificates" / f"{certificate.certificate_id}.json"
    assert json.loads(path.read_text(encoding="utf-8")) == certificate.content()
    assert read_certificates(company) == (certificate,)
    assert "plan" not in rows(company, "certificate")[0]["content"]


def test_a_request_that_names_the_person_is_refused(company):
    with pytest.raises(InputError, match="names the person"):
        run_erase(company, "crm:1", as_of=AT, request=f"mail of {EMAIL}")
    assert rows(company, "erasure") == []


def test_erasing_again_gives_the_same_certificate(company):
    first = run_erase(company, "crm:1", as_of=AT)
    assert run_erase(company, "crm:2", as_of=AT + DAY) == first
    assert len(rows(company, "certificate")) == 1


def test_a_dry_run_counts_the_same_and_changes_nothing(company):
    before = {name: rows(company, name) for name in tables.metadata.tables}
    files = {p: p.read_bytes() for p in company.settings.report_path.rglob("*") if p.is_file()}
    planned = run_erase(company, "crm:1", as_of=AT, dry_run=True)
    assert planned.state == "planned"
    assert {name: rows(company, name) for name in tables.metadata.tables} == before
    assert {p: p.read_bytes() for p in files} == files
    done = run_erase(company, "crm:1", as_of=AT)
    assert replace(planned, state="done", certificate_id=done.certificate_id) == done


def test_a_lead_that_nobody_knows_is_refused(company):
    with pytest.raises(InputError, match="nobody knows"):
        run_erase(company, "crm:404", as_of=AT)


def test_a_lead_known_by_its_activities_alone_is_erased(company):
    folder = company.settings.sources.parent
    lines = f"id,lead,kind,at,detail\nu1,900,page_viewed,2026-11-12T10:00:00Z,{EMAIL}\n"
    world.write(folder, "activities-8.csv", lines)
    run_ingest(company, as_of=AT)
    certificate = run_erase(company, "crm:900", as_of=AT, also=(EMAIL,))
    assert certificate.removed["activities"] == 1
    assert run_audit(company, as_of=AT) == ()


def test_it_waits_for_no_stage_that_is_at_work(company, monkeypatch):
    monkeypatch.setattr("accord.services.erase._PATIENCE_SECONDS", 0.1)
    with company.ledger.lease("score"), pytest.raises(LeaseHeldError):
        run_erase(company, "crm:1", as_of=AT)
    assert rows(company, "erasure") == []


def test_an_id_that_tells_the_person_becomes_a_digest_everywhere(workspace):
    folder = workspace.settings.sources.parent
    world.write_sources(folder)
    text = (folder / "sources.yaml").read_text(encoding="utf-8")
    (folder / "sources.yaml").write_text(text.replace("system: crm", 'system: ""'))
    mail = "ann@b.example"
    world.write(
        folder, "leads-1.csv", world._LEADS + world.lead_line(mail, mail, "Ann Bee-Cee", "")
    )
    world.write(
        folder,
        "activities-1.csv",
        f"id,lead,kind,at,detail\n{mail}-1,{mail},demo_requested,2026-11-12T10:00:00Z,x\n",
    )
    (folder / "in" / "leads-2.csv").unlink()
    world.tick(workspace, MONDAY)
    lines = f"id,lead,outcome,at,reason\nd-{mail},{mail},disqualify,2026-11-16T16:00:00Z,none\n"
    world.write(folder, "decisions-1.csv", lines)
    world.tick(workspace, MONDAY + timedelta(hours=3))
    assert find_traces(workspace, [mail])
    certificate = run_erase(workspace, mail, as_of=AT)
    assert find_traces(workspace, [mail, "Ann Bee-Cee"]) == ()
    assert certificate.renamed_ids >= 2
    assert certificate.leads[0].startswith("erased:")
    assert run_audit(workspace, as_of=AT) == ()
    assert run_erase(workspace, mail, as_of=AT + DAY) == certificate
    world.write(folder, "leads-3.csv", world._LEADS + world.lead_line(mail, "", "Ann", ""))
    assert run_ingest(workspace, as_of=AT + DAY).accepted == 0
    assert find_traces(workspace, [mail]) == ()


def test_a_namesake_keeps_their_name(company):
    folder = company.settings.sources.parent
    line = world.lead_line("50", "other.zoe@else.example", NAME, "")
    world.write(folder, "leads-5.csv", world._LEADS + line)
    run_ingest(company, as_of=AT)
    run_erase(company, "crm:1", as_of=AT)
    lead = next(row for row in rows(company, "lead") if row["lead_id"] == "crm:50")
    assert lead["name"] == NAME
    assert find_traces(company, [EMAIL, OLD_EMAIL, PHONE]) == ()


def test_a_record_told_apart_stays_and_is_named(company):
    with company.ledger.begin() as connection:
        connection.execute(update(tables.merge).values(undone_at=AT))
    certificate = run_erase(company, "crm:1", as_of=AT)
    assert certificate.leads == ("crm:1",)
    assert certificate.shared_with == ("crm:2",)


def test_spooled_and_staged_rows_of_the_person_go(company):
    spool = company.settings.spool_path / "crm_leads"
    spool.mkdir(parents=True)
    name = f"00000001-{'a' * 64}"
    lines = [{"id": "1", "mail": ""}, {"id": "9", "mail": "x@y.example"}, {"id": "8", "m": EMAIL}]
    (spool / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (spool / f"{name}.json").write_text('{"asked": "", "cursor": {}}')
    staging = company.settings.staging_path
    staging.mkdir()
    (staging / "000000.parquet").write_bytes(EMAIL.encode())
    certificate = run_erase(company, "crm:1", as_of=AT)
    assert certificate.removed["rows_waiting_in_spool"] == 2
    (left,) = spool.glob("*.jsonl")
    assert left.read_text() == json.dumps(lines[1]) + "\n"
    assert left.with_suffix(".json").exists()
    assert find_traces(company, NEEDLES) == ()


def test_a_file_that_is_not_ours_is_named_and_left(company):
    stray = company.settings.home / "notes.csv"
    stray.write_text(f"call {EMAIL}")
    assert run_erase(company, "crm:1", as_of=AT).left == ("notes.csv",)
    assert stray.exists()


def test_no_old_version_of_a_row_stays_in_the_servers_files(company):
    """PostgreSQL keeps deleted row versions in its files until they are written anew."""
    if company.ledger.engine.dialect.name != "postgresql":
        pytest.skip("PostgreSQL's own files")
    assert _server_files_with(company, OLD_EMAIL.encode())
    run_erase(company, "crm:1", as_of=AT)
    assert _server_files_with(company, OLD_EMAIL.encode()) == []


def _server_files_with(workspace, needle: bytes):
    engine = workspace.ledger.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        home = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        paths = connection.execute(
            text(
                "SELECT relname, pg_relation_filepath(oid) FROM pg_class"
                " WHERE relkind IN ('r', 'i', 't')"
                " AND relnamespace = current_schema()::regnamespace"
            )
        ).all()
    return [name for name, path in paths if needle in (home / path).read_bytes()]


# --- killed anywhere ---------------------------------------------------------------------------


def erase_and_die(folder: Path, url: str, point: str, witness: Path) -> None:
    """What a child does: die at the point, or run to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": str(witness)}
    run_erase(open_in(folder, url), "crm:1", as_of=AT)


def erase_in_child(children, workspace, point: str, folder: Path) -> bool:
    witness = folder / "witness"
    url = workspace.settings.ledger_url
    child = children.Process(target=erase_and_die, args=(folder, url, point, witness))
    child.start()
    child.join(120)
    assert child.exitcode in {0, -signal.SIGKILL}
    return witness.exists() and point in witness.read_text()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_and_asked_again_it_ends_as_if_nobody_had_disturbed(
    children, company, tmp_path, point
):
    assert erase_in_child(children, company, point, tmp_path)
    again = replace(company, log=type(company.log).open(str(company.settings.log_path)))
    world.tick(again, AT)  # the stages go on meanwhile, and bring nothing back
    assert [row for row in rows(again, "score") if row["lead_id"] == "crm:1"] == [] or (
        rows(again, "certificate")[0]["content"]["state"] == "begun"
    )
    certificate = run_erase(again, "crm:1", as_of=AT + DAY)
    assert certificate.state == "done"
    assert certificate.erased_at == AT
    assert certificate.removed["activities"] == 25
    assert certificate.removed["sent_entries"] == 2
    assert certificate.removed["report_files"] == 1
    assert find_traces(again, NEEDLES) == ()
    assert run_audit(again, as_of=AT) == ()
    again.log.close()


def test_a_night_brings_an_interrupted_erasure_to_its_end(children, company, tmp_path):
    assert erase_in_child(children, company, "erase.after_log", tmp_path)
    again = replace(company, log=type(company.log).open(str(company.settings.log_path)))
    assert [one.rule for one in run_audit(again, as_of=AT)] == ["L2"]
    result = run_nightly(again, as_of=AT + DAY)
    assert result.finished == 1
    assert result.findings == ()
    assert find_traces(again, NEEDLES) == ()
    assert finish_begun(again) == 0
    again.log.close()


# --- who comes back ----------------------------------------------------------------------------


def test_nobody_is_known_as_erased_before_anybody_was(workspace):
    frame = pd.DataFrame({"lead_id": ["a", None], "email": ["a@b.co", None]})
    with workspace.ledger.read() as connection:
        assert erased_among(connection, frame).tolist() == [False, False]
        assert erased_among(connection, frame.iloc[:0]).tolist() == []


def test_the_person_is_known_again_by_id_and_by_any_spelling_of_the_mailbox(company):
    run_erase(company, "crm:1", as_of=AT)
    frame = pd.DataFrame(
        {
            "lead_id": ["crm:1", "crm:2", "crm:3", None, "x", "y"],
            "email": [None, None, None, f" {EMAIL.swapcase()} ", OLD_EMAIL.lower(), "zo@x.example"],
        }
    )
    with company.ledger.read() as connection:
        assert erased_among(connection, frame).tolist() == [True, True, False, True, True, False]
        assert not erased_among(connection, frame[["lead_id"]].iloc[3:]).any()
        stored = connection.execute(select(func.count()).select_from(tables.erased_mailbox))
        assert stored.scalar_one() >= 2


# --- the check ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.txt", NAME.lower().encode()),
        ("page.html", b"<b>Zo&#235; O&#39;Brien-M&#252;ller</b>"),
        ("named.html", b"Zo&euml; O&rsquo;Brien-M&uuml;ller"),
        ("latin.csv", NAME.encode("latin-1")),
        ("wide.csv", NAME.encode("utf-16")),
        ("escaped.json", json.dumps({"n": NAME}).encode()),
        ("twice.json", json.dumps(json.dumps({"n": NAME})).encode()),
        ("url.txt", b"?q=Zo%C3%AB+O%27Brien-M%C3%BCller"),
        ("decomposed.txt", "ZOE\u0308 O'BRIEN-MU\u0308LLER".encode()),
        ("packed.csv.gz", gzip.compress(EMAIL.encode(), mtime=0)),
        ("packed.json.zst", pa.compress(OLD_EMAIL.encode(), codec="zstd", asbytes=True)),
        ("phone.txt", b"call 0170/555 01-23 now"),
        ("phone2.txt", b"+491705550123"),
        ("phone3.txt", b"(+49) 170.555.0123"),
    ],
)
def test_the_check_finds_every_spelling(workspace, name, content):
    (workspace.settings.home / name).write_bytes(content)
    found = find_traces(workspace, NEEDLES)
    assert {finding.subject for finding in found} == {f"file {name}"}


def test_the_check_decodes_parquet_columns(workspace):
    table = pa.table({"n": pa.array([NAME] * 3).dictionary_encode(), "p": [491705550123] * 3})
    path = workspace.settings.home / "part.parquet"
    pq.write_table(table, path, compression="gzip", write_statistics=False)
    assert NAME.encode() not in path.read_bytes()
    found = find_traces(workspace, [NAME, PHONE])
    assert len(found) == 2


def test_the_check_finds_nothing_where_nothing_is(workspace):
    assert find_traces(workspace, NEEDLES) == ()
    (workspace.settings.home / "other.txt").write_text("Zoë Brien, 1705550124, zoe@x.example")
    assert find_traces(workspace, NEEDLES) == ()
    assert find_traces(workspace, ["Jo", ""]) == ()


def test_needles_come_from_the_ledger(company):
    found = find_needles(company, "crm:2")
    assert {EMAIL, NAME, PHONE, OLD_EMAIL} <= set(found)


def test_the_clock_is_not_read(company):
    old = datetime(2027, 1, 1, tzinfo=UTC)
    assert run_erase(company, "crm:1", as_of=old).erased_at == old
