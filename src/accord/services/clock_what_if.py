"""What if a term began then: when it runs out and when its steps come, for anybody who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.agreement import Agreement, parse_duration
from accord.errors import InputError
from accord.ledger.clock_rows import read_reps
from accord.records import Side
from accord.services.clock_records import reps_of
from accord.sla import ALWAYS_OPEN, OWNER_AWAY, Calendar, Rep, Rung, Term, rung_times, term_book


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A term that somebody imagines: ``start``, and either ``within`` or the name of a ``term``.

    ``calendar`` is a name of the agreement, ``rep`` runs it on their own hours without absences,
    ``segment`` matters where the term has one by segment.
    """

    start: datetime
    within: str | None = None
    calendar: str | None = None
    term: str | None = None
    segment: str | None = None
    rep: Rep | None = None


def find_rep(connection: Connection, rep_id: str) -> Rep:
    """Return a rep as clocks know them; InputError if there is none of this id."""
    rep = reps_of(read_reps(connection)).get(rep_id)
    if rep is None:
        raise InputError(
            where="--rep", found=f"{rep_id!r} is unknown", expected="the id of a rep, as crm:r1"
        )
    return rep


def work_out(agreement: Agreement, asked: Question) -> dict[str, Any]:
    """Work out when a term runs out and when its steps come.

    One dict: start, within_seconds, clock (business, wall), calendar, timezone, rep, absences that
    were left out, due (UTC), due_local, steps (at, due, due_local, notify). A term brings its
    length, clock, calendar and ladder from the agreement; without one the time runs on ``calendar``
    or the rep's, without the rep's absences. InputError on a name that the agreement does not know,
    and where neither says how long or on which hours.
    """
    term = _term(agreement, asked.term)
    within = _within(asked, term)
    name = _calendar_name(agreement, asked, term)
    business = term is None or term.business
    base = Calendar.parse(agreement.calendars[name])
    away = _absences(asked, term)
    calendar = (base if business else ALWAYS_OPEN).without(away)
    due = calendar.due(asked.start, within)
    zone = ZoneInfo(base.zone)
    rungs: tuple[Rung, ...] = () if term is None else term.rungs
    times = rung_times(rungs, calendar, start=asked.start, within=within, due=due)
    return {
        "start": asked.start,
        "within": asked.within,
        "within_seconds": within // timedelta(seconds=1),
        "term": asked.term,
        "clock": "business" if business else "wall",
        "calendar": name,
        "timezone": base.zone,
        "rep": None if asked.rep is None else asked.rep.rep_id,
        "absences": [
            {"from": since, "until": until} for since, until in away if until > asked.start
        ],
        "due": due,
        "due_local": due.astimezone(zone),
        "steps": [
            {
                "at": str(rung.at),
                "due": at,
                "due_local": at.astimezone(zone),
                "notify": list(rung.notify),
            }
            for rung, at in zip(rungs, times, strict=True)
        ],
    }


def _term(agreement: Agreement, name: str | None) -> Term | None:
    if name is None:
        return None
    terms: Mapping[str, Term] = {each.watch.name: each for each in term_book(agreement).terms}
    if name not in terms:
        raise InputError(
            where="--term", found=f"{name!r} is unknown", expected=", ".join(sorted(terms))
        )
    return terms[name]


def _within(asked: Question, term: Term | None) -> timedelta:
    if asked.within is not None:
        try:
            return parse_duration(asked.within).delta
        except ValueError as error:
            raise InputError(where="--within", found=str(error)) from None
    if term is None:
        raise InputError(
            where="sla due", found="nothing says how long", expected="--within D or --term NAME"
        )
    return term.by_segment.get(asked.segment or "", term.within)


def _calendar_name(agreement: Agreement, asked: Question, term: Term | None) -> str:
    named = asked.calendar or (None if term is None else term.calendar)
    if named is not None and named not in agreement.calendars:
        raise InputError(
            where="--calendar",
            found=f"{named!r} is unknown",
            expected=", ".join(agreement.calendars),
        )
    if named is None and asked.rep is None and term is None:
        raise InputError(
            where="sla due",
            found="nothing says on which hours",
            expected="--calendar NAME, --rep ID or --term NAME",
        )
    side = Side.SALES if term is None else term.watch.side
    return named or term_book(agreement).calendar_of(asked.rep, team=None, side=side)


def _absences(asked: Question, term: Term | None) -> tuple[tuple[datetime, datetime], ...]:
    """A rep's absences stop what is asked for without a term; a term says itself what stops it."""
    if asked.rep is None or (term is not None and OWNER_AWAY not in term.pauses):
        return ()
    return asked.rep.absences
