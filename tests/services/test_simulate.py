"""The whole system held to a world whose truth is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from accord.ledger import tables
from accord.services.audit import run_audit
from accord.services.clock_rebuild import rebuild_clocks
from accord.services.clocks import run_sweep
from accord.services.pipeline import ORDER, walk
from accord.services.settings import Settings
from accord.services.simulate import START, Simulated, simulate_company, simulate_weeks
from accord.services.workspace import Workspace
from accord.simulate import Expected, Truth, read_truth
from tests.proof import is_full

ROOT = Path(__file__).resolve().parents[2]
DAYS = 3


def open_workspace(folder: Path) -> Workspace:
    settings = Settings(
        home=folder / ".accord",
        agreement=ROOT / "agreement.yaml",
        sources=folder / "sources.yaml",
        _env_file=None,
    )
    return Workspace.open(settings)


class Lived:
    """Days that a small company has lived through the system, and its truth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ticks: list[datetime] = []
        self.workspace = open_workspace(folder)
        self.done: Simulated = simulate_weeks(
            self.workspace,
            seed=11,
            weeks=DAYS / 7,
            size=3600,
            on_tick=lambda at, _: self.ticks.append(at),
        )
        self.before_last = self.rows(tables.batch)
        for _ in walk(self.workspace, as_of=self.done.last_tick):
            pass
        self.truth: Truth = read_truth(folder)

    def rows(self, table: Table) -> list[dict]:
        with self.workspace.ledger.read() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def places(self) -> dict[str, str]:
        """The name of each batch's file, by batch id."""
        return {row["batch_id"]: Path(row["place"]).name for row in self.rows(tables.batch)}

    def found(self, table: Table) -> set[tuple[str, int]]:
        """File and row of everything in a table of findings."""
        places = self.places()
        return {(places[row["batch_id"]], row["row_number"]) for row in self.rows(table)}

    def expected(self, what: Expected) -> set[tuple[str, int]]:
        return {(each.file, each.row) for each in self.truth.dirty if each.expected is what}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    opened = Lived(tmp_path_factory.mktemp("company"))
    yield opened
    opened.workspace.close()


def test_every_bad_row_is_set_aside_and_no_clean_one(lived):
    assert lived.expected(Expected.QUARANTINED)
    assert lived.found(tables.quarantine) == lived.expected(Expected.QUARANTINED)


def test_every_odd_row_is_flagged_and_no_clean_one(lived):
    assert lived.expected(Expected.FLAGGED)
    assert lived.found(tables.flag) == lived.expected(Expected.FLAGGED)


def test_every_repeated_row_counts_as_a_duplicate(lived):
    expected = Counter(file for file, _ in lived.expected(Expected.DUPLICATE))
    counted = {
        Path(row["place"]).name: row["duplicates"]
        for row in lived.rows(tables.batch)
        if row["duplicates"]
    }
    assert expected
    assert counted == dict(expected)


def test_everyone_who_came_twice_is_merged_and_nobody_else(lived):
    merged = {row["lead_id"]: row["into_lead_id"] for row in lived.rows(tables.merge)}
    expected = {
        f"crm:{each.record_id}": f"crm:{lived.truth.leads[each.record_id].same_as}"
        for each in lived.truth.dirty
        if each.expected is Expected.MERGED
    }
    assert expected
    assert merged == expected


def test_rows_in_are_rows_written(lived):
    written = {path.name: _count_rows(path) for path in (lived.folder / "taken").iterdir()}
    written |= {path.name: _count_rows(path) for path in (lived.folder / "inbox").iterdir()}
    taken = {Path(row["place"]).name: row["rows_in"] for row in lived.rows(tables.batch)}
    assert taken == written


def _count_rows(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n") - (path.suffix == ".csv")


def test_hand_offs_are_answered_by_touches_and_decisions_of_their_owners(lived):
    handoffs = [row for row in lived.rows(tables.handoff) if row["assigned_at"]]
    assert len(handoffs) >= 4
    touches = {(row["lead_id"], row["rep_id"]) for row in lived.rows(tables.touch)}
    answered = [row for row in handoffs if (row["lead_id"], row["rep_id"]) in touches]
    assert len(answered) > len(handoffs) / 2
    assert any(row["ended_at"] for row in handoffs) or lived.rows(tables.decision)
    assert lived.done.sweeps > 0


def test_a_lead_is_told_of_only_if_it_was_not_touched_in_time(lived):
    """A sweep takes what sales did first: nobody is told of a first touch that was made by then."""
    touched: dict[str, datetime] = {}
    for row in lived.rows(tables.touch):
        key = row["lead_id"]
        touched[key] = min(touched.get(key, row["touched_at"]), row["touched_at"])
    with (lived.folder / ".accord" / "outbox" / "crm.jsonl").open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    told = [entry for entry in entries if entry["kind"] == "task"]
    told = [entry for entry in told if entry["payload"]["term"] == "first_touch"]
    for entry in told:
        first = touched.get(entry["payload"]["lead_id"])
        assert first is None or first > datetime.fromisoformat(entry["sent_at"])


def test_the_last_tick_is_left_and_its_files_are_there(lived):
    end = START + timedelta(days=DAYS)
    assert lived.done.last_tick == end
    assert max(lived.ticks) < end
    assert len(lived.rows(tables.batch)) > len(lived.before_last)


def test_ticks_are_an_hour_apart_in_the_office_and_twelve_hours_else(lived):
    local = [at.astimezone(START.tzinfo) for at in lived.ticks if at.date().day == 6]
    hours = [(at.day, at.hour) for at in local]
    assert [hour for day, hour in hours if day == 6] == [0, *range(9, 19)]


def test_all_stages_are_counted(lived):
    assert set(lived.done.totals) >= {stage.name for stage in ORDER}
    assert lived.done.ticks == len(lived.ticks)
    assert lived.done.nights == DAYS


def test_all_laws_hold_after_the_last_tick(lived):
    assert run_audit(lived.workspace, as_of=lived.done.last_tick) == ()


def test_clocks_made_anew_are_the_stored_ones_to_the_bit(lived):
    found = rebuild_clocks(lived.workspace, as_of=lived.done.last_tick)
    assert (found.shown, found.waiting) == ([], 0)
    assert found.leads > 0


def test_nobody_is_handed_over_who_does_not_exist(lived):
    known = {f"crm:{lead_id}" for lead_id in lived.truth.leads}
    assert {row["lead_id"] for row in lived.rows(tables.handoff)} <= known


def test_a_company_goes_on_where_it_stopped_with_another_process(tmp_path):
    at_once = open_workspace(tmp_path / "at_once")
    simulate_weeks(at_once, seed=5, weeks=1 / 7, size=300, until_last=False)
    parts = open_workspace(tmp_path / "parts")
    simulate_weeks(parts, seed=5, weeks=0.5 / 7, size=300, until_last=False)
    parts.close()
    parts = open_workspace(tmp_path / "parts")
    simulate_weeks(parts, seed=5, weeks=1 / 7, size=300, until_last=False)
    for table in (tables.lead, tables.handoff, tables.touch, tables.score):
        with at_once.ledger.read() as one, parts.ledger.read() as other:
            count = select(func.count()).select_from(table)
            assert one.execute(count).scalar_one() == other.execute(count).scalar_one()
    at_once.close()
    parts.close()


def test_the_summary_names_the_last_tick_and_tells_each_day(tmp_path):
    workspace = open_workspace(tmp_path)
    told: list[str] = []
    summary = simulate_company(workspace, weeks=1 / 7, seed=3, size=100, say=told.append)
    workspace.close()
    last = datetime.fromisoformat(summary["last_tick"])
    assert last == (START + timedelta(days=1)).astimezone(UTC)
    assert summary["rows"]["lead"] > 0
    assert len(told) == 1
    assert told[0].startswith("Mon 2026-10-05")
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.proof
@pytest.mark.skipif(not is_full(), reason="four weeks take minutes; make prove runs them")
@pytest.mark.timeout(1200)
def test_four_weeks_tell_the_whole_story(tmp_path):
    workspace = open_workspace(tmp_path)
    done = simulate_weeks(workspace, until_last=False)
    with workspace.ledger.read() as connection:
        won = connection.execute(
            select(tables.lead.c.segment, func.count())
            .join(tables.opportunity, tables.opportunity.c.lead_id == tables.lead.c.lead_id)
            .where(tables.opportunity.c.stage == "customer")
            .group_by(tables.lead.c.segment)
        ).all()
        outcomes = connection.execute(
            select(tables.handoff.c.outcome, func.count()).group_by(tables.handoff.c.outcome)
        ).all()
        ceo = connection.execute(
            select(func.count()).select_from(tables.step).where(tables.step.c.at == "due+1h")
        ).scalar_one()
    assert {segment for segment, _ in won} == {"small", "middle", "large"}
    assert {"converted", "returned", "deferred", "disqualified"} <= {each for each, _ in outcomes}
    assert ceo > 0
    assert done.totals["handoff"]["woken"] > 0
    run_sweep(workspace, as_of=done.last_tick)  # what the last files said of reps
    assert rebuild_clocks(workspace, as_of=done.last_tick).shown == []
    workspace.close()
