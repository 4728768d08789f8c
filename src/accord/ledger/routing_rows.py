"""Rows that routing needs: reps and their loads, who has an account, turns, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, case, delete, distinct, func, or_, select

from accord.ledger.merged_rows import is_own
from accord.ledger.store import chunks, is_among, read_rows, upsert_rows
from accord.ledger.tables import (
    handoff,
    handoff_owner,
    handoff_run,
    lead,
    opportunity,
    rep,
    turn,
)
from accord.records import to_text
from accord.routing import Stretch, Turn

_OVER = ("customer", "lost")


def read_active_reps(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Read the reps of teams who have not left at ``as_of``."""
    query = select(rep).where(
        rep.c.team.is_not(None), or_(rep.c.left_at.is_(None), rep.c.left_at > as_of)
    )
    return read_rows(connection, query.order_by(rep.c.rep_id))


def read_loads(
    connection: Connection,
    *,
    week: datetime,
    month: datetime,
    day: datetime,
    until: datetime | None = None,
) -> dict[str, tuple[int, int, int]]:
    """Count what each rep was given since the week's, the month's and the day's beginning.

    Each hand-off once a rep, when he became its owner, whoever has it now: a lead that he took over
    from a colleague was given to him then. ``until`` counts what was given up to that instant, for
    a look at the past; a run counts all there is, or one whose clock is a little behind would give
    a capacity away twice.
    """
    given, since = handoff_owner.c.handoff_id, handoff_owner.c.since
    counts = [func.count(distinct(case((since >= start, given)))) for start in (week, month, day)]
    query = (
        select(handoff_owner.c.rep_id, *counts)
        .join(handoff, handoff.c.handoff_id == given)
        .where(since >= min(week, month), handoff_owner.c.rep_id.is_not(None), is_own())
        .group_by(handoff_owner.c.rep_id)
    )
    if until is not None:
        query = query.where(since <= until)
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in connection.execute(query)}


def read_account_owners(connection: Connection, domains: Sequence[str]) -> list[tuple[str, str]]:
    """Read who has these companies in hand: (domain, rep_id), the newest last.

    By a hand-off that is assigned and open, or an open deal.
    """
    found: list[tuple[datetime, str, str]] = []
    for part in chunks(domains):
        by_handoff = (
            select(handoff.c.assigned_at, lead.c.domain, handoff.c.rep_id)
            .join(lead, lead.c.lead_id == handoff.c.lead_id)
            .where(
                is_among(connection, lead.c.domain, part),
                handoff.c.assigned_at.is_not(None),
                handoff.c.ended_at.is_(None),
                handoff.c.rep_id.is_not(None),
            )
        )
        by_deal = (
            select(opportunity.c.opened_at, lead.c.domain, opportunity.c.rep_id)
            .join(lead, lead.c.lead_id == opportunity.c.lead_id)
            .where(
                is_among(connection, lead.c.domain, part),
                opportunity.c.stage.not_in(_OVER),
                opportunity.c.closed_at.is_(None),
                opportunity.c.opened_at.is_not(None),
                opportunity.c.rep_id.is_not(None),
            )
        )
        for query in (by_handoff, by_deal):
            found.extend((row[0], row[1], row[2]) for row in connection.execute(query))
    return [(domain, rep_id) for _, domain, rep_id in sorted(found)]


def read_turns(connection: Connection) -> dict[tuple[str, bool], Stretch]:
    """Read whose turn it is, by (team, hot)."""
    rows: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for row in read_rows(connection, select(turn)):
        rows.setdefault((row["team"], row["hot"]), []).append(row)
    return {key: _stretch_of(group) for key, group in rows.items()}


def _stretch_of(rows: Sequence[Mapping[str, Any]]) -> Stretch:
    began = next((row["stretch"] for row in rows if row["stretch"]), None)
    return Stretch(
        began=datetime.fromisoformat(began) if began else None,
        last_at=max(row["last_at"] for row in rows),
        turns={
            row["rep_id"]: Turn(
                carried=row["carried"],
                taken=row["taken"],
                weight=Fraction(row["weight"]),
                present=bool(row["stretch"]),
            )
            for row in rows
        },
    )


def write_turns(connection: Connection, turns: Mapping[tuple[str, bool], Stretch]) -> None:
    """Write whose turn it is now."""
    rows = [
        {
            "team": team,
            "hot": hot,
            "rep_id": rep_id,
            "taken": one.taken,
            "carried": one.carried,
            "weight": str(one.weight),
            "stretch": to_text(stretch.began) if one.present and stretch.began else "",
            "last_at": stretch.last_at,
        }
        for (team, hot), stretch in turns.items()
        for rep_id, one in stretch.turns.items()
        if stretch.last_at is not None
    ]
    upsert_rows(connection, turn, rows)


def read_runs(
    connection: Connection, *, limit: int, before: datetime | None = None
) -> tuple[int, ...]:
    """Return how many each of the last runs that handed over any decided, newest first.

    ``before``: only runs earlier than that.
    """
    query = (
        select(handoff_run.c.decided)
        .where(handoff_run.c.decided > 0)
        .order_by(handoff_run.c.as_of.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(handoff_run.c.as_of < before)
    return tuple(connection.execute(query).scalars())


def read_last_run(connection: Connection) -> datetime | None:
    """Return when the hand-off last looked at scores."""
    last: datetime | None = connection.execute(select(func.max(handoff_run.c.as_of))).scalar_one()
    return last


def write_run(connection: Connection, *, as_of: datetime, decided: int) -> None:
    """Note a run; of those that decided nothing only the newest is kept.

    A second run at the same instant adds to the first.
    """
    query = select(handoff_run.c.decided).where(handoff_run.c.as_of == as_of)
    before = connection.execute(query).scalar_one_or_none() or 0
    upsert_rows(connection, handoff_run, [{"as_of": as_of, "decided": before + decided}])
    empty = handoff_run.c.decided == 0
    connection.execute(delete(handoff_run).where(empty, handoff_run.c.as_of < as_of))
