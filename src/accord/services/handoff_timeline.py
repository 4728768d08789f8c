"""What happened with a lead lately, from everything that is known of it: the 360-degree timeline.

What the lead did and what marketing sent it, touches and decisions of sales, hand-overs before this
one and what a CRM said of its stage; newest first, in JSON's own types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.payload_rows import read_contacts
from accord.log import ActivityLog
from accord.records import from_us, json_text, to_text, to_us

TIMELINE = 20

Row = Mapping[str, Any]

# Ordered as ``_newest_first`` orders, instants written as ``to_text`` writes them.
_NEWEST = """
    SELECT lead_id, kind, detail, occurred_us,
        CASE WHEN occurred_us % 1000000 = 0
            THEN strftime(make_timestamp(occurred_us), '%Y-%m-%dT%H:%M:%SZ')
            ELSE strftime(make_timestamp(occurred_us), '%Y-%m-%dT%H:%M:%S.%fZ') END AS told_at,
        row_number() OVER (
            PARTITION BY lead_id ORDER BY occurred_us DESC, kind, coalesce(detail, ''), activity_id
        ) AS place
    FROM activities
    QUALIFY place <= {count}
"""
# What ``json_text`` makes of the same events, where nothing in them needs an escape.
_TOLD = r"""
    SELECT lead_id,
        '[' || string_agg(
            '{{"at":"' || told_at || coalesce('","detail":"' || detail, '') || '","kind":"' || kind
            || '","what":"activity"}}', ',' ORDER BY place
        ) || ']',
        bool_or(regexp_matches(concat(kind, detail), '[\x00-\x1f"\\]'))
    FROM ({newest}) GROUP BY lead_id
"""


def read_timelines(
    connection: Connection,
    log: ActivityLog,
    lead_ids: Sequence[str],
    *,
    absorbed: Mapping[str, str],
    told: frozenset[str],
    as_of: datetime,
) -> dict[str, str]:
    """Return the newest events of each lead, newest first, as the text of a JSON list.

    One of whom nothing is known is missing. What happened to a lead that was merged into one of
    them (``absorbed``) is theirs. ``told`` are the hand-overs that the timelines go with. What
    happens after ``as_of`` is not told.
    """
    contacts = [
        row
        for row in read_contacts(connection, [*lead_ids, *sorted(absorbed)], until=as_of)
        if row.get("handoff_id") not in told
    ]
    mixed = {absorbed.get(row["lead_id"], row["lead_id"]) for row in contacts}
    mixed.update(absorbed.values())
    alone = [lead_id for lead_id in lead_ids if lead_id not in mixed]
    texts, odd = _told(log, alone, as_of=as_of)
    events: dict[str, list[Row]] = {}
    former = [lead_id for lead_id, into in absorbed.items() if into in mixed]
    acted = _activities(log, sorted({*mixed, *odd, *former}), as_of=as_of)
    for row in (*acted, *contacts):
        events.setdefault(absorbed.get(row["lead_id"], row["lead_id"]), []).append(row)
    return texts | {lead_id: json_text(_newest(rows)) for lead_id, rows in events.items()}


def _told(
    log: ActivityLog, lead_ids: Sequence[str], *, as_of: datetime
) -> tuple[dict[str, str], list[str]]:
    """Return the timelines of leads of whom there are only activities, written by the engine.

    It writes those of thousands at once; leads with a text that JSON escapes are named instead.
    """
    texts: dict[str, str] = {}
    odd: list[str] = []
    for lead_id, text, is_odd in _query(log, _TOLD, lead_ids, as_of=as_of):
        if is_odd:
            odd.append(lead_id)
        else:
            texts[lead_id] = text
    return texts, odd


def _activities(log: ActivityLog, lead_ids: Sequence[str], *, as_of: datetime) -> list[Row]:
    if not lead_ids:
        return []
    return [
        {
            "lead_id": lead_id,
            "at": from_us(occurred_us),
            "what": "activity",
            "kind": kind,
            "detail": detail,
        }
        for lead_id, kind, detail, occurred_us, *_ in _query(log, "{newest}", lead_ids, as_of=as_of)
    ]


def _query(log: ActivityLog, query: str, lead_ids: Sequence[str], *, as_of: datetime) -> Any:
    newest = _NEWEST.format(count=TIMELINE)
    read = log.read(lead_ids=lead_ids, until_us=to_us(as_of))
    return read.query("activities", query.format(newest=newest)).fetchall()


def _newest(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [_event(row) for row in sorted(rows, key=_newest_first)[:TIMELINE]]


def _newest_first(row: Row) -> tuple[int, str, str, str]:
    return (-to_us(row["at"]), row["what"], row["kind"], row["detail"] or "")


def _event(row: Row) -> dict[str, Any]:
    shown = {"at": to_text(row["at"]), "what": row["what"], "kind": row["kind"]}
    return shown if row["detail"] is None else {**shown, "detail": row["detail"]}
