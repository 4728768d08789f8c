"""A little world for tests of the hand-off: leads, scores, reps, what sales says, time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import insert, select

from accord.ledger import insert_rows, read_rows, tables, upsert_rows
from accord.ledger.stage_rows import read_changes
from accord.lifecycle import fold
from accord.records import to_us
from accord.services.handoff import HandoffResult, run_handoff
from accord.services.lifecycle import run_lifecycle
from accord.services.workspace import Workspace

MONDAY = datetime(2026, 11, 16, 14, tzinfo=UTC)  # 09:00 in New York
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class World:
    """Puts rows where ingestion and scoring would, and reads back what the hand-off did."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.ledger = workspace.ledger
        workspace.agreement(MONDAY)

    def reps(self, *names: str, **terms: Any) -> None:
        given = {"role": "sdr", "team": "inbound", "known_at": MONDAY, "row_hash": "x", **terms}
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.rep, [{"rep_id": name, **given} for name in names])

    def leads(self, *names: str, at: datetime = MONDAY - DAY, **attributes: Any) -> None:
        given = {"created_at": at, "known_at": at, "row_hash": "x", "cycle": 0, **attributes}
        given = {"segment": "small", **given}
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.lead, [{"lead_id": name, **given} for name in names])
        self.place(*names, at=at)

    def score(
        self,
        *names: str,
        qualifies: tuple[str, ...] = ("engaged", "target", "mql"),
        crossed: str | None = "mql",
        at: datetime = MONDAY,
        **scores: int,
    ) -> None:
        reasons = [{"score": "fit", "name": "decision maker", "points": "25.0"}]
        given = {"fit": 400, "engagement": 300, "intent": 0, "position": "interest", **scores}
        given |= {"reasons": reasons, "qualifies": list(qualifies), "crossed": crossed}
        given |= {"scored_at": at, "version": "2026.4"}
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.score, [{"lead_id": name, **given} for name in names])

    def mqls(self, *names: str, at: datetime = MONDAY, hot: bool = False, **attributes) -> None:
        """Make leads whose crossing into mql was seen."""
        self.leads(*names, at=at - DAY, **attributes)
        holds = ("engaged", "target", "mql", *(("hot",) if hot else ()))
        self.score(*names, at=at, qualifies=holds, intent=600 if hot else 0)

    def decision(self, lead_id: str, outcome: str, *, at: datetime, **terms: Any) -> None:
        row = {
            "decision_id": f"{lead_id}:{outcome}:{to_us(at)}",
            "lead_id": lead_id,
            "outcome": outcome,
            "decided_at": at,
            "known_at": at,
            "row_hash": "x",
            **terms,
        }
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.decision, [row])
        self.place(lead_id, at=at)

    def place(self, *names: str, at: datetime) -> None:
        with self.ledger.begin() as connection:
            work = [{"need": "lifecycle", "lead_id": name} for name in names]
            connection.execute(insert(tables.pending), work)
        run_lifecycle(self.workspace, as_of=at)

    def activity(self, lead_id: str, kind: str, *, at: datetime, detail: str | None = None) -> None:
        key = f"{lead_id}:{kind}:{to_us(at)}"
        table = pa.table(
            {
                "activity_id": [key],
                "lead_id": [lead_id],
                "kind": [kind],
                "occurred_us": [to_us(at)],
                "detail": pa.array([detail], pa.string()),
            }
        )
        self.workspace.log.append(table, batch_id=key, taken_at=at)

    def run(self, at: datetime = MONDAY, **terms: Any) -> HandoffResult:
        return run_handoff(self.workspace, as_of=at, **terms)

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.ledger.read() as connection:
            return read_rows(connection, select(getattr(tables, table)))

    def handoff(self, lead_id: str, *, cycle: int = 1, stage: str = "mql") -> dict[str, Any]:
        wanted = (lead_id, cycle, stage)
        rows = self.rows("handoff")
        return next(r for r in rows if (r["lead_id"], r["cycle"], r["stage"]) == wanted)

    def payloads(self) -> dict[str, dict[str, Any]]:
        """What went to the outbox for the CRM, by lead; the newest of each."""
        rows = sorted(self.rows("outbox"), key=lambda row: row["outbox_id"])
        return {row["lead_id"]: row["payload"] for row in rows if row["kind"] == "handoff"}

    def state(self, lead_id: str):
        with self.ledger.read() as connection:
            return fold(read_changes(connection, [lead_id])[lead_id])
