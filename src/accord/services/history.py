"""What became of one lead, and who moved it: its moves, stays, passes and hand-offs, then and now.

Moves have two times: when they happened and when we learnt of it. Asked for an instant, the history
is what had happened by then, as was known at another; moves that were taken back are shown beside
those that stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from accord.ledger.fact_rows import read_survivors
from accord.ledger.history_rows import (
    read_deciders,
    read_passed_on,
    read_recorded,
)
from accord.lifecycle import (
    NO_REASON,
    DealStep,
    LeadState,
    Pass,
    Recorded,
    StageChange,
    TimeInStage,
    deal_steps,
    fold,
    owner_of_move,
    passes,
    standing,
    time_in_stages,
)
from accord.records import to_text
from accord.services.first_known import refuse_unknown
from accord.services.workspace import Workspace

Row = Mapping[str, Any]

_DECISION = "decision:"
_TENTH = timedelta(hours=1) / 10
_ASIDE_FOR_A_REASON = ("returned", "lost", "deferred", "disqualified")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadHistory:
    """One lead's history at an instant, as was known at another.

    ``lead_id`` is the lead that the asked one counts for, if it was merged. ``recorded`` are all
    moves that had happened and were known, those taken back by then included; everything else
    follows from those that stood. ``deciders`` is who made the decisions: decision id -> rep.
    ``handoffs`` are rows of hand-overs and their owners, as they are known now.
    """

    asked: str
    lead_id: str
    as_of: datetime
    known_at: datetime
    recorded: tuple[Recorded, ...]
    handoffs: tuple[Row, ...]
    deciders: Mapping[str, str | None]

    @property
    def state(self) -> LeadState:
        """Where the lead stood."""
        return fold(self._standing())

    @property
    def times(self) -> tuple[TimeInStage, ...]:
        """Entries and wall-clock time of each stage."""
        return time_in_stages(self._standing(), until=self.as_of)

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Every pass through sales."""
        return passes(self._standing())

    @property
    def steps(self) -> tuple[DealStep, ...]:
        """The steps of its deals."""
        return deal_steps(self._standing())

    def _standing(self) -> tuple[StageChange, ...]:
        return standing(self.recorded, at=self.as_of, known_at=self.known_at)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        state = self.state
        return {
            "lead_id": self.asked,
            "merged_into": self.lead_id if self.lead_id != self.asked else None,
            "as_of": to_text(self.as_of),
            "known_at": to_text(self.known_at),
            "stage": state.stage,
            "since": _text(state.since),
            "step": state.step,
            "programme": state.programme,
            "until": _text(state.until),
            "cycle": state.cycle,
            "moves": [self._move(each) for each in self.recorded],
            "stages": [_time(each) for each in self.times],
            "passes": [self._pass(each) for each in self.passes],
            "deal_steps": [
                {"cycle": one.cycle, "step": one.step, "at": to_text(one.at)} for one in self.steps
            ],
            "handoffs": _handoffs(self.handoffs, as_of=self.as_of),
        }

    def _move(self, each: Recorded) -> dict[str, Any]:
        change = each.change
        return {
            "at": to_text(change.occurred_at),
            "known_at": to_text(each.known_at),
            "from": change.from_stage,
            "to": change.to_stage,
            "step": change.step,
            "cycle": change.cycle,
            "owner": owner_of_move(change),
            "origin": change.origin,
            "inferred": change.inferred,
            "cause": change.cause,
            "by": self._decider(change.cause),
            "reason": change.reason,
            "programme": change.programme,
            "until": _text(change.until),
            "agreement": change.version,
            "retracted_at": None if each.stood(self.known_at) else _text(each.retracted_at),
        }

    def _pass(self, one: Pass) -> dict[str, Any]:
        silent = one.reason is None and one.outcome in _ASIDE_FOR_A_REASON
        return {
            "cycle": one.cycle,
            "began_at": to_text(one.began_at),
            "furthest": one.furthest,
            "ended_at": _text(one.ended_at),
            "outcome": one.outcome,
            "reason": NO_REASON if silent else one.reason,
            "by": self._decider(one.cause),
            "cause": one.cause,
            "until": _text(one.until),
        }

    def _decider(self, cause: str | None) -> str | None:
        return self.deciders.get((cause or "").removeprefix(_DECISION))


def read_lead_history(
    workspace: Workspace, lead_id: str, *, as_of: datetime, known_at: datetime | None = None
) -> LeadHistory:
    """Read what became of a lead up to ``as_of``, as was known at ``known_at`` (then, if None).

    Stores nothing and takes no lease. InputError if no such lead was known then. What is left of
    an erased one are its moves, without a word of the person.
    """
    known = known_at or as_of
    with workspace.ledger.read() as connection:
        refuse_unknown(connection, lead_id, at=known, options="--as-of or --known-at")
        survivor = _survivor(connection, lead_id)
        recorded = tuple(
            each
            for each in read_recorded(connection, survivor)
            if each.change.occurred_at <= as_of and each.known_at <= known
        )
        causes = {each.change.cause for each in recorded}
        decided = (one.removeprefix(_DECISION) for one in causes if one.startswith(_DECISION))
        return LeadHistory(
            asked=lead_id,
            lead_id=survivor,
            as_of=as_of,
            known_at=known,
            recorded=recorded,
            handoffs=tuple(read_passed_on(connection, survivor)),
            deciders=read_deciders(connection, decided),
        )


def _survivor(connection: Connection, lead_id: str) -> str:
    return read_survivors(connection, [lead_id]).get(lead_id, lead_id)


def _time(each: TimeInStage) -> dict[str, Any]:
    tenths = (2 * each.lasted + _TENTH) // (2 * _TENTH)  # half up
    return {
        "stage": each.stage,
        "entries": each.entries,
        "hours": f"{tenths // 10}.{tenths % 10}",
    }


def _handoffs(rows: Sequence[Row], *, as_of: datetime) -> list[dict[str, Any]]:
    """Return one row a hand-off that was asked for by then, with its owners in order."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["queued_at"] > as_of:
            continue
        over = row["ended_at"] is not None and row["ended_at"] <= as_of
        shown = found.setdefault(row["handoff_id"], _handoff(row, over=over))
        if row["since"] is not None and row["since"] <= as_of:
            owner = {name: row[name] for name in ("rep_id", "team", "why")}
            shown["owners"].append({"since": to_text(row["since"]), **owner})
    return list(found.values())


def _handoff(row: Row, *, over: bool) -> dict[str, Any]:
    return {
        "handoff_id": row["handoff_id"],
        "cycle": row["cycle"],
        "stage": row["stage"],
        "origin": row["origin"],
        "queued_at": to_text(row["queued_at"]),
        "owners": [],
        "waits_for": row["waits_for"],
        "ended_at": _text(row["ended_at"]) if over else None,
        "outcome": row["outcome"] if over else None,
        "agreement": row["version"],
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
