"""What the stored weekly numbers were counted from, by kind of fact and day, and what differs now.

A day's facts of one kind are told by how many they are, the earliest instant among them, and a
digest of what metrics read of them: the sum of their hashes, so that order and way of arrival do
not matter. Whatever was added, corrected, taken back or erased since, and however it came, its day
differs. Moves are append-only, and are told by their instants alone, from the index of them.
"""

from __future__ import annotations

import operator
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Interval,
    Select,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from accord.ledger.bulk import write_columns
from accord.ledger.metric_rows import RAW, in_us
from accord.ledger.tables import (
    agreement,
    batch,
    clock,
    counted,
    erasure,
    handoff,
    handoff_owner,
    lead,
    merge,
    opportunity,
    opportunity_version,
    posting,
    quality,
    rep,
    signature,
    spend,
    stage_change,
    touch,
)
from accord.ledger.types import Instant
from accord.records import from_us, to_us

UNDATED_US = 2**60
"""Stands for the instant of a fact that states none: long after every day that is."""

DAY_US = 86_400_000_000
_MISSING, _BETWEEN = "\x1e", "\x1f"
_EPOCH = date(1970, 1, 1)
_FARTHEST = timedelta(hours=14)  # by which a day begins sooner somewhere than in UTC

Expression = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The facts of one kind of one day: how many, the earliest instant, and what they say."""

    facts: int
    first_us: int
    digest: str


Counted = dict[str, dict[int, Day]]
"""By source and day (number since 1970, UTC)."""


def read_now(connection: Connection, *, begins_us: int = 0) -> Counted:
    """Tell what the ledger holds now, day by day; what has no day is all on day 0.

    ``begins_us`` is how long after midnight UTC a day begins: in step with the weeks that are asked
    about, news of one of them does not fall on a day of the one before.
    """
    found = {name: _days(connection, name, begins_us=begins_us) for name in (*_DATED, "move")}
    found["spend"] = _spend_days(connection)
    return found | {f"all {table.name}": _whole(connection, table) for table in _WHOLE}


def read_counted(connection: Connection) -> Counted:
    """Read what the stored numbers were counted from; empty before the first run."""
    found: Counted = {}
    for row in connection.execute(select(counted)).mappings():
        day = Day(facts=row["facts"], first_us=row["first_us"], digest=row["digest"])
        found.setdefault(row["source"], {})[row["day"]] = day
    return found


def write_counted(connection: Connection, before: Counted, now: Counted) -> None:
    """Keep what the numbers stored in this transaction were counted from, in place of before."""
    for source in before.keys() | now.keys():
        was, days = before.get(source, {}), now.get(source, {})
        gone = [day for day in was if day not in days]
        if gone:
            columns = counted.c
            low, high = min(gone), max(gone)
            span = and_(columns.source == source, columns.day.between(low, high))
            connection.execute(delete(counted).where(span))
            was = {day: one for day, one in was.items() if not low <= day <= high}
        news = [(day, one) for day, one in days.items() if was.get(day) != one]
        rows: dict[str, list[Any]] = {
            "source": [source] * len(news),
            "day": [day for day, _ in news],
            "facts": [one.facts for _, one in news],
            "first_us": [one.first_us for _, one in news],
            "digest": [one.digest for _, one in news],
        }
        write_columns(connection, counted, rows, on_conflict="replace")


# ---- which instants a changed day touches ------------------------------------------------------


def read_earliest_of(
    connection: Connection, source: str, first: int, last: int, *, begins_us: int = 0
) -> int | None:
    """Return the first instant of what counts by the facts of one kind of these days.

    A lead's attributes count with every fact of it, a merge with those of both leads, a hand-over
    with its cycle's entries, a clock with its hand-over, a retraction with what it takes back, a
    deal's version with the deal. None where the facts count from their own instants on.
    """
    reaches = _REACHES.get(source)
    if reaches is None:
        return None
    since = from_us(first * DAY_US + begins_us)
    until = from_us((last + 1) * DAY_US + begins_us)
    queries = reaches(since, until)
    found = [connection.execute(query).scalar() for query in queries]
    return min((to_us(at) for at in found if at is not None), default=None)


def _of_leads(leads: Select[Any]) -> Iterator[Select[Any]]:
    """Ask for the earliest fact of these leads."""
    yield select(func.min(stage_change.c.occurred_at)).where(stage_change.c.lead_id.in_(leads))
    yield select(func.min(touch.c.touched_at)).where(touch.c.lead_id.in_(leads))
    yield select(func.min(handoff.c.queued_at)).where(handoff.c.lead_id.in_(leads))
    yield select(func.min(clock.c.started_at)).where(clock.c.lead_id.in_(leads))
    yield select(func.min(lead.c.created_at)).where(lead.c.lead_id.in_(leads))
    for at in _DEAL_INSTANTS:
        yield select(func.min(opportunity.c[at])).where(opportunity.c.lead_id.in_(leads))


def _reach_of_leads(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    yield from _of_leads(select(lead.c.lead_id).where(_within(lead.c.created_at, since, until)))


def _reach_of_merges(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    for column in (merge.c.lead_id, merge.c.into_lead_id):
        yield from _of_leads(select(column).where(_within(merge.c.merged_at, since, until)))


def _reach_of_erasures(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    """An erasure empties words that stood in a lead's facts, whose instants stay."""
    yield from _of_leads(
        select(erasure.c.lead_id).where(_within(erasure.c.erased_at, since, until))
    )


def _reach_of_handoffs(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    same = and_(
        stage_change.c.lead_id == handoff.c.lead_id, stage_change.c.cycle == handoff.c.cycle
    )
    # One by one, by the index of leads: as a join SQLite would walk through all moves.
    own = select(func.min(stage_change.c.occurred_at)).where(same).correlate(handoff)
    first = func.min(own.scalar_subquery(), type_=stage_change.c.occurred_at.type)
    yield select(first).where(_within(handoff.c.queued_at, since, until))


def _reach_of_clocks(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    same = clock.c.handoff_id == handoff.c.handoff_id
    for at in (handoff.c.queued_at, handoff.c.assigned_at):
        first = select(func.min(at)).join_from(clock, handoff, same)
        yield first.where(_within(clock.c.started_at, since, until))


def _reach_of_owners(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    same = handoff_owner.c.handoff_id == handoff.c.handoff_id
    first = select(func.min(handoff.c.queued_at)).join_from(handoff_owner, handoff, same)
    yield first.where(_within(handoff_owner.c.since, since, until))


def _reach_of_moves(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    taken = stage_change.alias("taken")
    same = stage_change.c.retracts == taken.c.change_id
    first = select(func.min(taken.c.occurred_at)).join_from(stage_change, taken, same)
    yield first.where(_within(stage_change.c.occurred_at, since, until))


def _reach_of_versions(since: datetime, until: datetime) -> Iterator[Select[Any]]:
    """What a deal was first known to be worth counts from the deal's opening on."""
    columns = opportunity_version.c
    instants = (columns[name] for name in (*_DEAL_INSTANTS, "known_at"))
    dated = or_(*(_within(column, since, until) for column in instants))
    same = opportunity_version.c.opportunity_id == opportunity.c.opportunity_id
    for at in _DEAL_INSTANTS:
        first = select(func.min(opportunity.c[at])).join_from(
            opportunity_version, opportunity, same
        )
        yield first.where(dated)


def _within(column: Column[Any], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


_REACHES: Mapping[str, Callable[[datetime, datetime], Iterator[Select[Any]]]] = {
    "lead": _reach_of_leads,
    "merge": _reach_of_merges,
    "erasure": _reach_of_erasures,
    "handoff": _reach_of_handoffs,
    "owner": _reach_of_owners,
    "clock": _reach_of_clocks,
    "move": _reach_of_moves,
    "deal version": _reach_of_versions,
}

UNTRACEABLE = frozenset({"lead", "merge", "handoff", "clock", "move", "deal version"})
"""Of these a fact that is gone leaves nothing by which to tell what counted with it."""


# ---- reading -----------------------------------------------------------------------------------

Said = tuple[Expression, tuple[Expression, ...], Select[Any]]
"""The instant that places a fact, what metrics read of it, and the rows."""

_DEAL_INSTANTS = ("opened_at", "closed_at", "stage_at")


def _whole_rows(connection: Connection, table: Table, *instants: str) -> Said:
    rows = select(literal(1)).select_from(table)
    return _least(connection, table, instants), _plains(connection, table), rows


def _as_read(connection: Connection, table: Table, *instants: str) -> Said:
    """What metrics read of a table, and no more: a lead's new title is no news for them."""
    fields, query = RAW[table.name](connection)
    return _least(connection, table, instants), tuple(fields.values()), query


def _least(connection: Connection, table: Table, instants: Sequence[str]) -> Expression:
    """Return the earliest of a row's instants, :data:`UNDATED_US` where it states none."""
    stated = [_stated(connection, table.c[name]) for name in instants]
    if len(stated) == 1:
        return stated[0]
    if connection.dialect.name == "postgresql":
        return func.least(*stated, type_=BigInteger)
    return func.min(*stated, type_=BigInteger)


def _stated(connection: Connection, column: Column[Any]) -> Expression:
    at = in_us(connection, column)
    return func.coalesce(at, UNDATED_US, type_=BigInteger) if column.nullable else at


def _qualities(connection: Connection) -> Said:
    rows = select(literal(1)).join_from(quality, batch, quality.c.batch_id == batch.c.batch_id)
    return in_us(connection, batch.c.taken_at), _plains(connection, quality), rows


def _plains(connection: Connection, table: Table) -> tuple[Expression, ...]:
    """A table's columns; instants as whole numbers, which no session's zone writes otherwise."""
    return tuple(
        in_us(connection, column) if isinstance(column.type, Instant) else column
        for column in table.columns
    )


_DATED: Mapping[str, Callable[[Connection], Said]] = {
    "lead": lambda connection: _as_read(connection, lead, "created_at"),
    "merge": lambda connection: _whole_rows(connection, merge, "merged_at"),
    "erasure": lambda connection: _whole_rows(connection, erasure, "erased_at"),
    "deal": lambda connection: _whole_rows(connection, opportunity, *_DEAL_INSTANTS),
    "deal version": lambda connection: _whole_rows(
        connection, opportunity_version, *_DEAL_INSTANTS, "known_at"
    ),
    "handoff": lambda connection: _whole_rows(connection, handoff, "queued_at"),
    "owner": lambda connection: _whole_rows(connection, handoff_owner, "since"),
    "clock": lambda connection: _as_read(connection, clock, "started_at", "due_at", "ended_at"),
    "touch": lambda connection: _whole_rows(connection, touch, "touched_at"),
    "batch": lambda connection: _whole_rows(connection, batch, "taken_at"),
    "quality": _qualities,
}

_INDEXED = ("lead", "owner", "touch", "move")
"""Of these every row counts, and their instants have an index."""

_WHOLE = (rep, posting, agreement, signature)
"""Tables of which any change may change any week."""


def _days(connection: Connection, name: str, *, begins_us: int) -> dict[int, Day]:
    sqlite = connection.dialect.name == "sqlite"
    if name == "move" and not sqlite:
        return _move_days_by_bin(connection, begins_us=begins_us)
    at, told, query = _told(connection, name)
    if name in _INDEXED and sqlite:
        return _days_by_index(connection, at, told, begins_us=begins_us)
    day = _day_of(at, begins_us)
    columns = (day, func.count(), func.min(at), func.sum(told))
    asked = query.with_only_columns(*columns, maintain_column_froms=True).group_by(day)
    return _read_days(connection, asked)


def _told(connection: Connection, name: str) -> tuple[Expression, Expression, Select[Any]]:
    """Return the instant that places a fact, the number that stands for the rest, and the rows."""
    if name == "move":
        at = in_us(connection, stage_change.c.occurred_at)
        return at, at % DAY_US, select(at)
    at, said, query = _DATED[name](connection)
    return at, _hash(connection, said), query


def _move_days_by_bin(connection: Connection, *, begins_us: int) -> dict[int, Day]:
    """Tell the days of moves in PostgreSQL's own arithmetic of instants.

    Microseconds are decimals to it, and to make them of every move takes five times as long.
    """
    at = stage_change.c.occurred_at
    begin = func.date_bin(timedelta(days=1), at, from_us(begins_us), type_=at.type)
    within = func.sum(type_coerce(at - begin, Interval), type_=Interval)
    query = select(begin, func.count(), func.min(at), within).group_by(begin)
    return {
        (to_us(day) - begins_us) // DAY_US: Day(
            facts=facts,
            first_us=to_us(first),
            digest=f"{since // timedelta(microseconds=1):x}",
        )
        for day, facts, first, since in connection.execute(query).fetchall()
    }


def _days_by_index(
    connection: Connection, at: Expression, told: Expression, *, begins_us: int
) -> dict[int, Day]:
    """Tell a table's days one after the other, by the index of its instants.

    Asked to group them, SQLite sorts all rows first, with everything that is read of them.
    """
    begin = _day_of(select(func.min(at)).scalar_subquery(), begins_us).label("day")
    days = select(begin).cte("days", recursive=True)
    since = days.c.day * DAY_US + begins_us
    following = select(func.min(at)).where(at >= since + DAY_US).scalar_subquery()
    days = days.union_all(select(_day_of(following, begins_us)).where(days.c.day.is_not(None)))
    within = (at >= days.c.day * DAY_US + begins_us, at < (days.c.day + 1) * DAY_US + begins_us)
    found = (func.count(at), func.min(at), func.sum(told))
    each = (select(one).where(*within).scalar_subquery() for one in found)
    return _read_days(connection, select(days.c.day, *each).where(days.c.day.is_not(None)))


def _day_of(at: Expression, begins_us: int) -> Expression:
    """Return an instant's day since 1970, rounded down: the stores round towards zero."""
    return (at + (_LONG_BEFORE * DAY_US - begins_us)) // DAY_US - _LONG_BEFORE


_LONG_BEFORE = 1_000_000  # days, more than from the year 1 to 1970


def _read_days(connection: Connection, query: Select[Any]) -> dict[int, Day]:
    return {
        int(day): Day(facts=facts, first_us=int(first), digest=f"{int(total):x}")
        for day, facts, first, total in connection.execute(query).fetchall()
    }


def _spend_days(connection: Connection) -> dict[int, Day]:
    on, total = spend.c.spent_on, func.sum(_hash(connection, _plains(connection, spend)))
    rows = connection.execute(select(on, func.count(), total).group_by(on))
    return {
        (day - _EPOCH).days: Day(
            facts=facts,
            first_us=(day - _EPOCH).days * DAY_US - _FARTHEST // timedelta(microseconds=1),
            digest=f"{int(total):x}",
        )
        for day, facts, total in rows.fetchall()
    }


def _whole(connection: Connection, table: Table) -> dict[int, Day]:
    total = func.sum(_hash(connection, _plains(connection, table)))
    facts, digest = connection.execute(select(func.count(), total).select_from(table)).one()
    return {0: Day(facts=facts, first_us=0, digest=f"{int(digest or 0):x}")}


def _hash(connection: Connection, said: Iterable[Expression]) -> Expression:
    """A whole number that stands for what a row says, small enough for many to be added up."""
    if connection.dialect.name == "postgresql":
        texts = [func.coalesce(cast(one, Text), _MISSING) for one in said]
        parts = [part for text in texts for part in (text, literal(_BETWEEN))]
        whole: Expression = reduce(operator.add, parts)
        return func.hashtextextended(whole, 0, type_=BigInteger)
    driver: Any = connection.connection.driver_connection
    driver.create_function(_SQLITE_HASH, 1, _hashed, deterministic=True)
    # A JSON list tells missing from empty, in a third of the time that texts take to be joined.
    return func.accord_hash(func.json_array(*said), type_=BigInteger)


_SQLITE_HASH = "accord_hash"


def _hashed(text: str) -> int:
    """A checksum does: it finds what changed by itself, and nobody has a reason to forge it."""
    return zlib.crc32(text.encode())
