"""Following the cadence of hand-offs: gather what the ledger says, and let the rules decide.

The cadence that counts is that of the agreement in force when an owner got the lead: a later one
does not rewrite it. What is told here is worked out anew each time; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from accord.ledger import Ledger
from accord.ledger.cadence_rows import read_attempts, read_owned
from accord.ledger.clock_rows import read_reps
from accord.ledger.posting_rows import read_postings
from accord.records import Channel, HandoffStage, Origin, TouchOutcome
from accord.services.agreements_over_time import AgreementsOverTime
from accord.services.clock_records import reps_of
from accord.services.merges import Merges, read_merges
from accord.sla import (
    Attempt,
    Duty,
    FollowUp,
    Handoff,
    Owner,
    Playbook,
    Rep,
    Tenure,
    follow_all,
    playbook_of,
    posting_at,
    tenures_of,
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose cadence is asked for; None does not narrow. ``running``: hand-offs not yet ended.

    ``lead_id`` may be a lead that was merged: it counts for the one it became. ``lead_ids`` are
    those of hand-offs, as they are.
    """

    lead_id: str | None = None
    lead_ids: frozenset[str] | None = None
    rep_id: str | None = None
    team: str | None = None
    running: bool = False

    def holds(self, tenure: Tenure) -> bool:
        """Whether an owner's time is among what is asked for."""
        theirs = self.rep_id in (None, tenure.rep_id)
        return theirs and self.team in (None, tenure.team)


EVERYTHING = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One owner's time with a lead: the attempts that count, and what became of every step.

    Without steps where no agreement was in force when it began.
    """

    tenure: Tenure
    attempts: tuple[Attempt, ...]
    steps: tuple[FollowUp, ...]


def follow_cadence(
    ledger: Ledger, path: Path, *, as_of: datetime, asked: Asked = EVERYTHING
) -> tuple[Followed, ...]:
    """Return every owner's time that had begun by ``as_of``, by lead and time.

    ``path`` is the agreement's file.
    """
    gathered = _gather(ledger, asked, as_of=as_of)
    playbooks = _Playbooks(ledger, path)
    found: list[tuple[Tenure, tuple[Attempt, ...], Duty | None]] = []
    for tenure in gathered.tenures:
        if tenure.since <= as_of and asked.holds(tenure):
            attempts = gathered.attempts.get(tenure.lead_id, ())
            playbook = playbooks.at(tenure.since)
            found.append((tenure, attempts, _duty(tenure, attempts, gathered.reps, playbook)))
    steps = iter(follow_all([duty for *_, duty in found if duty is not None], as_of=as_of))
    return tuple(
        Followed(
            tenure=tenure,
            attempts=tuple(tenure.made(attempts, until=as_of)),
            steps=() if duty is None else next(steps),
        )
        for tenure, attempts, duty in found
    )


class _Playbooks:
    """The playbook agreed at an instant, read once an agreement."""

    def __init__(self, ledger: Ledger, path: Path) -> None:
        self._agreements = AgreementsOverTime(ledger, path)
        self._read: dict[str, Playbook] = {}

    def at(self, instant: datetime) -> Playbook | None:
        agreement = self._agreements.at(instant)
        if agreement is None:
            return None
        found = self._read.get(agreement.fingerprint)
        if found is None:
            found = self._read[agreement.fingerprint] = playbook_of(agreement)
        return found


def _duty(
    tenure: Tenure,
    attempts: tuple[Attempt, ...],
    reps: Mapping[str, Rep],
    playbook: Playbook | None,
) -> Duty | None:
    if playbook is None:
        return None
    rep = reps.get(tenure.rep_id or "")
    calendar = playbook.hours_over(rep, team=tenure.team, since=tenure.since, until=tenure.until)
    return Duty(tenure=tenure, attempts=attempts, playbook=playbook, calendar=calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """What the ledger says: owners' times in order, attempts by lead in order, and the reps."""

    tenures: tuple[Tenure, ...]
    attempts: Mapping[str, tuple[Attempt, ...]]
    reps: Mapping[str, Rep]


def _gather(ledger: Ledger, asked: Asked, *, as_of: datetime) -> _Gathered:
    with ledger.read() as connection:
        owned = read_owned(
            connection,
            lead_ids=_asked_leads(connection, asked),
            rep_id=asked.rep_id,
            running_at=as_of if asked.running else None,
        )
        reps = reps_of(read_reps(connection), read_postings(connection))
        leads = None if asked == EVERYTHING else sorted({row["lead_id"] for row in owned})
        merges = read_merges(connection, leads)
        wanted = None if leads is None else [*leads, *sorted(merges.among(leads).into)]
        touches = read_attempts(connection, wanted)
    return _Gathered(
        tenures=tuple(_tenures(owned, reps)), attempts=_attempts(touches, merges), reps=reps
    )


def _asked_leads(connection: Connection, asked: Asked) -> list[str] | None:
    if asked.lead_id is not None:
        return [read_merges(connection, [asked.lead_id]).root(asked.lead_id)]
    return None if asked.lead_ids is None else sorted(asked.lead_ids)


def _tenures(owned: Sequence[Row], reps: Mapping[str, Rep]) -> Iterator[Tenure]:
    for _, rows in groupby(owned, key=lambda row: row["handoff_id"]):
        own = list(rows)
        first = own[0]
        handoff = Handoff(
            handoff_id=first["handoff_id"],
            cycle=first["cycle"],
            stage=HandoffStage(first["stage"]),
            origin=Origin(first["origin"]),
            segment=first["segment"],
            owners=tuple(_owner(row, reps) for row in own),
        )
        yield from tenures_of(handoff, lead_id=first["lead_id"], ended_at=first["ended_at"])


def _owner(row: Row, reps: Mapping[str, Rep]) -> Owner:
    """An owner's team is the one stated, else the rep's at that time."""
    rep = reps.get(row["rep_id"] or "")
    held = None if rep is None else posting_at(rep.postings, row["since"]) or rep
    team = row["team"] or (None if held is None else held.team)
    return Owner(since=row["since"], rep_id=row["rep_id"], team=team)


def _attempts(touches: Sequence[Row], merges: Merges) -> dict[str, tuple[Attempt, ...]]:
    found: dict[str, list[Attempt]] = {}
    for row in touches:
        attempt = Attempt(
            at=row["touched_at"],
            channel=_CHANNELS[row["channel"]],
            rep_id=row["rep_id"],
            outcome=_OUTCOMES[row["outcome"]],
        )
        found.setdefault(merges.root(row["lead_id"]), []).append(attempt)
    return {lead_id: tuple(attempts) for lead_id, attempts in found.items()}


# A look into a dict takes a third of the time of a call of the vocabulary.
_CHANNELS = {channel.value: channel for channel in Channel}
_OUTCOMES: Mapping[str | None, TouchOutcome | None] = {
    None: None,
    **{outcome.value: outcome for outcome in TouchOutcome},
}
