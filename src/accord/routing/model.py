"""The values of routing: who waits, who could take them, what was decided, whose turn it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from accord.calendars import Calendar, Span
from accord.findings import Finding
from accord.records import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One lead in the queue, with the team that the rules name.

    Scores are whole tenths as they are now: a lead's place sinks with its score. ``account`` is the
    company's domain, None for a free mailbox; ``former_rep`` who had a lead that now wakes.
    ``reassigned`` was handed over before, and its rep has left: it is not levelled again.
    """

    handoff_id: str
    lead_id: str
    team: str
    hot: bool
    fit: int
    engagement: int
    intent: int
    queued_at: datetime
    account: str | None = None
    former_rep: str | None = None
    reassigned: bool = False


def priority_of(waiting: Waiting) -> tuple[bool, bool, int, int, int, datetime, str, str]:
    """Sort key of the queue: hot first, then intent, engagement, fit, then age, then the lead.

    What was handed over before, and goes at once to another rep, comes before what is levelled.
    """
    return (
        not waiting.hot,
        not waiting.reassigned,
        -waiting.intent,
        -waiting.engagement,
        -waiting.fit,
        waiting.queued_at,
        waiting.lead_id,
        waiting.handoff_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One active rep, with what he has been given so far.

    ``week`` and ``month`` count everything assigned in the ISO week and the month of the
    agreement's zone, ``today`` what of it was assigned today. ``weight`` is his own, None where his
    weekly capacity counts.
    """

    rep_id: str
    team: str
    role: Role
    calendar: Calendar
    per_week: int
    per_month: int
    weight: Fraction | None = None
    absences: tuple[Span, ...] = ()
    week: int = 0
    month: int = 0
    today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One lead to one rep: ``forced`` over capacity, ``kept`` with its account's or former rep."""

    handoff_id: str
    rep_id: str
    team: str
    forced: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One lead that goes on waiting, and why in a few words.

    ``stranded``: its team cannot take it, however long it waits, until somebody acts or is back.
    """

    handoff_id: str
    reason: str
    stranded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one rep has had of the turns.

    ``taken`` leads in the present stretch; ``carried`` leads a weight beyond (or, negative, short
    of) the fair share of the time when he was available, before the present stretch.
    """

    carried: float = 0.0
    taken: int = 0
    weight: Fraction = Fraction(1)
    present: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The turns of one team for one kind of lead (hot or not).

    A stretch lasts while nobody's availability changes; ``began`` names it and is None when the
    last one has ended. ``last_at`` is when a turn was last taken.
    """

    began: datetime | None = None
    last_at: datetime | None = None
    turns: Mapping[str, Turn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What a run decided; ``turns`` is by (team, hot), only those that a lead was offered to."""

    assignments: tuple[Assignment, ...]
    held: tuple[Held, ...]
    turns: Mapping[tuple[str, bool], Stretch]
    findings: tuple[Finding, ...]
