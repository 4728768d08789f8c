"""The adapter that is two tables, on a real SQLite and a real PostgreSQL."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import IntegrityError

from accord.crm import CrmSettings, Item, Result, open_crm, sql_rows
from accord.crm.sql_tables import effect, lead, metadata
from accord.errors import DeliveryError, InputError
from tests.crm.conformance import AT, HOUR, SECRET_WORD, Conformance, Feature, Lead
from tests.killing import run_killed

DOCS = Path(__file__).resolve().parents[2] / "docs" / "crm.md"


class SqlSystem:
    """The database, as a team's own tools see it: plain SQL beside the adapter."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url)

    def run(self, statement: str, **values):
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    def make_tables(self) -> None:
        metadata.create_all(self.engine)

    def effects(self, key):
        self.make_tables()
        return self.run("SELECT count(*) FROM accord_effect WHERE key = :key", key=key)[0][0]

    def payload(self, key):
        with self.engine.connect() as connection:
            query = effect.select().where(effect.c.key == key)
            return connection.execute(query).mappings().one()["payload"]

    def lead(self, lead_id):
        rows = self.run(
            "SELECT owner, stage, priority FROM accord_lead WHERE lead_id = :id", id=lead_id
        )
        return Lead(owner=rows[0][0], stage=rows[0][1], priority=str(rows[0][2])) if rows else None

    def edit(self, lead_id, *, at, owner=None, stage=None):
        changes = {"owner": owner, "stage": stage}
        told = {name: value for name, value in changes.items() if value is not None}
        times = dict.fromkeys((f"{name}_edited_at" for name in told), at)
        with self.engine.begin() as connection:
            connection.execute(
                lead.update().where(lead.c.lead_id == lead_id).values(**told, **times)
            )

    def told(self, _field, value):
        return value

    def refuse(self, key):
        self.make_tables()
        if self.engine.dialect.name == "sqlite":
            self.run(f"""CREATE TRIGGER refuse BEFORE INSERT ON accord_effect
                WHEN NEW.key = '{key}' BEGIN SELECT RAISE(ABORT, 'ann@person.example'); END""")
        else:
            self.run(f"ALTER TABLE accord_effect ADD CONSTRAINT refuse CHECK (key <> '{key}')")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database of a team."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'crm' / 'crm.db'}"
        return
    with request.getfixturevalue("databases").new() as made:
        yield made


@pytest.fixture
def crm(url):
    opened = open_crm(CrmSettings(name="sql", url=url, timeout_seconds=5), as_of=AT)
    yield opened
    opened.close()


@pytest.fixture
def system(crm, url):
    seen = SqlSystem(url)
    yield seen
    seen.engine.dispose()


class TestConformance(Conformance):
    cannot = {  # noqa: RUF012 - a class of tests is never changed
        Feature.REQUESTS: "a transaction, not a request: tests of its own below",
        Feature.REACH: "another address is another adapter: a test of its own below",
        Feature.SECRET: "it stands in the address: a test of its own below",
    }


suite = TestConformance()


def cut(connection):
    """Break the connection for real: PostgreSQL ends our session, SQLite's file is closed."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.close()
        return
    pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    other = create_engine(connection.engine.url)
    with other.connect() as admin:
        admin.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()


def commit_and_cut(connection):
    connection.connection.driver_connection.commit()
    cut(connection)


@pytest.mark.parametrize(("do", "is_there"), [(cut, False), (commit_and_cut, True)])
def test_a_connection_cut_at_the_commit_is_unknown_until_it_is_read_back(crm, system, do, is_there):
    items = [suite.handoff(1), suite.message(1)]
    event.listen(crm.engine, "commit", do, once=True)
    outcomes = crm.upsert(items, sent_at=AT)
    assert [one.result for one in outcomes] == [Result.UNKNOWN] * 2
    suite.check_is_silent(*outcomes)
    assert set(crm.read_back([item.key for item in items])) == (
        {item.key for item in items} if is_there else set()
    )
    again = crm.upsert(items, sent_at=AT + HOUR)
    assert [one.result for one in again] == [Result.TAKEN] * 2
    assert [system.effects(item.key) for item in items] == [1, 1]


def test_a_connection_cut_before_the_commit_takes_nothing_and_is_one_error(crm, system):
    crm.upsert([suite.handoff(9)], sent_at=AT)

    def spoil(connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO accord_lead") and not spoiled:
            spoiled.append(statement)
            cut(connection)

    spoiled = []
    event.listen(crm.engine, "before_cursor_execute", spoil)
    item = suite.handoff(1)
    with pytest.raises(DeliveryError) as caught:
        crm.upsert([item], sent_at=AT)
    assert spoiled
    suite.check_is_silent(caught.value)
    assert system.effects(item.key) == 0


def send(url, items):
    """What a child does: one call of the adapter."""
    crm = open_crm(CrmSettings(name="sql", url=url), as_of=AT)
    crm.upsert(items, sent_at=AT)


@pytest.mark.parametrize("point", ["crm.before_commit", "crm.after_commit"])
def test_a_process_killed_at_the_commit_leaves_all_or_nothing_and_doubles_nothing(
    crm, system, children, url, tmp_path, point
):
    items = [suite.handoff(1), suite.message(1)]
    run_killed(children, send, tmp_path / "killed-at", url, items, point=point)
    keys = [item.key for item in items]
    assert set(crm.read_back(keys)) == (set(keys) if point == "crm.after_commit" else set())
    assert [one.result for one in crm.upsert(items, sent_at=AT)] == [Result.TAKEN] * 2
    assert [system.effects(key) for key in keys] == [1, 1]
    assert system.lead("crm:1").owner == "crm:7"


def test_a_text_that_the_database_cannot_keep_is_refused_alone(crm, system):
    items = [suite.handoff(1), suite.handoff(2, title="a\0b"), suite.handoff(3)]
    results = [one.result for one in crm.upsert(items, sent_at=AT)]
    taken = Result.TAKEN if crm.engine.dialect.name == "sqlite" else Result.REFUSED
    assert results == [Result.TAKEN, taken, Result.TAKEN]
    assert [system.effects(item.key) for item in items] == [1, int(taken is Result.TAKEN), 1]


def test_a_database_that_cannot_be_reached_is_one_error_without_its_address(tmp_path):
    settings = CrmSettings(
        name="sql",
        url=f"postgresql://ann:{SECRET_WORD}@127.0.0.1:1/crm",
        timeout_seconds=1,
    )
    unreached = open_crm(settings, as_of=AT)
    assert SECRET_WORD not in repr(unreached)
    assert SECRET_WORD not in repr(settings)
    with pytest.raises(DeliveryError, match="ACCORD_CRM_URL") as caught:
        unreached.upsert([suite.handoff()], sent_at=AT)
    suite.check_is_silent(caught.value)
    with pytest.raises(DeliveryError, match="ACCORD_CRM_URL"):
        unreached.read_back(["handoff:1"])
    unreached.close()


def test_a_login_that_is_refused_names_the_variable_alone(databases):
    with databases.new() as url:
        wrong = re.sub(r"//[^:@]*", f"//{SECRET_WORD}", url, count=1)
        refused = open_crm(CrmSettings(name="sql", url=wrong), as_of=AT)
        with pytest.raises(DeliveryError, match="ACCORD_CRM_URL") as caught:
            refused.upsert([suite.handoff()], sent_at=AT)
        suite.check_is_silent(caught.value)
        refused.close()


def test_a_lead_reads_well_in_plain_sql(crm, system):
    item = suite.handoff(1, priority=1, title="Chief 李")
    crm.upsert([item], sent_at=AT)
    columns = "owner, owner_name, owner_email, team, stage, priority, hot, position"
    assert system.run(f"SELECT {columns} FROM accord_lead")[0][:6] == (
        "crm:7",
        "Rep 7",
        "rep7@us.example",
        "sdr",
        "mql",
        1,
    )
    columns = "fit, engagement, intent, name, email, company, title, handoff_id, cycle"
    assert tuple(system.run(f"SELECT {columns} FROM accord_lead")[0]) == (
        61.0,
        44.5,
        30.0,
        "Zinnia Quill1",
        "zinnia1@person.example",
        "Acme",
        "Chief 李",
        "h1",
        1,
    )
    with system.engine.connect() as connection:
        row = connection.execute(lead.select()).mappings().one()
    assert row["first_touch_due_at"] == AT + timedelta(minutes=5)
    assert row["reasons"] == [{"score": "fit", "name": "title", "points": "20.0"}]
    assert row["effect_key"] == item.key


def test_what_landed_tells_when_the_database_wrote_it_and_where(crm):
    item = suite.handoff(1)
    (outcome,) = crm.upsert([item], sent_at=AT)
    assert outcome.landed == crm.read_back([item.key])[item.key]
    assert outcome.landed.remote == {"accord_effect": item.key}
    assert outcome.landed.written_at.utcoffset() == timedelta(0)


def test_a_payload_without_its_parts_is_written_all_the_same(crm, system):
    item = Item(key="handoff:x:y", kind="handoff", payload={"lead_id": "crm:1", "rep_id": "crm:2"})
    (outcome,) = crm.upsert([item], sent_at=AT)
    assert outcome.result is Result.TAKEN
    assert system.run("SELECT owner, stage, fit, reasons FROM accord_lead") == [
        ("crm:2", None, None, None)
    ]


@pytest.mark.parametrize(
    "broken", [{"assigned_at": "soon"}, {"scores": {"fit": "high"}}, {"rep": "crm:2"}]
)
def test_a_payload_of_another_shape_is_refused_alone(crm, system, broken):
    payload = {"lead_id": "crm:1", "rep_id": "crm:2"} | broken
    bad = Item(key="handoff:bad", kind="handoff", payload=payload, payload_hash="x")
    outcomes = crm.upsert([suite.handoff(2), bad, suite.handoff(3)], sent_at=AT)
    assert [one.result for one in outcomes] == [Result.TAKEN, Result.REFUSED, Result.TAKEN]
    assert (system.effects("handoff:bad"), system.lead("crm:1")) == (0, None)


@pytest.mark.parametrize("field", ["owner", "stage"])
def test_an_edit_by_plain_sql_is_dated_by_the_database_itself(crm, system, field):
    crm.upsert([suite.handoff(1)], sent_at=AT)
    system.run(f"UPDATE accord_lead SET {field} = 'theirs'")
    since = system.run(f"SELECT {field}_edited_at FROM accord_lead")[0][0]
    assert since is not None
    other = "stage" if field == "owner" else "owner"
    assert system.run(f"SELECT {other}_edited_at FROM accord_lead") == [(None,)]
    (outcome,) = crm.upsert([suite._second(read_at=AT)], sent_at=AT + HOUR)
    (kept,) = outcome.kept
    assert (kept.field, kept.theirs) == (field, "theirs")
    assert kept.at is not None


def test_our_own_writing_leaves_no_time_of_an_edit(crm, system):
    crm.upsert([suite.handoff(1)], sent_at=AT)
    system.run("UPDATE accord_lead SET owner = 'theirs'")
    crm.upsert([suite._second(read_at=None)], sent_at=AT + HOUR)
    columns = "owner, owner_edited_at, accord_owner"
    assert system.run(f"SELECT {columns} FROM accord_lead") == [("crm:8", None, "crm:8")]
    third = suite.handoff(1, key="handoff:h3:x", owner="8", stage="sql", read_at=AT)
    (outcome,) = crm.upsert([third], sent_at=AT + 2 * HOUR)
    assert outcome.kept == ()
    assert system.run(f"SELECT {columns} FROM accord_lead") == [("crm:8", None, "crm:8")]


def test_an_edit_of_unknown_time_wins(crm, system):
    crm.upsert([suite.handoff(1)], sent_at=AT)
    system.run("UPDATE accord_lead SET owner = 'theirs'")
    system.run("UPDATE accord_lead SET owner_edited_at = NULL")
    (outcome,) = crm.upsert([suite._second(read_at=AT + 9 * HOUR)], sent_at=AT + HOUR)
    assert [(one.field, one.theirs, one.at) for one in outcome.kept] == [("owner", "theirs", None)]


def test_an_owner_that_a_person_took_away_stays_away(crm, system):
    crm.upsert([suite.handoff(1)], sent_at=AT)
    system.run("UPDATE accord_lead SET owner = NULL")
    (outcome,) = crm.upsert([suite._second(read_at=AT)], sent_at=AT + HOUR)
    assert [(one.field, one.theirs) for one in outcome.kept] == [("owner", None)]
    assert system.lead("crm:1").owner is None


def test_an_owner_in_a_persons_own_words_is_not_repeated(crm, system):
    crm.upsert([suite.handoff(1)], sent_at=AT)
    system.run("UPDATE accord_lead SET owner = 'Zinnia <z@person.example>', stage = 'ask Zinnia'")
    (outcome,) = crm.upsert([suite._second(read_at=AT)], sent_at=AT + HOUR)
    assert [one.theirs for one in outcome.kept] == ["somebody else", "something else"]
    assert system.lead("crm:1").owner == "Zinnia <z@person.example>"


def test_a_lead_twice_in_one_batch_is_as_the_last_left_it(crm, system):
    for first in (1, 3):
        items = [
            suite.handoff(1, key=f"k{number}", owner=str(number)) for number in (first, first + 1)
        ]
        outcomes = crm.upsert(items, sent_at=AT)
        assert [(one.result, one.kept) for one in outcomes] == [(Result.TAKEN, ())] * 2
        assert system.lead("crm:1").owner == f"crm:{first + 1}"


def test_a_batch_is_read_at_once_and_no_item_by_itself(crm):
    crm.upsert([suite.handoff(number) for number in range(1, 6)], sent_at=AT)
    said = []
    event.listen(crm.engine, "before_cursor_execute", lambda *event: said.append(event[2]))
    items = [suite.handoff(number, key=f"again {number}") for number in range(1, 31)]
    assert {one.result for one in crm.upsert(items, sent_at=AT)} == {Result.TAKEN}
    assert len([one for one in said if one.startswith("SELECT")]) == 3
    assert len([one for one in said if one.startswith(("INSERT", "UPDATE"))]) == 60


def test_a_lead_id_that_the_database_cannot_keep_is_refused_alone(crm, system):
    bad = suite.handoff(1)
    bad.payload["lead_id"] = "crm:\0"
    results = [one.result for one in crm.upsert([bad, suite.handoff(2)], sent_at=AT)]
    taken = Result.TAKEN if crm.engine.dialect.name == "sqlite" else Result.REFUSED
    assert results == [taken, Result.TAKEN]


def test_a_key_that_another_process_wrote_first_is_taken_once(crm, system, url):
    other = open_crm(CrmSettings(name="sql", url=url), as_of=AT)
    item = suite.handoff(1)
    assert other.upsert([item], sent_at=AT)[0].result is Result.TAKEN
    assert crm.upsert([item], sent_at=AT)[0].result is Result.TAKEN
    assert system.effects(item.key) == 1
    other.close()


def test_a_key_lost_in_a_race_is_looked_at_again(crm, system, monkeypatch):
    """The first look sees nothing, as if the other transaction were still open."""
    item = suite.handoff(1)
    crm.upsert([item], sent_at=AT)
    looks, look = [], sql_rows.read_landed

    def landed(connection, keys):
        looks.append(keys)
        return {} if len(looks) == 1 else look(connection, keys)

    monkeypatch.setattr(sql_rows, "read_landed", landed)
    (outcome,) = crm.upsert([item], sent_at=AT)
    assert outcome.result is Result.TAKEN
    assert system.effects(item.key) == 1


def test_tables_of_another_shape_are_refused_with_what_they_lack(crm, system):
    system.run("CREATE TABLE accord_lead (lead_id varchar(10) PRIMARY KEY, owner text)")
    with pytest.raises(DeliveryError, match=r"accord_lead lacks owner_name, .*written_at"):
        crm.upsert([suite.handoff()], sent_at=AT)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", "is not set"),
        (f"ann {SECRET_WORD}", "is no URL of a database here"),
        (f"pigeon://ann:{SECRET_WORD}@host/crm", "is no URL of a database here"),
        ("sqlite://", "names no file"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_variable(url, found):
    with pytest.raises(InputError, match=f"ACCORD_CRM_URL: {found}") as caught:
        open_crm(CrmSettings(name="sql", url=url), as_of=AT)
    assert SECRET_WORD not in str(caught.value)


def test_the_tables_refuse_a_second_row_of_a_key(crm, system):
    crm.upsert([suite.handoff(1)], sent_at=AT)
    with pytest.raises(IntegrityError):
        system.run("INSERT INTO accord_effect SELECT * FROM accord_effect")


def test_every_column_is_documented():
    told = DOCS.read_text(encoding="utf-8")
    for table in (lead, effect):
        for column in table.columns:
            assert re.search(rf"`{column.name}`", told), f"{table.name}.{column.name}"
