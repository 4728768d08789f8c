"""What has to come of a ladder, worked out from a story alone: no code of the project's but words.

Time is counted in minutes that are open, one by one; clocks are read off the list of what happened
and when it became known. What a deliverer has taken in hand is told to the oracle: it is part of
the story.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tests.calendars.minutes import MinuteCalendar

MINUTE = timedelta(minutes=1)
BEGINS = datetime(2026, 10, 20, 4, tzinfo=UTC)
ENDS = datetime(2026, 11, 16, tzinfo=UTC)
OFFICES = {
    "office": {"timezone": "America/New_York", "hours": {"mon-fri": ["09:00-18:00"]}},
    "berlin": {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]}},
}
REPS = {"crm:ann": "office", "crm:bob": "berlin", "crm:eva": "office"}
AWAY = (datetime(2026, 10, 28, 21, 30, tzinfo=UTC), datetime(2026, 10, 30, 4, tzinfo=UTC))
AWAY_REP = "crm:eva"
TERMS = ("first_touch", "qualify")

Key = tuple[str, str, str]
"""Lead, term, rep: nobody is given the same lead twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One term: so many minutes on hours or on the wall, and its steps as the agreement has them.

    A step is a share of the term in percent, or so many minutes after it has run out.
    """

    within: int
    business: bool
    shares: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def places(self) -> tuple[str, ...]:
        late = ("due" if not minutes else f"due+{minutes}m" for minutes in self.after)
        return (*(f"{share}%" for share in self.shares), *late)

    def times(self, rep: str, start: datetime) -> list[datetime]:
        """Return when each step comes."""
        line = open_minutes(rep, business=self.business)
        due = after(line, start, self.within)
        shares = [after(line, start, self.within * share // 100) for share in self.shares]
        return [*shares, *(after(line, due, late) if late else due for late in self.after)]


def draw_ladder(chance: random.Random, *, business: bool) -> Ladder:
    shares = sorted(chance.sample((25, 50, 75, 80), chance.randint(0, 3)))
    after = [0] * chance.randint(0, 1) + sorted(chance.sample((20, 60, 90, 480), 2))
    within = chance.choice((20, 60, 240, 540) if business else (60, 1440, 2880))
    return Ladder(within=within, business=business, shares=tuple(shares), after=tuple(after))


@lru_cache(maxsize=8)
def open_minutes(rep: str, *, business: bool) -> Sequence[datetime]:
    """Return every minute that counts; who is away stops the clock on the wall, and only that."""
    calendar = MinuteCalendar(OFFICES[REPS[rep]])
    count = int((ENDS - BEGINS) / MINUTE)
    line = (BEGINS + number * MINUTE for number in range(count))
    if business:
        return [minute for minute in line if calendar.is_open(minute)]
    away = AWAY if rep == AWAY_REP else (ENDS, ENDS)
    return [minute for minute in line if not away[0] <= minute < away[1]]


def after(line: Sequence[datetime], start: datetime, minutes: int) -> datetime:
    """Return the end of the so-many-th minute that counts from the start on."""
    return line[bisect_left(line, start) + minutes - 1] + MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What happened to a lead, and when anybody was told: touch, decision or change of owner."""

    lead: str
    what: str
    at: datetime
    known_at: datetime
    rep: str = ""


@dataclass(slots=True, kw_only=True)
class Stint:
    """One rep's part of a term: from when until when, as far as is known."""

    start: datetime
    end: datetime | None
    times: list[datetime]


@dataclass(slots=True, kw_only=True)
class Oracle:
    """What must stand in the ledger: the steps of each clock, in order, sent or skipped.

    ``known`` are the facts of each lead that have been told, ``seen`` how many of them its clocks
    have been brought up to. ``out`` are steps of which a deliverer has taken a message in hand.
    """

    ladders: Mapping[str, Ladder]
    known: dict[str, list[Fact]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    stints: dict[Key, Stint] = field(default_factory=dict)
    steps: dict[Key, list[tuple[str, datetime]]] = field(default_factory=dict)
    out: set[tuple[Key, int]] = field(default_factory=set)

    def tell(self, fact: Fact) -> None:
        self.known.setdefault(fact.lead, []).append(fact)

    def place(self, lead: str) -> None:
        """Bring a lead's clocks up to what is known: what has ended unswept is skipped."""
        self.seen[lead] = len(self.known[lead])
        for key, stint in stints_of(lead, self.known[lead], self.ladders):
            steps = self.steps.setdefault(key, [])
            self.stints[key] = stint
            if stint.end is None:
                continue
            while len(steps) < len(stint.times) and stint.times[len(steps)] < stint.end:
                steps.append(("skipped", stint.times[len(steps)]))
            for number, (status, at) in enumerate(steps):
                if status == "sent" and (key, number) not in self.out:
                    steps[number] = ("skipped", at)

    def sweep(self, now: datetime) -> bool:
        """Climb what is due; whether there was anything to do."""
        due = self._due(now)
        if not due:
            return False
        for lead in sorted({key[0] for key in due}):
            if self.seen[lead] < len(self.known[lead]):
                self.place(lead)
        for key in self._due(now):
            steps, times = self.steps[key], self.stints[key].times
            passed = [at for at in times[len(steps) :] if at <= now]
            steps.extend([("skipped", at) for at in passed[:-1]])
            steps.append(("sent", passed[-1]))
        return True

    def is_due(self, now: datetime) -> bool:
        return bool(self._due(now))

    def next_due(self) -> datetime | None:
        """Return when the next step comes of those that the ledger knows to be running."""
        return min((self._next(key) for key in self._running()), default=None)

    def ends(self) -> Iterator[tuple[Key, datetime | None]]:
        """Yield when each clock ended by all that has been told, placed or not."""
        for lead, facts in self.known.items():
            for key, stint in stints_of(lead, facts, self.ladders):
                yield key, stint.end

    def _running(self) -> list[Key]:
        return [
            key
            for key, stint in self.stints.items()
            if stint.end is None and len(self.steps[key]) < len(stint.times)
        ]

    def _next(self, key: Key) -> datetime:
        return self.stints[key].times[len(self.steps[key])]

    def _due(self, now: datetime) -> list[Key]:
        return [key for key in self._running() if self._next(key) <= now]


def stints_of(
    lead: str, facts: Sequence[Fact], ladders: Mapping[str, Ladder]
) -> Iterator[tuple[Key, Stint]]:
    """Read off who owed what from when until when: the first touch, then the decision."""
    owners = sorted((fact.at, fact.rep) for fact in facts if fact.what == "owner")
    decided = sorted(fact.at for fact in facts if fact.what == "decision")
    carried = False
    for number, (since, rep) in enumerate(owners):
        until = owners[number + 1][0] if number + 1 < len(owners) else None
        theirs = [f.at for f in facts if f.what == "touch" and f.rep == rep and f.at >= since]
        touched = min([*theirs, *(at for at in decided if at >= since)], default=None)
        yield _stint(lead, "first_touch", rep, ladders, since, _first(touched, until))
        begins = since if carried else touched
        if begins is None or (not carried and until is not None and begins >= until):
            continue
        met = min((at for at in decided if at >= begins), default=None)
        carried = met is None or (until is not None and until < met)
        yield _stint(lead, "qualify", rep, ladders, begins, _first(met, until))


def _first(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)


def _stint(
    lead: str,
    term: str,
    rep: str,
    ladders: Mapping[str, Ladder],
    start: datetime,
    end: datetime | None,
) -> tuple[Key, Stint]:
    times = ladders[term].times(rep, start)
    return (lead, term, rep), Stint(start=start, end=end, times=times)


def draw_facts(chance: random.Random) -> list[Fact]:
    """Draw what happens to a few leads: owners at once, what reps do at once or days late."""
    facts: list[Fact] = []
    for number in range(chance.randint(1, 3)):
        lead = f"crm:{number}"
        at = BEGINS + timedelta(days=1, minutes=chance.randrange(6 * 1440))
        for rep in chance.sample(sorted(REPS), chance.choice((1, 1, 2, 3))):
            facts.append(Fact(lead=lead, what="owner", at=at, known_at=at, rep=rep))
            facts.extend(_touches(chance, lead, rep, at))
            at += chance.randint(5, 1500) * MINUTE
        if chance.random() < 0.5:
            at += chance.randint(0, 3000) * MINUTE
            facts.append(Fact(lead=lead, what="decision", at=at, known_at=at + _late(chance)))
    return sorted(facts, key=lambda fact: fact.known_at)


def _touches(chance: random.Random, lead: str, rep: str, since: datetime) -> Iterator[Fact]:
    """A colleague's call counts for nobody but the colleague."""
    for _ in range(chance.choice((0, 0, 1, 2))):
        at = since + chance.choice((0, 3, 20, 60, 300, 1500)) * MINUTE
        who = rep if chance.random() < 0.8 else chance.choice(sorted(REPS))
        yield Fact(lead=lead, what="touch", at=at, known_at=at + _late(chance), rep=who)


def _late(chance: random.Random) -> timedelta:
    return chance.choice((0, 0, 2, 45, 600, 2500)) * MINUTE
