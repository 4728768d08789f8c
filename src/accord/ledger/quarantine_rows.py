"""Rows set aside: listing them, and what a person decides about them.

A decision changes a row's status and leaves it where it stands: a batch keeps as many rows set
aside as it counts (law L1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    cast,
    func,
    select,
    update,
)

from accord.ledger.store import read_rows
from accord.ledger.tables import quarantine

Key = tuple[str, int]
"""A row set aside: its batch and its number in the file (from 1)."""

STATUSES = ("open", "released", "discarded", "erased")
"""What a row set aside can be: it waits, was taken after all, given up, or emptied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows set aside are meant; None is any. ``rule`` stands among a row's reasons."""

    source: str | None = None
    rule: str | None = None
    status: str | None = None


def list_aside(connection: Connection, wanted: Wanted, *, limit: int) -> list[dict[str, Any]]:
    """List rows set aside, newest first: where they stood and why, without their content."""
    columns = [column for column in quarantine.c if column.name != "row"]
    order = (quarantine.c.set_aside_at.desc(), quarantine.c.batch_id, quarantine.c.row_number)
    query = select(*columns).where(*_conditions(wanted)).order_by(*order).limit(limit)
    return read_rows(connection, query)


def count_aside(connection: Connection, wanted: Wanted) -> int:
    """Count them."""
    query = select(func.count()).select_from(quarantine).where(*_conditions(wanted))
    return int(connection.execute(query).scalar_one())


def keys_aside(connection: Connection, wanted: Wanted) -> list[Key]:
    """Return which rows are meant, by source, batch and number in order."""
    order = (quarantine.c.source, quarantine.c.batch_id, quarantine.c.row_number)
    query = select(quarantine.c.batch_id, quarantine.c.row_number).where(*_conditions(wanted))
    return [(row[0], row[1]) for row in connection.execute(query.order_by(*order))]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.source is not None:
        found.append(quarantine.c.source == wanted.source)
    if wanted.status is not None:
        found.append(quarantine.c.status == wanted.status)
    if wanted.rule is not None:
        # Both stores keep JSON as the text it was written as, a space after each colon.
        said = cast(quarantine.c.reasons, Text)
        found.append(said.contains(f'"rule": "{wanted.rule}"', autoescape=True))
    return found


def find_aside(connection: Connection, batch: str, row_number: int) -> list[dict[str, Any]]:
    """Read the rows of that number whose batch begins so, whole; more than one is ambiguous."""
    query = (
        select(quarantine)
        .where(quarantine.c.batch_id.startswith(batch, autoescape=True))
        .where(quarantine.c.row_number == row_number)
        .order_by(quarantine.c.batch_id)
        .limit(2)
    )
    return read_rows(connection, query)


def read_aside(connection: Connection, keys: Sequence[Key]) -> list[dict[str, Any]]:
    """Read rows set aside, whole, in the order of the keys."""
    numbers: dict[str, list[int]] = {}
    for batch_id, row_number in keys:
        numbers.setdefault(batch_id, []).append(row_number)
    found: dict[Key, dict[str, Any]] = {}
    for batch_id, listed in numbers.items():
        for start in range(0, len(listed), _AT_ONCE):
            query = select(quarantine).where(
                quarantine.c.batch_id == batch_id,
                quarantine.c.row_number.in_(listed[start : start + _AT_ONCE]),
            )
            found |= {(batch_id, row["row_number"]): row for row in read_rows(connection, query)}
    return [found[key] for key in keys if key in found]


def mark_released(
    connection: Connection, keys: Sequence[Key], *, at: datetime, released_as: str
) -> None:
    """Say that open rows were taken after all, as a batch of their own."""
    values = {"status": "released", "decided_at": at, "released_as": released_as}
    _decide(connection, keys, [values] * len(keys))


def mark_discarded(
    connection: Connection, rows: Sequence[dict[str, Any]], *, at: datetime, reason: str
) -> None:
    """Say that rows are given up, and why; their content stays until it is erased."""
    said = {"rule": "discarded", "sentence": reason}
    _decide(
        connection,
        [(row["batch_id"], row["row_number"]) for row in rows],
        [
            {"status": "discarded", "decided_at": at, "reasons": [*row["reasons"], said]}
            for row in rows
        ],
    )


def write_reasons(
    connection: Connection, keys: Sequence[Key], reasons: Sequence[list[dict[str, str]]]
) -> None:
    """Write why rows still fail; they stay open."""
    _decide(connection, keys, [{"reasons": one} for one in reasons])


def mark_erased(
    connection: Connection, keys: Sequence[Key], *, at: datetime, reason: dict[str, str]
) -> None:
    """Empty rows of a person who was erased."""
    values = {"status": "erased", "decided_at": at, "row": {}, "reasons": [reason]}
    _decide(connection, keys, [values] * len(keys))


def _decide(connection: Connection, keys: Sequence[Key], values: Sequence[dict[str, Any]]) -> None:
    if not keys:
        return
    same = and_(
        quarantine.c.batch_id == bindparam("of_batch"),
        quarantine.c.row_number == bindparam("of_row"),
        quarantine.c.status == "open",
    )
    changed = {name: bindparam(f"new_{name}", type_=quarantine.c[name].type) for name in values[0]}
    connection.execute(
        update(quarantine).where(same).values(changed),
        [
            {"of_batch": batch_id, "of_row": row_number}
            | {f"new_{name}": value for name, value in one.items()}
            for (batch_id, row_number), one in zip(keys, values, strict=True)
        ],
    )


_AT_ONCE = 500
