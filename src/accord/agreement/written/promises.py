"""Chapter 5: what sales owes marketing, and marketing sales: terms, ladders, people, playbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from accord.agreement.model import (
    AcceptanceTerm,
    Agreement,
    CadenceStep,
    SlaTerm,
    Step,
    VolumeTerm,
)
from accord.agreement.written.events import EVENT_WORDS
from accord.agreement.written.model import Chapter, Grid, Paragraph, Part, Passage, Point, Points
from accord.agreement.written.words import (
    say_all,
    say_count,
    say_duration,
    say_name,
    say_share,
    say_step_at,
)

Term = SlaTerm | VolumeTerm | AcceptanceTerm
Ladders = Mapping[str, Sequence[Step]]

_QUIET = {
    "outside_calendar": "Messages wait for the recipient's next opening, but for those to the"
    " owner before a term is due.",
    "never": "Messages go at once, at any hour.",
}
_REASONS = {
    "returned": "sent back to marketing",
    "deferred": "deferred",
    "disqualified": "disqualified",
    "lost": "lost",
}


def write_promises(agreement: Agreement) -> Chapter:
    """Write the terms of both sides as sentences, and what happens when one runs out."""
    sla = agreement.sla
    return Chapter(
        name="promises",
        title="What each side owes the other",
        lead="Promises with clocks. Each says from when until when, within what time, and who"
        " hears of it if it is not kept.",
        parts=(
            Part(
                title="What sales owes",
                passages=(_terms("sales", sla.sales, ladders=sla.escalation),),
            ),
            Part(
                title="What marketing owes",
                passages=(_terms("marketing", sla.marketing, ladders=sla.escalation),),
            ),
            Part(title="Ladders", passages=tuple(_ladders(agreement))),
            Part(title="People who are told", passages=(_people(agreement),)),
            Part(title="Reasons that must be given", passages=(_reasons(agreement),)),
            Part(title="Playbook of a rep", passages=tuple(_cadence(agreement))),
        ),
    )


def _terms(side: str, terms: Mapping[str, Term], *, ladders: Ladders) -> Passage:
    if not terms:
        return Paragraph(text=f"No term is agreed for {side}.")
    points = (
        Point(
            term=say_name(name),
            text=f"{_promise(side, term)} {_ladder(term.escalation, ladders)}",
        )
        for name, term in terms.items()
    )
    return Points(points=tuple(points))


def _promise(side: str, term: Term) -> str:
    if isinstance(term, VolumeTerm):
        return _volume(term)
    if isinstance(term, AcceptanceTerm):
        return (
            f"Of the leads handed over in a week, sales is to accept {say_share(term.at_least)}"
            " at least; counted at the end of the week."
        )
    return " ".join(_clock(side, term))


def _ladder(name: str, ladders: Ladders) -> str:
    steps = ladders[name]
    if not steps:
        return f"Nobody is told (ladder {say_name(name)})."
    return f"Who is told (ladder {say_name(name)}): {_steps(steps)}"


def _volume(term: VolumeTerm) -> str:
    if term.mqls_per_week == "plan":
        owed = "the plan's MQLs of a week"
    else:
        owed = say_count(term.mqls_per_week, "MQL")
    return (
        f"Each week, and for each segment, marketing owes {owed}; {say_share(term.at_least)} of"
        " that at least must be there when the week ends."
    )


def _clock(side: str, term: SlaTerm) -> Iterator[str]:
    begin, end = EVENT_WORDS[term.from_], EVENT_WORDS[term.until]
    yield (f"When {begin}, {side} has {say_duration(term.within)}{_running(term)} until {end}.")
    if term.by_segment:
        segments = term.by_segment.items()
        others = (f"{say_duration(one)} for {say_name(name)}" for name, one in segments)
        yield f"By segment: {say_all(others)}."
    if term.pauses:
        yield "The clock stops while the owner is away."


def _running(term: SlaTerm) -> str:
    named = None if term.calendar is None else f"calendar {say_name(term.calendar)}"
    if term.clock == "wall":
        told = "" if named is None else f" (its reports use {named})"
        return f", day and night{told},"
    return f" of open time on {named or 'the calendar of the owner'}"


def _ladders(agreement: Agreement) -> Iterator[Passage]:
    yield Paragraph(
        text="Where a role has nobody, the next one up is told. A week's promises are climbed on"
        " the marketing owner's calendar, every other on its own clock."
    )
    points = (
        Point(term=say_name(name), text=_steps(steps))
        for name, steps in agreement.sla.escalation.items()
    )
    yield Points(points=tuple(points))
    yield Paragraph(text=_QUIET[agreement.sla.quiet_hours])


def _steps(steps: Sequence[Step]) -> str:
    if not steps:
        return "nobody is told."
    return f"{'; '.join(say_step(step) for step in steps)}."


def say_step(step: Step) -> str:
    """Say one step of a ladder as a clause."""
    return f"{say_all(map(say_name, step.notify))} {say_step_at(step.at)}"


def _people(agreement: Agreement) -> Passage:
    people = agreement.sla.people
    if not people:
        return Paragraph(text="Nobody but the rep and the manager is named.")
    return Grid(
        caption="People named in ladders and reviews, beside the rep and the manager",
        columns=("Who", "E-mail", "Calendar"),
        rows=tuple(
            (say_name(name), say_name(one.email), say_name(one.calendar))
            for name, one in people.items()
        ),
    )


def _reasons(agreement: Agreement) -> Passage:
    points = (
        Point(term=f"A lead that is {_REASONS[outcome]}", text=f"{_listed(words)}.")
        for outcome, words in agreement.sla.reasons.items()
    )
    return Points(points=tuple(points))


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(say_name, words)) if words else "no reason is asked for"


def _cadence(agreement: Agreement) -> Iterator[Passage]:
    yield Paragraph(
        text="What a rep owes each lead, on the rep's calendar. The first list counts from the"
        " assignment, the second from the first time the lead was reached. Where a voicemail"
        " is agreed, a call that nobody answers counts only with one, within the same time."
    )
    for title, steps in (
        ("Until the lead is reached", agreement.cadence.not_connected),
        ("Once the lead was reached", agreement.cadence.connected),
    ):
        yield Grid(
            caption=title,
            columns=("Step", "By", "Within open time of", "If there is no answer", "Template"),
            rows=tuple(_cadence_row(number, step) for number, step in enumerate(steps, 1)),
            numeric=frozenset({0}),
        )


def _cadence_row(number: int, step: CadenceStep) -> tuple[str, ...]:
    return (
        str(number),
        step.channel.value,
        say_duration(step.within),
        step.otherwise or "",
        say_name(step.template) if step.template is not None else "",
    )


def say_cadence_step(step: CadenceStep) -> str:
    """Say one step of the playbook as a clause."""
    said = f"{step.channel.value} within {say_duration(step.within)}"
    if step.otherwise is not None:
        said += f", else {step.otherwise}"
    if step.template is not None:
        said += f", template {say_name(step.template)}"
    return said
