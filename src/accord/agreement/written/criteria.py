"""Chapter 2: the scoring criteria that apply before anything is handed over."""

from __future__ import annotations

from collections.abc import Iterator

from accord.agreement.model import ActivityTerms, Agreement, FitRule, Implicit
from accord.agreement.written.model import Chapter, Grid, Paragraph, Part, Passage, Point, Points
from accord.agreement.written.when import say_when
from accord.agreement.written.words import say_duration, say_name, say_number, say_points

_PARTS = {
    "person": "the person",
    "account": "the company",
    "bant": "budget, authority, need, timeline",
}
_ASKED = (
    ("engaged", "Engaged"),
    ("target", "Target"),
    ("mql", "MQL"),
    ("hot", "Hot"),
)


def write_criteria(agreement: Agreement) -> Chapter:
    """Write thresholds first, since both teams set them, then what the scores are made of."""
    scoring = agreement.scoring
    return Chapter(
        name="criteria",
        title="Scoring before the hand-over",
        lead="Which leads are handed over. Sales says what qualified means; marketing answers for"
        " bringing leads to it.",
        parts=(
            Part(title="Thresholds", passages=tuple(_thresholds(agreement))),
            Part(title="Fit: what a lead is", passages=tuple(_fit(agreement))),
            Part(
                title="Engagement: what a lead does", passages=tuple(_implicit(scoring.engagement))
            ),
            Part(title="Intent: what a lead wants", passages=tuple(_implicit(scoring.intent))),
        ),
    )


def _thresholds(agreement: Agreement) -> Iterator[Passage]:
    yield Paragraph(
        text="On the scores as they are shown. Fading alone never takes a stage back: who has"
        " crossed a threshold keeps the stage until somebody decides otherwise."
    )
    asked = agreement.qualification
    points = [Point(term=term, text=f"{say_when(getattr(asked, name))}.") for name, term in _ASKED]
    yield Points(points=(*points, Point(term="Again after a return", text=_requalify(agreement))))
    yield Paragraph(text="A hot lead goes before all others and never waits for capacity.")


def _requalify(agreement: Agreement) -> str:
    terms = agreement.qualification.requalify
    fresh = (
        "and only if it has since done something that earns points"
        if terms.fresh_activity
        else "whether or not it has done anything since"
    )
    return (
        f"a lead that sales sent back may come again {say_duration(terms.after)} later, {fresh}."
        " One that was disqualified never comes again."
    )


def _fit(agreement: Agreement) -> Iterator[Passage]:
    fit = agreement.scoring.fit
    yield Paragraph(
        text="Points are added for each line that holds, of the person and of the company; the"
        f" score goes from 0 to {say_number(fit.cap)}. A company size, industry or country that a"
        " lead does not state is taken from its colleagues: what most other leads of the same mail"
        " domain state, private mailboxes excepted."
    )
    yield Grid(
        caption="Points for fit",
        columns=("Rule", "About", "Holds when", "Points"),
        rows=tuple(_rule(one) for one in fit.rules),
        numeric=frozenset({3}),
    )


def _rule(rule: FitRule) -> tuple[str, ...]:
    return (say_name(rule.name), _PARTS[rule.part], say_when(rule.when), say_points(rule.points))


def _implicit(score: Implicit) -> Iterator[Passage]:
    yield Paragraph(
        text=f"Points fade by half every {say_duration(score.half_life)}, unless a kind has a"
        f" half-life of its own; the score goes from 0 to {say_number(score.cap)}. What a kind"
        " counts for is limited to its most, and it shows how far along the buying cycle"
        " (attention, interest, desire, action) a lead is."
    )
    yield Grid(
        caption="Points by kind of activity",
        columns=("Activity", "Points each", "At most", "Halves every", "Shows"),
        rows=tuple(_kind(name, terms) for name, terms in score.activities.items()),
        numeric=frozenset({1, 2, 3}),
    )


def _kind(name: str, terms: ActivityTerms) -> tuple[str, ...]:
    return (
        say_name(name),
        say_points(terms.points),
        "no limit" if terms.cap is None else say_number(terms.cap),
        "as above" if terms.half_life is None else say_duration(terms.half_life),
        terms.shows or "nothing",
    )
