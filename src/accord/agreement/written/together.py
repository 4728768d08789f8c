"""Chapters 6 and 7: what both teams do together, and who signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accord.agreement.model import Agreement, Review
from accord.agreement.written.model import (
    Chapter,
    Grid,
    Paragraph,
    Part,
    Passage,
    Point,
    Points,
    SignatureLine,
)
from accord.agreement.written.opening import say_weekdays
from accord.agreement.written.words import say_all, say_name, say_share, say_text

_WHAT = {
    "pace": "the pace of the day: arrivals, releases, backlog, load by rep",
    "week": "the report of the week",
    "month": "the report of the month",
    "pipeline": "the pipeline",
}


def write_together(agreement: Agreement) -> Chapter:
    """Write joint reviews and the quality both teams ask of the data."""
    return Chapter(
        name="together",
        title="Joint reviews and quality of data",
        lead="When both teams look at the same numbers, and what is done about bad data.",
        parts=(
            Part(title="Reviews", passages=tuple(_reviews(agreement))),
            Part(title="Quality of data", passages=(_quality(agreement),)),
        ),
    )


def _reviews(agreement: Agreement) -> Iterator[Passage]:
    if not agreement.reviews:
        yield Paragraph(text="No review is agreed.")
        return
    points = (
        Point(term=say_name(name), text=f"{say_review(review)}.")
        for name, review in agreement.reviews.items()
    )
    yield Points(points=tuple(points))
    yield Paragraph(text=f"Days and times are those of {agreement.timezone}.")


def say_review(review: Review) -> str:
    """Say when a review is, of what, and to whom it goes."""
    to = say_all(map(say_name, review.to))
    return f"{_say_at(review)}, {_WHAT[review.what]}, to {to}"


def _say_at(review: Review) -> str:
    day, _, time = review.at.rpartition(" ")
    every = f" of every {review.every.removesuffix(' months')} months" if review.every else ""
    if not day:
        return f"every day{every} at {time}"
    if day.isdecimal():
        return f"on day {day}{every or ' of the month'} at {time}"
    return f"every {say_weekdays(day)}{every} at {time}"


def _quality(agreement: Agreement) -> Passage:
    share = say_share(agreement.quality.hold_batch_above)
    return Paragraph(
        text=f"If more than {share} of the rows of a batch of 100 rows or more fail, all of it"
        " waits for a person; nothing of it is taken until somebody has looked."
    )


def write_signatures(agreement: Agreement, lines: Sequence[SignatureLine]) -> Chapter:
    """Write who signed, with the fingerprint of what they signed; ``lines`` are the sides'."""
    return Chapter(
        name="signatures",
        title="Signatures",
        lead="Both sides sign one content. If one has not, leads are scored and none is handed"
        " over; a change after signing needs a new version.",
        parts=(Part(title="Signed by", passages=tuple(_signed(agreement, lines))),),
    )


def _signed(agreement: Agreement, lines: Sequence[SignatureLine]) -> Iterator[Passage]:
    yield Grid(
        caption=f"Version {agreement.version}",
        columns=("Team", "Name", "Date", "State"),
        rows=tuple(_line(line) for line in lines),
    )
    named = (
        f"{say_text(one.name)} for {one.team.value} on {one.date.isoformat()}"
        for one in agreement.signed_by
    )
    yield Paragraph(text=f"The document names: {say_all(named)}.")
    what = "Fingerprint of the content, without its signatures (SHA-256)"
    yield Paragraph(text=f"{what}: {agreement.fingerprint}")


def _line(line: SignatureLine) -> tuple[str, ...]:
    on = "" if line.on is None else line.on.isoformat()
    return (line.side.value, say_text(line.name), on, line.state)
