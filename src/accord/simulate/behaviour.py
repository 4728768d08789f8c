"""What prospects do: sessions over days, each a few activities minutes apart.

A buyer comes often and ends at prices and a trial; somebody who only looks around reads; most
open a mail and are not seen again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from accord.simulate.prospects import Nature, Prospect
from accord.simulate.streams import hours, minutes, next_session, pick
from accord.simulate.words import MAILS, PAGES, PAPERS, WEBINARS


@dataclass(frozen=True, slots=True)
class Act:
    """One activity: when, of which kind of the agreement, and on what."""

    at: datetime
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How somebody behaves: how many sessions, how far apart, and what happens in them.

    ``early`` and ``late`` weigh the sessions of the first and the second half; ``mails`` is the
    share of newsletters opened, over ``weeks`` weeks.
    """

    sessions: tuple[int, int]
    gap_days: float
    early: Mapping[str, float]
    late: Mapping[str, float]
    mails: float
    weeks: int


_READING = {"browse": 4, "mail": 3, "paper": 3, "form": 3, "webinar": 2}
_WANTING = {"prices": 3, "sheet": 4, "trial": 3, "demo": 4, "browse": 3, "paper": 1}
_LOOKING = {"browse": 6, "mail": 4, "paper": 1, "form": 1}

COURSES: Mapping[Nature, Course] = {
    Nature.BUYER: Course(
        sessions=(6, 11), gap_days=0.8, early=_READING, late=_WANTING, mails=0.6, weeks=6
    ),
    Nature.LATER: Course(
        sessions=(5, 9),
        gap_days=1.6,
        early=_READING,
        late={**_WANTING, "browse": 7},
        mails=0.55,
        weeks=8,
    ),
    Nature.RESEARCHER: Course(
        sessions=(4, 9),
        gap_days=1.8,
        early=_READING,
        late={**_READING, "prices": 2},
        mails=0.5,
        weeks=8,
    ),
    Nature.CASUAL: Course(
        sessions=(0, 3), gap_days=4.0, early=_LOOKING, late=_LOOKING, mails=0.28, weeks=6
    ),
    Nature.COMPETITOR: Course(
        sessions=(2, 6),
        gap_days=2.0,
        early={"browse": 5, "prices": 2},
        late=_WANTING,
        mails=0.1,
        weeks=4,
    ),
    Nature.STUDENT: Course(
        sessions=(1, 5),
        gap_days=2.0,
        early={"paper": 5, "browse": 5},
        late=_READING,
        mails=0.3,
        weeks=5,
    ),
    Nature.SPAM: Course(
        sessions=(0, 1), gap_days=1.0, early={"form": 1}, late={"form": 1}, mails=0.0, weeks=0
    ),
}


def course_of(prospect: Prospect, chance: Random) -> list[Act]:
    """Return all that a prospect does of their own accord, in order of time."""
    course = COURSES[prospect.nature]
    acts = list(_first_visit(prospect, chance))
    at = prospect.created_at
    count = chance.randint(*course.sessions)
    for number in range(count):
        gap = chance.expovariate(1 / course.gap_days)
        at = next_session(at, gap, prospect.account.country, chance)
        kinds = course.early if number < count / 2 else course.late
        acts.extend(session(pick(chance, kinds), at, chance))
    acts.extend(_mails(prospect, course, chance))
    return sorted(acts, key=lambda act: act.at)


def return_visit(after: datetime, days: float, country: str, chance: Random) -> list[Act]:
    """Return what somebody does who comes back after marketing wrote again."""
    at = next_session(after, days, country, chance)
    kinds = {"mail": 4, "browse": 3, "paper": 2, "prices": 1}
    return list(session(pick(chance, kinds), at, chance))


def session(kind: str, at: datetime, chance: Random) -> Iterator[Act]:
    """Yield the activities of one session of a kind, from its first moment on."""
    if kind == "mail":
        mail = chance.choice(MAILS)
        yield Act(at, "email_opened", mail)
        at += minutes(0.5 + chance.random() * 3)
        yield Act(at, "email_clicked", mail)
    for _ in range(chance.randint(1, 4)):
        at += minutes(0.3 + chance.random() * 4)
        yield Act(at, "page_viewed", chance.choice(PAGES))
    yield from _goal(kind, at + minutes(1 + chance.random() * 3), chance)


def _goal(kind: str, at: datetime, chance: Random) -> Iterator[Act]:
    """Yield what the session was for, if it was for more than looking."""
    if kind == "form":
        yield Act(at, "form_submitted", chance.choice(("contact", "newsletter", "assessment")))
    elif kind == "paper":
        yield Act(at, "white_paper_downloaded", chance.choice(PAPERS))
    elif kind == "webinar":
        yield from _webinar(at, chance)
    elif kind == "trial":
        yield Act(at, "trial_started", "standard")
    elif kind == "demo":
        yield Act(at, "demo_requested", "demo form")
    elif kind in ("prices", "sheet"):
        yield Act(at, "pricing_viewed", "/pricing")
        if kind == "sheet":
            yield Act(at + minutes(2), "pricing_sheet_downloaded", "price list")


def _webinar(at: datetime, chance: Random) -> Iterator[Act]:
    title = chance.choice(WEBINARS)
    yield Act(at, "webinar_registered", title)
    if chance.random() < 0.6:  # noqa: PLR2004  six in ten attend
        day = at + timedelta(days=chance.randint(1, 4))
        held = day.replace(hour=15, minute=0, second=0)
        yield Act(held + minutes(chance.random() * 10), "webinar_attended", title)


def _first_visit(prospect: Prospect, chance: Random) -> Iterator[Act]:
    """Most people enter the database by a form; some buyers know already what they want."""
    if prospect.nature is Nature.BUYER and chance.random() < 0.25:  # noqa: PLR2004
        yield from session("demo", prospect.created_at + minutes(1), chance)
        return
    shy = prospect.nature is Nature.CASUAL and chance.random() < 0.55  # noqa: PLR2004
    if shy or prospect.channel == "email":
        yield from session("browse", prospect.created_at + hours(0.05), chance)
    else:
        yield from session("form", prospect.created_at + minutes(1), chance)


def _mails(prospect: Prospect, course: Course, chance: Random) -> Iterator[Act]:
    """Yield the newsletters read, each within two days of Tuesday; a few people leave the list."""
    first = prospect.created_at + timedelta(days=(1 - prospect.created_at.weekday()) % 7 + 0.1)
    for week in range(course.weeks):
        if chance.random() > course.mails:
            continue
        at = next_session(
            first + timedelta(weeks=week), chance.random() * 2, prospect.account.country, chance
        )
        yield Act(at, "email_opened", "newsletter")
        if chance.random() < 0.3:  # noqa: PLR2004
            yield Act(at + minutes(1), "email_clicked", "newsletter")
            yield Act(at + minutes(2), "page_viewed", chance.choice(PAGES))
        elif prospect.nature is Nature.CASUAL and chance.random() < 0.04:  # noqa: PLR2004
            yield Act(at + minutes(1), "unsubscribed", "newsletter")
            return
