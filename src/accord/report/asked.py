"""Which time a page is of: an ISO week, a month or a span of days; and how it is spoken of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from accord.metrics import Cut, Period, parse_week

_MONTH_LABEL = 7  # letters of 2026-11


class Kind(StrEnum):
    """What kind of time a page is of."""

    WEEK = "week"
    MONTH = "month"
    SPAN = "span"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a page speaks of its time and of the longer one that it counts rates over.

    ``this`` answers when, ``noun`` what; ``last`` is the period before, empty where there is none;
    ``base`` is the longer time, which of a span is the span itself.
    """

    this: str
    noun: str
    last: str
    base: str
    these: str
    up_to: str

    @property
    def title(self) -> str:
        """The head of a column."""
        return self.noun.capitalize()

    @property
    def own(self) -> str:
        """Whose."""
        return f"{self.noun}'s"


_WORDS = {
    Kind.WEEK: Words(
        this="this week",
        noun="this week",
        last="last week",
        base="13 weeks",
        these="these 13 weeks",
        up_to="the 13 weeks up to this one",
    ),
    Kind.MONTH: Words(
        this="this month",
        noun="this month",
        last="last month",
        base="3 months",
        these="these 3 months",
        up_to="the 3 months up to this one",
    ),
    Kind.SPAN: Words(
        this="in this span",
        noun="this span",
        last="",
        base="this span",
        these="this span",
        up_to="this span",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The time a page is of.

    ``cut`` is how the row of periods is cut that charts and tables look back on, ``shown`` how many
    of them. ``everything`` is all time: facts without an instant count too.
    """

    kind: Kind
    period: Period
    cut: Cut
    shown: int
    zone: str
    everything: bool = False

    @property
    def words(self) -> Words:
        """How the page speaks of it."""
        return _WORDS[self.kind]

    @property
    def is_span(self) -> bool:
        """Whether it is a span: its own base, with nothing of its length before it."""
        return self.kind is Kind.SPAN

    @property
    def first_day(self) -> date:
        """Its first day in the agreement's zone."""
        return self.period.start.astimezone(ZoneInfo(self.zone)).date()

    @property
    def last_day(self) -> date:
        """Its last day, included."""
        end = self.period.end - timedelta(microseconds=1)
        return end.astimezone(ZoneInfo(self.zone)).date()

    @property
    def days(self) -> str:
        """Its days in words: 9 to 15 November 2026."""
        first, last = self.first_day, self.last_day
        if first.year != last.year:
            opening = f"{first.day} {first:%B %Y}"
        elif first.month != last.month:
            opening = f"{first.day} {first:%B}"
        else:
            opening = f"{first.day}"
        return f"{opening} to {last.day} {last:%B %Y}"


def short_label(label: str) -> str:
    """Write a period's label as an axis has room for.

    >>> short_label("2026-W46"), short_label("2026-11")
    ('W46', 'Nov 26')
    """
    if len(label) == _MONTH_LABEL:
        return f"{date.fromisoformat(f'{label}-01'):%b %y}"
    return f"W{parse_week(label).isocalendar().week:02d}"
