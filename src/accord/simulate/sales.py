"""Sales at work: every hand-off becomes a story that goes on by itself or waits to be told.

A story's records are put down when it is heard of; a message lets a waiting one go on; another
owner, or a new hand-off of the lead, ends it.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from accord.agreement import Agreement
from accord.calendars import Calendar
from accord.records import Entity
from accord.simulate.dealing import answer_at_sql
from accord.simulate.diary import Answer, Record, Request, Setting
from accord.simulate.dirt import dirt_beside
from accord.simulate.files import Row
from accord.simulate.hearing import Heard, reaches
from accord.simulate.market import Market
from accord.simulate.people import Person
from accord.simulate.qualifying import answer_at_mql
from accord.simulate.streams import stream


@dataclass(slots=True)
class _Story:
    """One hand-off in one owner's hands; ``over`` once another took its place."""

    request: Request
    answer: Answer
    over: bool = False
    told: bool = False


class Sales:
    """The reps of one world, their calendars, and the stories they are in."""

    def __init__(
        self, *, seed: int, people: Iterable[Person], agreement: Agreement, market: Market
    ) -> None:
        self._seed = seed
        self._market = market
        self._people = {person.rep_id: person for person in people}
        self._calendars = _calendars(self._people, agreement)
        self._office = Calendar.parse(agreement.calendars["office"])
        self._reasons = {str(name): words for name, words in agreement.sla.reasons.items()}
        self._stories: dict[str, _Story] = {}
        self._numbers = count()
        self._heap: list[tuple[datetime, str, int, Record | None, _Story]] = []

    def hear(self, heard: Heard) -> None:
        """Take a hand-off or a message to heart."""
        if heard.told:
            self._be_told(heard)
        else:
            self._begin(heard)

    def has_news(self, until: datetime, lead_ids: Collection[str]) -> bool:
        """Whether anything has been done about one of these leads that no file tells yet."""
        return any(
            at <= until and not story.over and story.request.lead_id in lead_ids
            for at, _, _, _, story in self._heap
        )

    def rows_until(self, until: datetime) -> dict[Entity, list[Row]]:
        """Return what sales did since the last time asked, up to and with ``until``, in order."""
        taken: dict[Entity, list[Row]] = {}
        while self._heap and self._heap[0][0] <= until:
            at, _, _, record, story = heapq.heappop(self._heap)
            if story.over:
                continue
            if record is None:
                self._go_on(story, at)
            elif record.entity is Entity.ACTIVITY:
                self._market.put(record)
            else:
                self._note(record, taken)
        return dict(sorted(taken.items()))

    def _note(self, record: Record, taken: dict[Entity, list[Row]]) -> None:
        rows = taken.setdefault(record.entity, [])
        rows.append((record, None))
        dirty = dirt_beside(self._seed, record)
        if dirty is not None:
            rows.append((dirty.record, dirty.flaw))

    def _begin(self, heard: Heard) -> None:
        person = self._people.get(heard.rep_id)
        prospect = self._market.prospect(heard.lead_id)
        if person is None or prospect is None:
            return
        request = Request(
            lead_id=heard.lead_id,
            cycle=heard.cycle,
            stage=heard.stage,
            rep_id=heard.rep_id,
            assigned_at=heard.at,
            start=max(heard.at, heard.heard_at),
            hot=heard.hot,
        )
        earlier = self._stories.get(heard.lead_id)
        if earlier is not None:
            if earlier.request == request:
                return
            earlier.over = True
        setting = Setting(
            prospect=prospect,
            habit=person.habit,
            calendar=self._calendars[person.rep_id],
            office=self._office,
            reasons=self._reasons,
        )
        name = (request.lead_id, request.cycle, request.stage, request.rep_id)
        chance = stream(self._seed, "story", *name)
        respond = answer_at_sql if request.stage == "sql" else answer_at_mql
        story = _Story(request=request, answer=respond(request, setting, chance))
        self._stories[heard.lead_id] = story
        self._put(story, story.answer.records)
        if story.answer.until is not None:
            self._push(story.answer.until, "", None, story)

    def _be_told(self, heard: Heard) -> None:
        story = self._stories.get(heard.lead_id)
        if story is not None and reaches(heard.told, story.answer.waits_for):
            self._go_on(story, max(heard.at, heard.heard_at))

    def _go_on(self, story: _Story, at: datetime) -> None:
        """Let a story that waits go on; one that does not, or has gone on, stays as it is."""
        then = story.answer.then
        if story.over or story.told or then is None:
            return
        story.told = True
        self._put(story, then(at))

    def _put(self, story: _Story, records: Iterable[Record]) -> None:
        for record in records:
            self._push(record.at, record.record_id, record, story)

    def _push(self, at: datetime, key: str, record: Record | None, story: _Story) -> None:
        heapq.heappush(self._heap, (at, key, next(self._numbers), record, story))


def _calendars(people: Mapping[str, Person], agreement: Agreement) -> dict[str, Calendar]:
    """Return when each person is at work: the team's calendar, absences taken out."""
    calendars = {}
    for person in people.values():
        terms = agreement.calendars[agreement.teams[person.team].calendar]
        spans = [(each.start, each.end) for each in person.absences]
        calendars[person.rep_id] = Calendar.parse(terms).without(spans)
    return calendars
