"""Scores at every moment of a lead: the frame held to the plain rule, moment by moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.agreement import Agreement, load, loads
from accord.records import from_us, to_us
from accord.scoring import each, qualifies, score_lead
from accord.services.merges import Merges
from accord.services.replay import Then
from accord.services.rescore_moments import Trial, score_moments
from accord.services.rescore_past import find_ends
from accord.services.rescore_reach import within_reach

ROOT = Path(__file__).resolve().parents[2]
AGREEMENT = load(ROOT / "agreement.yaml")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KINDS = ("demo_requested", "pricing_viewed", "webinar_attended", "unsubscribed", "page_viewed")

lives = st.lists(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-2, 40 * 24)), max_size=8),
    min_size=1,
    max_size=8,
)
"""Of each lead: kinds, each with how many hours ago it was done."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    connection = duckdb.connect()
    yield connection
    connection.close()


def trial_of(engine: Any, did: pa.Table, fits: pa.Table, agreement: Agreement) -> Trial:
    then = Then(
        agreement=agreement,
        as_of=NOW,
        known_at=NOW,
        leads=fits,
        evidence=None,
        merges=Merges(into={}),
    )
    rows = each(engine.from_arrow(did), agreement)
    return Trial(then=then, scores=fits, rows=rows, connection=engine)


def in_a_table(did: Mapping[str, list[tuple[str, int]]]) -> pa.Table:
    flat = [(lead_id, kind, at) for lead_id, own in did.items() for kind, at in own]
    columns = list(zip(*flat, strict=True)) or [[], [], []]
    return pa.table(
        dict(zip(("lead_id", "kind", "occurred_us"), map(list, columns), strict=True)),
        pa.schema([("lead_id", pa.string()), ("kind", pa.string()), ("occurred_us", pa.int64())]),
    )


def instants(life: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(kind, to_us(NOW - hours * HOUR)) for kind, hours in life]


def scored(trial: Trial, spans: pa.Table) -> list[dict[str, Any]]:
    found = score_moments(trial, spans)
    return found.sort("lead_id", "at_us").collect("pyarrow").to_native().to_pylist()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives, st.integers(0, 1000), st.integers(0, 1000))
def test_each_moment_has_the_scores_of_the_plain_rule_at_its_instant(
    engine: Any, many: list[list[tuple[str, int]]], came: int, ended: int
) -> None:
    """A lead is looked at when it comes and at each activity after that and before its end."""
    lived = {f"crm:{number}": life for number, life in enumerate(many)}
    did = {lead_id: instants(life) for lead_id, life in lived.items()}
    came_us, ended_us = to_us(NOW - came * HOUR), to_us(NOW - ended * HOUR)
    ids = list(lived)
    spans = {"lead_id": ids, "from_us": [came_us] * len(ids), "until_us": [ended_us] * len(ids)}
    fits = {"lead_id": ids, "fit": [number * 100 for number in range(len(ids))]}
    wanted = []
    for number, lead_id in enumerate(ids):
        moments = {came_us, *(at for _, at in did[lead_id] if at > came_us)}
        for at in sorted(moment for moment in moments if moment < ended_us):
            one = score_lead({}, did[lead_id], AGREEMENT, as_of=from_us(at))
            numbers = {"fit": number * 100, "engagement": one.engagement, "intent": one.intent}
            holds = qualifies(AGREEMENT, **numbers)
            wanted.append((lead_id, at, *numbers.values(), "mql" in holds, "hot" in holds))
    names = ("lead_id", "at_us", "fit", "engagement", "intent", "mql", "hot")
    trial = trial_of(engine, in_a_table(did), pa.table(fits), AGREEMENT)
    found = scored(trial, pa.table(spans))
    assert [tuple(row[name] for name in names) for row in found] == wanted


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives)
def test_who_was_an_mql_at_any_moment_was_within_reach(
    engine: Any, many: list[list[tuple[str, int]]]
) -> None:
    """And who had no moment with the points, or not the fit, is not: there is less to look at."""
    did = {f"crm:{number}": instants(life) for number, life in enumerate(many)}
    fits = {"lead_id": list(did), "fit": [250 + 50 * number for number in range(len(did))]}
    trial = trial_of(engine, in_a_table(did), pa.table(fits), AGREEMENT)
    reach = set(within_reach(trial, trial.rows).to_pylist())
    unfaded = {
        (lead_id, fit): score_lead({}, added, AGREEMENT, as_of=NOW)
        for (lead_id, own), fit in zip(did.items(), fits["fit"], strict=True)
        for added in [[(kind, to_us(NOW)) for kind, _ in own if kind != "unsubscribed"]]
    }
    assert reach == {
        lead_id
        for (lead_id, fit), most in unfaded.items()
        if "mql" in qualifies(AGREEMENT, fit=fit, engagement=most.engagement, intent=most.intent)
    }
    for (lead_id, own), fit in zip(did.items(), fits["fit"], strict=True):
        for _, at in own:
            then = score_lead({}, own, AGREEMENT, as_of=from_us(at))
            numbers = {"fit": fit, "engagement": then.engagement, "intent": then.intent}
            assert lead_id in reach or "mql" not in qualifies(AGREEMENT, **numbers)


@pytest.mark.parametrize(
    "condition", ["{fit: {gte: 40}, intent: {lte: 50}}", "{any: [{intent: 0}, {fit: {gte: 99}}]}"]
)
def test_everybody_is_within_reach_of_a_threshold_that_points_can_lose(
    engine: Any, condition: str
) -> None:
    text = (ROOT / "agreement.yaml").read_text(encoding="utf-8")
    shipped = next(line for line in text.splitlines() if line.lstrip().startswith("mql:     {"))
    agreement = loads(text.replace(shipped, f"  mql: {condition}"))
    did = {"crm:1": instants([("demo_requested", 1)]), "crm:2": []}
    fits = pa.table({"lead_id": ["crm:1", "crm:2"], "fit": [0, 0]})
    trial = trial_of(engine, in_a_table(did), fits, agreement)
    assert within_reach(trial, trial.rows).to_pylist() == ["crm:1", "crm:2"]


stated_ends = st.lists(
    st.tuples(
        st.sampled_from(("a", "b", "c")),
        st.sampled_from(("customer", "lost", "disqualified", "opportunity")),
        st.integers(0, 20),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=stated_ends, merged=st.booleans())
def test_the_end_of_a_lead_is_its_first_deal_won_else_its_refusal_else_its_last_loss(
    engine: Any, *, stated: list[tuple[str, str, int]], merged: bool
) -> None:
    """In plain Python; ``c`` may have been merged into ``a``; nothing after instant 10 counts."""
    into = {"c": "a"} if merged else {}
    table = pa.table(
        {
            "lead_id": pa.array([lead for lead, *_ in stated], pa.string()),
            "stage": pa.array([stage for _, stage, _ in stated], pa.string()),
            "at": pa.array([at for *_, at in stated], pa.timestamp("us", "UTC")),
        }
    )
    found = find_ends(table, Merges(into=into), connection=engine, as_of_us=10)
    past, settled = set(), set()
    for lead in {into.get(lead, lead) for lead, *_ in stated}:
        own = [(stage, at) for one, stage, at in stated if into.get(one, one) == lead and at <= 10]
        at_of = {stage: sorted(at for one, at in own if one == stage) for stage, _ in own}
        won, refused = at_of.get("customer"), at_of.get("disqualified")
        if won:
            past.add((lead, True, won[0]))
        elif "opportunity" not in at_of and (refused or "lost" in at_of):
            past.add((lead, False, refused[0] if refused else at_of["lost"][-1]))
        if won or refused:
            settled.add((lead, min([*(won or []), *(refused or [])])))
    assert {tuple(row.values()) for row in found.past.to_pylist()} == past
    assert {tuple(row.values()) for row in found.settled.to_pylist()} == settled
