"""Whatever happens to a few leads, in any order: each earlier scoring is replayed as it was."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from accord.errors import InputError
from accord.ledger import insert_rows, read_rows, tables, upsert_rows
from accord.ledger.batch_rows import add_pending
from accord.records import to_us
from accord.services.identity import settle_people
from accord.services.identity_hand import merge_by_hand, undo_merge
from accord.services.replay import read_then
from accord.services.rollup import move_cut
from accord.services.score import run_score
from accord.services.workspace import Workspace
from tests.proof import count
from tests.services.replay_world import Told, scores_of, told

BEGIN = datetime.fromisoformat("2026-11-02T12:00:00+00:00")
HOUR = timedelta(hours=1)

LEADS = st.sampled_from(("1", "2", "3"))
SAID = {
    "title": st.sampled_from((None, "CFO", "Student")),
    "industry": st.sampled_from((None, "software", "mining")),
}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), LEADS, st.fixed_dictionaries(SAID)),
        st.tuples(
            st.just("act"),
            LEADS,
            st.sampled_from(("demo_requested", "page_viewed", "unsubscribed", "webinar_attended")),
            st.integers(-30, 60 * 24),
        ),
        st.tuples(st.just("merge"), LEADS, LEADS),
        st.tuples(st.just("part"), LEADS),
        st.tuples(st.sampled_from(("cut", "compact", "agree", "score", "score"))),
    ),
    min_size=3,
    max_size=9,
)


class ThreeLeads:
    """Three leads of one company, an hour a step; every example has leads of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.at = BEGIN
        self.numbers = itertools.count()
        self.company = ""
        self.stored_at: dict[datetime, dict[str, Told]] = {}

    def play(self, steps: list[tuple[Any, ...]]) -> None:
        self.company = f"c{next(self.numbers)}"
        self.stored_at = {}
        for one in ("1", "2", "3"):
            self.say(one, {"title": "VP", "industry": "software" if one == "1" else None})
            self.act(one, "demo_requested", 30)
        for name, *rest in [("score",), *steps, ("score",)]:
            self.at += HOUR
            getattr(self, name)(*rest)

    def lead(self, one: str) -> str:
        return f"{self.company}:{one}"

    def leads(self) -> list[str]:
        return [self.lead(one) for one in "123"]

    def say(self, one: str, values: dict[str, str | None]) -> None:
        """Take a version of a lead as ingestion does."""
        domain = f"{self.company}.example"
        email = f"{one}@{domain}"
        row = {"lead_id": self.lead(one), "known_at": self.at, "email": email, **values}
        row["created_at"] = BEGIN - int(one) * HOUR
        version = {**row, "batch_id": f"b{next(self.numbers)}", "row_number": 1}
        kept = {"domain": domain, "mailbox": email, "inferred": None, "row_hash": "x", "cycle": 0}
        agreement = self.workspace.agreement(self.at)
        with self.workspace.ledger.begin() as connection:
            upsert_rows(connection, tables.lead, [{**row, **kept}])
            insert_rows(connection, tables.lead_version, [version])
            settle_people(connection, [row["lead_id"]], agreement=agreement, as_of=self.at)

    def act(self, one: str, kind: str, hours_ago: int) -> None:
        number = next(self.numbers)
        occurred_us = to_us(self.at - hours_ago * HOUR)
        row = {"activity_id": f"a{number}", "lead_id": self.lead(one), "kind": kind}
        rows = pa.Table.from_pylist([{**row, "occurred_us": occurred_us}])
        self.workspace.log.append(rows, batch_id=f"a{number}", taken_at=self.at)

    def merge(self, one: str, other: str) -> None:
        try:
            merge_by_hand(self.workspace, self.lead(one), self.lead(other), as_of=self.at)
        except InputError:
            event("was one already")

    def part(self, one: str) -> None:
        try:
            undo_merge(self.workspace, self.lead(one), as_of=self.at)
        except InputError:
            event("was no part")

    def cut(self) -> None:
        move_cut(self.workspace, as_of=self.at)

    def compact(self) -> None:
        self.workspace.log.compact()

    def agree(self) -> None:
        """Put another agreement in force, and the next time the one before again."""
        text = self.workspace.agreement(self.at).document
        for one, other in (("points: 70", "points: 33"), ("half_life: 14d", "half_life: 3d")):
            text = text.replace(one, other) if one in text else text.replace(other, one)
        for found, put in (
            (r"^version: .*$", f'version: "v{next(self.numbers)}"'),
            (r"^effective_from: \S+", f"effective_from: {(self.at - 5 * HOUR).date()}"),
        ):
            text = re.sub(found, put, text, flags=re.MULTILINE)
        self.workspace.settings.agreement.write_text(text, encoding="utf-8")

    def score(self) -> None:
        with self.workspace.ledger.begin() as connection:
            add_pending(connection, ("score",), self.leads())
        run_score(self.workspace, as_of=self.at)
        with self.workspace.ledger.read() as connection:
            mine = tables.score.c.lead_id.in_(self.leads())
            rows = read_rows(connection, select(tables.score).where(mine))
        self.stored_at[self.at] = scores_of(rows)


@pytest.fixture
def company(workspace: Workspace) -> ThreeLeads:
    return ThreeLeads(workspace)


@pytest.mark.proof
@settings(max_examples=count(80), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_replays_every_scoring_as_it_was_stored(company: ThreeLeads, steps) -> None:
    company.play(steps)
    for at, was in company.stored_at.items():
        then = read_then(company.workspace, as_of=at, lead_ids=company.leads())
        assert told(then.scored()) == was, at
