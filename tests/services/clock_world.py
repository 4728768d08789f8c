"""A small ledger to run clocks on: leads handed over by us or observed, people, facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import select, update

from accord.ledger import insert_rows, read_rows, tables
from accord.records import to_us
from accord.services.clocks import run_sweep, sync_clocks

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    """``2026-11-02 10:00`` in New York, where the shipped agreement's office is."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


MONDAY = at("2026-11-02 10:00")
HASH = {"row_hash": "x"}


class World:
    def __init__(self, workspace: Any) -> None:
        self.workspace = workspace
        self.facts = 0
        self.add_reps()

    def write(self, table: Any, *rows: dict[str, Any]) -> None:
        with self.workspace.ledger.begin() as connection:
            insert_rows(connection, table, rows)

    def read(self, table: Any) -> list[dict[str, Any]]:
        with self.workspace.ledger.read() as connection:
            return read_rows(connection, select(table).order_by(*table.primary_key))

    def add_reps(self) -> None:
        people = (
            ("crm:ann", "sdr", "inbound", "ann@example.com", "crm:max", None),
            ("crm:bob", "sdr", "inbound", "bob@example.com", "crm:gone", None),
            ("crm:eva", "sdr", "emea", "eva@example.com", "crm:max", None),
            ("crm:max", "manager", "inbound", "max@example.com", None, None),
            ("crm:gone", "manager", "enterprise", None, None, None),
        )
        names = ("rep_id", "role", "team", "email", "manager_id", "calendar")
        known = {"known_at": MONDAY, "absences": None, "left_at": None, **HASH}
        self.write(tables.rep, *({**dict(zip(names, row, strict=True)), **known} for row in people))

    def add_lead(self, lead_id: str = "crm:1", *, created: datetime | None = None) -> str:
        created = created or MONDAY - timedelta(days=3)
        self.write(
            tables.lead,
            {
                "lead_id": lead_id,
                "created_at": created,
                "segment": "small",
                "cycle": 0,
                "known_at": created,
                **HASH,
            },
        )
        self.enter(lead_id, "new_name", created, cycle=0, origin="observed")
        return lead_id

    def enter(self, lead_id: str, stage: str, moment: datetime, **more: Any) -> None:
        self.facts += 1
        row = {
            "change_id": f"m{self.facts:04}",
            "lead_id": lead_id,
            "from_stage": None,
            "to_stage": stage,
            "cycle": 1,
            "occurred_at": moment,
            "position": 0,
            "known_at": moment,
            "origin": "decided",
            "inferred": False,
            "cause": "test",
            "programme": None,
            "retracts": None,
        }
        self.write(tables.stage_change, row | more)

    def hand_over(
        self,
        lead_id: str,
        rep_id: str | None,
        moment: datetime = MONDAY,
        *,
        origin: str = "decided",
        stage: str = "mql",
        team: str = "inbound",
    ) -> str:
        self.enter(lead_id, stage, moment, origin=origin)
        handoff_id = f"{lead_id}-{stage}"
        self.write(
            tables.handoff,
            {
                "handoff_id": handoff_id,
                "lead_id": lead_id,
                "cycle": 1,
                "stage": stage,
                "origin": origin,
                "segment": "small",
                "team": team,
                "rep_id": rep_id,
                "hot": False,
                "forced": False,
                "kept": False,
                "queued_at": moment,
                "assigned_at": moment,
            },
        )
        self.assign(handoff_id, rep_id, moment, team=team)
        return handoff_id

    def assign(
        self, handoff_id: str, rep_id: str | None, moment: datetime, *, team: str = "inbound"
    ) -> None:
        owner = {"handoff_id": handoff_id, "since": moment, "rep_id": rep_id, "team": team}
        self.write(tables.handoff_owner, {**owner, "why": "assigned"})

    def touch(self, lead_id: str, rep_id: str | None, moment: datetime, **more: Any) -> None:
        self.facts += 1
        row = {
            "touch_id": f"t{self.facts}",
            "lead_id": lead_id,
            "rep_id": rep_id,
            "channel": "call",
            "touched_at": moment,
            "automatic": None,
            "known_at": moment,
            **HASH,
        }
        self.write(tables.touch, row | more)

    def decide(self, lead_id: str, outcome: str, moment: datetime) -> None:
        self.facts += 1
        row = {"decision_id": f"d{self.facts}", "lead_id": lead_id, "outcome": outcome}
        self.write(tables.decision, {**row, "decided_at": moment, "known_at": moment, **HASH})

    def act(self, lead_id: str, kind: str, moment: datetime) -> None:
        """An activity as ingest leaves it: in the log, the lead's clocks wanting a look."""
        self.facts += 1
        table = pa.table(
            {
                "activity_id": [f"a{self.facts}"],
                "lead_id": [lead_id],
                "kind": [kind],
                "occurred_us": [to_us(moment)],
            }
        )
        self.workspace.log.append(table, batch_id=f"b{self.facts}", taken_at=moment)
        self.need(lead_id)

    def need(self, lead_id: str, need: str = "clock") -> None:
        self.write(tables.pending, {"need": need, "lead_id": lead_id})

    def sync(self, *lead_ids: str, as_of: datetime = MONDAY, **more: Any) -> int:
        agreement = self.workspace.agreement(as_of)
        with self.workspace.ledger.begin() as connection:
            return sync_clocks(
                connection,
                self.workspace,
                agreement=agreement,
                lead_ids=lead_ids or ("crm:1",),
                as_of=as_of,
                **more,
            )

    def sweep(self, moment: datetime) -> Any:
        return run_sweep(self.workspace, as_of=moment)

    def clocks(self, *terms: str) -> list[dict[str, Any]]:
        rows = [row for row in self.read(tables.clock) if not terms or row["term"] in terms]
        return sorted(rows, key=lambda row: (row["started_at"], row["term"]))

    def clock(self, term: str) -> dict[str, Any]:
        (row,) = self.clocks(term)
        return row

    def steps(self, term: str = "first_touch") -> list[tuple[str, str]]:
        keys = {row["clock_id"] for row in self.clocks(term)}
        rows = [row for row in self.read(tables.step) if row["clock_id"] in keys]
        return [(row["at"], row["status"]) for row in rows]

    def messages(self, term: str = "first_touch") -> list[dict[str, Any]]:
        return self.entries("message", term)

    def entries(self, kind: str, term: str = "first_touch") -> list[dict[str, Any]]:
        rows = sorted(self.read(tables.outbox), key=lambda row: row["outbox_id"])
        return [row for row in rows if (row["kind"], row["payload"]["term"]) == (kind, term)]

    def told(self, term: str = "first_touch") -> list[tuple[int, list[str]]]:
        told: dict[tuple[str, int], list[str]] = {}
        for row in self.messages(term):
            told.setdefault((row["clock_id"], row["step"]), []).append(row["recipient"])
        return [(step, people) for (_, step), people in told.items()]

    def set_rep(self, rep_id: str, **values: Any) -> None:
        with self.workspace.ledger.begin() as connection:
            connection.execute(
                update(tables.rep).where(tables.rep.c.rep_id == rep_id).values(**values)
            )
