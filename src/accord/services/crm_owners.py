"""Whose hand-offs of ours are by the CRM: a person's change of owner there wins.

It is taken over from when it happened and not sent back: the CRM knows. The CRM has one owner a
lead, so a change concerns the executive's hand-off from its assignment on, the development rep's
before.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.findings import Finding
from accord.ledger.fact_rows import read_handoffs
from accord.ledger.merged_rows import read_owners
from accord.ledger.told_rows import (
    OF_CRM,
    add_taken,
    delete_owners,
    read_known_reps,
    write_owners,
    write_present,
)
from accord.lifecycle import History, StageChange, StatedOwner
from accord.records import HandoffStage, Origin, Role, Stage
from accord.services.handoff_keys import free_handoff_id

Row = Mapping[str, Any]

_MAY_TAKE = {
    HandoffStage.MQL: (Role.SDR, Role.AE),
    HandoffStage.SQL: (Role.AE,),
}
"""Who takes a hand-off that has no owner yet by having the lead in the CRM."""

_NOBODY: Row = {"rep_id": None, "team": None}


@dataclass(slots=True, kw_only=True)
class _Line:
    """One hand-off of ours, and its owners by when each became it; ``is_new`` if not stored."""

    row: Row
    owners: dict[datetime, Row] = field(default_factory=dict)
    is_new: bool = False
    changed: bool = False

    @property
    def stage(self) -> HandoffStage:
        return HandoffStage(self.row["stage"])

    def may_have(self, rep: Row, at: datetime) -> bool:
        """Whether it can be this rep's from then on: open then, or gone on within sales."""
        first = min(self.owners, default=None)
        if first is not None:
            return at >= first and not self.is_over(at)
        right = rep["role"] in _MAY_TAKE[self.stage]
        return right and at >= self.row["queued_at"] and not self.is_over(at)

    def is_over(self, at: datetime) -> bool:
        """Whether it had left sales by then."""
        ended_at = self.row["ended_at"]
        return ended_at is not None and at >= ended_at and self.row["outcome"] != "converted"

    def drop_late(self) -> list[datetime]:
        """Let go owners of the CRM from after its end, which was not known when they were told."""
        late = [
            since
            for since, owner in self.owners.items()
            if owner["why"] == OF_CRM and self.is_over(since)
        ]
        for since in late:
            del self.owners[since]
        self.changed = self.changed or bool(late)
        return late

    def owner_at(self, at: datetime) -> str | None:
        """Return who had it then."""
        before = [since for since in self.owners if since <= at]
        return self.owners[max(before)]["rep_id"] if before else None

    def take(self, rep: Row, at: datetime) -> Row | None:
        """Note a new owner and return the row; None where that is no news.

        An owner that we set at that very instant stays.
        """
        there = self.owners.get(at)
        if (there is not None and there["why"] != OF_CRM) or self.owner_at(at) == rep["rep_id"]:
            return None
        key = self.row["handoff_id"]
        row = {"handoff_id": key, "since": at, "rep_id": rep["rep_id"], "team": rep["team"]}
        self.owners[at] = {**row, "why": OF_CRM}
        self.changed = True
        return row

    def present(self) -> dict[str, Any]:
        """Return the hand-off's row as it is now."""
        newest = self.owners[max(self.owners)] if self.owners else _NOBODY
        assigned_at = (self.row["assigned_at"] or min(self.owners)) if self.owners else None
        owner = {"rep_id": newest["rep_id"], "team": newest["team"]}
        return {**self.row, **owner, "assigned_at": assigned_at}


def take_owners(
    connection: Connection, derived: Mapping[str, History]
) -> tuple[int, tuple[Finding, ...]]:
    """Give hand-offs of ours the owners that the CRM names, each from when it happened.

    Returns how many owners are new, and a finding for each rep whom nobody knows: the owner stays.
    One that is said late is placed where it belongs; the newest is the present one. A hand-off that
    has no owner yet is taken by the rep who has the lead in the CRM, if the role is right.
    """
    stated = {lead_id: history for lead_id, history in derived.items() if history.owners}
    if not stated:
        return 0, ()
    named = {one.rep_id for history in stated.values() for one in history.owners}
    reps = read_known_reps(connection, named)
    lines = _read_lines(connection, sorted(stated))
    for line in (line for own in lines.values() for line in own):
        delete_owners(connection, line.row["handoff_id"], line.drop_late())
    rows = [
        row
        for lead_id, history in stated.items()
        for row in _taken(lines.setdefault(lead_id, []), history, reps)
    ]
    _write(connection, [line for own in lines.values() for line in own], rows)
    return len(rows), tuple(_strangers(stated, reps))


def _read_lines(connection: Connection, lead_ids: Sequence[str]) -> dict[str, list[_Line]]:
    rows = [row for row in read_handoffs(connection, lead_ids) if row["origin"] == Origin.DECIDED]
    lines = {row["handoff_id"]: _Line(row=row) for row in rows}
    for owner in read_owners(connection, sorted(lines)):
        lines[owner["handoff_id"]].owners[owner["since"]] = owner
    found: dict[str, list[_Line]] = {}
    for line in lines.values():
        found.setdefault(line.row["lead_id"], []).append(line)
    return found


def _taken(lines: list[_Line], history: History, reps: Mapping[str, Row]) -> Iterator[Row]:
    for one in history.owners:
        rep = reps.get(one.rep_id)
        line = None if rep is None else _line_for(lines, one, rep, history.changes)
        row = None if line is None or rep is None else line.take(rep, one.at)
        if row is not None:
            yield row


def _line_for(
    lines: list[_Line], one: StatedOwner, rep: Row, changes: Sequence[StageChange]
) -> _Line | None:
    """Return the hand-off that an owner concerns: the executive's if it may be, else the rep's."""
    own = {line.stage: line for line in lines if line.row["cycle"] == one.cycle}
    first = own.get(HandoffStage.MQL)
    if HandoffStage.SQL not in own and first is not None:
        used = {line.row["handoff_id"] for line in lines}
        asked = _unasked(first.row, one.cycle, changes, used=used)
        if asked is not None and asked.may_have(rep, one.at):
            lines.append(asked)
            return asked
    for stage in (HandoffStage.SQL, HandoffStage.MQL):
        line = own.get(stage)
        if line is not None and line.may_have(rep, one.at):
            return line
    return None


def _unasked(
    first: Row, cycle: int, changes: Sequence[StageChange], *, used: Container[str]
) -> _Line | None:
    """Return the hand-off at sql that nobody has been asked for, if the lead stands at sql.

    Who converts a lead may give it to an executive in the same breath.
    """
    last = changes[-1]
    entered = [one for one in changes if one.to_stage is Stage.SQL and one.cycle == cycle]
    if last.to_stage is not Stage.SQL or last.cycle != cycle:
        return None
    stage = HandoffStage.SQL
    row = {
        **first,
        "handoff_id": free_handoff_id(first["lead_id"], cycle, stage, used=used),
        "stage": stage.value,
        "queued_at": entered[-1].occurred_at,
        "assigned_at": None,
        "ended_at": None,
        "outcome": None,
        "waits_for": None,
        "forced": False,
        "kept": True,
    }
    return _Line(row=row, is_new=True)


def _write(connection: Connection, lines: Iterable[_Line], rows: Sequence[Row]) -> None:
    mine = [line for line in lines if line.changed]
    add_taken(connection, [line.present() for line in mine if line.is_new])
    write_owners(connection, rows)
    write_present(connection, [line.present() for line in mine if not line.is_new])


def _strangers(stated: Mapping[str, History], reps: Mapping[str, Row]) -> Iterator[Finding]:
    for lead_id, history in stated.items():
        for rep_id in sorted({one.rep_id for one in history.owners} - reps.keys()):
            yield Finding(
                rule="lifecycle.unknown_owner",
                subject=f"lead {lead_id}",
                sentence=f"the CRM gives it to {rep_id}, whom no source knows; its owner stays.",
                remedy="Bring the rep through a source; it counts with the lead's next news.",
            )
