"""Spark on this machine gives the tenths, thresholds and reasons of the reference and of DuckDB.

One session, one crowd of leads, few questions: a job of Spark takes a second where another engine
takes none. The product's way is here too, so that one process only has to start a Spark.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import narwhals as nw
import pytest

from accord.ledger.score_rows import read_stored
from accord.log import (
    READ_COLUMNS,
    ActivityLog,
    lacks_spark,
    open_session,
    read_with_spark,
    session_for_now,
)
from accord.log.storage import Storage
from accord.records import to_us
from accord.scoring import (
    ROLLUP_COLUMNS,
    THRESHOLDS,
    combine,
    each,
    explain_lines,
    qualified,
    qualifies,
    roll_up,
    score_lead,
    sum_up,
    work_out,
)
from accord.services.evidence import unstored_kinds
from accord.services.identity_hand import merge_by_hand
from accord.services.replay import read_then
from accord.services.rollup import move_cut
from accord.services.score import run_score
from accord.services.settings import Settings
from accord.services.spark_scores import score_with_spark
from accord.services.workspace import Workspace
from tests.conditions import test_beside as beside
from tests.scoring import crowd
from tests.scoring.engines import ROOT, T_US, T, activities, collected, leads, shipped, with_scoring
from tests.services.identity_world import Story

Found = tuple[list[dict[str, Any]], list[dict[str, Any]]]

pytestmark = pytest.mark.skipif(
    lacks_spark() is not None,
    reason=f"{lacks_spark()} here: these tests need accord[spark] and Java 17",
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("spark")
    options = {
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder),
        "spark.driver.memory": "1g",
        # Short work: the second compiler would take a core for longer than it spares.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    opened = open_session("local[2]", options=options)
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def people() -> list[dict[str, Any]]:
    return crowd.people(random.Random(4))


@pytest.fixture(scope="module")
def rows() -> list[tuple[str | None, str | None, int]]:
    return crowd.happenings(random.Random(5))


def rolled_in_parts(put, rows, agreement):
    """Two batches, each rolled up, and combined as a nightly run does."""
    halves = [put(activities(*rows[start::2])) for start in (0, 1)]
    parts = [roll_up(half, agreement, as_of=T) for half in halves]
    return combine(*parts, as_of=T)


def one_by_one(put, rows, agreement):
    return each(put(activities(*rows)), agreement, as_of=T)


def referenced(people, rows, agreement):
    """By lead: the reference's scores and, by score and name, the tenths of its lines."""
    own: dict[str, list[tuple[str, int]]] = {}
    for lead_id, kind, occurred_us in rows:
        if lead_id is not None and kind is not None:
            own.setdefault(lead_id, []).append((kind, occurred_us))
    return {
        one["lead_id"]: score_lead(one, own.get(one["lead_id"], []), agreement, as_of=T)
        for one in people
    }


def kept(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The frame worked out once, where its engine would do so for every line of the reasons."""
    native = frame.to_native()
    if frame.implementation.is_pyspark():
        return nw.from_native(native.localCheckpoint()).lazy()
    return frame


def scored_by(put, people, rollup, agreement) -> Found:
    """The rows of the scores with their thresholds, and the rows of the reasons, in order."""
    workings = work_out(put(leads(*people)), kept(rollup), agreement, as_of=T)
    workings = replace(workings, fit=kept(workings.fit))
    scores = qualified(sum_up(workings, agreement), agreement)
    lines = explain_lines(workings, agreement)
    return collected(scores, "lead_id"), collected(lines, "lead_id", "score", "name")


@pytest.mark.parametrize(
    ("terms", "roll"),
    [(shipped, one_by_one), (crowd.ties, rolled_in_parts)],
    ids=["shipped", "ties"],
)
def test_spark_gives_what_the_reference_and_duckdb_give(session, people, rows, terms, roll) -> None:
    agreement = terms()
    wanted = referenced(people, rows, agreement)
    there, here = (
        scored_by(put, people, roll(put, rows, agreement), agreement)
        for put in (session.createDataFrame, duckdb.connect().from_arrow)
    )
    numbers, lines = there
    assert numbers == [_numbers_of(agreement, *one) for one in sorted(wanted.items())]
    assert {(row["lead_id"], row["score"], row["name"]): row["points"] for row in lines} == {
        (lead_id, *line): tenths
        for lead_id, one in wanted.items()
        for line, tenths in one.lines.items()
    }
    assert numbers == here[0]
    weights = [[row.pop("weight") for row in found] for found in (lines, here[1])]
    assert weights[0] == pytest.approx(weights[1], abs=1e-9)
    assert lines == here[1]


def _numbers_of(agreement, lead_id, one) -> dict[str, Any]:
    scores = {name: getattr(one, name) for name in ("fit", "engagement", "intent")}
    held = qualifies(agreement, **scores)
    thresholds = {name: name in held for name in THRESHOLDS}
    return {"lead_id": lead_id, **scores, "position": one.position, **thresholds}


def test_the_crowd_holds_what_engines_could_see_otherwise(people, rows) -> None:
    titles = {one.get("title") for one in people}
    assert len(titles) > 130, "so that verdicts are joined, not listed"
    assert {None, ""} <= titles
    kinds = {kind for _, kind, _ in rows}
    assert {"demo_requested", "Demo_Requested", None} <= kinds
    ages = [T_US - at for _, _, at in rows]
    assert 0 in ages
    assert min(ages) < 0
    one = referenced(people, rows, crowd.ties())
    assert any(("fit", "limit") in scored.lines for scored in one.values())
    assert any(tenths < 0 for scored in one.values() for tenths in scored.lines.values())


def test_spark_joins_a_table_beside_by_the_very_characters_of_its_keys(session) -> None:
    frame = nw.from_native(session.createDataFrame(beside.GIVEN)).lazy()
    assert beside.places(frame) == beside.WANTED
    assert beside.many_verdicts(session.createDataFrame) == beside.many_wanted()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Three leads and what they did, in a folder whose name Spark would take for a pattern."""
    home = tmp_path_factory.mktemp("story") / "a {b,c} é"
    home.mkdir()
    shutil.copy(ROOT / "agreement.yaml", home / "agreement.yaml")
    settings = Settings(
        home=home, agreement=home / "agreement.yaml", sources=home / "sources.yaml", _env_file=None
    )
    told = Story(Workspace.open(settings))
    person = {"created": "2026-01-01", "country": "US"}
    told.leads(
        "crm",
        {"id": "1", "email": "ann@acme.example", "title": "CFO", "employees": "500", **person},
        {"id": "2", "email": "bob@other.example", "title": "Élan manager", **person},
        {"id": "3", "email": "cy@gmail.com", "title": "Student", **person},
    )
    told.activities(
        "crm",
        ("a", "1", "demo_requested", "2026-11-02T10:00:00Z"),
        ("b", "1", "webinar_attended", "2026-09-17T10:00:00Z"),
        ("c", "2", "pricing_viewed", "2026-11-09T08:00:00Z"),
        ("d", "3", "page_viewed", "2026-11-10T08:00:00Z"),
        ("e", "3", "unsubscribed", "2026-03-01T00:00:00Z"),
    )
    yield told
    told.workspace.close()


def test_a_log_is_scored_on_spark_as_on_duckdb(session, story) -> None:
    """By its files alone; then the stored rollup, its tail, kinds of another half-life, a merge.

    Lead 1: CFO 25, 500 people 20, US 10. Lead 2: manager 10, US 10. Lead 3: 10 - 30 - 15, so 0.
    """
    workspace = story.workspace
    found = score_with_spark(workspace, session, as_of=story.at).to_pydict()
    assert found["fit"] == [550, 200, 0]
    assert found == read_then(workspace, as_of=story.at).table().to_pydict()
    move_cut(workspace, as_of=story.at)
    merge_by_hand(workspace, "crm:3", "crm:2", as_of=story.at)
    story.activities("crm", ("late", "3", "pricing_viewed", "2026-11-08T00:00:00Z"))
    wanted = {"pricing_viewed": {"points": 10}, "demo_requested": {"points": 70}}
    terms = with_scoring(intent={"cap": 100, "half_life": "3d", "activities": wanted})
    assert unstored_kinds(workspace.log, terms) == ("pricing_viewed", "demo_requested")
    asked = {"as_of": story.at, "agreement": terms}
    later = score_with_spark(workspace, session, **asked).to_pydict()
    assert later["lead_id"] == ["crm:1", "crm:2"]
    assert later == read_then(workspace, **asked).table().to_pydict()
    assert later["intent"] != found["intent"][:2]


def test_the_night_stores_by_spark_what_it_would_by_duckdb(session, story) -> None:
    """Named by the settings; a session that was open stays so."""
    settings = story.workspace.settings.model_copy(update={"engine": "spark"})
    result = run_score(replace(story.workspace, settings=settings), as_of=story.at, full=True)
    assert result.changed == 2
    with story.workspace.ledger.read() as connection:
        stored = read_stored(connection).sort_by("lead_id").to_pydict()
    wanted = read_then(story.workspace, as_of=story.at).table().to_pydict()
    for name in ("lead_id", "fit", "engagement", "intent", "position"):
        assert stored[name] == wanted[name]
    assert session.range(3).count() == 3


def test_a_session_for_now_leaves_one_that_another_thread_opened(session) -> None:
    def look() -> int:
        with session_for_now("local[2]") as mine:
            return mine.range(2).count()

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(look).result() == 2
    assert session.range(3).count() == 3


def test_a_log_in_storage_is_read_where_it_is_and_by_time(session, story, tmp_path) -> None:
    """Files beyond the bounds are not opened: of all months, the one that is asked for."""
    shutil.copytree(story.workspace.settings.log_path, tmp_path / "log")
    elsewhere = ActivityLog(Storage(f"file://{tmp_path}/log", None), folder=None)
    there = read_with_spark(elsewhere, session)
    from_us = to_us(datetime(2026, 11, 8, tzinfo=UTC))
    rows = there.read(from_us=from_us, kinds=["pricing_viewed", "page_viewed"])
    assert {row["lead_id"] for row in rows.collect()} == {"crm:2", "crm:3"}
    assert set(rows.columns) == set(READ_COLUMNS)
    assert all("month=2026-11" in file for file in rows.inputFiles())
    assert len(there.read().inputFiles()) > len(rows.inputFiles())


def test_a_log_without_activities_scores_on_spark(session, tmp_path) -> None:
    there = read_with_spark(ActivityLog.open(str(tmp_path / "none")), session)
    assert there.read().columns == list(READ_COLUMNS)
    assert there.read().count() == 0
    assert there.read_rollup().columns == list(ROLLUP_COLUMNS)
    assert there.read_tail(lead_ids=["crm:1"]).count() == 0
