"""Storing one batch: what passed, what repeats, what is set aside, and the work that it makes.

Activities go to the log first, under the batch's name; all the rest is one transaction of the
ledger, and with it the batch is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.errors import AccordError
from accord.killpoints import reach
from accord.ledger.batch_rows import add_pending, write_batch
from accord.ledger.clock_rows import note_reps_changed
from accord.ledger.fact_rows import read_survivors
from accord.ledger.record_rows import (
    read_created,
    read_hashes,
    read_mailboxes,
    write_merges,
    write_records,
)
from accord.log import Appended
from accord.quality import Severity, Verdict
from accord.records import SCHEMAS, Entity
from accord.services.identity import add_segments, domain_of, mailbox_of, merges_of
from accord.services.ingest_rows import Fresh, Positions, to_log_table, to_rows, without_repeats
from accord.services.workspace import Workspace
from accord.sources import Batch, Records

_NEEDS = {
    Entity.LEAD: ("score", "lifecycle"),
    Entity.ACTIVITY: ("score", "clock"),
    Entity.HANDOFF: ("lifecycle",),
    Entity.TOUCH: ("lifecycle",),
    Entity.DECISION: ("lifecycle",),
    Entity.OPPORTUNITY: ("lifecycle",),
}
"""The work that something new of an entity makes for its lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The rows of one batch, by what became of them."""

    rows_in: int
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    held: int = 0
    flagged: int = 0

    def check(self, batch: Batch) -> None:
        """Hold law L1: no row is lost, none is counted twice."""
        if self.rows_in != self.accepted + self.quarantined + self.duplicates + self.held:
            raise AccordError(
                f"{batch.place}: rows in do not add up (L1): {self}; nothing is taken"
            )


def batch_row(batch: Batch, counts: Counts, *, status: str, as_of: datetime) -> dict[str, object]:
    """Return the ledger's row of a batch; ``status`` is taken or held."""
    return {
        "batch_id": batch.batch_id,
        "source": batch.source.name,
        "entity": batch.source.entity.value,
        "place": batch.place,
        "taken_at": as_of,
        "status": status,
        "rows_in": counts.rows_in,
        "accepted": counts.accepted,
        "quarantined": counts.quarantined,
        "duplicates": counts.duplicates,
        "held": counts.held,
        "flagged": counts.flagged,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """One batch on its way into the stores: judged, and not to be held."""

    batch: Batch
    records: Records
    verdict: Verdict
    agreement: Agreement
    as_of: datetime

    @property
    def entity(self) -> Entity:
        """What the batch's records are."""
        return self.batch.source.entity

    def store(self, workspace: Workspace, passed: Positions) -> Counts:
        """Store the rows that passed, and the batch with all that is to be said of it."""
        appended = self._append(workspace, passed) if self.entity is Entity.ACTIVITY else None
        with workspace.ledger.begin() as connection:
            if appended is None:
                fresh = self._write(connection, passed)
                accepted, taken = len(fresh.rows), [row["position"] for row in fresh.rows]
            else:
                accepted, taken = appended.accepted, passed.tolist()
                add_pending(connection, self._needs(self._leads_of(passed)))
            counts = self._finish(connection, accepted, len(passed) - accepted, taken)
            reach("ingest.before_commit")
        reach("ingest.after_commit")
        return counts

    def _append(self, workspace: Workspace, passed: Positions) -> Appended:
        table = to_log_table(self.records.frame, passed)
        return workspace.log.append(table, batch_id=self.batch.batch_id, taken_at=self.as_of)

    def _leads_of(self, passed: Positions) -> list[str]:
        leads: list[str] = self.records.frame["lead_id"].iloc[passed].dropna().unique().tolist()
        return leads

    def _needs(self, lead_ids: list[str]) -> list[tuple[str, str]]:
        return [(need, lead_id) for need in _NEEDS.get(self.entity, ()) for lead_id in lead_ids]

    def _write(self, connection: Connection, passed: Positions) -> Fresh:
        """Write what is new of the records, and the work that it makes."""
        key = SCHEMAS[self.entity].key
        rows = to_rows(self.entity, self.records.frame, passed)
        keys = list(dict.fromkeys(row[key] for row in rows))
        fresh = without_repeats(rows, key, read_hashes(connection, self.entity, keys))
        if self.entity is Entity.LEAD:
            self._complete_leads(connection, fresh)
        write_records(connection, self.entity, self._newest(fresh, key), self._versions(fresh))
        leads = {row["lead_id"] for row in fresh.rows if row.get("lead_id")}
        if self.entity is Entity.LEAD:
            leads |= self._merge(connection, fresh)
        add_pending(connection, self._needs(sorted(leads)))
        if self.entity is Entity.REP:  # an absence or another calendar moves running clocks
            note_reps_changed(connection, [row["rep_id"] for row in fresh.rows])
        return fresh

    def _complete_leads(self, connection: Connection, fresh: Fresh) -> None:
        """Add what the ledger keeps of a lead besides its source's fields."""
        dateless = [row["lead_id"] for row in fresh.rows if row["created_at"] is None]
        created = read_created(connection, dateless)
        for row in fresh.rows:
            row["created_at"] = row["created_at"] or created.get(row["lead_id"], self.as_of)
            created[row["lead_id"]] = row["created_at"]
            row["mailbox"] = mailbox_of(row["email"])
            row["domain"] = domain_of(row["email"])
        add_segments(fresh.rows, self.agreement)

    def _newest(self, fresh: Fresh, key: str) -> list[dict[str, object]]:
        return [
            {name: value for name, value in row.items() if name != "position"}
            | {"known_at": self.as_of}
            for row in fresh.newest(key)
        ]

    def _versions(self, fresh: Fresh) -> list[dict[str, object]]:
        numbers = self.records.row_numbers
        return [
            {name: row[name] for name in SCHEMAS[self.entity].names}
            | {
                "known_at": self.as_of,
                "batch_id": self.batch.batch_id,
                "row_number": int(numbers[row["position"]]),
            }
            for row in fresh.rows
        ]

    def _merge(self, connection: Connection, fresh: Fresh) -> set[str]:
        """Record which leads are one person; returns the leads that this concerns."""
        mailboxes = sorted({row["mailbox"] for row in fresh.rows if row["mailbox"]})
        leads = read_mailboxes(connection, mailboxes)
        wanted = merges_of(leads)
        there = read_survivors(connection, [row["lead_id"] for row in leads])
        new = {one: into for one, into in wanted.items() if there.get(one) != into}
        ended = [one for one, into in there.items() if wanted.get(one) != into]
        write_merges(connection, new, ended=ended, at=self.as_of)
        return {*new, *new.values(), *ended}

    def _finish(
        self, connection: Connection, accepted: int, duplicates: int, taken: list[int]
    ) -> Counts:
        """Write the batch: counts, rows set aside with every reason, flags of rows taken."""
        set_aside = self._set_aside()
        flags = self._flags(set(taken))
        counts = Counts(
            rows_in=len(self.records.frame),
            accepted=accepted,
            quarantined=len(set_aside),
            duplicates=duplicates,
            flagged=len({row["row_number"] for row in flags}),
        )
        counts.check(self.batch)
        row = batch_row(self.batch, counts, status="taken", as_of=self.as_of)
        write_batch(connection, row, set_aside=set_aside, flags=flags)
        return counts

    def _set_aside(self) -> list[dict[str, object]]:
        failing = self.verdict.positions(Severity.QUARANTINE).tolist()
        reasons: dict[int, list[dict[str, str]]] = {position: [] for position in failing}
        for one in self.verdict.reasons:
            if one.position in reasons:
                reasons[one.position].append({"rule": one.rule, "sentence": one.sentence})
        whole, keys = self.records.whole_rows(failing), self._keys()
        return [
            {
                "batch_id": self.batch.batch_id,
                "row_number": int(self.records.row_numbers[position]),
                "source": self.batch.source.name,
                "entity": self.entity.value,
                "record_key": keys[position],
                "row": row,
                "reasons": reasons[position],
                "status": "open",
                "set_aside_at": self.as_of,
            }
            for position, row in zip(failing, whole, strict=True)
        ]

    def _keys(self) -> list[str | None]:
        keys = self.records.frame[SCHEMAS[self.entity].key]
        listed: list[str | None] = keys.astype("object").where(keys.notna(), None).tolist()
        return listed

    def _flags(self, taken: set[int]) -> list[dict[str, object]]:
        keys = self._keys()
        return [
            {
                "batch_id": self.batch.batch_id,
                "row_number": int(self.records.row_numbers[one.position]),
                "rule": one.rule,
                "entity": self.entity.value,
                "record_key": keys[one.position],
                "sentence": one.sentence,
                "flagged_at": self.as_of,
            }
            for one in self.verdict.reasons
            if one.severity is Severity.FLAG and one.position in taken
        ]
