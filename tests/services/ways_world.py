"""A world whose sources say more: hand-overs, stages, deals, corrections, and what was sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update

from accord.ledger import insert_rows, tables, upsert_rows
from accord.ledger.audit_handoffs import abandoned_handoffs
from accord.services.lifecycle import LifecycleResult, run_lifecycle
from tests.services.handoff_world import MONDAY, World

MINUTE = timedelta(minutes=1)


class Ways(World):
    """Puts what sources say where ingestion would; ``known`` is when it is learnt."""

    def learn(self, *lead_ids: str, known: datetime) -> LifecycleResult:
        with self.ledger.begin() as connection:
            work = [{"need": "lifecycle", "lead_id": lead_id} for lead_id in lead_ids]
            connection.execute(insert(tables.pending), work)
        return run_lifecycle(self.workspace, as_of=known)

    def say(self, lead_id: str, outcome: str, *, at: datetime, key: str | None = None, **terms):
        """Sales decides; the same ``key`` again corrects what was said."""
        row = {
            "decision_id": key or f"{lead_id}:{outcome}:{at.isoformat()}",
            "lead_id": lead_id,
            "rep_id": terms.pop("rep", None),
            "outcome": outcome,
            "decided_at": at,
            "reason": terms.pop("reason", None),
            "defer_until": terms.pop("until", None),
            "row_hash": "x",
        }
        known = terms.pop("known", at)
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.decision, [{**row, "known_at": known}])
        return self.learn(lead_id, known=known)

    def unsay(self, key: str, lead_id: str, *, known: datetime) -> LifecycleResult:
        with self.ledger.begin() as connection:
            own = tables.decision.c.decision_id == key
            connection.execute(delete(tables.decision).where(own))
        return self.learn(lead_id, known=known)

    def report(self, lead_id: str, rep: str | None, *, at: datetime, **terms: Any):
        """The CRM says to whom a lead was handed over."""
        known = terms.pop("known", at)
        row = {
            "handoff_id": terms.pop("key", f"{lead_id}:{rep}:{at.isoformat()}"),
            "lead_id": lead_id,
            "handed_at": at,
            "stage": terms.pop("stage", None),
            "rep_id": rep,
            "known_at": known,
            "row_hash": "x",
        }
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.handoff_report, [row])
        return self.learn(lead_id, known=known)

    def state_of_source(
        self, lead_id: str, stage: str | None, *, at: datetime | None, known: datetime
    ) -> LifecycleResult:
        """The source states a lead's stage in a new version of its record."""
        row = {
            "lead_id": lead_id,
            "known_at": known,
            "batch_id": f"b{known.isoformat()}",
            "row_number": 1,
            "created_at": MONDAY - timedelta(days=1),
            "stage": stage,
            "stage_at": at,
        }
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.lead_version, [row])
        return self.learn(lead_id, known=known)

    def deal(self, lead_id: str, stage: str, *, known: datetime, **terms: Any) -> LifecycleResult:
        row = {
            "opportunity_id": f"o:{lead_id}",
            "known_at": known,
            "batch_id": f"b{known.isoformat()}",
            "row_number": 1,
            "lead_id": lead_id,
            "stage": stage,
            **terms,
        }
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.opportunity_version, [row])
        return self.learn(lead_id, known=known)

    def touch(self, touch_id: str, lead_id: str, rep: str, *, at: datetime) -> None:
        row = {"touch_id": touch_id, "lead_id": lead_id, "rep_id": rep, "channel": "call"}
        row |= {"touched_at": at, "known_at": at, "row_hash": "x", "automatic": None}
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.touch, [row])
        self.learn(lead_id, known=at)

    def sent(self, lead_id: str, *, at: datetime, **values: Any) -> None:
        """What waits for the CRM of a lead has got there."""
        given = {"status": "sent", "sent_at": at, **values}
        self.mark(lead_id, **given)

    def mark(self, lead_id: str, **values: Any) -> None:
        waiting = (tables.outbox.c.lead_id == lead_id, tables.outbox.c.status == "waiting")
        with self.ledger.begin() as connection:
            connection.execute(update(tables.outbox).where(*waiting).values(**values))

    def told(self, lead_id: str) -> list[str]:
        """How the entries of a lead stand, oldest first."""
        rows = sorted(self.rows("outbox"), key=lambda row: row["outbox_id"])
        return [row["status"] for row in rows if row["lead_id"] == lead_id]

    def owners(self, lead_id: str, *, cycle: int = 1, stage: str = "mql") -> list[tuple[Any, ...]]:
        key = self.handoff(lead_id, cycle=cycle, stage=stage)["handoff_id"]
        rows = [row for row in self.rows("handoff_owner") if row["handoff_id"] == key]
        return [(r["rep_id"], r["since"]) for r in sorted(rows, key=lambda row: row["since"])]

    def ends(self, lead_id: str) -> list[tuple[Any, ...]]:
        rows = [row for row in self.rows("handoff") if row["lead_id"] == lead_id]
        ordered = sorted(rows, key=lambda row: (row["cycle"], row["stage"]))
        return [(r["cycle"], r["stage"], r["origin"], r["outcome"]) for r in ordered]

    def left_behind(self) -> list[Any]:
        """What breaks law L5: nobody's leads."""
        with self.ledger.read() as connection:
            return list(abandoned_handoffs(connection))
