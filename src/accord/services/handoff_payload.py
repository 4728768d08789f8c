"""What a rep receives with a lead: who, why now, scores, due times, what happened, what to do.

Everything is in JSON's own types: instants as ISO text in UTC, scores as text with one decimal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement, CadenceStep
from accord.ledger.bulk import Columns
from accord.ledger.fact_rows import read_absorbed
from accord.ledger.outbox_rows import write_entries
from accord.ledger.payload_rows import read_due, read_names, read_passes, read_reasons
from accord.log import ActivityLog
from accord.outbox import Entry, Kind, Status, handoff_key
from accord.records import HandoffStage, json_text, to_text, to_us
from accord.services.handoff_reasons import top_reasons, why_now
from accord.services.handoff_timeline import read_timelines

PORTION = 25_000
"""Hand-offs whose payloads are in memory at once."""

_SHOWN = (
    "name",
    "email",
    "phone",
    "title",
    "company",
    "industry",
    "country",
    "employees",
    "need",
    "timeline_days",
    "segment",
    "channel",
    "campaign",
)
_SCORES = ("fit", "engagement", "intent")
_KEEN = ("desire", "action")
_NO_REASONS: Mapping[str, Any] = {"position": None, "reasons": ()}
_NO_NAMES: Mapping[str, Any] = {"name": None, "email": None}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of the leads of some hand-offs, and of the reps; timelines as JSON text."""

    leads: Mapping[str, Row]
    due: Mapping[str, Mapping[str, datetime]]
    reasons: Mapping[str, Row]
    names: Mapping[str, Row]
    merged: Mapping[str, Sequence[str]]
    passes: Mapping[str, Sequence[Row]]
    timelines: Mapping[str, str]


def enqueue_handoffs(
    connection: Connection,
    log: ActivityLog,
    agreement: Agreement,
    *,
    rows: Sequence[Row],
    leads: Mapping[str, Row],
    as_of: datetime,
) -> None:
    """Put what the CRM shall get of hand-offs assigned at ``as_of`` into the outbox, in portions.

    Their clocks have started already. An entry that is there already stays as it is.
    """
    playbooks = {stage: json_text(playbook(agreement, stage)) for stage in HandoffStage}
    for start in range(0, len(rows), PORTION):
        part = rows[start : start + PORTION]
        known = _gather(connection, log, part, leads=leads, as_of=as_of)
        texts = [_text(row, known, playbooks[row["stage"]], as_of=as_of) for row in part]
        write_entries(connection, _columns_of(part, texts, as_us=to_us(as_of)))


def _columns_of(rows: Sequence[Row], texts: Sequence[str], *, as_us: int) -> Columns:
    """Return entries of the outbox as columns; a digest is that of the text that is stored."""
    return {
        "key": [_key(row) for row in rows],
        "kind": [Kind.HANDOFF.value for _ in rows],
        "lead_id": [row["lead_id"] for row in rows],
        "payload": texts,
        "payload_hash": [hashlib.sha256(text.encode()).hexdigest() for text in texts],
        "status": [Status.WAITING.value for _ in rows],
        "created_at": [as_us for _ in rows],
        "not_before": [as_us for _ in rows],
        "attempts": [0 for _ in rows],
    }


def _key(row: Row) -> str:
    return handoff_key(row["handoff_id"], row["rep_id"], turn=row.get("turn", 1))


def handoff_entries(
    connection: Connection,
    log: ActivityLog,
    agreement: Agreement,
    *,
    rows: Sequence[Row],
    leads: Mapping[str, Row],
    as_of: datetime,
) -> list[Entry]:
    """Return one entry a hand-off assigned at ``as_of``, its clocks started already."""
    known = _gather(connection, log, rows, leads=leads, as_of=as_of)
    playbooks = {stage: json_text(playbook(agreement, stage)) for stage in HandoffStage}
    return [
        Entry(
            key=_key(row),
            kind=Kind.HANDOFF,
            lead_id=row["lead_id"],
            not_before=as_of,
            payload=json.loads(_text(row, known, playbooks[row["stage"]], as_of=as_of)),
        )
        for row in rows
    ]


def _text(row: Row, known: _Known, steps: str, *, as_of: datetime) -> str:
    """Render a payload as ``json_text`` does; its two longest parts are texts already.

    No value holds a quotation mark that is not escaped: what is looked for can only be a key.
    """
    text = json_text({**_parts(row, known, as_of=as_of), "playbook": 0, "timeline": 0})
    timeline = known.timelines.get(row["lead_id"], "[]")
    text = text.replace('"playbook":0', f'"playbook":{steps}', 1)
    return text.replace('"timeline":0', f'"timeline":{timeline}', 1)


def _gather(
    connection: Connection,
    log: ActivityLog,
    rows: Sequence[Row],
    *,
    leads: Mapping[str, Row],
    as_of: datetime,
) -> _Known:
    lead_ids = sorted({row["lead_id"] for row in rows})
    absorbed = read_absorbed(connection, lead_ids)
    told = frozenset(row["handoff_id"] for row in rows)
    return _Known(
        leads=leads,
        due=read_due(connection, lead_ids),
        reasons=read_reasons(connection, lead_ids),
        names=read_names(connection),
        merged=_merged(absorbed),
        passes=_passes(connection, rows, absorbed, told=told),
        timelines=read_timelines(
            connection, log, lead_ids, absorbed=absorbed, told=told, as_of=as_of
        ),
    )


def _merged(absorbed: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the leads that were merged into each: the CRM may know it by their ids."""
    found: dict[str, list[str]] = {}
    for lead_id, into in sorted(absorbed.items()):
        found.setdefault(into, []).append(lead_id)
    return found


def _passes(
    connection: Connection,
    rows: Sequence[Row],
    absorbed: Mapping[str, str],
    *,
    told: frozenset[str],
) -> dict[str, list[dict[str, Any]]]:
    """Return the hand-overs of each lead before this one, the oldest first.

    Only of leads that can have had one: who comes to mql for the first time is not asked about.
    """
    again = {row["lead_id"] for row in rows if _had_one(row)} | set(absorbed.values())
    found: dict[str, list[dict[str, Any]]] = {}
    former = [lead_id for lead_id, into in absorbed.items() if into in again]
    for row in read_passes(connection, [*sorted(again), *former]) if again else ():
        if row["handoff_id"] not in told:
            survivor = absorbed.get(row["lead_id"], row["lead_id"])
            found.setdefault(survivor, []).append(_pass(row))
    return {lead_id: sorted(rows, key=_by_start) for lead_id, rows in found.items()}


def _had_one(row: Row) -> bool:
    return bool(row["cycle"] > 1 or row["stage"] != HandoffStage.MQL)


def _pass(row: Row) -> dict[str, Any]:
    names = ("cycle", "stage", "rep_id", "outcome", "reason")
    ended = row["ended_at"]
    return {
        **{name: row[name] for name in names},
        "assigned_at": to_text(row["assigned_at"]),
        "ended_at": None if ended is None else to_text(ended),
    }


def _by_start(row: Row) -> tuple[str, int, str]:
    return (row["assigned_at"], row["cycle"], row["stage"])


def _parts(row: Row, known: _Known, *, as_of: datetime) -> dict[str, Any]:
    reasons = known.reasons.get(row["lead_id"], _NO_REASONS)
    top = top_reasons(reasons["reasons"])
    passes = known.passes.get(row["lead_id"], [])
    due = known.due.get(row["handoff_id"], {})
    return {
        "handoff_id": row["handoff_id"],
        "lead_id": row["lead_id"],
        "merged": known.merged.get(row["lead_id"], []),
        "lead": _lead(known.leads[row["lead_id"]]),
        "cycle": row["cycle"],
        "stage": row["stage"],
        "rep_id": row["rep_id"],
        "rep": _rep(row["rep_id"], known.names),
        "team": row["team"],
        "hot": row["hot"],
        "priority": priority(hot=row["hot"], position=reasons["position"]),
        "assigned_at": _told_at(as_of),
        "due_at": {term: _told_at(at) for term, at in due.items()},
        "scores": {name: _tenths(row[name]) for name in _SCORES},
        "position": reasons["position"],
        "why_now": why_now(top, passes),
        "reasons": top,
        "passes": passes,
    }


_told_at = lru_cache(maxsize=1024)(to_text)  # hand-offs of one run share most of their instants


def _rep(rep_id: str, names: Mapping[str, Row]) -> dict[str, Any]:
    """Return who has the lead now; what is not known of a rep is null."""
    row = names.get(rep_id, _NO_NAMES)
    return {"rep_id": rep_id, "name": row["name"], "email": row["email"]}


def priority(*, hot: bool, position: str | None) -> int:
    """Return how soon to call: 1 is hot, 2 shows desire or action, 3 is everybody else."""
    if hot:
        return 1
    return 2 if position in _KEEN else 3


def playbook(agreement: Agreement, stage: HandoffStage) -> list[dict[str, Any]]:
    """Return the steps of the cadence: all of them for a development rep.

    An executive meets a lead that was connected already.
    """
    parts: list[tuple[str, Sequence[CadenceStep]]] = [("connected", agreement.cadence.connected)]
    if stage is HandoffStage.MQL:
        parts.insert(0, ("not_connected", agreement.cadence.not_connected))
    return [
        {
            "when": when,
            "channel": step.channel.value,
            "within": str(step.within),
            "otherwise": step.otherwise,
            "template": step.template,
        }
        for when, steps in parts
        for step in steps
    ]


def _tenths(score: int) -> str:
    return f"{score // 10}.{score % 10}"


def _lead(lead: Row) -> dict[str, Any]:
    shown = {name: lead[name] for name in _SHOWN if lead[name] is not None}
    if lead["budget"] is not None:
        shown["budget"] = str(lead["budget"])
    return shown
