"""Reviews reach people: the page of each, written when it is due, and a message to whom it is for.

A review is of the instant at which it was due, not of when it was run: one that was missed on
Monday and comes on Tuesday is Monday's. Its messages wait in the outbox, one a person, each once a
review and due time; a corrected page is told of again only when that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from accord.agreement import Agreement, Review, last_due, next_due
from accord.errors import InputError
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.clock_rows import read_reps
from accord.ledger.outbox_rows import add_entries, read_keys
from accord.outbox import Entry, Kind
from accord.records import Role, to_text
from accord.services.report import Written, write_review
from accord.services.workspace import Workspace
from accord.sla import MANAGER

Row = dict[str, Any]

_NEED = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResult:
    """What a review came to: when it was due, its page, how many messages wait, what is wrong."""

    review: str
    due_at: datetime
    path: Path
    headline: str
    said: tuple[str, ...]
    messages: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One review of the agreement: what it is about, for whom, when it was due and will be."""

    review: str
    what: str
    to: tuple[str, ...]
    last: datetime
    next: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One person whom a review is for; ``email`` is empty where no address is known."""

    role: str
    person_id: str
    email: str


def list_reviews(workspace: Workspace, *, as_of: datetime) -> tuple[Due, ...]:
    """List the reviews of the agreement in force, the one that is due next first."""
    agreement = workspace.agreement(as_of)
    found = [
        Due(
            review=name,
            what=review.what,
            to=review.to,
            last=last_due(review, agreement.timezone, as_of),
            next=next_due(review, agreement.timezone, as_of),
        )
        for name, review in agreement.reviews.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.next, one.review)))


def look_at_reviews(
    agreement: Agreement, reps: Sequence[Row], *, as_of: datetime
) -> tuple[str, tuple[Finding, ...]]:
    """Say in a line which review is due next and how many people each reaches; and what is wrong.

    For whoever looks whether an installation can work. Ids only.
    """
    if not agreement.reviews:
        return "none is agreed on", ()
    said: list[str] = []
    wrong: dict[tuple[str, str], Finding] = {}
    for name, review in agreement.reviews.items():
        readers, findings = readers_of(agreement, review, reps, as_of=as_of)
        due = to_text(next_due(review, agreement.timezone, as_of))
        said.append(f"{name} next {due}, to {len(readers)}")
        wrong |= {(one.rule, one.subject): one for one in findings}
    return "; ".join(said), tuple(wrong.values())


def run_review(
    workspace: Workspace, name: str, *, as_of: datetime, resend: bool = False
) -> ReviewResult:
    """Write the page of a review as it was last due, and put its messages into the outbox.

    Run again it writes the page again and tells nobody twice; with ``resend`` everybody is told
    once more, of a corrected page. InputError on a review that the agreement does not name.
    """
    agreement = workspace.agreement(as_of)
    review = review_named(agreement, name)
    due_at = last_due(review, agreement.timezone, as_of)
    with workspace.ledger.lease(_NEED):
        written = write_review(workspace, review.what, as_of=due_at)
        reach("review.after_page")
        with workspace.ledger.begin() as connection:
            readers, findings = readers_of(agreement, review, read_reps(connection), as_of=as_of)
            told = read_keys(connection, prefix=_key(name, due_at))
            entries = [
                _entry(workspace, name, reader, written, due_at=due_at, turn=turn, as_of=as_of)
                for reader in readers
                if (turn := _turn(name, due_at, reader, told)) == 1 or resend
            ]
            add_entries(connection, [entry.row(created_at=as_of) for entry in entries])
            reach("review.before_commit")
        reach("review.after_commit")
    return ReviewResult(
        review=name,
        due_at=due_at,
        path=written.path,
        headline=written.headline,
        said=written.said,
        messages=len(entries),
        findings=findings,
    )


def review_named(agreement: Agreement, name: str) -> Review:
    """Return a review of the agreement; InputError with those there are, if it is none."""
    review = agreement.reviews.get(name)
    if review is None:
        raise InputError(
            where="review",
            found=f"{name!r} is no review of the agreement",
            expected=", ".join(agreement.reviews) or "one in reviews:",
        )
    return review


def readers_of(
    agreement: Agreement, review: Review, reps: Sequence[Row], *, as_of: datetime
) -> tuple[tuple[Reader, ...], tuple[Finding, ...]]:
    """Return whom a review is for, each address once, and what keeps it from others.

    ``manager`` is every manager who is there: who leads a rep, or has that role. Roles that nobody
    fills and managers without an address are findings, which name ids.
    """
    here = [row for row in reps if row["left_at"] is None or row["left_at"] > as_of]
    found: dict[str, Reader] = {}
    missing = []
    for role in review.to:
        people = list(_people(agreement, role, here))
        missing += [] if any(one.email for one in people) else [_nobody(role)]
        missing += [_no_address(one) for one in people if not one.email]
        for one in people:
            if one.email:
                found.setdefault(one.email.casefold(), one)
    return tuple(found.values()), tuple(missing)


def _people(agreement: Agreement, role: str, reps: Sequence[Row]) -> Iterator[Reader]:
    if role == MANAGER:
        leading = {row["manager_id"] for row in reps}
        for row in reps:
            if row["role"] == Role.MANAGER or row["rep_id"] in leading:
                yield Reader(role=role, person_id=row["rep_id"], email=row["email"] or "")
        return
    person = agreement.sla.people.get(role)
    if person is not None:
        yield Reader(role=role, person_id=role, email=person.email)


def _no_address(one: Reader) -> Finding:
    return Finding(
        rule="review.no_address",
        subject=one.person_id,
        sentence=f"The {one.role} {one.person_id} has no e-mail address: no review reaches them.",
        remedy="Give the address in the source of the reps.",
    )


def _nobody(role: str) -> Finding:
    return Finding(
        rule="review.nobody",
        subject=role,
        sentence=f"A review is for the {role}, and nobody with an address is.",
        remedy="Name the person in sla.people:, or load the managers with their e-mail as reps.",
    )


def _key(name: str, due_at: datetime) -> str:
    return f"review:{name}:{to_text(due_at)}:"


def _turn(name: str, due_at: datetime, reader: Reader, told: Sequence[str]) -> int:
    """Return for the how-manieth time somebody is told of a review: 1 if never before."""
    own = f"{_key(name, due_at)}{reader.person_id}"
    return 1 + sum(key == own or key.startswith(f"{own}#") for key in told)


def _entry(  # noqa: PLR0913  one argument a thing that it tells
    workspace: Workspace,
    name: str,
    reader: Reader,
    written: Written,
    *,
    due_at: datetime,
    turn: int,
    as_of: datetime,
) -> Entry:
    """Return the entry that tells one person; it goes at once: its time is agreed."""
    zone = ZoneInfo(workspace.agreement(as_of).timezone)
    again = "" if turn == 1 else f"#{turn}"
    return Entry(
        key=f"{_key(name, due_at)}{reader.person_id}{again}",
        kind=Kind.MESSAGE,
        lead_id=None,
        recipient=reader.person_id,
        payload={
            "review": {
                "name": name,
                "of": written.name,
                "headline": written.headline,
                "said": list(written.said),
                "corrected": turn > 1,
                "due": f"{due_at.astimezone(zone):%Y-%m-%d %H:%M}",
                "page": workspace.settings.link_to(written.path),
                "path": str(written.path),
            },
            "recipients": [{"role": reader.role, "id": reader.person_id, "email": reader.email}],
        },
        not_before=as_of,
    )
