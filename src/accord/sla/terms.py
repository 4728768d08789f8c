"""The agreement's terms as clocks need them: with calendars resolved and ladders attached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.agreement import Agreement, SlaTerm
from accord.calendars import Calendar
from accord.records import Role, Side
from accord.sla.model import ClockTerms, Period, Rep, Rung, Term, Watch

MARKETING_OWNER = "marketing_owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermBook:
    """All that an agreement says about clocks of leads.

    ``kinds`` are the activities with points above zero, ``calendars`` the entries by name in plain
    values, ``team_calendars`` the calendar of each team, ``defaults`` the calendar of each side
    where nobody's own is known.
    """

    terms: tuple[Term, ...]
    kinds: frozenset[str]
    calendars: Mapping[str, Mapping[str, Any]]
    team_calendars: Mapping[str, str]
    defaults: Mapping[Side, str]

    def start(
        self, term: Term, period: Period, rep: Rep | None, *, segment: str | None
    ) -> ClockTerms:
        """Return the terms that a clock of this period starts with, of a lead of this segment."""
        name = term.calendar or self.calendar_of(rep, team=period.team, side=term.watch.side)
        return ClockTerms(
            watch=term.watch,
            within=term.by_segment.get(segment or "", term.within),
            business=term.business,
            calendar=name,
            calendar_terms=self.calendars[name],
            pauses=term.pauses,
            escalation=term.escalation,
            rungs=term.rungs,
            segment=segment,
            version=term.version,
            follows_owner=term.calendar is None,
        )

    def calendar_of(self, rep: Rep | None, *, team: str | None, side: Side) -> str:
        """Return the name of a rep's own calendar, else its team's, else the side's default.

        A name that the agreement does not know counts as not given.
        """
        own = None if rep is None else rep.calendar
        teams = (None if rep is None else rep.team, team)
        return named_hours([self], own, teams, side=side)[0]


def named_hours(
    books: Sequence[TermBook], own: str | None, teams: Sequence[str | None], *, side: Side
) -> tuple[str, Mapping[str, Any]]:
    """Return name and entry of a calendar: one's own, else of the first team that has one.

    Each is asked of the books in order; a name that none of them knows counts as not given. Else
    it is the first book's default of the side.
    """
    for name, book in _candidates(books, own, teams):
        if name is not None and name in book.calendars:
            return name, book.calendars[name]
    default = books[0].defaults[side]
    return default, books[0].calendars[default]


def _candidates(
    books: Sequence[TermBook], own: str | None, teams: Sequence[str | None]
) -> Iterator[tuple[str | None, TermBook]]:
    for book in books:
        yield own, book
    for team in teams:
        for book in books:
            yield book.team_calendars.get(team or ""), book


def term_book(agreement: Agreement) -> TermBook:
    """Read the clocks of leads from an agreement; the weekly terms are no clocks of leads."""
    calendars = {name: Calendar.parse(entry).terms for name, entry in agreement.calendars.items()}
    return TermBook(
        terms=tuple(_terms(agreement)),
        kinds=frozenset(_scoring_kinds(agreement)),
        calendars=calendars,
        team_calendars={name: team.calendar for name, team in agreement.teams.items()},
        defaults={side: default_calendar(agreement, side) for side in Side},
    )


def default_calendar(agreement: Agreement, side: Side) -> str:
    """Return the calendar where no owner's is known.

    Sales: that of the first team of development reps. Marketing: the marketing owner's, else that
    of the first marketing team. Else the first calendar of all.
    """
    people = agreement.sla.people
    if side is Side.MARKETING and MARKETING_OWNER in people:
        return people[MARKETING_OWNER].calendar
    role = Role.SDR if side is Side.SALES else Role.MARKETING
    teams = (team.calendar for team in agreement.teams.values() if team.role == role)
    return next(teams, next(iter(agreement.calendars)))


def rungs_of(agreement: Agreement, escalation: str) -> tuple[Rung, ...]:
    """Return the steps of a ladder, in order."""
    return tuple(
        Rung(at=step.at, notify=step.notify) for step in agreement.sla.escalation[escalation]
    )


def _terms(agreement: Agreement) -> Iterator[Term]:
    sides = ((Side.SALES, agreement.sla.sales), (Side.MARKETING, agreement.sla.marketing))
    for side, terms in sides:
        for name, term in terms.items():
            if isinstance(term, SlaTerm):
                yield _term(agreement, side, name, term)


def _term(agreement: Agreement, side: Side, name: str, term: SlaTerm) -> Term:
    return Term(
        watch=Watch(name=name, side=side, from_event=term.from_, until_event=term.until),
        within=term.within.delta,
        by_segment={segment: each.delta for segment, each in term.by_segment.items()},
        business=term.clock == "business",
        calendar=term.calendar,
        pauses=term.pauses,
        escalation=term.escalation,
        rungs=rungs_of(agreement, term.escalation),
        version=agreement.version,
    )


def _scoring_kinds(agreement: Agreement) -> Iterator[str]:
    for part in (agreement.scoring.engagement, agreement.scoring.intent):
        for kind, terms in part.activities.items():
            if terms.points > 0:
                yield kind
