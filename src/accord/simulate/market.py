"""What happens of its own accord: people arrive and act, money is spent, records change.

Nothing here answers the system; it follows from the seed and is the same however time is cut.
Marketing's mails to leads that came back are put in from outside, as they follow from decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from accord.records import Entity
from accord.simulate.agenda import Agenda
from accord.simulate.behaviour import course_of
from accord.simulate.diary import Record
from accord.simulate.dirt import Flaw, acts_of_second_record, dirt_beside, dirt_beside_lead
from accord.simulate.files import Row
from accord.simulate.people import Person
from accord.simulate.prospects import Prospect, accounts_for, arrivals_on, make_prospect
from accord.simulate.rows import act_record, lead_records, spend_records
from accord.simulate.streams import stream
from accord.simulate.truth import LeadTruth, lead_truth

_DAY = timedelta(days=1)


class Market:
    """All prospects of one world, made day by day, and what is still to come."""

    def __init__(
        self, *, seed: int, start: datetime, weekday_leads: float, people: Iterable[Person]
    ) -> None:
        self._seed = seed
        self._start = start
        self._weekday_leads = weekday_leads
        self._pool = accounts_for(weekday_leads)
        self._next_day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._agenda = Agenda()
        self._prospects: dict[str, Prospect] = {}
        self._revealed: list[LeadTruth] = []
        for person in people:
            self._employ(person)

    def prospect(self, lead_id: str) -> Prospect | None:
        """Return the person behind a lead's id, by the first or the second record."""
        return self._prospects.get(lead_id)

    def rows_until(self, until: datetime) -> dict[Entity, list[Row]]:
        """Return what happened since the last time asked, up to and with ``until``, in order."""
        while self._next_day <= until:
            self._live(self._next_day)
            self._next_day += _DAY
        return self._agenda.take(until)

    def revealed(self) -> list[LeadTruth]:
        """Return the truth about the leads made since the last time asked."""
        revealed, self._revealed = self._revealed, []
        return revealed

    def put(self, record: Record) -> None:
        """Let something happen that followed from a decision."""
        self._agenda.put(record)

    def _live(self, day: datetime) -> None:
        for number in range(arrivals_on(self._seed, day, weekday_leads=self._weekday_leads)):
            prospect = make_prospect(self._seed, day=day, number=number, pool=self._pool)
            if prospect.created_at >= self._start:
                self._enter(prospect)
        for record in spend_records(self._seed, day):
            self._put_with_dirt(record)

    def _enter(self, prospect: Prospect) -> None:
        self._know(prospect, prospect.lead_id)
        for record in lead_records(prospect):
            self._agenda.put(record)
        for dirty in dirt_beside_lead(self._seed, prospect, next(lead_records(prospect))):
            self._agenda.put(dirty.record, dirty.flaw)
            if dirty.flaw is Flaw.SAME_PERSON:
                self._act_again(prospect, dirty.record)
        for record in self._acts(prospect):
            self._put_with_dirt(record)

    def _know(self, prospect: Prospect, lead_id: str) -> None:
        self._prospects[lead_id] = prospect
        other = "" if lead_id == prospect.lead_id else lead_id
        self._revealed.append(lead_truth(prospect, lead_id=other))

    def _act_again(self, prospect: Prospect, second: Record) -> None:
        self._know(prospect, second.record_id)
        for record in acts_of_second_record(self._seed, second.record_id, second.at):
            self._agenda.put(record)

    def _acts(self, prospect: Prospect) -> Iterator[Record]:
        chance = stream(self._seed, "course", prospect.lead_id)
        for number, act in enumerate(course_of(prospect, chance)):
            yield act_record(
                prospect.lead_id, number, replace(act, at=act.at.replace(microsecond=0))
            )

    def _put_with_dirt(self, record: Record) -> None:
        self._agenda.put(record)
        dirty = dirt_beside(self._seed, record)
        if dirty is not None:
            self._agenda.put(dirty.record, dirty.flaw)

    def _employ(self, person: Person) -> None:
        """Let the person's record appear at the start, and again with each absence known."""
        moments = sorted({self._start, *(each.known_at for each in person.absences)})
        for moment in moments:
            row = person.row(moment)
            self._agenda.put(Record(at=moment, entity=Entity.REP, record_id=person.rep_id, row=row))
