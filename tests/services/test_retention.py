"""Retention: what was kept long enough goes, exactly then; what is open or younger stays."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from accord.errors import InputError
from accord.ledger import read_rows, tables
from accord.records import to_us
from accord.services.audit import run_audit
from accord.services.erase import erased_among
from accord.services.nightly import run_nightly
from accord.services.retention import find_silent, months_before, run_retention
from accord.services.settings import FEWEST_LEAD_MONTHS, Settings
from tests.services.handoff_world import World

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
EDGE = months_before(NOW, 24)


@pytest.fixture
def strict(workspace):
    terms = {
        "retention_lead_months": 24,
        "retention_quarantine_days": 30,
        "retention_outbox_days": 90,
        "retention_spool_days": 7,
    }
    for name, value in terms.items():
        setattr(workspace.settings, name, value)
    return workspace


def put(workspace, table, **row):
    with workspace.ledger.begin() as connection:
        connection.execute(insert(table).values(row))


def leads(workspace, *names, at, **attributes):
    """Put leads of whom the ledger heard last at an instant, without any history."""
    given = {"created_at": at, "known_at": at, "row_hash": "x", "cycle": 0, **attributes}
    for name in names:
        put(workspace, tables.lead, lead_id=name, email=f"{name}@{name}.example", **given)


def rows(workspace, table):
    with workspace.ledger.read() as connection:
        return read_rows(connection, select(table))


@pytest.mark.parametrize("months", [1, 12, FEWEST_LEAD_MONTHS - 1])
def test_fewer_months_than_agreed_are_refused_with_the_reason(months):
    with pytest.raises(InputError, match=r"24 to 1200 months.*come again"):
        Settings(retention_lead_months=months, _env_file=None)


@pytest.mark.parametrize("months", [None, FEWEST_LEAD_MONTHS, FEWEST_LEAD_MONTHS + 1])
def test_as_many_months_or_more_are_taken(months):
    assert Settings(retention_lead_months=months, _env_file=None).retention_lead_months == months


@pytest.mark.parametrize("name", ["quarantine", "outbox", "spool"])
def test_days_begin_at_one(name, monkeypatch):
    setting = f"retention_{name}_days"
    assert getattr(Settings(**{setting: 1}, _env_file=None), setting) == 1
    monkeypatch.setenv(f"ACCORD_{setting.upper()}", "0")
    with pytest.raises(InputError, match=f"ACCORD_{setting.upper()}"):
        Settings(_env_file=None)


def test_without_terms_everything_is_kept(workspace):
    leads(workspace, "old", at=EDGE - 3000 * DAY)
    result = run_retention(workspace, as_of=NOW)
    assert (result.erased, result.quarantine_emptied, result.outbox_emptied) == (0, 0, 0)
    assert rows(workspace, tables.erasure) == []


def test_a_lead_goes_at_exactly_so_many_months_and_not_a_moment_before(strict):
    leads(strict, "older", at=EDGE - MOMENT)
    leads(strict, "edge", at=EDGE)
    leads(strict, "younger", at=EDGE + MOMENT)
    assert run_retention(strict, as_of=NOW).erased == 2
    emails = {row["lead_id"]: row["email"] for row in rows(strict, tables.lead)}
    assert emails == {"older": None, "edge": None, "younger": "younger@younger.example"}
    assert {row["why"] for row in rows(strict, tables.erasure)} == {"retention"}
    assert run_audit(strict, as_of=NOW) == ()


@pytest.mark.parametrize(("later", "stays"), [(0, False), (1, True)])
def test_an_activity_after_the_edge_keeps_a_lead(strict, later, stays):
    leads(strict, "lead", at=EDGE - DAY)
    world = World(strict)
    world.activity("lead", "page_viewed", at=EDGE + later * MOMENT)
    assert find_silent(strict, until=EDGE) == ([] if stays else ["lead"])
    assert to_us(EDGE + MOMENT) == to_us(EDGE) + 1


_OPEN = {
    "handoff": {
        "handoff_id": "h",
        "cycle": 1,
        "stage": "mql",
        "origin": "observed",
        "hot": False,
        "forced": False,
        "kept": False,
        "queued_at": EDGE - DAY,
    },
    "opportunity": {
        "opportunity_id": "o",
        "stage": "opportunity",
        "known_at": EDGE - DAY,
        "row_hash": "x",
    },
    "touch": {
        "touch_id": "t",
        "channel": "call",
        "touched_at": EDGE + MOMENT,
        "known_at": EDGE,
        "row_hash": "x",
    },
    "decision": {
        "decision_id": "d",
        "outcome": "defer",
        "decided_at": EDGE + MOMENT,
        "known_at": EDGE,
        "row_hash": "x",
    },
}
_CLOSED = {
    "handoff": {"ended_at": EDGE},
    "opportunity": {"closed_at": EDGE},
    "touch": {"touched_at": EDGE},
    "decision": {"decided_at": EDGE},
}


@pytest.mark.parametrize("name", sorted(_OPEN))
def test_what_is_open_or_was_heard_later_keeps_a_lead_and_what_is_over_does_not(strict, name):
    table = tables.metadata.tables[name]
    leads(strict, "lead", at=EDGE - DAY)
    put(strict, table, lead_id="lead", **_OPEN[name])
    assert find_silent(strict, until=EDGE) == []
    with strict.ledger.begin() as connection:
        connection.execute(update(table).values(**_CLOSED[name]))
    assert find_silent(strict, until=EDGE) == ["lead"]


def test_a_running_clock_keeps_a_lead_until_it_ends(strict):
    world = World(strict)
    leads(strict, "lead", at=EDGE - DAY)
    assert world.rows("clock") == []
    columns = {column.name for column in tables.clock.c if not column.nullable}
    values = dict.fromkeys(columns, "x") | {
        "cycle": 1,
        "within_us": 1,
        "business": False,
        "pauses": [],
        "steps": [],
        "started_at": EDGE - DAY,
        "due_at": EDGE,
    }
    put(strict, tables.clock, lead_id="lead", **values)
    assert find_silent(strict, until=EDGE) == []
    with strict.ledger.begin() as connection:
        connection.execute(update(tables.clock).values(ended_at=EDGE, ended_by="met"))
    assert find_silent(strict, until=EDGE) == ["lead"]


def test_customers_stay(strict):
    leads(strict, "bought", at=EDGE - DAY, current_stage="customer")
    leads(strict, "lost", at=EDGE - DAY, current_stage="lost")
    assert find_silent(strict, until=EDGE) == ["lost"]


def test_a_person_stays_whole_while_one_of_their_records_is_young(strict):
    leads(strict, "old", at=EDGE - DAY)
    leads(strict, "young", at=EDGE + DAY)
    put(strict, tables.merge, lead_id="young", into_lead_id="old", merged_at=EDGE + DAY)
    assert find_silent(strict, until=EDGE) == []
    with strict.ledger.begin() as connection:
        connection.execute(update(tables.lead).values(known_at=EDGE, created_at=EDGE))
    assert find_silent(strict, until=EDGE) == ["old"]
    assert run_retention(strict, as_of=NOW).erased == 2


def test_whom_time_erased_may_come_again_under_another_id(strict):
    import pandas as pd

    leads(strict, "old", at=EDGE)
    run_retention(strict, as_of=NOW)
    frame = pd.DataFrame({"lead_id": ["old", "new"], "email": [None, "old@old.example"]})
    with strict.ledger.read() as connection:
        assert erased_among(connection, frame).tolist() == [True, False]


def quarantined(workspace, number, *, status, decided_at):
    put(
        workspace,
        tables.quarantine,
        batch_id="b",
        row_number=number,
        source="s",
        entity="lead",
        row={"mail": "a@b.co"},
        reasons=[{"rule": "r", "sentence": "s"}],
        status=status,
        set_aside_at=NOW - 400 * DAY,
        decided_at=decided_at,
    )


def test_rows_decided_on_are_emptied_after_their_days(strict):
    edge = NOW - 30 * DAY
    quarantined(strict, 1, status="released", decided_at=edge)
    quarantined(strict, 2, status="discarded", decided_at=edge - MOMENT)
    quarantined(strict, 3, status="released", decided_at=edge + MOMENT)
    quarantined(strict, 4, status="open", decided_at=None)
    assert run_retention(strict, as_of=NOW).quarantine_emptied == 2
    full = {row["row_number"]: bool(row["row"]) for row in rows(strict, tables.quarantine)}
    assert full == {1: False, 2: False, 3: True, 4: True}
    assert run_retention(strict, as_of=NOW).quarantine_emptied == 0


def entry(workspace, key, *, status, sent_at):
    put(
        workspace,
        tables.outbox,
        key=key,
        kind="message",
        payload={"mail": "a@b.co"},
        payload_hash="x",
        status=status,
        created_at=NOW - 400 * DAY,
        not_before=NOW - 400 * DAY,
        attempts=0,
        sent_at=sent_at,
    )


def test_sent_entries_are_emptied_after_their_days_and_waiting_ones_never(strict):
    edge = NOW - 90 * DAY
    entry(strict, "at", status="sent", sent_at=edge)
    entry(strict, "above", status="sent", sent_at=edge - MOMENT)
    entry(strict, "below", status="sent", sent_at=edge + MOMENT)
    entry(strict, "waits", status="waiting", sent_at=None)
    entry(strict, "withdrawn", status="withdrawn", sent_at=None)
    assert run_retention(strict, as_of=NOW).outbox_emptied == 3
    full = {row["key"]: bool(row["payload"]) for row in rows(strict, tables.outbox)}
    assert full == {
        "at": False,
        "above": False,
        "below": True,
        "waits": True,
        "withdrawn": False,
    }
    assert run_retention(strict, as_of=NOW).outbox_emptied == 0


def test_what_was_pulled_and_never_taken_is_given_up_after_its_days(strict):
    folder = strict.settings.spool_path / "crm"
    folder.mkdir(parents=True)
    edge = (NOW - 7 * DAY).timestamp()
    for name, at in (("at", edge), ("above", edge - 1), ("below", edge + 1)):
        for suffix in (".jsonl", ".json"):
            path = folder / f"{name}{suffix}"
            path.write_text("{}")
            os.utime(path, (at, at))
    assert run_retention(strict, as_of=NOW).spool_removed == 2
    assert sorted(path.name for path in folder.iterdir()) == ["below.json", "below.jsonl"]


def test_the_night_says_what_it_erased_and_every_law_holds(strict):
    leads(strict, "old", at=EDGE - DAY)
    world = World(strict)
    world.leads("young", at=NOW - DAY)
    result = run_nightly(strict, as_of=NOW)
    assert (result.erased, result.findings) == (1, ())
    assert run_nightly(strict, as_of=NOW + DAY).erased == 0


@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), months=st.integers(0, 1200))
def test_months_before_is_that_many_months_and_never_later_in_the_month(at, months):
    before = months_before(at, months)
    assert (at.year - before.year) * 12 + at.month - before.month == months
    assert before.day <= at.day
    assert before.time() == at.time()
