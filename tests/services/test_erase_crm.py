"""Erasing a person out of what the CRM got: the tables of ``sql``, the outbox, others' records.

The tables stand in the ledger's own database, which is the harder case: one file, one set of locks.
"""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, inspect, select, update

from accord.crm import Landed
from accord.crm.sql_tables import effect
from accord.crm.sql_tables import lead as crm_lead
from accord.errors import DeliveryError
from accord.ledger import read_rows, tables
from accord.outbox import Entry, Kind
from accord.records import payload_hash
from accord.services.audit import run_audit
from accord.services.deliver import run_deliver
from accord.services.erase import read_certificates, run_erase
from accord.services.erase_check import find_traces
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

NAME = "Zoë O'Brien-Müller"
EMAIL = "Zoe.OBrien@müller.example"
PHONE = "+49 170 555 0123"
PERSON = {"name": NAME, "email": EMAIL, "phone": PHONE, "company": "Acme"}
QUOTED = "quotes:1"
AT = MONDAY + DAY
LATER = AT + HOUR


def with_crm(workspace: Workspace, **changes) -> Workspace:
    return replace(workspace, settings=workspace.settings.model_copy(update=changes))


@pytest.fixture
def quiet(workspace) -> World:
    """The person is handed over, and so is somebody who was told about them; nothing is sent."""
    world = World(workspace)
    world.reps("r1", email="r1@us.example")
    world.mqls("crm:1", **PERSON)
    world.mqls("crm:2", name="Other Person", email="other@else.example")
    world.run()
    quote(world)
    return world


@pytest.fixture
def world(quiet) -> World:
    """The same, where all was sent into tables beside the ledger's own."""
    secret = type(quiet.workspace.settings.crm_url)
    url = secret(quiet.workspace.settings.ledger_url)
    quiet.workspace = with_crm(quiet.workspace, crm="sql", crm_url=url)
    assert run_deliver(quiet.workspace, as_of=MONDAY).sent == 3
    return quiet


def quote(world: World, key: str = QUOTED) -> None:
    """Let what goes out about the other lead name the person."""
    payload = {"lead": {"name": NAME}, "timeline": [{"detail": f"forwarded by {EMAIL.lower()}"}]}
    row = Entry(key=key, kind=Kind.TASK, lead_id="crm:2", payload=payload, not_before=MONDAY).row(
        created_at=MONDAY
    )
    with world.ledger.begin() as connection:
        connection.execute(insert(tables.outbox).values(row))


def entry(world: World, key: str = QUOTED) -> dict:
    return next(row for row in world.rows("outbox") if row["key"] == key)


def in_crm(world: World, table) -> dict:
    with world.ledger.read() as connection:
        key = "lead_id" if table is crm_lead else "key"
        return {row[key]: row for row in read_rows(connection, select(table))}


def change(world: World, key: str = QUOTED, **values) -> None:
    with world.ledger.begin() as connection:
        own = tables.outbox.c.key == key
        connection.execute(update(tables.outbox).where(own).values(**values))


def places(world: World) -> set[str]:
    found = find_traces(world.workspace, [EMAIL, PHONE])
    return {one.subject.partition(".")[0] for one in found}


# The tables of ``sql``


def test_the_persons_rows_are_emptied_and_those_of_others_only_cut(world):
    assert {"ledger accord_lead", "ledger accord_effect"} <= places(world)
    before = in_crm(world, crm_lead)
    certificate = run_erase(world.workspace, "crm:1", as_of=AT)
    assert certificate.removed["crm_rows"] == 3
    assert certificate.crm_records == ()
    assert places(world) == set()

    rows = in_crm(world, crm_lead)
    assert [rows["crm:1"][name] for name in (*PERSON, "title", "reasons")] == [None] * 6
    stays = ("owner", "stage", "handoff_id", "effect_key", "written_at", "owner_edited_at")
    assert [rows["crm:1"][name] for name in stays] == [before["crm:1"][name] for name in stays]
    assert rows["crm:2"] == before["crm:2"]
    effects = in_crm(world, effect)
    own = effects[rows["crm:1"]["effect_key"]]
    assert (own["payload"], own["payload_hash"], own["lead_id"]) == ({}, "", "crm:1")
    assert effects[rows["crm:2"]["effect_key"]]["payload"]["lead"]["name"] == "Other Person"
    assert effects[QUOTED]["payload"]["lead"] == {"name": NAME}  # another's own name is theirs
    assert EMAIL.lower() not in str(effects[QUOTED]["payload"])
    assert len(run_audit(world.workspace, as_of=AT)) == 1  # L3: the scores here are made up


def test_what_was_sent_is_known_as_sent_and_nothing_conflicts(world):
    run_erase(world.workspace, "crm:1", as_of=AT)
    with world.ledger.begin() as connection:  # as if no process had come to marking it
        connection.execute(update(tables.outbox).values(status="waiting", leased_by="a dead one"))
    done = run_deliver(world.workspace, as_of=LATER)
    assert (done.sent, done.dead, done.retried) == (3, 0, 0)


def test_a_dry_run_counts_the_same_and_writes_nothing(world):
    before = in_crm(world, effect)
    planned = run_erase(world.workspace, "crm:1", as_of=AT, dry_run=True)
    assert planned.removed["crm_rows"] == 3
    assert in_crm(world, effect) == before
    done = run_erase(world.workspace, "crm:1", as_of=AT)
    assert replace(planned, state="done", certificate_id=done.certificate_id) == done


def test_tables_that_are_not_there_hold_nobody_and_are_not_made(quiet, tmp_path):
    url = type(quiet.workspace.settings.crm_url)(f"sqlite:///{tmp_path / 'crm.db'}")
    workspace = with_crm(quiet.workspace, crm="sql", crm_url=url)
    assert run_erase(workspace, "crm:1", as_of=AT).removed["crm_rows"] == 0
    assert inspect(create_engine(f"sqlite:///{tmp_path / 'crm.db'}")).get_table_names() == []


def test_tables_that_cannot_be_reached_stop_an_erasure_before_it_begins(world):
    url = type(world.workspace.settings.crm_url)("postgresql://127.0.0.1:1/crm")
    unreached = with_crm(world.workspace, crm_url=url, crm_timeout_seconds=1)
    with pytest.raises(DeliveryError, match="ACCORD_CRM_URL"):
        run_erase(unreached, "crm:1", as_of=AT)
    assert read_certificates(world.workspace) == ()
    assert run_erase(world.workspace, "crm:1", as_of=AT).state == "done"


def test_an_id_that_tells_the_person_is_the_same_digest_in_the_ledger_and_in_the_tables(quiet):
    told = f"crm:{EMAIL.lower()}"
    quiet.mqls(told, name="N. N.", email=EMAIL, at=MONDAY + HOUR)
    quiet.run(MONDAY + HOUR)
    url = type(quiet.workspace.settings.crm_url)(quiet.workspace.settings.ledger_url)
    workspace = with_crm(quiet.workspace, crm="sql", crm_url=url)
    run_deliver(workspace, as_of=MONDAY + HOUR)
    certificate = run_erase(workspace, told, as_of=AT)
    (now,) = certificate.leads
    assert now.startswith("erased:")
    assert set(in_crm(quiet, crm_lead)) == {now, "crm:1", "crm:2"}
    assert now in {row["lead_id"] for row in in_crm(quiet, effect).values()}


# Killed anywhere


def erase_and_die(given: dict, url: str, point: str, witness: Path) -> None:
    """What a child does."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": str(witness)}
    settings = Settings(**given, crm="sql", crm_url=url, _env_file=None)
    run_erase(Workspace.open(settings), "crm:1", as_of=AT)


@pytest.mark.parametrize("point", ["crm.erase_within", "crm.erase_committed", "erase.after_files"])
def test_killed_at_a_point_and_asked_again_it_ends_the_same(world, children, tmp_path, point):
    settings = world.workspace.settings
    names = ("home", "agreement", "sources")
    given = {name: getattr(settings, name) for name in names}
    given |= {"database_url": settings.ledger_url}
    witness = tmp_path / "witness"
    child = children.Process(
        target=erase_and_die, args=(given, settings.ledger_url, point, witness)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert witness.read_text().split() == [point]
    certificate = run_erase(world.workspace, "crm:1", as_of=LATER)
    assert (certificate.state, certificate.erased_at) == ("done", AT)
    assert certificate.removed["crm_rows"] == 3
    assert places(world) == set()


def test_no_byte_of_the_person_stays_in_the_tables_file(quiet, tmp_path):
    path = tmp_path / "crm.db"
    url = type(quiet.workspace.settings.crm_url)(f"sqlite:///{path}")
    workspace = with_crm(quiet.workspace, crm="sql", crm_url=url)
    run_deliver(workspace, as_of=MONDAY)
    assert EMAIL.encode() in path.read_bytes()
    run_erase(workspace, "crm:1", as_of=AT)
    assert EMAIL.encode() not in path.read_bytes()
    assert EMAIL.lower().encode() not in path.read_bytes()


# What others hold


def certificate_with(quiet: World, **sent) -> tuple[tuple[str, ...], str]:
    """Erase a person whose hand-off was sent like this; what is left there, and its key."""
    key = next(row["key"] for row in quiet.rows("outbox") if row["lead_id"] == "crm:1")
    change(quiet, key, **sent)
    workspace = with_crm(quiet.workspace, crm="hubspot")
    return run_erase(workspace, "crm:1", as_of=AT).crm_records, key


def test_the_certificate_names_the_records_that_the_crm_made(quiet):
    left, _ = certificate_with(quiet, status="sent", remote={"task": "77", "contact": "501"})
    assert left == ("contact 501", "task 77")
    assert read_certificates(quiet.workspace)[0].crm_records == left


@pytest.mark.parametrize(
    "sent",
    [
        {"status": "sent", "remote": None},  # a receiver that tells no ids
        {"status": "waiting", "leased_by": "unknown outcome"},  # perhaps there
        {"status": "sent", "remote": {"contact": EMAIL}},  # an id that tells the person
    ],
)
def test_where_no_id_can_be_told_the_certificate_names_the_key(quiet, sent):
    left, key = certificate_with(quiet, **sent)
    assert left == (f"key {key}",)
    assert places(quiet) == set()


def test_what_never_went_out_is_nowhere_to_be_deleted(quiet):
    assert certificate_with(quiet, status="waiting")[0] == ()


# Others' entries that name the person


class Holds:
    """A CRM that holds what it took, by the hash it was told."""

    def __init__(self, **there: str) -> None:
        self.there = there
        self.told: dict[str, str] = {}

    def upsert(self, items, *, sent_at):
        raise AssertionError((items, sent_at))

    def read_back(self, keys):
        return {key: Landed(payload_hash=self.there[key]) for key in keys if key in self.there}

    def close(self):
        """Nothing is open."""


@pytest.mark.parametrize("status", ["waiting", "dead"])
def test_what_has_surely_not_gone_out_has_the_hash_of_what_is_left(quiet, status):
    change(quiet, status=status)
    before = entry(quiet)["payload_hash"]
    run_erase(quiet.workspace, "crm:1", as_of=AT)
    row = entry(quiet)
    assert EMAIL.lower() not in str(row["payload"])
    assert row["payload_hash"] == payload_hash(row["payload"]) != before
    own = next(one for one in quiet.rows("outbox") if one["lead_id"] == "crm:1")
    assert (own["payload"], own["payload_hash"]) == ({}, "")


def test_what_is_cut_while_it_waits_is_sent_and_found_again(quiet):
    run_erase(quiet.workspace, "crm:1", as_of=AT)
    done = run_deliver(quiet.workspace, as_of=AT)
    assert (done.sent, done.dead) == (2, 0)
    change(quiet, status="waiting", leased_by="a dead process")
    assert run_deliver(quiet.workspace, as_of=LATER).sent == 1


def test_what_may_have_gone_out_keeps_the_hash_that_the_crm_was_told(quiet):
    before = entry(quiet)["payload_hash"]
    with quiet.ledger.begin() as connection:
        connection.execute(update(tables.outbox).values(status="withdrawn"))
    change(quiet, status="waiting", leased_by="unknown outcome")
    run_erase(quiet.workspace, "crm:1", as_of=AT)
    assert EMAIL.lower() not in str(entry(quiet)["payload"])
    assert entry(quiet)["payload_hash"] == before
    there = Holds(**{QUOTED: before})
    assert run_deliver(quiet.workspace, as_of=LATER, crm=there).sent == 1


def test_a_line_of_the_file_that_was_cut_is_no_conflict_for_what_is_unsure(quiet):
    assert run_deliver(quiet.workspace, as_of=MONDAY).sent == 3
    change(quiet, status="waiting", leased_by="a dead process")
    run_erase(quiet.workspace, "crm:1", as_of=AT)
    done = run_deliver(quiet.workspace, as_of=LATER)
    assert (done.sent, done.dead) == (1, 0)
