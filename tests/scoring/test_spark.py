"""Spark on this machine gives the tenths, thresholds and reasons of the reference and of DuckDB.

One session, one crowd of leads, few questions: a job of Spark takes a second where another engine
takes none. The product's way is here too, so that one process only has to start a Spark.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import narwhals as nw
import pytest

from accord.log import lacks_spark, open_session
from accord.scoring import (
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
from tests.conditions import test_beside as beside
from tests.scoring import crowd
from tests.scoring.engines import T_US, T, activities, collected, leads, shipped

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
    workings = work_out(put(leads(*people)), rollup, agreement, as_of=T)
    workings = replace(workings, fit=kept(workings.fit), weighed=kept(workings.weighed))
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
