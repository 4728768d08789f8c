"""Writing one item into the tables of ``sql``, under a savepoint, and reading what has landed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)

from accord.crm.edits import OWNER, STAGE, Standing, settle
from accord.crm.emptied import emptied
from accord.crm.port import Item, Kept, Landed, Outcome, Result
from accord.crm.sending import pieces, settled
from accord.crm.sql_tables import effect, lead
from accord.records import payload_hash

_KEYS_AT_ONCE = 500
_HANDOFF = "handoff"
_SHOWN = ("name", "email", "phone", "title", "company", "segment")
_SCORES = ("fit", "engagement", "intent")
_NEVER_EDITED = {f"{name}_edited_at": None for name in (OWNER, STAGE)}

Row = Mapping[Any, Any]


@dataclass(slots=True, kw_only=True)
class Known:
    """What was read for a whole batch: effects by key, and leads by id, which are locked.

    What is not among them, or was written since, is looked at by itself.
    """

    landed: dict[str, Landed]
    leads: dict[str, Row]

    @classmethod
    def of(cls, connection: Connection, items: Sequence[Item]) -> Known:
        """Read all that the items concern; leads in one order, so that two batches never cross."""
        named = {str(item.payload.get("lead_id")) for item in items if item.kind == _HANDOFF}
        lead_ids = {one for one in named if "\0" not in one}  # PostgreSQL refuses even to look
        return cls(
            landed=read_landed(connection, [item.key for item in items]),
            leads={
                row["lead_id"]: row
                for part in pieces(sorted(lead_ids), _KEYS_AT_ONCE)
                for row in connection.execute(
                    select(lead)
                    .where(lead.c.lead_id.in_(part))
                    .order_by(lead.c.lead_id)
                    .with_for_update()
                ).mappings()
            },
        )


def write_item(connection: Connection, item: Item, known: Known, *, sent_at: datetime) -> Outcome:
    """Write one item under a savepoint, or say why it is not written.

    Another process that writes the same key or lead is waited for; then it is looked at again.
    """
    refusal = emptied(item)
    if refusal is not None:
        return refusal
    try:
        try:
            with connection.begin_nested():
                return _write(connection, item, known, sent_at=sent_at)
        except IntegrityError:
            known = Known.of(connection, [item])
            with connection.begin_nested():
                return _write(connection, item, known, sent_at=sent_at)
    except (OperationalError, InterfaceError):
        raise  # not about this item: the database is gone, full or locked
    except (SQLAlchemyError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        found = f"the database does not take {item.key}: {name_of(error)}"
        return Outcome(key=item.key, result=Result.REFUSED, error=found)


def _write(connection: Connection, item: Item, known: Known, *, sent_at: datetime) -> Outcome:
    there = known.landed.get(item.key)
    taken = Outcome(key=item.key, result=Result.TAKEN)
    if there is not None:
        return settled(item, there.payload_hash) or taken
    row = _effect_row(item, sent_at)
    connection.execute(insert(effect).values(row))
    kept = _write_lead(connection, item, known) if item.kind == _HANDOFF else ()
    known.landed[item.key] = Landed(payload_hash=row["payload_hash"])
    return replace(taken, kept=kept)


def _effect_row(item: Item, sent_at: datetime) -> dict[str, Any]:
    return {
        "key": item.key,
        "kind": item.kind,
        "lead_id": item.payload.get("lead_id"),
        "payload": dict(item.payload),
        "payload_hash": item.payload_hash or payload_hash(item.payload),
        "sent_at": sent_at,
    }


def _write_lead(connection: Connection, item: Item, known: Known) -> tuple[Kept, ...]:
    """Make or change the lead's row, but for what a person has set since our last read."""
    lead_id = item.payload["lead_id"]
    row = _lead_row(item)
    wanted = {OWNER: item.payload.get("rep_id"), STAGE: item.payload.get("stage")}
    there = known.leads.get(lead_id)
    if there is None:
        ours = {f"accord_{name}": value for name, value in wanted.items()}
        connection.execute(insert(lead).values(lead_id=lead_id, **row, **wanted, **ours))
        known.leads[lead_id] = {**wanted, **ours, **_NEVER_EDITED}
        return ()
    verdict = settle(wanted, _standing(there), read_at=item.read_at)
    changes = row | {"written_at": func.now()}
    for name, value in verdict.write.items():
        changes |= {name: value, f"accord_{name}": value, f"{name}_edited_at": None}
    connection.execute(update(lead).where(lead.c.lead_id == lead_id).values(changes))
    known.leads[lead_id] = {**there, **changes}
    return verdict.kept


def _standing(there: Row) -> dict[str, Standing]:
    """Return what stands in the contested fields, and since when somebody else's does."""
    return {
        name: Standing(
            value=there[name], since=there[f"{name}_edited_at"], written=there[f"accord_{name}"]
        )
        for name in (OWNER, STAGE)
    }


def _lead_row(item: Item) -> dict[str, Any]:
    """Return the columns that are ours alone; what a payload lacks is null."""
    payload = item.payload
    about, rep, scores = (payload.get(part) or {} for part in ("lead", "rep", "scores"))
    due = (payload.get("due_at") or {}).get("first_touch")
    at = payload.get("assigned_at")
    return {
        **{name: about.get(name) for name in _SHOWN},
        **{name: payload.get(name) for name in ("team", "priority", "hot", "position")},
        **{name: payload.get(name) for name in ("handoff_id", "cycle", "reasons")},
        **{name: float(scores[name]) for name in _SCORES if name in scores},
        "owner_name": rep.get("name"),
        "owner_email": rep.get("email"),
        "assigned_at": None if at is None else datetime.fromisoformat(at),
        "first_touch_due_at": None if due is None else datetime.fromisoformat(due),
        "effect_key": item.key,
    }


def read_landed(connection: Connection, keys: Sequence[str]) -> dict[str, Landed]:
    """Return which keys have their row, its hash, and when the database wrote it.

    An erased person's row has no hash any more.
    """
    columns = (effect.c.key, effect.c.payload_hash, effect.c.written_at)
    return {
        key: Landed(
            payload_hash=digest or None, written_at=written_at, remote={"accord_effect": key}
        )
        for part in pieces(keys, _KEYS_AT_ONCE)
        for key, digest, written_at in connection.execute(
            select(*columns).where(effect.c.key.in_(part))
        )
    }


def name_of(error: BaseException) -> str:
    """Name an error by its class and code: its text may hold addresses and rows."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return f"{type(cause).__name__}{f' {code}' if code else ''}"
