"""Results of quality: what rules found in which batch, and what of it waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, case, cast, delete, func, or_, select

from accord.ledger.store import Row, insert_rows, read_rows
from accord.ledger.tables import batch, flag, quality, quarantine

RELEASED = "released:"
"""How the place of a batch begins that is made of rows released from the quarantine."""

_MOST_PAST = 500  # batches: what a median or a distribution of a source's past is made of


def write_results(connection: Connection, batch_id: str, results: Sequence[Row]) -> None:
    """Write what the rules found in a batch; one row a rule."""
    insert_rows(connection, quality, [{"batch_id": batch_id, **row} for row in results])


def read_past(connection: Connection, source: str, *, since: datetime) -> list[dict[str, Any]]:
    """Read the source's batches taken since, newest first: taken_at, rows_in, profile.

    Held ones and those of released rows say nothing of what is usual.
    """
    query = (
        select(batch.c.taken_at, batch.c.rows_in, batch.c.profile)
        .where(
            batch.c.source == source,
            batch.c.taken_at >= since,
            batch.c.status == "taken",
            batch.c.place.not_like(f"{RELEASED}%"),
        )
        .order_by(batch.c.taken_at.desc(), batch.c.batch_id)
        .limit(_MOST_PAST)
    )
    return read_rows(connection, query)


def is_held(connection: Connection, batch_id: str) -> bool:
    """Say whether a batch is held: nothing of it was taken."""
    query = select(batch.c.batch_id).where(batch.c.batch_id == batch_id, batch.c.status == "held")
    return connection.execute(query).first() is not None


def forget_held(connection: Connection, batch_id: str) -> None:
    """Forget that a batch was held, since it is taken now, in the same transaction."""
    if not is_held(connection, batch_id):
        return
    connection.execute(delete(quality).where(quality.c.batch_id == batch_id))
    connection.execute(delete(batch).where(batch.c.batch_id == batch_id))


def find_batches(connection: Connection, prefix: str) -> list[dict[str, Any]]:
    """Read the batches whose id begins so; more than one is ambiguous."""
    query = select(batch).where(batch.c.batch_id.startswith(prefix, autoescape=True))
    return read_rows(connection, query.order_by(batch.c.batch_id).limit(2))


def list_batches(
    connection: Connection, *, source: str | None, status: str | None, limit: int
) -> list[dict[str, Any]]:
    """List batches, newest first, without their profiles."""
    columns = [column for column in batch.c if column.name != "profile"]
    query = select(*columns).order_by(batch.c.taken_at.desc(), batch.c.batch_id).limit(limit)
    if source is not None:
        query = query.where(batch.c.source == source)
    if status is not None:
        query = query.where(batch.c.status == status)
    return read_rows(connection, query)


def read_results(connection: Connection, batch_id: str) -> list[dict[str, Any]]:
    """Read what the rules found in a batch, most failing first."""
    order = (quality.c.failing.desc(), quality.c.rule)
    return read_rows(
        connection, select(quality).where(quality.c.batch_id == batch_id).order_by(*order)
    )


_SUMS = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")


def rows_by_source(
    connection: Connection, *, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Read what became of the rows of each batch decided on from ``since`` to ``until``."""
    query = select(batch.c.taken_at, batch.c.source, *(batch.c[name] for name in _SUMS))
    return read_rows(connection, query.where(batch.c.taken_at.between(since, until)))


def failing_rules(
    connection: Connection, *, since: datetime, until: datetime, at_most: int
) -> list[dict[str, Any]]:
    """Read which rules about rows failed in these batches, most failing rows first.

    One row a rule and source: failing, how many of them were tolerated, in how many batches, a
    sentence, and the batch with the most of them.
    """
    tolerated = case((quality.c.outcome == "tolerated", quality.c.failing), else_=0)
    failing = func.sum(quality.c.failing).label("failing")
    query = (
        select(
            quality.c.rule,
            quality.c.severity,
            batch.c.source,
            failing,
            func.sum(tolerated).label("tolerated"),
            func.count().label("batches"),
            func.max(quality.c.sentence).label("sentence"),
            func.max(quality.c.failing).label("most"),
        )
        .join(batch, batch.c.batch_id == quality.c.batch_id)
        .where(batch.c.taken_at.between(since, until), quality.c.checked > 0)
        .group_by(quality.c.rule, quality.c.severity, batch.c.source)
        .order_by(failing.desc(), quality.c.rule, batch.c.source)
        .limit(at_most)
    )
    found = read_rows(connection, query)
    for row in found:
        batch_id = _batch_with_most(connection, row, since=since, until=until)
        row |= {"batch": batch_id, "row": _first_row(connection, batch_id, row["rule"])}
    return found


def _batch_with_most(connection: Connection, row: Row, *, since: datetime, until: datetime) -> str:
    query = (
        select(quality.c.batch_id)
        .join(batch, batch.c.batch_id == quality.c.batch_id)
        .where(
            batch.c.taken_at.between(since, until),
            batch.c.source == row["source"],
            quality.c.rule == row["rule"],
            quality.c.failing == row["most"],
        )
        .order_by(batch.c.taken_at.desc(), quality.c.batch_id)
        .limit(1)
    )
    return str(connection.execute(query).scalar_one())


def _first_row(connection: Connection, batch_id: str, rule: str) -> int | None:
    """Return the number of the first row of the batch that fails the rule, if one is kept."""
    said = cast(quarantine.c.reasons, Text).contains(f'"rule": "{rule}"', autoescape=True)
    aside = select(func.min(quarantine.c.row_number)).where(quarantine.c.batch_id == batch_id, said)
    flagged = select(func.min(flag.c.row_number)).where(
        flag.c.batch_id == batch_id, flag.c.rule == rule
    )
    found = [connection.execute(query).scalar_one() for query in (aside, flagged)]
    return next((int(one) for one in found if one is not None), None)


def said_of_batches(
    connection: Connection, *, since: datetime, until: datetime, at_most: int
) -> list[dict[str, Any]]:
    """Read what was said of whole batches, newest first: rules that fired, batches held or let in.

    A held batch without a rule that fired was held for its share of failing rows: its rule is null.
    """
    said = and_(
        quality.c.batch_id == batch.c.batch_id,
        quality.c.checked == 0,
        quality.c.outcome == "acted",
    )
    query = (
        select(
            batch.c.taken_at.label("at"),
            batch.c.batch_id.label("batch"),
            batch.c.source,
            batch.c.status,
            batch.c.rows_in,
            quality.c.rule,
            quality.c.severity,
            quality.c.sentence,
        )
        .join(quality, said, isouter=True)
        .where(batch.c.taken_at.between(since, until))
        .where(or_(quality.c.rule.is_not(None), batch.c.status == "held"))
        .order_by(batch.c.taken_at.desc(), batch.c.batch_id, quality.c.rule)
        .limit(at_most)
    )
    return read_rows(connection, query)


def oldest_open(
    connection: Connection, *, at: datetime, at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """Read the oldest rows that were open at an instant, without content, and how many there were.

    What was decided later was open then.
    """
    was_open = and_(
        quarantine.c.set_aside_at <= at,
        or_(quarantine.c.status == "open", quarantine.c.decided_at > at),
    )
    names = ("set_aside_at", "batch_id", "row_number", "source", "reasons")
    query = select(*(quarantine.c[name] for name in names)).where(was_open)
    order = (quarantine.c.set_aside_at, quarantine.c.batch_id, quarantine.c.row_number)
    count = select(func.count()).select_from(quarantine).where(was_open)
    rows = read_rows(connection, query.order_by(*order).limit(at_most))
    return rows, int(connection.execute(count).scalar_one())
