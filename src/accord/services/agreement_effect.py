"""What another agreement would do to the leads, the queue and the clocks that are there now.

Gather (scores, segments, queue, clocks, as they are known at an instant), decide under both
agreements, compare. Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, or_, select

from accord.agreement import Agreement, segment_of
from accord.ledger import read_rows, tables
from accord.ledger.fact_rows import read_leads
from accord.ledger.outcome_rows import read_ends
from accord.records import HandoffStage, Side, to_us
from accord.routing import team_of
from accord.services.replay import Then, read_then
from accord.services.rescore_compare import Pair
from accord.services.rescore_leads import Asked, read_asked
from accord.services.rescore_past import find_ends
from accord.services.workspace import Workspace
from accord.sla import Term, TermBook, term_book

Row = Mapping[str, Any]
Ids = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Leads that would go from one segment or team to another, sorted by id."""

    before: str
    after: str
    lead_ids: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Running clocks of one term: ``other`` of them would be started with another term."""

    side: str
    term: str
    running: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What would be otherwise for what is there now; ids of leads, never who they are.

    ``leads`` were looked at; those that have bought or were disqualified (``settled``) are not
    counted among who would come over or fall below a threshold. No stage is taken back by a
    threshold: who falls below one keeps his stage, and does not cross it again.
    """

    as_of: datetime
    leads: int
    settled: int
    mql_gained: Ids
    mql_lost: Ids
    hot_gained: Ids
    hot_lost: Ids
    segments: tuple[Moved, ...]
    waiting: int
    teams: tuple[Moved, ...]
    clocks: tuple[Clocks, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing at all would be otherwise."""
        moves = (self.mql_gained, self.mql_lost, self.hot_gained, self.hot_lost)
        other = any(one.other for one in self.clocks)
        return not (any(moves) or self.segments or self.teams or other)


def find_effect(workspace: Workspace, old: Agreement, new: Agreement, *, as_of: datetime) -> Effect:
    """Compare two agreements over the leads, the queue and the clocks as of an instant."""
    then = read_then(workspace, as_of=as_of, agreement=old)
    candidate = read_then(workspace, as_of=as_of, agreement=new)
    leads, other = _leads(workspace, then), _leads(workspace, candidate)
    pair = Pair.of(leads, now=then.table(), then=candidate.table())
    movable = pair.without(_settled(workspace, then))
    mql, hot = _crossings(movable, "mql"), _crossings(movable, "hot")
    with workspace.ledger.read() as connection:
        waiting, teams = _queue(connection, old, new, as_of=as_of)
        clocks = _clocks(connection, old, new, as_of=as_of)
    return Effect(
        as_of=as_of,
        leads=pair.leads.num_rows,
        settled=pair.leads.num_rows - movable.leads.num_rows,
        mql_gained=mql[0],
        mql_lost=mql[1],
        hot_gained=hot[0],
        hot_lost=hot[1],
        segments=_segments(leads, other),
        waiting=waiting,
        teams=teams,
        clocks=clocks,
    )


def _leads(workspace: Workspace, then: Then) -> pa.Table:
    return read_asked(workspace, then, Asked(segments=(), lead_ids=None)).sort_by("lead_id")


def _settled(workspace: Workspace, then: Then) -> pa.ChunkedArray:
    with workspace.ledger.read() as connection:
        stated = read_ends(connection, known_at=then.known_at)
    ends = find_ends(
        stated, then.merges, connection=workspace.log.connection, as_of_us=to_us(then.as_of)
    )
    return ends.settled["lead_id"]


def _crossings(pair: Pair, threshold: str) -> tuple[Ids, Ids]:
    """Return who would come over a threshold, and who would fall below it."""
    now, then = pair.now[threshold], pair.then[threshold]
    gained, lost = pc.and_(then, pc.invert(now)), pc.and_(now, pc.invert(then))
    ids = pair.now["lead_id"]
    return tuple(ids.filter(gained).to_pylist()), tuple(ids.filter(lost).to_pylist())


def _segments(leads: pa.Table, other: pa.Table) -> tuple[Moved, ...]:
    """Compare the segments of the same leads, both tables sorted by lead_id."""
    changed = pc.not_equal(leads["segment"], other["segment"])
    columns = (leads["lead_id"], leads["segment"], other["segment"])
    return _moved(zip(*(one.filter(changed).to_pylist() for one in columns), strict=True))


def _moved(moves: Any) -> tuple[Moved, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for lead_id, before, after in moves:
        found.setdefault((before, after), []).append(lead_id)
    return tuple(
        Moved(before=before, after=after, lead_ids=tuple(sorted(ids)))
        for (before, after), ids in sorted(found.items())
    )


def _queue(
    connection: Connection, old: Agreement, new: Agreement, *, as_of: datetime
) -> tuple[int, tuple[Moved, ...]]:
    """Count who waits for a rep, and say whom the rules would send to another team."""
    queue = _read_waiting(connection, as_of=as_of)
    leads = read_leads(connection, sorted({row["lead_id"] for row in queue}))
    by_id = {lead["lead_id"]: lead for lead in leads}
    named = (
        (row["lead_id"], *(_team(one, row, by_id[row["lead_id"]]) for one in (old, new)))
        for row in queue
    )
    return len(queue), _moved(one for one in named if one[1] != one[2])


def _read_waiting(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Read the hand-offs that waited at ``as_of``: lead_id and stage.

    What enters the queue at that very instant waits, what leaves it then does not.
    """
    handoff = tables.handoff
    query = select(handoff.c.handoff_id, handoff.c.lead_id, handoff.c.stage).where(
        handoff.c.queued_at <= as_of,
        or_(handoff.c.assigned_at.is_(None), handoff.c.assigned_at > as_of),
        or_(handoff.c.ended_at.is_(None), handoff.c.ended_at > as_of),
    )
    return read_rows(connection, query)


def _team(agreement: Agreement, row: Row, lead: Row) -> str:
    routing = agreement.handoff.routing
    rules = routing.sql if row["stage"] == HandoffStage.SQL else routing.mql
    return team_of(rules, {**lead, "segment": segment_of(agreement, lead)})


def _clocks(
    connection: Connection, old: Agreement, new: Agreement, *, as_of: datetime
) -> tuple[Clocks, ...]:
    """Count the running clocks of leads by term, and those that would be given another one."""
    books = (term_book(old), term_book(new))
    running: Counter[tuple[str, str]] = Counter()
    other: Counter[tuple[str, str]] = Counter()
    for row in _read_running(connection, as_of=as_of):
        key = (row["side"], row["term"])
        running[key] += row["count"]
        before, after = (_term_of(book, row) for book in books)
        other[key] += row["count"] if before != after else 0
    return tuple(
        Clocks(side=side, term=term, running=count, other=other[side, term])
        for (side, term), count in sorted(running.items())
    )


def _read_running(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Count the clocks that ran at ``as_of``: started by then, and ended later if at all."""
    clock = tables.clock
    kinds = (clock.c.side, clock.c.term, clock.c.segment, clock.c.calendar)
    query = (
        select(*kinds, func.count().label("count"))
        .where(
            clock.c.lead_id.is_not(None),
            clock.c.started_at <= as_of,
            or_(clock.c.ended_at.is_(None), clock.c.ended_at > as_of),
        )
        .group_by(*kinds)
    )
    return read_rows(connection, query)


def _term_of(book: TermBook, row: Row) -> tuple[Any, ...] | None:
    """Return all that a clock such as this would be given; None if there is no such term."""
    term = next((one for one in book.terms if _names(one, row)), None)
    if term is None:
        return None
    calendar = book.calendars.get(term.calendar or row["calendar"])
    return (
        term.watch,
        term.by_segment.get(row["segment"] or "", term.within),
        term.business,
        calendar if term.business else None,
        term.pauses,
        term.rungs,
    )


def _names(term: Term, row: Row) -> bool:
    return term.watch.name == row["term"] and term.watch.side == Side(row["side"])
