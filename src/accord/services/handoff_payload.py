"""What a rep receives with a lead: who, why now, scores, due times, what happened, what to do.

Everything is in JSON's own types: instants as ISO text in UTC, scores as text with one decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement, CadenceStep
from accord.ledger.fact_rows import read_absorbed
from accord.ledger.handoff_rows import read_contacts, read_due, read_reasons
from accord.log import ActivityLog
from accord.outbox import Entry, Kind, handoff_key
from accord.records import HandoffStage, from_us, to_text, to_us

TOP_REASONS = 5
TIMELINE = 20

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
_NEWEST = """
    SELECT lead_id, kind, occurred_us, detail FROM activities
    QUALIFY row_number() OVER (
        PARTITION BY lead_id ORDER BY occurred_us DESC, activity_id
    ) <= {count}
"""

Row = Mapping[str, Any]


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
    lead_ids = sorted({row["lead_id"] for row in rows})
    due = read_due(connection, lead_ids)
    reasons = read_reasons(connection, lead_ids)
    timelines = _timelines(connection, log, lead_ids, as_of=as_of)
    return [
        Entry(
            key=handoff_key(row["handoff_id"], row["rep_id"]),
            kind=Kind.HANDOFF,
            lead_id=row["lead_id"],
            not_before=as_of,
            payload={
                **_head(row, reasons.get(row["lead_id"], _NO_REASONS), as_of=as_of),
                "due_at": {
                    term: to_text(at) for term, at in sorted(due.get(row["handoff_id"], {}).items())
                },
                "lead": _lead(leads[row["lead_id"]]),
                "timeline": timelines.get(row["lead_id"], []),
                "playbook": playbook(agreement, HandoffStage(row["stage"])),
            },
        )
        for row in rows
    ]


def _head(row: Row, reasons: Row, *, as_of: datetime) -> dict[str, Any]:
    return {
        "handoff_id": row["handoff_id"],
        "lead_id": row["lead_id"],
        "cycle": row["cycle"],
        "stage": row["stage"],
        "rep_id": row["rep_id"],
        "team": row["team"],
        "hot": row["hot"],
        "priority": priority(hot=row["hot"], position=reasons["position"]),
        "assigned_at": to_text(as_of),
        "scores": {name: _tenths(row[name]) for name in _SCORES},
        "position": reasons["position"],
        "reasons": top_reasons(reasons["reasons"]),
    }


def priority(*, hot: bool, position: str | None) -> int:
    """Return how soon to call: 1 is hot, 2 shows desire or action, 3 is everybody else."""
    if hot:
        return 1
    return 2 if position in _KEEN else 3


def top_reasons(reasons: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the reasons that weigh most, by the size of their points, then by name.

    Each as it is explained: score, name and points, of an activity also count, last_at and decayed
    weight, ``uncapped`` where its kind's cap bit; what 0..cap took off a score or gave is one too.
    """
    ranked = sorted(
        reasons, key=lambda reason: (-abs(Decimal(str(reason["points"]))), reason["name"])
    )
    return [dict(reason) for reason in ranked[:TOP_REASONS]]


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


def _timelines(
    connection: Connection, log: ActivityLog, lead_ids: Sequence[str], *, as_of: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Return what happened with each lead lately, newest first."""
    absorbed = read_absorbed(connection, lead_ids)
    everyone = [*lead_ids, *sorted(absorbed)]
    events = [
        *_activities(log, everyone, as_of=as_of),
        *read_contacts(connection, everyone),
    ]
    found: dict[str, list[dict[str, Any]]] = {}
    for event in sorted(events, key=_newest_first):
        if event["at"] > as_of:
            continue
        timeline = found.setdefault(absorbed.get(event["lead_id"], event["lead_id"]), [])
        if len(timeline) < TIMELINE:
            timeline.append(_event(event))
    return found


def _activities(log: ActivityLog, lead_ids: Sequence[str], *, as_of: datetime) -> list[Row]:
    read = log.read(lead_ids=lead_ids, until_us=to_us(as_of))
    newest = read.query("activities", _NEWEST.format(count=TIMELINE)).fetchall()
    return [
        {
            "lead_id": lead_id,
            "at": from_us(occurred_us),
            "what": "activity",
            "kind": kind,
            "detail": detail,
        }
        for lead_id, kind, occurred_us, detail in newest
    ]


def _newest_first(event: Row) -> tuple[int, str, str, str]:
    return (-to_us(event["at"]), event["what"], event["kind"], event["detail"] or "")


def _event(event: Row) -> dict[str, Any]:
    shown = {"at": to_text(event["at"]), "what": event["what"], "kind": event["kind"]}
    return shown if event["detail"] is None else {**shown, "detail": event["detail"]}
