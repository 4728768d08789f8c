"""What metrics are counted from: plain frames of the ledger's tables, and the stored numbers.

Instants come as whole microseconds (``*_us``), money as whole hundredths (``*_cents``), straight
from the store: nothing passes through a float, and a million rows stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Numeric,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    select,
    type_coerce,
)

from accord.ledger.arrow import read_table
from accord.ledger.merged_rows import is_own
from accord.ledger.store import Row, chunks, is_among, read_rows, upsert_rows
from accord.ledger.tables import (
    batch,
    clock,
    handoff,
    handoff_owner,
    lead,
    merge,
    metric,
    opportunity,
    opportunity_version,
    quality,
    rep,
    spend,
    stage_change,
    touch,
)
from accord.lifecycle import OVERTAKEN
from accord.records import HandoffStage

Fields = Mapping[str, ColumnElement[Any]]

_WHOLE = ("_us", "_cents")


def read_raw(
    connection: Connection, table: str, *, lead_ids: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read one of :data:`RAW`: whole numbers as Int64, text and flags as they come.

    ``lead_ids`` reads what is about these leads alone, by index; a table of nobody's stays whole.
    """
    fields, query = RAW[table](connection)
    names = list(fields)
    if lead_ids is None or fields.keys().isdisjoint(_OF_LEADS):
        queries = [query]
    else:
        queries = [query.where(_about(connection, fields, part)) for part in chunks(lead_ids)]
    if "spent_on" in fields:  # a day is text in one store and a date in the other
        return _dated(connection, queries, names)
    given = pa.schema([(name, _arrow_type(connection, name)) for name in names])
    found = read_table(connection, queries, given)
    return pd.DataFrame({name: _series(name, found.column(name)) for name in names})


def _dated(
    connection: Connection, queries: Sequence[Select[Any]], names: Sequence[str]
) -> pd.DataFrame:
    rows = [row for one in queries for row in connection.execute(one).fetchall()]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pd.DataFrame(
        {
            name: pd.Series(list(values), dtype="object" if name == "spent_on" else _dtype(name))
            for name, values in zip(names, columns, strict=True)
        }
    )


def _series(name: str, values: pa.ChunkedArray) -> pd.Series[Any]:
    """Take a column as it is: by way of Python's values a million took three times as long."""
    wanted: Any = _dtype(name)
    if not len(values):  # a column in no pieces at all is one that pandas cannot sort or join
        empty: pd.Series[Any] = pd.Series([], dtype=wanted)
        return empty
    whole = values.cast(pa.bool_()) if name in _FLAGS else values
    return pd.Series(wanted.__from_arrow__(whole))


def _dtype(name: str) -> Any:
    if name.endswith(_WHOLE) or name in _COUNTS:
        return pd.Int64Dtype()
    return pd.BooleanDtype() if name in _FLAGS else _TEXT


_TEXT = pd.Series([], dtype="str").dtype


def _arrow_type(connection: Connection, name: str) -> pa.DataType:
    """Return what the driver gives: SQLite keeps a flag as a whole number."""
    if name in _FLAGS and connection.dialect.name == "postgresql":
        return pa.bool_()
    return pa.string() if _dtype(name) is _TEXT else pa.int64()


def in_us(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """An instant as whole microseconds since 1970, in the store's own arithmetic."""
    if connection.dialect.name == "postgresql":
        return cast(func.extract("epoch", column) * 1_000_000, BigInteger)
    return type_coerce(column, BigInteger)


def _cents(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        return cast(type_coerce(column, Numeric) * 100, BigInteger)
    return type_coerce(column, BigInteger)


def _text(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A JSON column as its text."""
    if connection.dialect.name == "postgresql":
        return cast(column, Text)
    return type_coerce(column, Text)


_OF_LEADS = ("lead_id", "handoff_id")
"""The columns by which a row is about a lead."""


def _about(connection: Connection, fields: Fields, lead_ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether a row is about one of these leads, itself or by its hand-over."""
    if "lead_id" in fields:
        return is_among(connection, fields["lead_id"], lead_ids)
    theirs = select(handoff.c.handoff_id).where(is_among(connection, handoff.c.lead_id, lead_ids))
    return fields["handoff_id"].in_(theirs)


def _labelled(fields: Fields) -> Select[Any]:
    return select(*(column.label(name) for name, column in fields.items()))


_COUNTS = frozenset(
    {
        *("cycle", "position", "per_week", "row_number", "fit", "engagement", "intent"),
        *("rows_in", "accepted", "quarantined", "duplicates", "held", "failing"),
    }
)
_FLAGS = frozenset({"hot", "forced"})

Reading = tuple[Fields, Select[Any]]


def _leads(connection: Connection) -> Reading:
    columns = lead.c
    fields = {
        "lead_id": columns.lead_id,
        "created_us": in_us(connection, columns.created_at),
        "segment": columns.segment,
        "channel": columns.channel,
        "campaign": columns.campaign,
        "industry": columns.industry,
        "country": columns.country,
    }
    return fields, _labelled(fields)


def _merges(_connection: Connection) -> Reading:
    fields = {"lead_id": merge.c.lead_id, "into_lead_id": merge.c.into_lead_id}
    return fields, _labelled(fields).where(merge.c.undone_at.is_(None))


def _moves(connection: Connection) -> Reading:
    columns = stage_change.c
    later = stage_change.alias("later")
    fields = {
        "lead_id": columns.lead_id,
        "from_stage": columns.from_stage,
        "to_stage": columns.to_stage,
        "step": columns.step,
        "programme": columns.programme,
        "reason": columns.reason,
        "cycle": columns.cycle,
        "at_us": in_us(connection, columns.occurred_at),
        "position": columns.position,
    }
    retracted = exists().where(and_(later.c.retracts == columns.change_id))
    # Nearly all moves retract none: SQLite would take that index and read them all for a few leads.
    retracts_none = func.coalesce(columns.retracts, "") == ""
    return fields, _labelled(fields).where(retracts_none, ~retracted)


def _deals(connection: Connection) -> Reading:
    columns = opportunity.c
    fields = {
        "deal_id": columns.opportunity_id,
        "lead_id": columns.lead_id,
        "rep": columns.rep_id,
        "industry": columns.industry,
        "country": columns.country,
        "stage": columns.stage,
        "stage_us": in_us(connection, columns.stage_at),
        "opened_us": in_us(connection, columns.opened_at),
        "closed_us": in_us(connection, columns.closed_at),
        "amount_cents": _cents(connection, columns.amount),
        "cost_cents": _cents(connection, columns.cost),
        "account": columns.account,
        "product": columns.product,
        "reason": columns.reason,
    }
    return fields, _labelled(fields)


def _deal_versions(connection: Connection) -> Reading:
    columns = opportunity_version.c
    fields = {
        "deal_id": columns.opportunity_id,
        "known_us": in_us(connection, columns.known_at),
        "row_number": columns.row_number,
        "amount_cents": _cents(connection, columns.amount),
    }
    order = (columns.opportunity_id, columns.known_at, columns.batch_id, columns.row_number)
    return fields, _labelled(fields).order_by(*order)


def _handoffs(connection: Connection) -> Reading:
    fields = _handoff_fields(connection)
    return fields, _labelled(fields).where(is_own())


def _overtaken(connection: Connection) -> Reading:
    """Hand-overs at mql of which a later cycle has one: what was done in theirs was done."""
    fields = _handoff_fields(connection)
    at_mql = handoff.c.stage == HandoffStage.MQL.value
    return fields, _labelled(fields).where(at_mql, handoff.c.outcome == OVERTAKEN)


def _handoff_fields(connection: Connection) -> Fields:
    columns = handoff.c
    return {
        "handoff_id": columns.handoff_id,
        "lead_id": columns.lead_id,
        "cycle": columns.cycle,
        "stage": columns.stage,
        "origin": columns.origin,
        "segment": columns.segment,
        "channel": columns.channel,
        "campaign": columns.campaign,
        "team": columns.team,
        "rep": columns.rep_id,
        "hot": columns.hot,
        "forced": columns.forced,
        "queued_us": in_us(connection, columns.queued_at),
        "assigned_us": in_us(connection, columns.assigned_at),
        "ended_us": in_us(connection, columns.ended_at),
        "outcome": columns.outcome,
        "fit": columns.fit,
        "engagement": columns.engagement,
        "intent": columns.intent,
    }


def _clocks(connection: Connection) -> Reading:
    """Clocks of leads; the weekly terms of marketing are metrics of their own."""
    columns = clock.c
    fields = {
        "clock_id": columns.clock_id,
        "lead_id": columns.lead_id,
        "handoff_id": columns.handoff_id,
        "term": columns.term,
        "side": columns.side,
        "from_event": columns.from_event,
        "until_event": columns.until_event,
        "segment": columns.segment,
        "rep": columns.owner_id,
        "team": columns.team,
        "calendar_terms": _text(connection, columns.calendar_terms),
        "started_us": in_us(connection, columns.started_at),
        "due_us": in_us(connection, columns.due_at),
        "ended_us": in_us(connection, columns.ended_at),
        "ended_by": columns.ended_by,
    }
    return fields, _labelled(fields).where(columns.lead_id.is_not(None))


def _first_owners(connection: Connection) -> Reading:
    """When each hand-over first had somebody as its owner: it may change hands later."""
    columns = handoff_owner.c
    fields = {
        "handoff_id": columns.handoff_id,
        "since_us": in_us(connection, func.min(columns.since)),
    }
    named = columns.rep_id.is_not(None)
    return fields, _labelled(fields).where(named).group_by(columns.handoff_id)


def _touches(connection: Connection) -> Reading:
    columns = touch.c
    fields = {
        "touch_id": columns.touch_id,
        "lead_id": columns.lead_id,
        "rep": columns.rep_id,
        "kind": columns.channel,
        "outcome": columns.outcome,
        "at_us": in_us(connection, columns.touched_at),
    }
    return fields, _labelled(fields).where(columns.automatic.is_not(True))


def _spend(connection: Connection) -> Reading:
    columns = spend.c
    fields = {
        "spent_on": columns.spent_on,
        "amount_cents": _cents(connection, columns.amount),
        "channel": columns.channel,
        "campaign": columns.campaign,
    }
    return fields, _labelled(fields)


def _batches(connection: Connection) -> Reading:
    columns = batch.c
    counts = ("rows_in", "accepted", "quarantined", "duplicates", "held")
    fields = {
        "at_us": in_us(connection, columns.taken_at),
        "source": columns.source,
        "entity": columns.entity,
        **{name: columns[name] for name in counts},
    }
    return fields, _labelled(fields)


def _failings(connection: Connection) -> Reading:
    """How many rows of a batch failed a rule about rows."""
    columns = quality.c
    fields = {
        "at_us": in_us(connection, batch.c.taken_at),
        "source": batch.c.source,
        "entity": batch.c.entity,
        "rule": columns.rule,
        "severity": columns.severity,
        "failing": columns.failing,
    }
    same = columns.batch_id == batch.c.batch_id
    return fields, _labelled(fields).join_from(quality, batch, same).where(columns.checked > 0)


def _reps(_connection: Connection) -> Reading:
    columns = rep.c
    fields = {
        "rep": columns.rep_id,
        "name": columns.name,
        "role": columns.role,
        "team": columns.team,
        "calendar": columns.calendar,
        "per_week": columns.per_week,
    }
    return fields, _labelled(fields)


RAW: Mapping[str, Callable[[Connection], Reading]] = MappingProxyType(
    {
        "lead": _leads,
        "merge": _merges,
        "move": _moves,
        "deal": _deals,
        "deal_version": _deal_versions,
        "handoff": _handoffs,
        "overtaken": _overtaken,
        "first_owner": _first_owners,
        "clock": _clocks,
        "touch": _touches,
        "spend": _spend,
        "batch": _batches,
        "failing": _failings,
        "rep": _reps,
    }
)
"""The tables that metrics read, by short name."""


def read_newest_numbers(connection: Connection, periods: Iterable[str]) -> list[dict[str, Any]]:
    """Read the highest revision of every stored number of these periods."""
    columns = metric.c
    key = (columns.period, columns.metric, columns.dimension, columns.member)
    newest = (
        select(*key, func.max(columns.revision).label("revision"))
        .where(columns.period.in_(sorted(periods)))
        .group_by(*key)
        .subquery()
    )
    same = and_(
        *(newest.c[column.name] == column for column in key),
        newest.c.revision == columns.revision,
    )
    return read_rows(connection, select(metric).join(newest, same))


def read_closed_periods(connection: Connection, among: Iterable[str]) -> set[str]:
    """Return those of these periods that were stored after they had ended.

    Each is asked for by the index of periods: a walk through all numbers grows with history.
    """
    stored = select(metric.c.period).where(
        metric.c.period == bindparam("label"), metric.c.partial.is_(False)
    )
    asked = stored.limit(1)
    return {one for one in among if connection.execute(asked, {"label": one}).first()}


def write_numbers(connection: Connection, rows: Sequence[Row]) -> None:
    """Write numbers; one of the same period, metric, dimension, member and revision is replaced."""
    upsert_rows(connection, metric, rows)


def delete_numbers(connection: Connection, rows: Sequence[Row]) -> None:
    """Delete numbers of a running period of which no fact is left."""
    key = [column.name for column in metric.primary_key]
    same = and_(*(metric.c[name] == bindparam(f"of_{name}") for name in key))
    if rows:
        values = [{f"of_{name}": row[name] for name in key} for row in rows]
        connection.execute(delete(metric).where(same), values)


def read_since(connection: Connection) -> datetime | None:
    """Return the earliest instant that any fact speaks of; None in an empty ledger."""
    columns = (
        lead.c.created_at,
        stage_change.c.occurred_at,
        opportunity.c.opened_at,
        opportunity.c.closed_at,
        touch.c.touched_at,
        handoff.c.queued_at,
        batch.c.taken_at,
    )
    found = [connection.execute(select(func.min(column))).scalar() for column in columns]
    return min((at for at in found if at is not None), default=None)
