"""Leads of two systems, taken batch by batch, and what the ledger makes of them."""

from __future__ import annotations

import csv
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from accord.ledger import read_rows, tables
from accord.services.audit import run_audit
from accord.services.handoff import run_handoff
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.score import run_score
from accord.services.workspace import Workspace

NOW = datetime(2026, 11, 16, 14, tzinfo=UTC)  # Monday, 09:00 in New York
HOUR = timedelta(hours=1)
_VALUES = "email name phone title company industry country employees channel stage"
COLUMNS = ("id", "created", *_VALUES.split(" "))
_SOURCES = """
sources:
  - name: {system}_leads
    entity: lead
    system: {system}
    path: in/{system}-leads-*.csv
    fields:
      lead_id: id
      created_at: created
      email: email
      name: name
      phone: phone
      title: title
      company: company
      industry: industry
      country: country
      employees: employees
      channel: channel
      stage: stage
  - name: {system}_activities
    entity: activity
    system: {system}
    path: in/{system}-activities-*.csv
    fields: {{activity_id: id, lead_id: lead, kind: kind, occurred_at: at}}
  - name: {system}_touches
    entity: touch
    system: {system}
    path: in/{system}-touches-*.csv
    fields: {{touch_id: id, lead_id: lead, rep_id: rep, channel: channel, touched_at: at}}
  - name: {system}_reps
    entity: rep
    system: {system}
    path: in/{system}-reps-*.csv
    fields: {{rep_id: id, role: role, team: team, per_week: per_week}}
"""


class Story:
    """Puts files where sources leave them, runs the stages, reads back what they did."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.at = NOW
        self._folder = workspace.settings.sources.parent / "in"
        self._folder.mkdir(exist_ok=True)
        self._names = itertools.count(1)
        parts = [_SOURCES.format(system=system) for system in ("crm", "web")]
        both = parts[0] + parts[1].replace("\nsources:\n", "")
        workspace.settings.sources.write_text(both)

    def leads(self, system: str, *rows: dict[str, Any]) -> None:
        """Take one file of leads, an hour after the last."""
        self._put(f"{system}-leads", COLUMNS, rows)
        self.ingest()

    def activities(self, system: str, *rows: tuple[str, str, str, str]) -> None:
        names = ("id", "lead", "kind", "at")
        self._put(
            f"{system}-activities", names, [dict(zip(names, row, strict=True)) for row in rows]
        )
        self.ingest()

    def reps(self, *names: str) -> None:
        """Take reps who may have one lead a week."""
        terms = {"role": "sdr", "team": "inbound", "per_week": 1}
        self._put("crm-reps", ("id", *terms), [{"id": name, **terms} for name in names])
        self.ingest()

    def touch(self, lead: str, rep: str, *, at: datetime) -> None:
        row = {"id": f"{lead}-{at.timestamp()}", "lead": lead, "rep": rep, "channel": "call"}
        self._put("crm-touches", (*row, "at"), [{**row, "at": at.isoformat()}])
        self.ingest()

    def _put(self, kind: str, columns, rows) -> None:
        path = self._folder / f"{kind}-{next(self._names):03}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)

    def ingest(self) -> None:
        self.at += HOUR
        result = run_ingest(self.workspace, as_of=self.at)
        assert (result.errors, result.quarantined, result.held) == ((), 0, 0)

    def tick(self) -> None:
        """Run the stages after ingestion."""
        run_score(self.workspace, as_of=self.at)
        run_lifecycle(self.workspace, as_of=self.at)
        run_handoff(self.workspace, as_of=self.at)

    def place(self) -> None:
        run_lifecycle(self.workspace, as_of=self.at)

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.workspace.ledger.read() as connection:
            return read_rows(connection, select(getattr(tables, table)))

    def lead(self, lead_id: str) -> dict[str, Any]:
        return next(row for row in self.rows("lead") if row["lead_id"] == lead_id)

    def merged(self) -> dict[str, str]:
        rows = self.rows("merge")
        return {r["lead_id"]: r["into_lead_id"] for r in rows if r["undone_at"] is None}

    def handoffs(self, lead_id: str) -> list[dict[str, Any]]:
        rows = [row for row in self.rows("handoff") if row["lead_id"] == lead_id]
        return sorted(rows, key=lambda row: (row["cycle"], row["stage"]))

    def open_handoffs(self) -> list[tuple[str, str | None]]:
        rows = self.rows("handoff")
        return sorted((r["lead_id"], r["rep_id"]) for r in rows if r["ended_at"] is None)

    def cross(self, *lead_ids: str) -> None:
        """Let leads cross into mql as if their scores had."""
        row = {"fit": 400, "engagement": 300, "intent": 0, "position": None, "reasons": []}
        row |= {"qualifies": ["engaged", "target", "mql"], "crossed": "mql"}
        row |= {"scored_at": self.at, "version": self.workspace.agreement(self.at).version}
        with self.workspace.ledger.begin() as connection:
            connection.execute(insert(tables.score), [{**row, "lead_id": one} for one in lead_ids])

    def clear_scores(self) -> None:
        """Forget the scores that :meth:`cross` made up: the audit asks of real ones only."""
        with self.workspace.ledger.begin() as connection:
            connection.execute(tables.score.delete())

    def hand_off(self) -> None:
        run_handoff(self.workspace, as_of=self.at)

    def broken(self) -> tuple[str, ...]:
        return tuple(str(one) for one in run_audit(self.workspace, as_of=self.at))
