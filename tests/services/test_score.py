"""The scoring stage on real stores: who is due, what is written, which crossings are seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import delete, select, update

from accord.errors import InputError
from accord.ledger import insert_rows, read_rows, tables
from accord.ledger.fact_rows import clear_crossings
from accord.ledger.score_rows import touch_scores
from accord.records import to_us
from accord.scoring import score_lead
from accord.services import score as score_stage
from accord.services.score import ScoreResult, apply_scores, run_score
from accord.services.score_audit import stale_scores
from accord.services.workspace import Workspace
from tests.killing import killed_at

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)

BUYER = {"title": "VP Söle", "industry": "Software", "country": "de"}  # fit 25 + 20 + 10 = 55.0


class World:
    """Puts rows where ingestion would, and reads back what scoring wrote."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.ledger = workspace.ledger
        self.batches = 0

    def leads(self, *names: str, **attributes: Any) -> None:
        fixed = {"created_at": NOW - 90 * DAY, "known_at": NOW, "row_hash": "x", "cycle": 0}
        rows = [{"lead_id": name, **fixed, **attributes} for name in names]
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.lead, rows)
        self.due(*names)

    def due(self, *names: str) -> None:
        rows = [{"need": "score", "lead_id": name} for name in names]
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.pending, rows)

    def activity(self, lead_id: str, kind: str, at: datetime = NOW, *, count: int = 1) -> None:
        self.batches += 1
        rows = pa.table(
            {
                "activity_id": [f"web:{self.batches}-{number}" for number in range(count)],
                "lead_id": [lead_id] * count,
                "kind": [kind] * count,
                "occurred_us": [to_us(at)] * count,
            }
        )
        self.workspace.log.append(rows, batch_id=f"b{self.batches}", taken_at=at)
        self.due(lead_id)

    def merge(self, lead_id: str, into: str) -> None:
        row = {"lead_id": lead_id, "into_lead_id": into, "merged_at": NOW, "undone_at": None}
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.merge, [row])
        self.due(lead_id, into)

    def unmerge(self, lead_id: str, into: str) -> None:
        where = tables.merge.c.lead_id == lead_id
        with self.ledger.begin() as connection:
            connection.execute(update(tables.merge).where(where).values(undone_at=NOW))
        self.due(lead_id, into)

    def rows(self, table: Any, *by: str) -> list[dict[str, Any]]:
        with self.ledger.read() as connection:
            return read_rows(connection, select(table).order_by(*(table.c[name] for name in by)))

    def score(self, lead_id: str) -> dict[str, Any]:
        return {row["lead_id"]: row for row in self.rows(tables.score)}[lead_id]

    def numbers(self, lead_id: str) -> tuple[int, int, int]:
        row = self.score(lead_id)
        return row["fit"], row["engagement"], row["intent"]

    def pending(self) -> list[str]:
        return [row["lead_id"] for row in self.rows(tables.pending, "pending_id")]


@pytest.fixture
def world(workspace: Workspace) -> World:
    return World(workspace)


def test_nothing_new_is_nothing_done(world: World) -> None:
    assert run_score(world.workspace, as_of=NOW) == ScoreResult(scored=0, changed=0, crossed=0)
    assert run_score(world.workspace, as_of=NOW, full=True) == ScoreResult(
        scored=0, changed=0, crossed=0
    )


def test_a_new_lead_is_scored_with_its_reasons(world: World) -> None:
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "form_submitted", NOW - 30 * DAY)
    assert run_score(world.workspace, as_of=NOW) == ScoreResult(scored=1, changed=1, crossed=1)
    row = world.score("crm:1")
    assert (row["fit"], row["engagement"], row["intent"]) == (550, 50, 0)
    assert row["position"] == "interest"
    assert row["qualifies"] == ["engaged"]
    assert row["crossed"] == "engaged"
    assert row["scored_at"] == NOW
    assert row["version"] == world.workspace.agreement(NOW).version
    assert row["reasons"] == [
        {"score": "fit", "name": "decision maker", "points": "25.0"},
        {"score": "fit", "name": "home industry", "points": "20.0"},
        {"score": "fit", "name": "served country", "points": "10.0"},
        {
            "score": "engagement",
            "name": "form_submitted",
            "points": "5.0",
            "count": 1,
            "last_at": "2026-10-03T12:00:00Z",
            "weight": 0.5,
        },
    ]
    assert world.pending() == []
    (change,) = world.rows(tables.score_change)
    assert (change["lead_id"], change["fit"], change["scored_at"]) == ("crm:1", 550, NOW)


def test_the_stage_scores_as_the_reference_does(world: World) -> None:
    attributes = {
        **BUYER,
        "email": "ann@gmail.com",
        "employees": 100,
        "budget": Decimal("10000.00"),
        "authority": True,
        "need": "x",
        "timeline_days": 91,
    }
    world.leads("crm:1", **attributes)
    kinds = [("pricing_viewed", 3), ("email_opened", 40), ("unsubscribed", 200), ("other", 1)]
    for kind, days in kinds:
        world.activity("crm:1", kind, NOW - days * DAY)
    run_score(world.workspace, as_of=NOW)
    agreement = world.workspace.agreement(NOW)
    did = [(kind, to_us(NOW - days * DAY)) for kind, days in kinds]
    wanted = score_lead(attributes, did, agreement, as_of=NOW)
    assert world.numbers("crm:1") == (wanted.fit, wanted.engagement, wanted.intent)
    row = world.score("crm:1")
    for name in ("fit", "engagement", "intent"):
        lines = [Decimal(line["points"]) for line in row["reasons"] if line["score"] == name]
        assert sum(lines, Decimal(0)) == Decimal(row[name]) / 10


def test_only_leads_with_something_new_are_scored_and_all_of_them_if_full(world: World) -> None:
    world.leads("crm:1", "crm:2")
    run_score(world.workspace, as_of=NOW)
    world.activity("crm:2", "page_viewed")
    assert run_score(world.workspace, as_of=NOW + DAY).scored == 1
    assert world.score("crm:1")["scored_at"] == NOW
    assert run_score(world.workspace, as_of=NOW + 2 * DAY, full=True).scored == 2
    assert world.score("crm:1")["scored_at"] == NOW + 2 * DAY


def test_scoring_again_changes_nothing(world: World) -> None:
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "demo_requested")
    run_score(world.workspace, as_of=NOW)
    before = world.rows(tables.score), world.rows(tables.score_change)
    again = run_score(world.workspace, as_of=NOW, full=True)
    assert again == ScoreResult(scored=1, changed=0, crossed=0)
    assert (world.rows(tables.score), world.rows(tables.score_change)) == before


def test_a_lead_scored_twice_at_one_instant_has_one_change(world: World) -> None:
    world.leads("crm:1")
    run_score(world.workspace, as_of=NOW)
    world.activity("crm:1", "page_viewed")
    assert run_score(world.workspace, as_of=NOW).changed == 1
    (change,) = world.rows(tables.score_change)
    assert change["engagement"] == 10


def test_an_activity_of_an_unknown_lead_waits_until_the_lead_arrives(world: World) -> None:
    world.activity("crm:9", "demo_requested")
    world.leads("crm:1")
    assert run_score(world.workspace, as_of=NOW).scored == 1
    assert world.pending() == ["crm:9"]
    world.leads("crm:9")
    assert run_score(world.workspace, as_of=NOW).scored == 1
    assert world.numbers("crm:9") == (0, 0, 700)
    assert world.pending() == []


def test_other_stages_work_is_left_alone(world: World) -> None:
    world.leads("crm:1")
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.pending, [{"need": "clock", "lead_id": "crm:1"}])
    run_score(world.workspace, as_of=NOW)
    assert [row["need"] for row in world.rows(tables.pending)] == ["clock"]


def test_the_furthest_crossing_is_seen_and_stays_until_somebody_acts_on_it(world: World) -> None:
    """Fit 55.0; a white paper and a form at T are 18.0: target. A demo a day later: mql."""
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "form_submitted")
    world.activity("crm:1", "white_paper_downloaded")
    assert run_score(world.workspace, as_of=NOW).crossed == 1
    assert world.score("crm:1")["crossed"] == "target"
    world.activity("crm:1", "demo_requested", NOW + DAY)
    assert run_score(world.workspace, as_of=NOW + DAY).crossed == 1
    assert world.score("crm:1")["crossed"] == "mql"
    assert run_score(world.workspace, as_of=NOW + 300 * DAY, full=True).crossed == 0
    faded = world.score("crm:1")
    assert (faded["qualifies"], faded["crossed"]) == ([], "mql")


def test_a_nearer_crossing_does_not_hide_one_that_still_waits(world: World) -> None:
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "demo_requested")
    run_score(world.workspace, as_of=NOW)
    assert world.score("crm:1")["crossed"] == "mql"
    world.activity("crm:1", "form_submitted")
    assert run_score(world.workspace, as_of=NOW).crossed == 1  # over engaged and target
    assert world.score("crm:1")["crossed"] == "mql"


def test_decay_alone_crosses_nothing(world: World) -> None:
    """An mql acted on that sinks below the threshold and is scored again has crossed nothing."""
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "demo_requested")
    run_score(world.workspace, as_of=NOW)
    with world.ledger.begin() as connection:
        clear_crossings(connection, ["crm:1"])
    for days in range(1, 60, 7):
        assert run_score(world.workspace, as_of=NOW + days * DAY, full=True).crossed == 0
    assert world.score("crm:1")["qualifies"] == []
    assert world.score("crm:1")["crossed"] is None
    world.activity("crm:1", "demo_requested", NOW + 60 * DAY)
    assert run_score(world.workspace, as_of=NOW + 60 * DAY).crossed == 1
    assert world.score("crm:1")["crossed"] == "mql"


def test_activities_after_as_of_wait_for_a_later_run(world: World) -> None:
    world.leads("crm:1")
    world.activity("crm:1", "demo_requested", NOW + timedelta(microseconds=1))
    run_score(world.workspace, as_of=NOW)
    assert world.numbers("crm:1") == (0, 0, 0)
    run_score(world.workspace, as_of=NOW + DAY, full=True)
    assert world.numbers("crm:1")[2] > 0


def test_a_merged_lead_s_activities_count_for_the_lead_it_was_merged_into(world: World) -> None:
    world.leads("crm:1", "web:1", "web:2", **BUYER)
    world.activity("web:1", "demo_requested")
    world.activity("web:2", "page_viewed")
    run_score(world.workspace, as_of=NOW)
    assert {row["lead_id"] for row in world.rows(tables.score)} == {"crm:1", "web:1", "web:2"}
    world.merge("web:1", "crm:1")
    world.merge("web:2", "web:1")  # over two steps
    assert run_score(world.workspace, as_of=NOW).scored == 1
    assert [row["lead_id"] for row in world.rows(tables.score)] == ["crm:1"]
    assert world.numbers("crm:1") == (550, 10, 700)
    world.activity("web:2", "page_viewed")
    assert run_score(world.workspace, as_of=NOW).scored == 1
    assert world.numbers("crm:1") == (550, 20, 700)
    assert run_score(world.workspace, as_of=NOW, full=True).scored == 1
    assert world.numbers("crm:1") == (550, 20, 700)
    assert world.pending() == []
    world.unmerge("web:1", "crm:1")
    run_score(world.workspace, as_of=NOW)
    assert world.numbers("crm:1") == (550, 0, 0)
    assert world.numbers("web:1") == (550, 20, 700)


def test_an_activity_before_the_lead_was_created_counts_as_any_other(world: World) -> None:
    """A form 120 days ago, a lead of 90 days: half-life 30 d, 10 x 0.5^4 = 0.625, shown 0.6."""
    world.leads("crm:1")
    world.activity("crm:1", "form_submitted", NOW - 120 * DAY)
    run_score(world.workspace, as_of=NOW)
    assert world.numbers("crm:1") == (0, 6, 0)


def test_many_portions_are_as_good_as_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.services.score.PORTION", 2)
    world.leads(*(f"crm:{number}" for number in range(5)), **BUYER)
    world.activity("crm:3", "demo_requested")
    assert run_score(world.workspace, as_of=NOW).scored == 5
    assert world.pending() == []
    assert world.numbers("crm:3") == (550, 0, 700)
    assert run_score(world.workspace, as_of=NOW, full=True) == ScoreResult(
        scored=5, changed=0, crossed=0
    )


KINDS = ("page_viewed", "demo_requested", "email_opened", "unsubscribed", "webinar_attended")


@pytest.mark.parametrize("portion", [1, 3, 20_000])
def test_a_full_run_writes_what_a_run_of_each_lead_would(
    world: World, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    """In the engine, portion by portion, or in memory: the same rows, reasons and evidence."""
    for number in range(7):
        world.leads(f"crm:{number}", title=["VP", None, "vp Söle"][number % 3])
        for step in range(number):
            kind, at = KINDS[(number + step) % 5], NOW - (3 * step + number) * DAY
            world.activity(f"crm:{number}", kind, at, count=step + 1)
    world.merge("crm:5", "crm:6")
    run_score(world.workspace, as_of=NOW)
    wanted = world.rows(tables.score, "lead_id")
    with world.ledger.begin() as connection:
        for table in (tables.score, tables.score_change):
            connection.execute(delete(table))
    monkeypatch.setattr("accord.services.score.PORTION", portion)
    assert run_score(world.workspace, as_of=NOW, full=True).changed == 6
    assert world.rows(tables.score, "lead_id") == wanted


def test_a_full_run_leaves_a_score_that_stands_and_says_that_it_looked(world: World) -> None:
    """Fit does not fade: crm:1 stays as it is; the form of crm:2 is 10.0, a day later 9.8."""
    world.leads("crm:1", "crm:2", **BUYER)
    world.activity("crm:2", "form_submitted", NOW)
    run_score(world.workspace, as_of=NOW)
    with world.ledger.begin() as connection:  # seen where a row is written anew
        connection.execute(update(tables.score).values(reasons=[]))
    assert run_score(world.workspace, as_of=NOW + DAY, full=True) == ScoreResult(
        scored=2, changed=1, crossed=0
    )
    assert world.numbers("crm:2") == (550, 98, 0)
    assert world.score("crm:1")["reasons"] == []
    assert len(world.score("crm:2")["reasons"]) == 4
    assert {row["scored_at"] for row in world.rows(tables.score)} == {NOW + DAY}
    changes = world.rows(tables.score_change, "lead_id", "scored_at")
    assert [row["lead_id"] for row in changes] == ["crm:1", "crm:2", "crm:2"]


def test_a_full_run_under_another_version_says_so_in_every_score(world: World) -> None:
    world.leads("crm:1", **BUYER)
    run_score(world.workspace, as_of=NOW)
    path = world.workspace.settings.agreement
    text = path.read_text(encoding="utf-8").replace('version: "2026.4"', 'version: "2026.5"')
    path.write_text(text, encoding="utf-8")
    assert run_score(world.workspace, as_of=NOW + DAY, full=True).changed == 0
    assert world.score("crm:1")["version"] == "2026.5"


def test_all_scores_are_applied_in_one_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of three portions fails: not one score is there."""
    monkeypatch.setattr("accord.services.score.PORTION", 1)
    world.leads("crm:1", "crm:2", "crm:3", **BUYER)
    agreement = world.workspace.agreement(NOW)
    begun = []

    def fail_at_the_second(point: str) -> None:
        begun.append(point)
        if begun.count("score.before_commit") == 2:
            raise InputError(where="here", found="a failure")

    with monkeypatch.context() as patch:
        patch.setattr("accord.services.score.reach", fail_at_the_second)
        with pytest.raises(InputError):
            apply_scores(world.workspace, agreement, as_of=NOW)
    assert world.rows(tables.score) == []
    assert apply_scores(world.workspace, agreement, as_of=NOW).changed == 3
    assert [row["lead_id"] for row in world.rows(tables.score, "lead_id")] == [
        "crm:1",
        "crm:2",
        "crm:3",
    ]


@pytest.mark.parametrize("point", ["score.before_write", "score.before_commit"])
def test_killed_in_the_middle_and_run_again_is_as_if_run_once(
    world: World, children: Any, point: str
) -> None:
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "demo_requested")
    killed_at(children, world.workspace, "services.score.run_score", point=point, as_of=NOW)
    assert world.rows(tables.score) == []
    assert len(world.pending()) == 2
    assert run_score(world.workspace, as_of=NOW) == ScoreResult(scored=1, changed=1, crossed=1)
    assert world.numbers("crm:1") == (550, 0, 700)


def test_a_full_run_writes_the_reasons_of_a_lead_with_news_though_no_number_moves(
    world: World,
) -> None:
    """Capped at 10.0 with 20 pages or with 520: the list says which."""
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "page_viewed", count=20)
    run_score(world.workspace, as_of=NOW)
    before = world.numbers("crm:1")
    world.activity("crm:1", "page_viewed", count=500)
    result = run_score(world.workspace, as_of=NOW, full=True)
    assert (result.changed, world.numbers("crm:1"), world.pending()) == (0, before, [])
    (pages,) = [one for one in world.score("crm:1")["reasons"] if one["name"] == "page_viewed"]
    assert (pages["count"], pages["points"], pages["uncapped"]) == (520, "10.0", "520.0")


def test_fading_alone_crosses_nothing_also_where_a_score_rises_by_it(world: World) -> None:
    """60 of capped kinds that stay, less 40 that halves each 30 days: 30.0 about day 151.

    No stage moves by that. Once something happens the lead is over the line, and that is seen.
    """
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "webinar_attended", count=20)
    world.activity("crm:1", "white_paper_downloaded", count=100)
    world.activity("crm:1", "unsubscribed")
    run_score(world.workspace, as_of=NOW)
    assert world.numbers("crm:1") == (550, 200, 0)
    clear_all(world)
    over = NOW + 151 * DAY
    for at in (over, over + DAY / 24):
        assert run_score(world.workspace, as_of=at, full=True).crossed == 0
        assert world.numbers("crm:1") == (550, 300, 0)
        assert "mql" not in world.score("crm:1")["qualifies"]
    world.activity("crm:1", "email_opened", over)
    assert run_score(world.workspace, as_of=over + DAY / 12).crossed == 1
    assert world.score("crm:1")["crossed"] == "mql"


def clear_all(world: World) -> None:
    """Act on every crossing."""
    with world.ledger.begin() as connection:
        connection.execute(update(tables.score).values(crossed=None))


def test_a_crossing_keeps_the_instant_at_which_it_was_seen(world: World) -> None:
    world.leads("crm:1", employees=500, **BUYER)
    world.activity("crm:1", "form_submitted", NOW, count=5)
    run_score(world.workspace, as_of=NOW)
    assert world.score("crm:1")["crossed"] is not None
    with world.ledger.begin() as connection:
        touch_scores(connection, NOW + DAY)
    assert world.score("crm:1")["scored_at"] == NOW
    clear_all(world)
    with world.ledger.begin() as connection:
        touch_scores(connection, NOW + DAY)
    assert world.score("crm:1")["scored_at"] == NOW + DAY


def test_an_agreement_without_a_kind_scores_fit_alone(world: World) -> None:
    path = world.workspace.settings.agreement
    text = path.read_text(encoding="utf-8")
    path.write_text(without_kinds(text), encoding="utf-8")
    world.leads("crm:1", **BUYER)
    world.activity("crm:1", "demo_requested")
    for full in (False, True):
        run_score(world.workspace, as_of=NOW, full=full)
        assert world.numbers("crm:1") == (550, 0, 0)
        assert len(world.score("crm:1")["reasons"]) == 3
        world.due("crm:1")


def without_kinds(text: str) -> str:
    """The agreement with no kind of activity in scoring."""
    lines = text.splitlines()
    kinds = [number for number, line in enumerate(lines) if line == "    activities:"]
    for start in reversed(kinds):
        end = next(n for n in range(start + 1, len(lines)) if not lines[n].startswith("      "))
        lines[start:end] = ["    activities: {}"]
    return "\n".join(lines) + "\n"


def test_the_audit_leaves_out_a_lead_whose_absorbed_record_has_something_new(
    world: World,
) -> None:
    world.leads("crm:1", "web:1", **BUYER)
    world.merge("web:1", "crm:1")
    run_score(world.workspace, as_of=NOW)
    world.activity("web:1", "demo_requested", NOW - DAY)
    with world.ledger.read() as connection:
        assert list(stale_scores(connection, world.workspace)) == []
    with world.ledger.begin() as connection:
        connection.execute(delete(tables.pending))
    with world.ledger.read() as connection:
        assert list(stale_scores(connection, world.workspace)) == ["crm:1"]


def test_applying_holds_nobody_up_while_it_computes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.leads("crm:1", **BUYER)
    read = score_stage.read_evidence

    def beside_a_writer(*given: Any, **named: Any) -> Any:
        world.due("crm:1")
        return read(*given, **named)

    monkeypatch.setattr(score_stage, "read_evidence", beside_a_writer)
    agreement = world.workspace.agreement(NOW)
    assert apply_scores(world.workspace, agreement, as_of=NOW).changed == 1
    assert world.pending() == ["crm:1"]
