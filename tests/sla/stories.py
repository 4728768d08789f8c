"""Reading the worked cases: local times, terms, and stories of one lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from accord.agreement import parse_duration, parse_step_at
from accord.calendars import Calendar
from accord.records import DecisionOutcome, HandoffStage, Origin, Programme, Side, Stage
from accord.sla import (
    Activity,
    Books,
    Decision,
    Entry,
    Handoff,
    LeadEvents,
    Owner,
    Posting,
    Rep,
    Rung,
    Term,
    TermBook,
    Touch,
    Watch,
    clock_calendar,
    derive_clocks,
    rung_times,
)

CASES: dict[str, Any] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8")
)
STORY_ZONE = "America/New_York"
KINDS = frozenset({"email_opened", "page_viewed"})
REPS = {
    name: Rep(rep_id=name, team="inbound", calendar=own, absences=away)
    for name, own, away in (
        ("ann", None, ()),
        ("bob", None, ()),
        ("kim", None, ()),
        ("sam", "saturday", ()),
    )
}


def local(text: str, zone: str) -> datetime:
    """``Mon 2026-11-23 09:00``, and maybe ``second`` for the later pass of a repeated hour."""
    day, date, clock, *fold = text.split()
    at = datetime.fromisoformat(f"{date}T{clock}").replace(
        tzinfo=ZoneInfo(zone), fold=int("second" in fold)
    )
    assert at.strftime("%a") == day, f"{text}: {date} is no {day}"
    return at


def calendar_of(case: dict[str, Any]) -> tuple[Calendar, str]:
    entry = CASES["calendars"][case["calendar"]]
    return Calendar.parse(entry), entry["timezone"]


def length(text: str) -> timedelta:
    return parse_duration(text).delta


def rungs(places: Any) -> tuple[Rung, ...]:
    return tuple(Rung(at=parse_step_at(place), notify=("rep",)) for place in places)


def at(text: str) -> datetime:
    return local(text, STORY_ZONE)


AWAY = {
    "eve": ("Mon 2026-11-23 22:00", "Wed 2026-11-25 22:00"),  # two whole days, night to night
    "zoe": ("Sat 2026-11-21 10:00", "Sun 2026-11-22 20:00"),  # no hour of work
    "ida": ("Mon 2026-11-23 16:30", "Tue 2026-11-24 10:00"),  # within hours on both ends
}


def reps() -> dict[str, Rep]:
    """Those who are always there, and those who are away once."""
    away = {
        name: Rep(rep_id=name, team="inbound", absences=((at(since), at(until)),))
        for name, (since, until) in AWAY.items()
    }
    return REPS | away


def book_of(term: dict[str, Any], *, steps: tuple[str, ...] = ()) -> TermBook:
    side = Side(term.get("side", "sales"))
    return TermBook(
        terms=(
            Term(
                watch=Watch(
                    name="term", side=side, from_event=term["from"], until_event=term["until"]
                ),
                within=length(term["within"]),
                business=term["clock"] == "business",
                calendar=term.get("calendar"),
                pauses=tuple(term.get("pauses", ())),
                escalation="ladder",
                rungs=rungs(steps),
                version="1",
            ),
        ),
        kinds=KINDS,
        calendars={name: Calendar.parse(each).terms for name, each in CASES["calendars"].items()},
        team_calendars={"inbound": "nine_to_five", "emea": "eight_to_six"},
        defaults=dict.fromkeys(Side, "nine_to_five"),
    )


class Story:
    """What happened to one lead, line by line, as the events that clocks are derived from."""

    def __init__(self, lines: list[str], *, origin: Origin) -> None:
        self.origin = origin
        self.owners: dict[HandoffStage, list[Owner]] = {stage: [] for stage in HandoffStage}
        self.entries: list[Entry] = []
        self.touches: list[Touch] = []
        self.decisions: list[Decision] = []
        self.activities: list[Activity] = []
        self.postings: dict[str, list[Posting]] = {}
        for line in lines:
            words = line.split()
            self.read(at(" ".join(words[:3])), " ".join(words[3:-1]), words[-1])

    def read(self, moment: datetime, what: str, last: str) -> None:
        who = None if last == "nobody" else last
        if what == "assigned to":
            self.owners[HandoffStage.MQL].append(Owner(since=moment, rep_id=who, team="inbound"))
            self.enter(moment, Stage.MQL)
        elif what == "handed on to":
            self.owners[HandoffStage.SQL].append(Owner(since=moment, rep_id=who, team="closers"))
        elif what in ("call by", "automatic by"):
            self.touches.append(Touch(at=moment, rep_id=who, automatic="auto" in what))
        elif what.endswith(" works by the hours of"):
            self.post(moment, what.split(maxsplit=1)[0], calendar=last)
        elif what.endswith(" moves to team"):
            self.post(moment, what.split(maxsplit=1)[0], team=last)
        elif what == "enters":
            self.enter(moment, Stage(last))
        elif last in tuple(DecisionOutcome):
            self.decide(moment, DecisionOutcome(last))
        else:
            self.activities.append(Activity(at=moment, kind=last))

    def post(self, moment: datetime, rep_id: str, **changed: str) -> None:
        """From an instant on a rep has another calendar, or another team and the team's."""
        rep = reps()[rep_id]
        line = self.postings.setdefault(
            rep_id, [Posting(since=None, team=rep.team, calendar=rep.calendar)]
        )
        held = {"team": line[-1].team, "calendar": changed.get("calendar")} | changed
        line.append(Posting(since=moment, **held))

    def reps(self) -> dict[str, Rep]:
        return {
            name: replace(rep, postings=tuple(self.postings.get(name, ())))
            for name, rep in reps().items()
        }

    def decide(self, moment: datetime, outcome: DecisionOutcome) -> None:
        self.decisions.append(Decision(at=moment, outcome=outcome))
        in_sql = any(entry.stage is Stage.SQL for entry in self.entries)
        led_to = {
            DecisionOutcome.ACCEPT: Stage.SAL,
            DecisionOutcome.CONVERT: Stage.OPPORTUNITY if in_sql else Stage.SQL,
            DecisionOutcome.DEFER: Stage.DEFERRED,
            DecisionOutcome.RETURN: Stage.NURTURE,
            DecisionOutcome.DISQUALIFY: Stage.DISQUALIFIED,
        }
        self.enter(moment, led_to[outcome])

    def enter(self, moment: datetime, stage: Stage) -> None:
        if stage is Stage.MQL and any(entry.stage is stage for entry in self.entries):
            return
        self.entries.append(
            Entry(
                stage=stage,
                at=moment,
                position=sum(entry.at == moment for entry in self.entries),
                cycle=0 if stage is Stage.NEW_NAME else 1,
                programme=self.programme(stage),
                origin=self.origin,
            )
        )

    def programme(self, stage: Stage) -> Programme | None:
        """Nurture after an opportunity is for a lost one, else for one that was sent back."""
        if stage is not Stage.NURTURE:
            return None
        lost = self.entries and self.entries[-1].stage in (Stage.OPPORTUNITY, Stage.LOST)
        return Programme.LOST if lost else Programme.RETURNED

    def events(self) -> LeadEvents:
        return LeadEvents(
            lead_id="crm:1",
            segment="small",
            entries=tuple(self.entries),
            handoffs=tuple(
                Handoff(
                    handoff_id=f"h-{stage}",
                    cycle=1,
                    stage=stage,
                    origin=self.origin,
                    segment="small",
                    owners=tuple(owners),
                )
                for stage, owners in self.owners.items()
                if owners
            ),
            touches=tuple(self.touches),
            decisions=tuple(self.decisions),
            activities=tuple(self.activities),
        )


def story_of(case: dict[str, Any]) -> Story:
    ours = "ours" in case
    return Story(
        case["ours" if ours else "observed"],
        origin=Origin.DECIDED if ours else Origin.OBSERVED,
    )


def told(case: dict[str, Any]) -> list[str]:
    """Derive the clocks of a story and write them as the case does."""
    story, steps = story_of(case), tuple(case.get("steps", ()))
    books = Books.only(book_of(case["term"], steps=steps))
    clocks = derive_clocks([story.events()], books=books, reps=story.reps())
    return [
        f"{clock.period.owner_id or 'nobody'} {_say(clock.period.started_at)} -> "
        f"{_say(clock.due_at)}, {_ending(clock)}{_climbing(clock, story.reps())}"
        for clock in sorted(clocks, key=lambda clock: clock.period.started_at)
    ]


def _climbing(clock: Any, people: dict[str, Rep]) -> str:
    times = rung_times(
        clock.terms.rungs,
        clock_calendar(clock.terms, people.get(clock.period.owner_id or "")),
        start=clock.period.started_at,
        within=clock.terms.within,
        due=clock.due_at,
    )
    return "".join(
        f"; {rung.at} {_say(at)}" for rung, at in zip(clock.terms.rungs, times, strict=True)
    )


def _ending(clock: Any) -> str:
    if clock.period.ended_by is None:
        return "running"
    return f"{clock.period.ended_by} {_say(clock.period.ended_at)}"


def _say(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(STORY_ZONE)).strftime("%a %Y-%m-%d %H:%M")


__all__ = ["CASES", "calendar_of", "clock_calendar", "length", "local", "rungs", "told"]
