"""What the pace is told from: flows by week and team, the queue by team, people and their loads.

Reads, and decides nothing but which team a waiting lead belongs to: by the rules as they are now.
At a time that is past, flows, loads and queue are those of then; scores and turns are known only as
they are now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.handoff_rows import read_queue
from accord.ledger.pace_rows import (
    read_come,
    read_first_come,
    read_forced,
    read_gone_since,
    read_released,
    read_unassigned,
)
from accord.ledger.routing_rows import read_active_reps, read_turns
from accord.metrics import Period, week_of
from accord.records import HandoffStage, Role
from accord.routing import Candidate, Periods, Stretch, Waiting, periods_of, team_of
from accord.services.departures import find_left
from accord.services.handoff_assign import is_withheld, leads_of, waiting_of
from accord.services.handoff_people import candidates_of

_HAND = (Role.SDR, Role.AE)
_LONG = timedelta(days=366 * 3)
_MICROSECOND = timedelta(microseconds=1)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the ledger says.

    ``weeks`` are those behind, oldest first, the running one last. Flows are counts of leads by
    (start of a week, team): ``hot`` is part of ``arrived``, ``over`` (over capacity) of
    ``released``. ``queue`` is what waits for a rep, also what a rep who has left still has.
    ``forced`` is by rep: this week, this month.
    """

    agreement: Agreement
    periods: Periods
    weeks: tuple[Period, ...]
    first_at: datetime | None
    arrived: Counter[tuple[datetime, str]]
    hot: Counter[tuple[datetime, str]]
    released: Counter[tuple[datetime, str]]
    over: Counter[tuple[datetime, str]]
    queue: tuple[Waiting, ...]
    withheld: Counter[str]
    candidates: tuple[Candidate, ...]
    turns: Mapping[tuple[str, bool], Stretch]
    forced: Mapping[str, tuple[int, int]]

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams that have reps, or that leads came to or wait for, in the agreement's order.

        Only teams that leads are handed to: marketing's people have no queue.
        """
        flows = {team for _, team in (*self.arrived, *self.released)}
        people = {one.team for one in self.candidates}
        waited = {one.team for one in self.queue} | set(self.withheld)
        seen = flows | people | waited
        return tuple(team for team in teams_handed_to(self.agreement) if team in seen)


def teams_handed_to(agreement: Agreement) -> tuple[str, ...]:
    """Return the teams that leads may be handed to: those of reps, and those that rules name."""
    routing = agreement.handoff.routing
    named = {rule.team for rule in (*routing.mql, *routing.sql)}
    return tuple(
        name for name, team in agreement.teams.items() if name in named or team.role in _HAND
    )


def gather(
    connection: Connection, agreement: Agreement, *, as_of: datetime, weeks: int
) -> Gathered:
    """Read all that the pace is told from, with ``weeks`` whole weeks behind."""
    periods = periods_of(as_of, agreement.timezone)
    behind = tuple(_weeks_behind(as_of, agreement.timezone, weeks))
    starts = [week.start for week in behind]
    come = read_come(connection, starts, until=as_of)
    released = read_released(connection, starts, until=as_of)
    unassigned = read_unassigned(connection, since=starts[0], until=as_of)
    rows = _queue_rows(connection, agreement, as_of=as_of)
    leads = leads_of(connection, [*unassigned, *rows])
    waiting = [row for row in rows if not is_withheld(row)]
    reps = read_active_reps(connection, as_of=as_of)
    candidates = candidates_of(connection, agreement, reps, periods=periods, until=as_of)
    never = Counter(
        (_start_of(row["queued_at"], behind), _team_of(agreement, row, leads)) for row in unassigned
    )
    return Gathered(
        agreement=agreement,
        periods=periods,
        weeks=behind,
        first_at=read_first_come(connection),
        arrived=_flow(come) + never,
        hot=_flow(row for row in come if row["hot"]),
        released=_flow(released),
        over=_flow(row for row in released if row["forced"]),
        queue=tuple(waiting_of(connection, agreement, waiting, leads)),
        withheld=Counter(_team_of(agreement, row, leads) for row in rows if is_withheld(row)),
        candidates=tuple(_until_departure(candidates, reps)),
        turns=read_turns(connection),
        forced=read_forced(
            connection, week=periods.week_start, month=periods.month_start, until=as_of
        ),
    )


def _queue_rows(connection: Connection, agreement: Agreement, *, as_of: datetime) -> list[Row]:
    """Return what waited at ``as_of``, and what must find another rep, as rows of the queue."""
    return [
        *(row for row in read_queue(connection) if row["queued_at"] <= as_of),
        *read_gone_since(connection, as_of=as_of),
        *find_left(connection, agreement, as_of=as_of),
    ]


def _weeks_behind(as_of: datetime, zone: str, weeks: int) -> list[Period]:
    """Return so many whole weeks and the running one, oldest first."""
    found = [week_of(as_of, zone)]
    for _ in range(weeks):
        found.append(week_of(found[-1].start - _MICROSECOND, zone))
    return found[::-1]


def _start_of(at: datetime, weeks: Sequence[Period]) -> datetime:
    return next(week.start for week in reversed(weeks) if week.start <= at)


def _flow(rows: Iterable[Row]) -> Counter[tuple[datetime, str]]:
    counts: Counter[tuple[datetime, str]] = Counter()
    for row in rows:
        if row["team"] is not None:
            counts[row["start"], row["team"]] += row["leads"]
    return counts


def _team_of(agreement: Agreement, row: Row, leads: Mapping[str, Row]) -> str:
    """Return the team that the rules name now for a hand-off that nobody has."""
    routing = agreement.handoff.routing
    rules = routing.mql if row["stage"] == HandoffStage.MQL else routing.sql
    return team_of(rules, leads[row["lead_id"]])


def _until_departure(candidates: Iterable[Candidate], reps: Iterable[Row]) -> Iterator[Candidate]:
    """Yield the candidates; one who is to leave is away from then on."""
    leaves = {rep["rep_id"]: rep["left_at"] for rep in reps if rep["left_at"] is not None}
    for one in candidates:
        at = leaves.get(one.rep_id)
        gone = () if at is None else ((at, at + _LONG),)
        yield replace(one, absences=(*one.absences, *gone))
