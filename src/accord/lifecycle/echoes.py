"""Our own writes, come back: which statements of a source only repeat what we told the CRM.

A delivered hand-off sets stage and owner in the CRM, and the next reading brings them here. Within
the time of its writing such a statement says nothing new and is no fact; outside it, or with
another stage or owner, it is a person's and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accord.lifecycle.model import Fact, FactKind
from accord.records import Stage

SETTLES = timedelta(minutes=15)
"""How long after our writing the CRM may still stamp what follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One hand-off that we wrote, or may have written, into the CRM: its stage and its owner.

    It was ready at ``begun_at``; ``written_at`` is when it was there by the CRM's clock, else by
    ours; None where nobody knows, and then all that follows may be its echo.
    """

    stage: Stage
    rep_id: str
    begun_at: datetime
    written_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether an instant lies in the time of the writing, both ends included."""
        over = self.written_at is not None and at > self.written_at + SETTLES
        return at >= self.begun_at and not over


def is_echo_of_stage(
    stage: Stage, at: datetime | None, writings: Iterable[Writing], *, known_at: datetime
) -> bool:
    """Whether a stated stage is one that we wrote.

    Without a time of its own, a stage first heard of (``known_at``) since we wrote it is ours.
    """
    same = (one for one in writings if one.stage is stage)
    if at is None:
        return any(known_at >= one.begun_at for one in same)
    return any(one.covers(at) for one in same)


def without_echo(fact: Fact, writings: Sequence[Writing]) -> Fact | None:
    """Return what a reported hand-over says beyond our own writing; None if it says nothing.

    The owner that we set makes all of it ours. Another owner at the stage that we wrote is a
    person's doing: the lead has a new owner, and was not handed over again.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 16, 14, tzinfo=UTC)
    >>> ours = Writing(stage=Stage.MQL, rep_id="crm:r1", begun_at=at, written_at=at)
    >>> told = Fact(kind=FactKind.HANDED, at=at, cause="handoff:1", stage=Stage.MQL)
    >>> without_echo(replace(told, rep_id="crm:r1"), [ours]) is None
    True
    >>> without_echo(replace(told, rep_id="crm:r2"), [ours]).kind.name
    'OWNED'
    """
    near = [one for one in writings if one.covers(fact.at)]
    if fact.rep_id is not None and any(one.rep_id == fact.rep_id for one in near):
        return None
    if all(one.stage is not fact.stage for one in near):
        return fact
    return None if fact.rep_id is None else replace(fact, kind=FactKind.OWNED, stage=None)
