"""The playbook of an agreement: which steps a rep owes each lead, in which branch, by when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from accord.agreement import Agreement, CadenceStep
from accord.calendars import Calendar
from accord.records import Channel, Side
from accord.sla.model import Posting, Rep
from accord.sla.postings import joined_hours, postings_over
from accord.sla.terms import TermBook, term_book


class Branch(StrEnum):
    """The two outlines of a cadence: until the lead is reached, and from then on."""

    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One step of a playbook; ``number`` counts the steps of its branch from 1.

    ``within`` is open time of the rep's calendar, ``voicemail`` says that an unanswered call is
    done only once a message was left.
    """

    branch: Branch
    number: int
    channel: Channel
    within: timedelta
    voicemail: bool = False
    template: str | None = None

    @property
    def name(self) -> str:
        """What the step is called in tables: ``not_connected 1 call``."""
        return f"{self.branch.value} {self.number} {self.channel.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The cadence of one agreement; ``book`` knows the calendars it runs on."""

    version: str
    plays: tuple[Play, ...]
    book: TermBook

    def calendar_for(self, rep: Rep | None, *, team: str | None) -> Calendar:
        """Return the rep's own calendar, else its team's, else that of the sales side.

        A cadence has no pauses: absences of the rep do not stop it.
        """
        name = self.book.calendar_of(rep, team=team, side=Side.SALES)
        return Calendar.parse(self.book.calendars[name])

    def hours_over(
        self, rep: Rep | None, *, team: str | None, since: datetime, until: datetime | None
    ) -> Calendar:
        """Return the hours of a time in which a rep had a lead: in parts, where theirs changed."""
        held = () if rep is None else tuple(postings_over(rep.postings, since, until))
        if rep is None or not held:
            return self.calendar_for(rep, team=team)

        def hours(each: Posting) -> Calendar:
            then = replace(rep, team=each.team, calendar=each.calendar)
            return self.calendar_for(then, team=team)

        return joined_hours(held, hours(held[0]), hours)


def playbook_of(agreement: Agreement) -> Playbook:
    """Read the cadence of an agreement (A069-A079)."""
    return Playbook(
        version=agreement.version, plays=tuple(_plays(agreement)), book=term_book(agreement)
    )


def _plays(agreement: Agreement) -> Iterator[Play]:
    cadence = agreement.cadence
    branches: tuple[tuple[Branch, tuple[CadenceStep, ...]], ...] = (
        (Branch.NOT_CONNECTED, cadence.not_connected),
        (Branch.CONNECTED, cadence.connected),
    )
    for branch, steps in branches:
        for number, step in enumerate(steps, 1):
            yield Play(
                branch=branch,
                number=number,
                channel=step.channel,
                within=step.within.delta,
                voicemail=step.otherwise is not None,
                template=step.template,
            )
