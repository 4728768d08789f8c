"""Reading the worked cases of the cadence: one hand-off, line by line, and its steps in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from accord.agreement import load
from accord.calendars import Calendar
from accord.records import Channel, HandoffStage, Origin, Side, TouchOutcome
from accord.sla import (
    Attempt,
    Branch,
    Duty,
    FollowUp,
    Handoff,
    Owner,
    Play,
    Playbook,
    Rep,
    TermBook,
    follow,
    playbook_of,
    tenures_of,
)
from tests.conftest import ROOT
from tests.sla.stories import CASES as CLOCKS
from tests.sla.stories import STORY_ZONE, length, local
from tests.sla.stories import reps as story_reps

FILE: dict[str, Any] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("cadence.yaml").read_text(encoding="utf-8")
)
CASES: list[dict[str, Any]] = FILE["cases"]
BOOK = TermBook(
    terms=(),
    kinds=frozenset(),
    calendars={name: Calendar.parse(each).terms for name, each in CLOCKS["calendars"].items()},
    team_calendars={"inbound": "nine_to_five"},
    defaults=dict.fromkeys(Side, "nine_to_five"),
)


def reps() -> dict[str, Rep]:
    return {**story_reps(), "lu": Rep(rep_id="lu", team="inbound", calendar="lunch")}


def playbook_named(name: str) -> Playbook:
    if name == "shipped":
        return playbook_of(load(ROOT / "agreement.yaml"))
    branches = FILE["playbooks"][name]
    return Playbook(
        version="1",
        plays=tuple(
            _play(branch, number, text)
            for branch in Branch
            for number, text in enumerate(branches[branch.value], 1)
        ),
        book=BOOK,
    )


def _play(branch: Branch, number: int, text: str) -> Play:
    channel, within, *otherwise = text.split()
    return Play(
        branch=branch,
        number=number,
        channel=Channel(channel),
        within=length(within),
        voicemail=otherwise == ["or", "voicemail"],
    )


def told(case: dict[str, Any]) -> list[str]:
    """Follow the cadence of a story and write its steps as the case does."""
    zone = case.get("zone", STORY_ZONE)
    as_of = local(case["as_of"], zone).astimezone(UTC)
    return [
        _say(step, zone) for duty in duties_of(case) for step in follow(duty, as_of=as_of)
    ]  # fmt: skip


def duties_of(case: dict[str, Any]) -> list[Duty]:
    """Return what each owner of a story owed."""
    origin = Origin.DECIDED if "ours" in case else Origin.OBSERVED
    story = _Story(case.get("ours", case.get("observed")), case.get("zone", STORY_ZONE))
    handoff = Handoff(
        handoff_id="h", cycle=1, stage=story.stage, origin=origin, owners=tuple(story.owners)
    )
    playbook = playbook_named(case["playbook"])
    return [
        Duty(
            tenure=tenure,
            attempts=tuple(story.attempts),
            playbook=playbook,
            calendar=playbook.calendar_for(reps().get(tenure.rep_id or ""), team=tenure.team),
        )
        for tenure in tenures_of(handoff, lead_id="crm:1", ended_at=story.ended_at)
    ]


class _Story:
    """What happened in one hand-off."""

    def __init__(self, lines: list[str], zone: str) -> None:
        self.stage = HandoffStage.MQL
        self.owners: list[Owner] = []
        self.attempts: list[Attempt] = []
        self.ended_at: datetime | None = None
        for line in lines:
            words = line.split()
            self._read(local(" ".join(words[:3]), zone).astimezone(UTC), words[3:])

    def _read(self, moment: datetime, words: list[str]) -> None:
        match words:
            case ["ended"]:
                self.ended_at = moment
            case ["assigned", "to", who] | ["handed", "on", "to", who]:
                self.stage = HandoffStage.SQL if words[0] == "handed" else HandoffStage.MQL
                self.owners.append(Owner(since=moment, rep_id=_named(who), team="inbound"))
            case [channel, "by", who, outcome]:
                automatic = channel == "automatic"
                self.attempts.append(
                    Attempt(
                        at=moment,
                        channel=Channel.EMAIL if automatic else Channel(channel),
                        rep_id=_named(who),
                        outcome=None if outcome == "unsaid" else TouchOutcome(outcome),
                        automatic=automatic,
                    )
                )


def _named(who: str) -> str | None:
    return None if who == "nobody" else who


def _say(step: FollowUp, zone: str) -> str:
    then = "then " if step.play.branch is Branch.CONNECTED else ""
    due = step.due_at.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")
    owner = step.tenure.rep_id or "nobody"
    return f"{owner} {then}{step.play.number} {step.play.channel.value} {due} {step.became.value}"
