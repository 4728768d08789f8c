"""Taking a person out of the ledger's tables, as :mod:`accord.ledger.personal` classifies them.

Who belongs to a person, what is personal of them, ending the work for them, emptying their rows,
renaming ids that tell who they were. What was decided and counted stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Table,
    and_,
    delete,
    func,
    null,
    or_,
    select,
    update,
)

from accord.ledger.erase_outbox import hash_anew
from accord.ledger.fact_rows import read_absorbed, read_survivors
from accord.ledger.personal import PRIVACY
from accord.ledger.store import chunks, read_rows
from accord.ledger.tables import (
    clock,
    flag,
    handoff,
    lead,
    lead_version,
    metadata,
    outbox,
    quarantine,
    stage_change,
)

_AT_ONCE = 5_000
_OTHERS = frozenset({"rep_id", "owner_id", "batch_id", "other_id"})
"""Ids in a person's rows that are somebody else's."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """What is known of a person by which they are recognised, in every version of their records."""

    emails: frozenset[str]
    names: frozenset[str]
    phones: frozenset[str]
    mailboxes: Mapping[str, str]  # mailbox -> the lead that has it now


def read_people(connection: Connection, lead_ids: Iterable[str]) -> tuple[str, ...]:
    """Return these leads with every record merged into them, or they into it, step by step."""
    found: set[str] = set()
    wanted = set(lead_ids)
    while wanted:
        found |= wanted
        near = {*read_survivors(connection, wanted).values(), *read_absorbed(connection, wanted)}
        wanted = near - found
    return tuple(sorted(found))


def read_contacts(connection: Connection, lead_ids: Sequence[str]) -> Contacts:
    """Read by what the persons behind these leads are recognised."""
    kept: dict[str, set[str]] = {"email": set(), "name": set(), "phone": set()}
    mailboxes: dict[str, str] = {}
    for table in (lead, lead_version):
        columns = [table.c[name] for name in kept]
        for part in chunks(lead_ids):
            query = select(*columns).where(table.c.lead_id.in_(part)).distinct()
            for row in read_rows(connection, query):
                for name, value in row.items():
                    kept[name].update([value] if value else [])
    for part in chunks(lead_ids):
        query = select(lead.c.mailbox, lead.c.lead_id).where(
            lead.c.lead_id.in_(part), lead.c.mailbox.is_not(None)
        )
        mailboxes.update((row[0], row[1]) for row in connection.execute(query))
    return Contacts(
        emails=frozenset(kept["email"] | mailboxes.keys()),
        names=frozenset(kept["name"]),
        phones=frozenset(kept["phone"]),
        mailboxes=mailboxes,
    )


def read_namesakes(connection: Connection, lead_ids: Sequence[str]) -> tuple[str, ...]:
    """Return other leads with a mailbox of these: told apart, so they are other persons."""
    found: set[str] = set()
    for part in chunks(lead_ids):
        own = select(lead.c.mailbox).where(lead.c.lead_id.in_(part), lead.c.mailbox.is_not(None))
        query = select(lead.c.lead_id).where(lead.c.mailbox.in_(own))
        found.update(connection.execute(query).scalars())
    return tuple(sorted(found - set(lead_ids)))


def read_fact_ids(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    """Return the ids of these leads and of all that was said or done about them."""
    found: set[str] = set()
    for table, listed in _id_columns(of_leads=True):
        names = [name for name in listed if name not in _OTHERS]
        of_lead = table.c[str(PRIVACY[table.name].lead)]
        for part in chunks(lead_ids):
            rows = connection.execute(
                select(*(table.c[name] for name in names)).where(of_lead.in_(part))
            )
            found.update(str(value) for row in rows for value in row if value is not None)
    return found


def read_sent_keys(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    """Return the keys of all that was or would be sent about these leads."""
    found: set[str] = set()
    for part in chunks(lead_ids):
        query = select(outbox.c.key).where(outbox.c.lead_id.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def stop_work(connection: Connection, lead_ids: Sequence[str], *, at: datetime) -> dict[str, int]:
    """End what would still be done for these leads; counts by what was ended.

    Entries that wait are withdrawn, clocks cancelled, hand-overs ended without an outcome.
    """
    done = {"outbox_withdrawn": 0, "clocks_cancelled": 0, "handoffs_ended": 0}
    for part in chunks(lead_ids):
        waits = and_(outbox.c.lead_id.in_(part), outbox.c.status.in_(("waiting", "dead")))
        runs = and_(clock.c.lead_id.in_(part), clock.c.ended_at.is_(None))
        is_open = and_(handoff.c.lead_id.in_(part), handoff.c.ended_at.is_(None))
        statements = (
            ("outbox_withdrawn", update(outbox).where(waits).values(status="withdrawn")),
            (
                "clocks_cancelled",
                update(clock)
                .where(runs)
                .values(ended_at=at, ended_by="cancelled", next_step=None, next_step_at=None),
            ),
            ("handoffs_ended", update(handoff).where(is_open).values(ended_at=at, waits_for=None)),
        )
        for name, statement in statements:
            done[name] += connection.execute(statement).rowcount
    return done


def empty_rows(
    connection: Connection, lead_ids: Sequence[str], *, words: Iterable[str]
) -> dict[str, int]:
    """Empty what is personal in the rows of these leads; rows concerned, by table.

    Free text stays where it is one of the agreement's ``words``.
    """
    found: dict[str, int] = {}
    for name, columns in PRIVACY.items():
        if columns.lead is None or not (columns.removed or columns.personal or columns.words):
            continue
        table = metadata.tables[name]
        rows = 0
        for part in chunks(lead_ids):
            rows += _empty_part(connection, table, part, words=words)
        found[name] = rows
    return found


def _empty_part(
    connection: Connection, table: Table, part: Sequence[str], *, words: Iterable[str]
) -> int:
    columns = PRIVACY[table.name]
    of_lead = table.c[str(columns.lead)].in_(part)
    if columns.removed:
        return connection.execute(delete(table).where(of_lead)).rowcount
    emptied = 0
    for name in columns.words:
        told = and_(of_lead, table.c[name].is_not(None), table.c[name].not_in(sorted(words)))
        emptied += connection.execute(update(table).where(told).values({name: None})).rowcount
    if not columns.personal:
        return emptied
    values = {name: _nothing(table.c[name]) for name in columns.personal}
    return connection.execute(update(table).where(of_lead).values(values)).rowcount


def _nothing(column: Column[Any]) -> Any:
    """Return the emptiest value that a column takes."""
    if column.nullable:
        return null()
    return {} if isinstance(column.type, JSON) else ""


def empty_quarantine(
    connection: Connection, is_theirs: Callable[[Row], bool], *, at: datetime, reason: str
) -> int:
    """Empty the rows set aside that are a person's; they stay, counted, as erased. How many."""
    columns = [column for column in quarantine.c if column.name != "reasons"]
    query = select(*columns).where(quarantine.c.status != "erased")
    theirs = [
        (row["batch_id"], row["row_number"]) for row in _stream(connection, query) if is_theirs(row)
    ]
    for batch_id, row_number in theirs:
        same = and_(quarantine.c.batch_id == batch_id, quarantine.c.row_number == row_number)
        reasons = connection.execute(select(quarantine.c.reasons).where(same)).scalar_one()
        values = {
            "row": {},
            "reasons": [{"rule": one["rule"], "sentence": reason} for one in reasons],
            "status": "erased",
            "decided_at": at,
        }
        connection.execute(update(quarantine).where(same).values(values))
    return len(theirs)


def empty_flags(connection: Connection, is_theirs: Callable[[Row], bool], *, reason: str) -> int:
    """Replace the sentences of flags that are about a person; how many."""
    query = select(flag).where(flag.c.sentence != reason)
    theirs = [row for row in _stream(connection, query) if is_theirs(row)]
    for row in theirs:
        same = and_(*(flag.c[column.name] == row[column.name] for column in flag.primary_key))
        connection.execute(update(flag).where(same).values(sentence=reason))
    return len(theirs)


def cut_quotations(connection: Connection, cut: Callable[[str, Any], Any]) -> dict[str, int]:
    """Cut a person out of what may quote one in passing; changed rows, by table.

    ``cut`` is given a column's name and a value, and returns what shall stand there. What waits to
    be sent has the digest of what it says now.
    """
    found: dict[str, int] = {}
    for name, columns in PRIVACY.items():
        quoting = (*columns.quoting, *columns.of_others)
        if quoting:
            changed = _cut_table(connection, metadata.tables[name], quoting, cut)
            found[f"{name} (quoted)"] = len(changed)
            if name == outbox.name:
                hash_anew(connection, [row["outbox_id"] for row in changed])
    return found


def _cut_table(
    connection: Connection, table: Table, columns: Sequence[str], cut: Callable[[str, Any], Any]
) -> list[Row]:
    """Cut one table; the rows that were changed, as they were."""
    keys = [column.name for column in table.primary_key]
    told = or_(*(table.c[column].is_not(None) for column in columns))
    query = select(*(table.c[column] for column in (*keys, *columns))).where(told)
    changes = []
    for row in _stream(connection, query):
        now = {column: cut(column, row[column]) for column in columns}
        if any(now[column] != row[column] for column in columns):
            changes.append((row, now))
    for row, now in changes:
        same = and_(*(table.c[key] == row[key] for key in keys))
        connection.execute(update(table).where(same).values(now))
    return [row for row, _ in changes]


def rename_ids(connection: Connection, names: Mapping[str, str]) -> int:
    """Replace ids wherever they stand, also where a move in the history names them as its cause."""
    changed = 0
    for table, columns in _id_columns(of_leads=False):
        for name in columns:
            for old, new in names.items():
                column = table.c[name]
                statement = update(table).where(column == old).values({name: new})
                changed += connection.execute(statement).rowcount
    for old, new in names.items():
        told = stage_change.c.cause.endswith(f":{old}", autoescape=True)
        for (cause,) in connection.execute(select(stage_change.c.cause).where(told).distinct()):
            statement = update(stage_change).where(stage_change.c.cause == cause)
            value = cause.removesuffix(old) + new
            changed += connection.execute(statement.values(cause=value)).rowcount
    return changed


def _id_columns(*, of_leads: bool) -> Iterator[tuple[Table, tuple[str, ...]]]:
    for name, columns in PRIVACY.items():
        if columns.ids and (columns.lead is not None or not of_leads):
            yield metadata.tables[name], columns.ids


def _stream(connection: Connection, query: Any) -> Iterator[dict[str, Any]]:
    """Read a query that may have a million rows, a few thousand at once."""
    result = connection.execute(query, execution_options={"yield_per": _AT_ONCE})
    names = tuple(result.keys())
    for row in result:
        yield dict(zip(names, row, strict=True))


def count_kept(connection: Connection, lead_ids: Sequence[str]) -> dict[str, int]:
    """Count the rows that stay of these leads, ids and times only, by table."""
    found: dict[str, int] = {}
    for name, columns in PRIVACY.items():
        if columns.lead is None or columns.removed:
            continue
        table = metadata.tables[name]
        of_lead = table.c[columns.lead]
        count = 0
        for part in chunks(lead_ids):
            query = select(func.count()).select_from(table).where(of_lead.in_(part))
            count += int(connection.execute(query).scalar_one())
        if count:
            found[name] = count
    return found
