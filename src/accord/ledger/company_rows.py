"""Rows of a company's leads: what they state, what is inferred, and what a person's records say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects import postgresql, sqlite

from accord.ledger.store import Row, chunks, is_among, read_rows
from accord.ledger.tables import lead, lead_version, merge
from accord.records import SCHEMAS, Entity

IDENTITY = "identity"
"""The batch of versions that no source gave: what merging and inferring made of a lead."""

FIRMOGRAPHICS = ("employees", "industry", "country")

STATED = tuple(
    name
    for name in SCHEMAS[Entity.LEAD].names
    if name not in ("lead_id", "created_at", "stage", "stage_at")
)
"""The attributes that a person's records share; a stage is a fact of the record that states it."""

_KEPT = (*STATED, "domain", "company_key", "inferred")


def _is_inferred(name: str) -> ColumnElement[bool]:
    names = func.coalesce(cast(lead.c.inferred, Text), "")
    return names.like(f'%"{name}"%')


def stands() -> ColumnElement[bool]:
    """Whether a lead is not merged into another."""
    return lead.c.lead_id.not_in(select(merge.c.lead_id).where(merge.c.undone_at.is_(None)))


def _parts(domains: Sequence[str] | None, missing: ColumnElement[bool]) -> Iterator[Any]:
    """Yield conditions that cut the leads of these domains into pieces; None: all that lack it."""
    if domains is None:
        yield lead.c.domain.in_(select(lead.c.domain).where(lead.c.domain.is_not(None), missing))
        return
    for part in chunks(domains):
        yield lead.c.domain.in_(part)


def read_stated(
    connection: Connection, name: str, domains: Sequence[str] | None
) -> Iterator[tuple[str, Any]]:
    """Read (domain, value) of each lead of these companies that states it itself, the oldest first.

    ``domains`` None: of all companies with a lead that does not. Leads merged into another are left
    out.
    """
    column = lead.c[name]
    missing = or_(column.is_(None), _is_inferred(name))
    whole = (column.is_not(None), ~_is_inferred(name), stands())
    for piece in _parts(domains, missing):
        query = select(lead.c.domain, column).where(piece, *whole)
        ordered = query.order_by(lead.c.created_at, lead.c.lead_id)
        yield from connection.execute(ordered).all()


def read_lacking(
    connection: Connection, domains: Sequence[str] | None, *, also: Iterable[str]
) -> list[dict[str, Any]]:
    """Read leads of companies that do not state all firmographics, or have something inferred.

    lead_id, domain, the firmographics, inferred (names or None), segment and the columns ``also``.
    Leads merged into another are left out; ``domains`` None: of all companies.
    """
    lacking = or_(_has_inferred(), *(lead.c[name].is_(None) for name in FIRMOGRAPHICS))
    shown = ["lead_id", "domain", *FIRMOGRAPHICS, "inferred", "segment", *also]
    columns = [lead.c[name] for name in dict.fromkeys(shown) if name in lead.c]
    query = select(*columns).where(lacking, stands())
    if domains is None:
        return read_rows(connection, query.where(lead.c.domain.is_not(None)))
    return [
        row
        for part in chunks(domains)
        for row in read_rows(connection, query.where(lead.c.domain.in_(part)))
    ]


def _has_inferred() -> ColumnElement[bool]:
    return func.coalesce(cast(lead.c.inferred, Text), "null") != "null"


ALL_FROM = 50_000
"""From this many leads on, one look at all is cheaper than one at each."""


def read_kept(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read what the ledger holds of leads now, by lead_id: attributes, domain, inferred, ages."""
    columns = [lead.c[name] for name in ("lead_id", "created_at", "known_at", *_KEPT)]
    return {row["lead_id"]: row for row in _read_leads(connection, columns, lead_ids)}


def read_segmented(
    connection: Connection, lead_ids: Sequence[str], fields: Iterable[str]
) -> list[dict[str, Any]]:
    """Read the segments of leads and what segments look at: lead_id, segment, the ``fields``."""
    names = ["lead_id", "segment", *(name for name in fields if name in lead.c)]
    columns = [lead.c[name] for name in dict.fromkeys(names)]
    return list(_read_leads(connection, columns, lead_ids))


def _read_leads(
    connection: Connection, columns: Sequence[ColumnElement[Any]], lead_ids: Sequence[str]
) -> Iterator[dict[str, Any]]:
    for part in chunks(lead_ids):
        among = is_among(connection, lead.c.lead_id, part)
        yield from read_rows(connection, select(*columns).where(among))


def read_emails_said(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    """Read every e-mail that these leads have ever had: their companies lost or gained them."""
    query = select(lead_version.c.email).distinct().where(lead_version.c.email.is_not(None))
    return set(_read_of_versions(connection, query, lead_ids))


def write_attributes(connection: Connection, rows: Sequence[Row]) -> None:
    """Write attributes of leads: rows of lead_id and some columns, all with the same columns."""
    if not rows:
        return
    names = [name for name in rows[0] if name != "lead_id"]
    statement = (
        update(lead)
        .where(lead.c.lead_id == bind("of_lead"))
        .values({name: bind(f"now_{name}", type_=lead.c[name].type) for name in names})
    )
    values = [
        {"of_lead": row["lead_id"], **{f"now_{name}": _given(name, row[name]) for name in names}}
        for row in rows
    ]
    connection.execute(statement, values)


def write_inferred(connection: Connection, rows: Sequence[Row]) -> None:
    """Write what was inferred of leads: rows of lead_id, firmographics, inferred and segment.

    As the stores take it, without a look at each value: a first load infers for a quarter of all
    leads.
    """
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    names = (*FIRMOGRAPHICS, "segment", "inferred")
    placed = ", ".join(f"{name} = {mark}" for name in names)
    statement = f"UPDATE lead SET {placed} WHERE lead_id = {mark}"  # noqa: S608 - our own names
    texts = {row["inferred"]: json.dumps(row["inferred"]) for row in rows if row["inferred"]}
    given = [
        (*(row[name] for name in names[:-1]), texts.get(row["inferred"]), row["lead_id"])
        for row in rows
    ]
    connection.exec_driver_sql(statement, given)


def _given(name: str, value: Any) -> Any:
    """Nothing inferred is SQL's null, as it is where nothing ever was; not JSON's."""
    return null() if name == "inferred" and not value else value


def read_made_at(connection: Connection, lead_ids: Sequence[str], at: datetime) -> set[str]:
    """Read which of these leads have a version of identity's of this very instant."""
    query = select(lead_version.c.lead_id).where(
        lead_version.c.known_at == at, lead_version.c.batch_id == IDENTITY
    )
    if len(lead_ids) > ALL_FROM:
        return set(connection.execute(query).scalars()) & set(lead_ids)
    return set(_read_of_versions(connection, query, lead_ids))


def _read_of_versions(
    connection: Connection, query: Select[Any], lead_ids: Sequence[str]
) -> Iterator[str]:
    for part in chunks(lead_ids):
        among = is_among(connection, lead_version.c.lead_id, part)
        yield from connection.execute(query.where(among)).scalars()


def add_versions(connection: Connection, lead_ids: Iterable[str], *, known_at: datetime) -> None:
    """Keep what the ledger now holds of leads as versions of identity's, one an instant."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    names = [*STATED, "inferred"]
    fixed = {"known_at": known_at, "batch_id": IDENTITY, "row_number": 0}
    columns = ["lead_id", *fixed, "created_at", *names]
    for part in chunks(sorted(lead_ids)):
        given = [
            literal(value, lead_version.c[name].type).label(name) for name, value in fixed.items()
        ]
        query = select(
            lead.c.lead_id, *given, lead.c.created_at, *(lead.c[name] for name in names)
        ).where(lead.c.lead_id.in_(part))
        statement = dialect.insert(lead_version).from_select(columns, query)
        statement = statement.on_conflict_do_update(
            index_elements=list(lead_version.primary_key),
            set_={name: statement.excluded[name] for name in ("created_at", *names)},
        )
        connection.execute(statement)
