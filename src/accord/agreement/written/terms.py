"""Chapter 1: the words that both teams use, defined once."""

from __future__ import annotations

from collections.abc import Iterator

from accord.agreement.model import Agreement, StageTerms
from accord.agreement.written.events import STAGE_MEANINGS, STAGE_TITLES
from accord.agreement.written.model import Chapter, Grid, Paragraph, Part, Passage, Point, Points
from accord.agreement.written.when import say_when
from accord.agreement.written.words import say_all, say_name, say_number
from accord.records import Stage

_WORDS = (
    (
        "Lead",
        (
            "a person or company that may buy: what it is (title, size, industry, country),"
            " what it states (budget, authority, need, timeline) and what it does."
        ),
    ),
    (
        "Fit, engagement, intent",
        (
            "the three scores: what a lead is, what it does, what it wants."
            " They are never blended into one."
        ),
    ),
    (
        "Hand-over",
        (
            "giving a lead to one person of sales: at MQL to a development rep, at SQL to an"
            " account executive, each once in a cycle."
        ),
    ),
    ("Cycle", "what begins each time a lead becomes an MQL; every pass is counted and kept."),
    (
        "Touch",
        (
            "a genuine attempt of the owner to reach the lead by call, e-mail, meeting or"
            " message. Automatic replies and our own mass mailings are none."
        ),
    ),
    (
        "Decision",
        (
            "what sales says of a lead: convert (on to the next stage), defer (ask again on a"
            " date), return (back to marketing) or disqualify (never again). Accepting a lead marks"
            " it as worked and is no decision."
        ),
    ),
    (
        "Term",
        (
            "a promise with a clock: from one event until another within a time. A clock keeps the"
            " time it was started with, whatever is agreed later. When a lead gets another owner,"
            " the term starts anew for the new one, in full."
        ),
    ),
    (
        "Ladder",
        (
            "the steps by which a promise that is about to run out, or has, is made known. Each"
            " is taken at most once, in order, and none after the promise is kept."
        ),
    ),
    ("Open time", "time within the hours of a calendar. A day is always 24 hours."),
    ("Cohort", "the leads handed over in one week; what becomes of them is counted for that week."),
)

_PARTS = {"top": "top", "middle": "middle", "bottom": "bottom", "aside": "beside it"}


def write_terms(agreement: Agreement) -> Chapter:
    """Write the definitions: words, stages, segments."""
    return Chapter(
        name="terms",
        title="Common terms",
        lead="What both teams mean when they say a word. One funnel, one vocabulary.",
        parts=(
            Part(title="Words", passages=(_words(),)),
            Part(title="Stages", passages=tuple(_stages(agreement))),
            Part(title="Segments", passages=tuple(_segments(agreement))),
        ),
    )


def _words() -> Points:
    return Points(points=tuple(Point(term=term, text=text) for term, text in _WORDS))


def _stages(agreement: Agreement) -> Iterator[Passage]:
    yield Paragraph(
        text="Marketing answers for the way into its stages, sales for the way into its own."
        " A source may use any of the other names; all of them mean the stage."
    )
    rows = tuple(_stage(stage, terms) for stage, terms in agreement.stages.items())
    yield Grid(
        caption="The stages of the funnel",
        columns=("Stage", "Name", "Part of the funnel", "Owner", "Also called", "What it is"),
        rows=rows,
    )


def _stage(stage: Stage, terms: StageTerms) -> tuple[str, ...]:
    meaning = STAGE_MEANINGS[stage]
    if terms.steps:
        meaning += f"; its steps are {say_all(map(say_name, terms.steps))}"
    if terms.programmes:
        meaning += f"; its programmes are {say_all(map(say_name, terms.programmes))}"
    names = ", ".join(map(say_name, terms.aliases))
    where = _PARTS[terms.part.value]
    return (STAGE_TITLES[stage], stage.value, where, terms.owner.value, names, meaning)


def _segments(agreement: Agreement) -> Iterator[Passage]:
    yield Paragraph(
        text=f"A lead is in the first of these {say_number(len(agreement.segments))} that fits."
        " Every target, plan and rate is kept by segment."
    )
    points = tuple(
        Point(
            term=say_name(one.name),
            text="every lead that is in none of those before."
            if one.when is None
            else f"{say_when(one.when)}.",
        )
        for one in agreement.segments
    )
    yield Points(points=points, ordered=True)
