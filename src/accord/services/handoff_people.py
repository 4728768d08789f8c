"""The people that leads are routed to: reps as candidates, and reps whose record does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.calendars import Calendar
from accord.findings import Finding
from accord.ledger.routing_rows import read_account_owners, read_loads
from accord.records import Role
from accord.routing import Candidate, Periods
from accord.sla import parse_absences

Row = Mapping[str, Any]

_NAMED = 5


def candidates_of(
    connection: Connection,
    agreement: Agreement,
    reps: Sequence[Row],
    *,
    periods: Periods,
    until: datetime | None = None,
) -> list[Candidate]:
    """Return the active reps of known teams whose role is the team's, with their loads.

    A calendar that the agreement does not know counts as not given, as it does for clocks. Loads
    are all that is known, or for a look at the past what was given ``until`` then.
    """
    loads = read_loads(
        connection,
        week=periods.week_start,
        month=periods.month_start,
        day=periods.day_start,
        until=until,
    )
    capacity = agreement.handoff.capacity
    calendars = {name: Calendar.parse(terms) for name, terms in agreement.calendars.items()}
    candidates = []
    for rep in reps:
        team = agreement.teams.get(rep["team"])
        if team is None or team.role.value != rep["role"]:
            continue
        week, month, today = loads.get(rep["rep_id"], (0, 0, 0))
        candidates.append(
            Candidate(
                rep_id=rep["rep_id"],
                team=rep["team"],
                role=team.role,
                calendar=calendars.get(rep["calendar"]) or calendars[team.calendar],
                per_week=_either(rep["per_week"], capacity.per_week),
                per_month=_either(rep["per_month"], capacity.per_month),
                weight=None if rep["weight"] is None else Fraction(str(rep["weight"])),
                absences=parse_absences(rep["absences"]),
                week=week,
                month=month,
                today=today,
            )
        )
    return candidates


def _either(own: int | None, agreed: int) -> int:
    return agreed if own is None else own


def accounts_of(
    connection: Connection, agreement: Agreement, reps: Sequence[Row], leads: Iterable[Row]
) -> dict[tuple[Role, str], str]:
    """Return who has the companies of these leads in hand, by role; the newest hand-off counts.

    Who has left has none: ``reps`` are the active ones.
    """
    if not agreement.handoff.keep_account_together:
        return {}
    domains = sorted({lead["domain"] for lead in leads if lead["domain"] is not None})
    roles = {rep["rep_id"]: Role(rep["role"]) for rep in reps}
    owners = read_account_owners(connection, domains)
    return {(roles[rep_id], domain): rep_id for domain, rep_id in owners if rep_id in roles}


def misfits(agreement: Agreement, reps: Sequence[Row]) -> Iterator[Finding]:
    """Yield what keeps active reps from being routed to: their team is unknown, or not their role.

    Managers and marketers of a team take no leads, and are in nobody's way.
    """
    unknown: dict[str, list[str]] = {}
    other: dict[tuple[str, str], list[str]] = {}
    for rep in reps:
        team = agreement.teams.get(rep["team"])
        if rep["role"] not in (Role.SDR, Role.AE):
            continue
        if team is None:
            unknown.setdefault(rep["team"], []).append(rep["rep_id"])
        elif team.role.value != rep["role"]:
            other.setdefault((rep["team"], rep["role"]), []).append(rep["rep_id"])
    known = ", ".join(sorted(agreement.teams))
    for name, ids in sorted(unknown.items()):
        yield Finding(
            rule="routing.unknown_team",
            subject=f"team {name}",
            sentence=f"the agreement names no such team, and it is that of {_named(ids)}.",
            remedy=f"Correct the team of these reps, or add it to the agreement: it has {known}.",
        )
    for (name, role), ids in sorted(other.items()):
        yield Finding(
            rule="routing.wrong_role",
            subject=f"team {name}",
            sentence=f"its role is {agreement.teams[name].role}, and {role} that of {_named(ids)}.",
            remedy="Correct the role or the team of these reps.",
        )


def unknown_calendars(agreement: Agreement, reps: Sequence[Row]) -> Iterator[Finding]:
    """Yield calendars that records of active reps name and the agreement does not know."""
    named: dict[str, list[str]] = {}
    for rep in reps:
        if rep["calendar"] is not None and rep["calendar"] not in agreement.calendars:
            named.setdefault(rep["calendar"], []).append(rep["rep_id"])
    known = ", ".join(sorted(agreement.calendars))
    for name, ids in sorted(named.items()):
        yield Finding(
            rule="routing.unknown_calendar",
            subject=f"calendar {name}",
            sentence=f"the agreement has {known}; {_named(ids)} keeps to the team's hours instead.",
            remedy="Correct the calendar of these reps, or add it to the agreement.",
        )


def _named(ids: Sequence[str]) -> str:
    """Name the first reps of a list, by id, and count the others."""
    listed = ", ".join(sorted(ids)[:_NAMED])
    rest = len(ids) - _NAMED
    return f"rep {listed}" if rest <= 0 else f"rep {listed} and {rest} more"
