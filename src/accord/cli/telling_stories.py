"""The stories of clocks as a person reads them: one sentence a fact, ids only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from accord.cli.app import say
from accord.cli.telling_clocks import at_text, length, step_words
from accord.metrics import percent

Row = Mapping[str, Any]


def say_stories(stories: Sequence[Row], *, as_of: datetime) -> None:
    """Print the stories of clocks in sentences, a blank line between them."""
    if not stories:
        say("no clock of this lead had started")
    for number, story in enumerate(stories):
        if number:
            say()
        for line in _story(story, as_of=as_of):
            say(line)


def _story(story: Row, *, as_of: datetime) -> Iterator[str]:
    term = story["term"]
    about = f"lead {story['lead']}" if story["lead"] else "no single lead"
    yield f"Clock {story['clock']}: {term['name']} of {about}, cycle {story['cycle']}"
    yield f"  agreed    {_agreed(term)}"
    yield f"  owner     {_owner(story)}"
    yield f"  started   {_event(story['started_by'])}"
    yield f"  counted   {_counted(story['hours'], term)}"
    for pause in story["hours"]["pauses"]:
        span = f"from {at_text(pause['from'])} to {at_text(pause['until'])}"
        yield f"  paused    {span}: the owner was away"
    yield f"  due       {at_text(story['due'])} ({story['due_local']} in {term['timezone']})"
    for step in story["ladder"]:
        yield f"  step      {_rung(step)}"
    yield f"  stands    {_stands(story, as_of=as_of)}"
    for other in story["others"]:
        yield f"  {other['when']:<9} {_other(other)}"


def _agreed(term: Row) -> str:
    hours = "of wall-clock time"
    if term["clock"] == "business":
        hours = f"of business time on calendar {term['calendar']} ({term['timezone']})"
    pauses = f", paused while {', '.join(term['pauses'])}" if term["pauses"] else ""
    segment = f", segment {term['segment']}" if term["segment"] else ""
    return (
        f"from {term['from']} until {term['until']} within {length(term['within_seconds'])}"
        f" {hours}{pauses}{segment}; {term['side']} owes it, ladder {term['escalation']},"
        f" agreement {term['agreement']}"
    )


def _owner(story: Row) -> str:
    if story["term"]["side"] == "marketing":
        return "marketing"
    team = f" of team {story['team']}" if story["team"] else ""
    return f"{story['owner'] or 'nobody named'}{team}; the hand-off was {story['origin']}"


def _event(event: Row) -> str:
    facts = f": {'; '.join(event['facts'])}" if event["facts"] else ""
    return f"{at_text(event['at'])} by {event['event']}{facts}"


def _counted(hours: Row, term: Row) -> str:
    wall = length(hours["wall_seconds"])
    told = f"{length(hours['counted_seconds'])} of {wall} by the wall"
    if term["clock"] != "business":
        told += f", {length(hours['business_seconds'])} of it in business time"
    days = [
        f"{one['day'].strftime('%a %d %b')} {length(one['counted_seconds'])}"
        for one in hours["days"]
    ]
    return told + (f" ({', '.join(days)})" if len(days) > 1 else "")


def _rung(step: Row) -> str:
    roles = ", ".join(step["notify"])
    head = f"{step['at']} at {at_text(step['due'])} for {roles}: "
    if step["status"] in ("sent", "skipped"):
        return head + step_words(step).removeprefix(f"step {step['at']} ")
    return f"{head}{step['status']}"


def _stands(story: Row, *, as_of: datetime) -> str:
    used = f"{percent(Decimal(str(story['used_share'])))} of the term used"
    late = ""
    if story["late_wall_seconds"]:
        wall, business = (length(story[f"late_{kind}_seconds"]) for kind in ("wall", "business"))
        late = f", late by {wall} by the wall and {business} of business time"
    if story["ended"] is None:
        left = "" if late else f", {length(story['left_seconds'])} left"
        return f"{story['state']} at {at_text(as_of)}: {used}{left}{late}"
    return f"{story['ended_how']} {_event(story['ended_by'])}; {used}{late}"


def _other(other: Row) -> str:
    ended = (
        f", {other['ended_how']} {at_text(other['ended'])}" if other["ended"] else ", still runs"
    )
    owner = other["owner"] or "nobody named"
    return f"{owner} from {at_text(other['started'])}{ended} (clock {other['clock'][:12]})"
