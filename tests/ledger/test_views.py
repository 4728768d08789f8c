"""The views show on both stores what the tables hold, readably, and nothing personal."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, inspect, select, text, update
from sqlalchemy.exc import ProgrammingError

from accord.agreement import load
from accord.errors import InputError
from accord.ledger import Ledger, insert_rows, read_rows, tables
from accord.ledger.metric_rows import read_raw
from accord.ledger.personal import PRIVACY
from accord.ledger.views import CATALOGUE, VIEWS, Kind, View, fingerprint
from accord.ledger.views import making as making_room
from accord.ledger.views.page import grants, nameless, views_page
from accord.ledger.views.questions import QUESTIONS
from accord.metrics.prepare import prepare, tables_for
from accord.services.erase import run_erase
from accord.services.weekly import run_weekly
from tests.metrics.company import AS_OF, FIRST, Company
from tests.services import erase_world as world
from tests.services.test_weekly import _late_lead

ROOT = Path(__file__).resolve().parents[2]
NAMES = [view.name for view in VIEWS]
ODD = datetime(1969, 12, 31, 23, 59, 59, 7, tzinfo=UTC)  # before 1970, seven microseconds


def _read(ledger: Ledger, sql: str) -> list[dict[str, Any]]:
    with ledger.read() as connection:
        return [dict(row) for row in connection.execute(text(sql)).mappings()]


def _rows(ledger: Ledger, view: str, where: str = "TRUE") -> list[dict[str, Any]]:
    """A view's rows with equal types on both stores, as its columns' kinds say."""
    (shape,) = (one for one in VIEWS if one.name == view)
    kinds = {column.name: column.kind for column in shape.columns}
    found = _read(ledger, f"SELECT * FROM {view} WHERE {where}")
    rows = [{name: _plain(kinds[name], value) for name, value in row.items()} for row in found]
    return sorted(rows, key=lambda row: tuple(map(str, row.values())))


def _plain(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    return _PLAIN[kind](value) if kind in _PLAIN else value


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return value.astimezone(UTC)


_PLAIN = {
    Kind.INSTANT: _instant,
    Kind.DATE: lambda value: date.fromisoformat(str(value)),
    Kind.FLAG: bool,
    Kind.MONEY: lambda value: Decimal(str(value)).quantize(Decimal("0.01")),
    Kind.SCORE: lambda value: Decimal(str(value)).quantize(Decimal("0.1")),
    Kind.NUMBER: float,
}


def _row(**values: Any) -> dict[str, Any]:
    return values


def _first(connection, column, count: int) -> list[str]:
    return sorted(connection.execute(select(column)).scalars())[:count]


def _fill(ledger: Ledger) -> None:
    """The hand-made company, and what it has none of: one of each."""
    Company(leads=120, seed=5).write(ledger)
    reasons = [{"rule": "email.form", "sentence": "zoe@@ex is no e-mail"}, {"rule": "date.future"}]
    with ledger.begin() as connection:
        leads = _first(connection, tables.lead.c.lead_id, 3)
        (clock,) = _first(connection, tables.clock.c.clock_id, 1)
        (batch,) = _first(connection, tables.batch.c.batch_id, 1)
        for table, row in (
            ("score", _row(lead_id=leads[0], fit=405, engagement=0, intent=-3, position="desire",
                reasons=[], qualifies=["engaged", "hot"], scored_at=ODD, version="2026.4")),
            ("score_change", _row(lead_id=leads[0], scored_at=AS_OF, fit=405, engagement=0,
                intent=1, version="2026.4")),
            ("merge", _row(lead_id=leads[1], into_lead_id=leads[0], merged_at=AS_OF, why="mailbox",
                undone_at=None)),
            ("merge", _row(lead_id=leads[2], into_lead_id=leads[0], merged_at=AS_OF, why="mailbox",
                undone_at=AS_OF)),
            ("erasure", _row(lead_id=leads[2], certificate_id="c", erased_at=AS_OF, why="asked")),
            ("step", _row(clock_id=clock, step=0, at="due+2h", due_at=AS_OF, swept_at=AS_OF,
                status="sent", why=None)),
            ("decision", _row(decision_id="d", lead_id=leads[0], rep_id="crm:ada",
                outcome="return", decided_at=AS_OF, reason="x", defer_until=None, known_at=AS_OF,
                row_hash="x")),
            ("quality", _row(batch_id=batch, rule="email.form", severity="quarantine", checked=9,
                failing=1, outcome="acted", sentence="zoe")),
            ("quarantine", _row(batch_id=batch, row_number=4, source="web", entity="lead",
                record_key="k", row={"mail": "zoe@@ex"}, reasons=reasons, status="open",
                set_aside_at=AS_OF)),
            ("quarantine", _row(batch_id=batch, row_number=5, source="web", entity="lead",
                record_key="k", row={}, reasons=[], status="open", set_aside_at=AS_OF)),
            ("outbox", _row(outbox_id=1, key="k", kind="task", lead_id=leads[0], payload={},
                payload_hash="x", status="waiting", created_at=AS_OF, not_before=AS_OF,
                attempts=0)),
            ("agreement", _row(version="9", fingerprint="old", effective_from=date(2026, 1, 1),
                document="{}", seen_at=FIRST)),
            ("agreement", _row(version="9", fingerprint="new", effective_from=date(2026, 1, 1),
                document="{}", seen_at=AS_OF)),
            ("signature", _row(version="9", side="sales", fingerprint="new", signed_by="Ann",
                signed_at=AS_OF)),
        ):  # fmt: skip
            connection.execute(insert(tables.metadata.tables[table]), [row])
        for period, revision, value in (
            ("2026-W53", 1, "1"), ("2020-W01", 1, "0.25"), ("2026-11", 1, "2"),
            ("2026-11", 2, "3.5"), ("2026-11-21", 1, None),
        ):  # fmt: skip
            row = _row(
                period=period, metric="m", dimension="all", member="", revision=revision,
                numerator=value, denominator=None, value=value, low=None, high=None, partial=False,
                computed_at=AS_OF,
            )  # fmt: skip
            connection.execute(insert(tables.metric), [row])


@pytest.fixture
def filled(ledger):
    _fill(ledger)
    return ledger


def test_both_stores_show_the_same_columns_in_order_and_equal_values(
    sqlite_ledger, postgres_url, tmp_path
):
    both = [Ledger.open(sqlite_ledger(tmp_path)), Ledger.open(postgres_url)]
    for one in both:
        _fill(one)
    for view in VIEWS:
        here, there = (_rows(one, view.name) for one in both)
        assert here, f"{view.name} shows nothing: the test proves nothing of it"
        assert list(here[0]) == list(there[0]) == [column.name for column in view.columns]
        assert here == there, view.name
    for one in both:
        one.close()


def test_the_page_is_what_the_definitions_say():
    page = (ROOT / "docs" / "views.md").read_text(encoding="utf-8")
    assert page == views_page(), "run: python -m accord.ledger.views > docs/views.md"


def test_every_view_and_column_of_a_ledger_stands_in_the_registry_and_is_described(ledger):
    there = inspect(ledger.engine)
    assert set(there.get_view_names()) == {*NAMES, CATALOGUE}
    for view in VIEWS:
        names = [column["name"] for column in there.get_columns(view.name)]
        assert names == [column.name for column in view.columns]
        assert view.grain
        assert all(column.says for column in view.columns)


def test_the_catalogue_names_every_view(ledger):
    rows = _read(ledger, f"SELECT * FROM {CATALOGUE}")
    assert [row["name"] for row in rows] == NAMES
    assert {row["fingerprint"] for row in rows} == {fingerprint()}


def test_instants_and_money_are_readable_to_the_microsecond_and_the_cent(filled):
    (lead,) = _rows(filled, "v_lead", "scored_at IS NOT NULL")
    assert (lead["scored_at"], lead["fit"], lead["intent"]) == (
        ODD,
        Decimal("40.5"),
        Decimal("-0.3"),
    )
    assert (lead["is_engaged"], lead["is_mql"], lead["is_hot"]) == (True, False, True)
    with filled.read() as connection:
        paid = {
            row["spend_id"]: row["amount"] for row in read_rows(connection, select(tables.spend))
        }
    assert {row["spend_id"]: row["amount"] for row in _rows(filled, "v_spend")} == paid
    if filled.engine.dialect.name == "sqlite":
        (row,) = _read(filled, "SELECT scored_at FROM v_lead WHERE scored_at IS NOT NULL")
        assert row["scored_at"] == "1969-12-31 23:59:59.000007"


def test_a_merged_record_names_what_it_became_and_one_that_was_split_again_does_not(filled):
    merged = _rows(filled, "v_lead", "merged_into IS NOT NULL")
    (erased,) = _rows(filled, "v_lead", "erased_at IS NOT NULL")
    assert len(merged) == 1
    assert erased["merged_into"] is None


def test_a_move_that_was_taken_back_is_not_shown_nor_what_took_it_back(filled):
    before = {row["change_id"] for row in _rows(filled, "v_stage_change")}
    with filled.begin() as connection:
        row = read_rows(connection, select(tables.stage_change).limit(1))[0]
        back = {**row, "change_id": "back", "retracts": row["change_id"]}
        insert_rows(connection, tables.stage_change, [back])
    assert {row["change_id"] for row in _rows(filled, "v_stage_change")} == before - {
        row["change_id"]
    }


@pytest.mark.parametrize(
    ("late_us", "ended_by", "verdict"),
    [
        (None, None, "running"),
        (-1, "met", "met"),
        (0, "met", "met"),
        (1, "met", "breached"),
        (0, "transferred", "transferred"),
        (0, "cancelled", "cancelled"),
        (1, "transferred", "breached"),
    ],
)
def test_a_clocks_verdict_is_met_up_to_its_due_instant(filled, late_us, ended_by, verdict):
    clock = tables.clock.c
    with filled.begin() as connection:
        row = connection.execute(select(clock.clock_id, clock.due_at).limit(1)).one()
        ended = None if late_us is None else row.due_at + timedelta(microseconds=late_us)
        change = update(tables.clock).where(clock.clock_id == row.clock_id)
        connection.execute(change.values(ended_at=ended, ended_by=ended_by))
    (shown,) = _rows(filled, "v_clock", f"clock_id = '{row.clock_id}'")
    assert shown["verdict"] == verdict
    assert shown["late_seconds"] == (None if late_us is None else late_us / 1_000_000)


def test_verdicts_of_ended_clocks_are_those_that_the_metrics_count(filled):
    with filled.read() as connection:
        raw = {name: read_raw(connection, name) for name in tables_for(("clocks",))}
    frame = prepare(raw, load(ROOT / "agreement.yaml"), frames=("clocks",))["clocks"]
    ended = frame[frame["ended_us"].notna()]
    dropped = ended["verdict"].isna()
    counted = Counter(ended["verdict"].where(~dropped, ended["ended_by"]))
    shown = Counter(row["verdict"] for row in _rows(filled, "v_clock", "ended_at IS NOT NULL"))
    assert shown == counted
    assert {"met", "breached"} <= set(shown)


def test_periods_begin_on_their_first_day(filled):
    days = {
        row["period"]: (row["cut"], row["starts_on"]) for row in _rows(filled, "v_metric_revision")
    }
    assert days == {
        "2026-W53": ("week", date.fromisocalendar(2026, 53, 1)),
        "2020-W01": ("week", date(2019, 12, 30)),
        "2026-11": ("month", date(2026, 11, 1)),
        "2026-11-21": ("day", date(2026, 11, 21)),
    }
    assert [row["value"] for row in _rows(filled, "v_metric_month")] == [3.5]
    assert [row["value"] for row in _rows(filled, "v_metric_day")] == [None]


def test_every_monday_of_thirty_years_is_the_calendars(ledger):
    weeks = {date(2010, 1, 4) + timedelta(weeks=number) for number in range(1560)}
    rows = [
        {
            "period": f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}", "metric": "m",
            "dimension": "all", "member": "", "revision": 1, "partial": False, "computed_at": AS_OF,
        }
        for day in weeks
    ]  # fmt: skip
    with ledger.begin() as connection:
        insert_rows(connection, tables.metric, rows)
    assert {row["starts_on"] for row in _rows(ledger, "v_metric_week")} == weeks


def test_the_numbers_of_a_week_are_those_that_weekly_stored(workspace):
    Company(leads=160, seed=3).write(workspace.ledger)
    run_weekly(workspace, as_of=AS_OF)
    with workspace.ledger.read() as connection:
        stored = read_rows(connection, select(tables.metric))
    key = ("period", "metric", "dimension", "member")
    told = {tuple(row[name] for name in key): row for row in stored}
    shown = _rows(workspace.ledger, "v_metric_week")
    assert len(shown) == len(told) > 1000
    assert any(row["low"] is not None for row in shown)
    for row in shown:
        own = told[tuple(row[name] for name in key)]
        for name in ("numerator", "denominator", "value", "low", "high"):
            assert row[name] == (None if own[name] is None else float(own[name]))
        assert (row["partial"], row["computed_at"]) == (own["partial"], own["computed_at"])


def test_a_restated_week_shows_its_newest_revision_and_the_log_both(workspace):
    Company(leads=160, seed=3).write(workspace.ledger)
    run_weekly(workspace, as_of=AS_OF)
    which = "period = '2026-W43' AND metric = 'new_leads' AND dimension = 'all'"
    (before,) = _rows(workspace.ledger, "v_metric_week", which)
    _late_lead(workspace, "web:late", FIRST + timedelta(days=8))
    run_weekly(workspace, as_of=AS_OF)
    (after,) = _rows(workspace.ledger, "v_metric_week", which)
    assert (after["revision"], after["value"]) == (2, before["value"] + 1)
    log = _rows(workspace.ledger, "v_metric_revision", which)
    assert sorted((row["revision"], row["value"], row["is_newest"]) for row in log) == [
        (1, before["value"], False),
        (2, after["value"], True),
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.asks)
def test_what_is_often_asked_gets_an_answer(workspace, question):
    Company(leads=160, seed=3).write(workspace.ledger)
    run_weekly(workspace, as_of=AS_OF)
    _late_lead(workspace, "web:late", FIRST + timedelta(days=8))
    run_weekly(workspace, as_of=AS_OF)
    assert _read(workspace.ledger, question.sql)


# -- nothing personal ---------------------------------------------------------------------------

_MAY_BE_READ = {  # beyond ids and what is impersonal; each decided and said in docs/views.md
    ("stage_change", "reason"),
    ("opportunity", "reason"),
    ("quarantine", "reasons"),  # its rules alone: the erasing test and the one below hold it
    *(("rep", name) for name in ("rep_id", "name", "manager_id")),
}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_reads_no_column_that_is_personal(sqlite_ledger, tmp_path, view: View):
    sqlite_ledger(tmp_path)
    read: set[tuple[str, str]] = set()

    def note(action, table, column, _database, _by):
        if action == sqlite3.SQLITE_READ and table in PRIVACY and column:
            read.add((table, column))
        return sqlite3.SQLITE_OK

    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.set_authorizer(note)
    connection.execute(f"SELECT * FROM {view.name}").fetchall()
    connection.close()
    assert read
    harmless = {
        (table, name)
        for table, columns in PRIVACY.items()
        for name in (*columns.ids, *columns.impersonal)
    }
    assert read - harmless <= _MAY_BE_READ


def test_the_quarantine_shows_rules_and_no_content(filled):
    rows = _rows(filled, "v_quarantine")
    assert {(row["row_number"], row["reason_number"], row["rule"]) for row in rows} == {
        (4, 1, "email.form"),
        (4, 2, "date.future"),
        (5, None, None),
    }
    assert "zoe" not in str([_rows(filled, name) for name in NAMES])


def test_erasing_a_person_leaves_nothing_of_them_in_any_view(workspace, tmp_path):
    world.write_sources(tmp_path)
    world.live(workspace)
    run_erase(workspace, "crm:1", as_of=world.MONDAY + world.DAY)
    shown = str([_rows(workspace.ledger, name) for name in NAMES]).casefold()
    assert "crm:1" in shown
    parts = (*world.NEEDLES, "o'brien", "zoe@", "zoe.obrien", "555-01", "Müller")
    assert [one for one in parts if one.casefold() in shown] == []


# -- who may read -------------------------------------------------------------------------------


@pytest.fixture
def role(postgres_url):
    """The BI tool's role of the page, on a ledger on PostgreSQL."""
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for command in grants():
            connection.exec_driver_sql(command)
        yield connection
        connection.exec_driver_sql("RESET ROLE; DROP OWNED BY accord_bi; DROP ROLE accord_bi")
    engine.dispose()


def _may_read(connection, what: str) -> bool:
    asks = text("SELECT has_table_privilege('accord_bi', :what, 'SELECT')")
    return connection.execute(asks, {"what": what}).scalar_one()


def _reads(connection, query: str) -> None:
    """Ask as that role: what a privilege says is not yet what the server does."""
    connection.exec_driver_sql("SET ROLE accord_bi")
    try:
        connection.exec_driver_sql(query).all()
    finally:
        connection.exec_driver_sql("RESET ROLE")


def test_the_role_of_the_page_reads_the_views_and_no_table(role):
    for name in (*NAMES, CATALOGUE):
        _reads(role, f"SELECT * FROM {name}")
    assert _may_read(role, "v_lead")
    assert not [name for name in tables.metadata.tables if _may_read(role, name)]
    with pytest.raises(ProgrammingError, match="permission denied for table lead"):
        _reads(role, "SELECT * FROM lead")


def test_the_role_can_be_kept_from_the_names_of_colleagues(role):
    for command in nameless():
        role.exec_driver_sql(command)
    _reads(role, "SELECT rep_id, team FROM v_rep")
    with pytest.raises(ProgrammingError, match="permission denied for view v_rep"):
        _reads(role, "SELECT name FROM v_rep")


def test_a_role_keeps_what_it_may_read_when_the_views_are_made_anew(role, postgres_url):
    for command in nameless():
        role.exec_driver_sql(command)
    _as_of_another_version(role)
    Ledger.open(postgres_url).close()
    _reads(role, "SELECT * FROM v_lead")
    _reads(role, "SELECT rep_id, team FROM v_rep")
    assert not _may_read(role, "v_rep")
    assert not _may_read(role, "lead")


# -- how they come ------------------------------------------------------------------------------


def _as_of_another_version(connection) -> None:
    """Make the catalogue one of another version, with a view more that this one does not have."""
    connection.exec_driver_sql("CREATE VIEW v_once AS SELECT 1 AS one")
    (rows,) = (
        " UNION ALL ".join(
            f"SELECT '{name}' AS name, 'one row' AS grain, 'other' AS fingerprint"
            for name in (*NAMES, "v_once")
        ),
    )
    connection.exec_driver_sql(f"DROP VIEW {CATALOGUE}")
    connection.exec_driver_sql(f"CREATE VIEW {CATALOGUE} AS {rows}")


def test_views_of_another_version_are_made_anew_and_those_it_alone_had_go(ledger, ledger_url):
    with ledger.begin() as connection:
        _as_of_another_version(connection)
    again = Ledger.open(ledger_url)
    assert set(inspect(again.engine).get_view_names()) == {*NAMES, CATALOGUE}
    assert {row["fingerprint"] for row in _read(again, f"SELECT * FROM {CATALOGUE}")} == {
        fingerprint()
    }
    again.close()


def test_opening_again_makes_nothing(ledger, ledger_url, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(making_room, "statements", never)
    Ledger.open(ledger_url).close()


def test_a_view_of_others_on_ours_stops_an_upgrade_with_words_and_all_stays(postgres_url):
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE VIEW own AS SELECT lead_id FROM v_lead")
        _as_of_another_version(connection)
        with pytest.raises(InputError, match="drop what rests on v_lead"):
            Ledger.open(postgres_url)
        assert connection.exec_driver_sql("SELECT * FROM own").all() == []
        connection.exec_driver_sql("DROP VIEW own")
    engine.dispose()
    Ledger.open(postgres_url).close()


# -- by index -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "where", "scanned"),
    [
        ("v_metric_week", "metric = 'mqls' AND period = '2026-W46'", "metric"),
        ("v_metric_week", "period >= '2026-W40'", "metric"),
        ("v_handoff", "lead_id = 'web:1'", "handoff"),
        ("v_lead", "lead_id = 'web:1'", "lead"),
        ("v_stage_change", "lead_id = 'web:1'", "stage_change"),
        ("v_clock", "lead_id = 'web:1'", "clock"),
        ("v_clock", "owner_id = 'crm:ada' AND ended_at IS NULL", "clock"),
        ("v_touch", "lead_id = 'web:1'", "touch"),
        ("v_opportunity", "lead_id = 'web:1'", "opportunity"),
        ("v_outbox", "lead_id = 'web:1'", "outbox"),
    ],
)
def test_sqlite_looks_up_what_is_filtered_by_a_lead_or_a_period(
    sqlite_ledger, tmp_path, view, where, scanned
):
    ledger = Ledger.open(sqlite_ledger(tmp_path))
    plan = _read(ledger, f"EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE {where}")
    ledger.close()
    steps = [row["detail"] for row in plan]
    assert any(step.startswith(f"SEARCH {scanned} USING") for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN")], steps
