"""What the ledger knows of leads whose clocks are brought up to date, read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.clock_rows import read_clocks, read_clocks_of, read_past
from accord.ledger.fact_rows import read_absorbed
from accord.ledger.stage_rows import Moves
from accord.services.clock_events import gather_events
from accord.sla import LeadEvents

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of some leads: events, stored clocks, what was merged into them.

    ``settled`` are clocks that are not looked at again, by lead.
    """

    events: Mapping[str, LeadEvents]
    stored: Mapping[str, Mapping[str, Row]]
    absorbed: Mapping[str, str]
    settled: Mapping[str, set[str]]


def read_known(
    connection: Connection,
    lead_ids: Sequence[str],
    *,
    news: Mapping[str, int],
    moves: Mapping[str, Moves],
    as_of: datetime,
) -> Known:
    """Read all that clocks of these leads follow from, and the clocks that are stored.

    ``news`` (lead_id -> cycle) says of leads that nothing is new of them but what happens at
    ``as_of`` in this cycle: their clocks of earlier cycles that ended before it are settled.
    ``moves`` are the histories that are known already.
    """
    absorbed = read_absorbed(connection, lead_ids)
    apart = {*absorbed, *absorbed.values(), *(set(lead_ids) - news.keys())}
    stored: dict[str, dict[str, Row]] = {}
    settled: dict[str, set[str]] = {}
    for lead_id, rows in read_clocks(connection, sorted({*apart, *absorbed})).items():
        known = stored.setdefault(absorbed.get(lead_id, lead_id), {})
        known.update({row["clock_id"]: row for row in rows})
    told = [lead_id for lead_id in lead_ids if lead_id not in apart]
    if told:
        settled = _read_told(connection, told, stored, news=news, as_of=as_of)
    return Known(
        events=gather_events(connection, lead_ids, absorbed=absorbed, moves=moves),
        stored=stored,
        absorbed=absorbed,
        settled=settled,
    )


def _read_told(
    connection: Connection,
    lead_ids: Sequence[str],
    stored: dict[str, dict[str, Row]],
    *,
    news: Mapping[str, int],
    as_of: datetime,
) -> dict[str, set[str]]:
    """Return the clocks of earlier cycles that ended before the news; the others are ``stored``."""
    settled: dict[str, set[str]] = {}
    others: list[str] = []
    for lead_id, clock_id, cycle in read_past(connection, lead_ids, before=as_of):
        if cycle < news[lead_id]:
            settled.setdefault(lead_id, set()).add(clock_id)
        else:
            others.append(clock_id)
    open_ones = read_clocks(connection, lead_ids, ended_from=as_of)
    for found in (open_ones, read_clocks_of(connection, others)):
        for lead_id, rows in found.items():
            stored.setdefault(lead_id, {}).update({row["clock_id"]: row for row in rows})
    return settled
