"""The queue as people see it: every hand-off that waits for a rep, in order, with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.findings import Finding
from accord.ledger.approval_rows import APPROVAL
from accord.ledger.handoff_rows import read_queue
from accord.routing import Waiting, priority_of
from accord.services.agreements import unsigned_sides
from accord.services.approving import find_unapproved
from accord.services.departures import find_left
from accord.services.handoff_assign import (
    Placed,
    is_reassigned,
    is_withheld,
    leads_of,
    place_queue,
    waiting_of,
)
from accord.services.present import refuse_past
from accord.services.workspace import Workspace

Row = Mapping[str, Any]

GOES_NEXT = "nothing: the next run assigns it"
UNSIGNED = "signatures of the agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One hand-off that waits: its place from 1 on, what for, and when it goes over capacity.

    Scores are as they are now, as shown. ``forced_at`` is the first instant at which a run gives it
    to somebody whatever his capacity; None where that does not help, and for a hot lead, which
    waits for no capacity. ``former_rep`` is who still has it, though he has left.
    """

    place: int
    lead_id: str
    stage: str
    team: str
    hot: bool
    fit: str
    engagement: str
    intent: str
    queued_at: datetime
    waits_for: str
    forced_at: datetime | None
    former_rep: str | None
    handoff_id: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """The queue at an instant, and what somebody should do about it."""

    rows: tuple[Queued, ...]
    findings: tuple[Finding, ...]

    def headline(self) -> str:
        """Say how many wait, and what somebody should do, in a few sentences without names."""
        noun = "1 lead waits" if len(self.rows) == 1 else f"{len(self.rows):,} leads wait"
        return " ".join([f"{noun} for a rep.", *(str(finding) for finding in self.findings)])

    def reasons(self) -> list[dict[str, Any]]:
        """Count the waiting hand-offs by stage, team and reason, with the oldest of each."""
        counts: Counter[tuple[str, str, str]] = Counter()
        oldest: dict[tuple[str, str, str], datetime] = {}
        for row in self.rows:
            key = (row.stage, row.team, row.waits_for)
            counts[key] += 1
            oldest[key] = min(row.queued_at, oldest.get(key, row.queued_at))
        names = ("stage", "team", "waits_for")
        return [
            {**dict(zip(names, key, strict=True)), "leads": count, "oldest": oldest[key]}
            for key, count in sorted(counts.items())
        ]


def read_queue_view(
    workspace: Workspace, *, as_of: datetime, may_be_past: bool = False
) -> QueueView:
    """Return what waits at ``as_of`` and why, as a run would find it now; nothing is written.

    Leads that have crossed a threshold and that no run has looked at yet are not in the queue.
    InputError if ``as_of`` lies before what the ledger tells of; a run that shows what it has left
    waiting says ``may_be_past``, since another may have gone on meanwhile.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        if not may_be_past:
            refuse_past(connection, as_of=as_of)
        unsigned = unsigned_sides(connection, agreement, as_of=as_of)
        left = find_left(connection, agreement, as_of=as_of)
        queue = [*read_queue(connection), *left]
        free = [row for row in queue if not is_withheld(row)]
        placed = place_queue(connection, agreement, free, as_of=as_of)
        rows = tuple(_rows(connection, agreement, queue, placed, unsigned=bool(unsigned)))
        findings = (*unsigned, *find_unapproved(connection, agreement), *placed.findings)
    return QueueView(rows=rows, findings=findings)


def _rows(
    connection: Connection,
    agreement: Agreement,
    queue: Sequence[Row],
    placed: Placed,
    *,
    unsigned: bool,
) -> Iterator[Queued]:
    rows = {row["handoff_id"]: row for row in queue}
    held = {one.handoff_id: one for one in placed.held}
    given = {one.handoff_id for one in placed.assignments}
    every = waiting_of(connection, agreement, queue, leads_of(connection, queue))
    limit = agreement.handoff.hold_at_most.delta
    for place, waiting in enumerate(sorted(every, key=priority_of), 1):
        key = waiting.handoff_id
        found = held.get(key)
        reason = GOES_NEXT if found is None else found.reason
        stuck = found is not None and found.stranded
        if key not in given and found is None:
            reason, stuck = APPROVAL, True
        if unsigned:
            reason, stuck = UNSIGNED, True
        yield _queued(place, waiting, rows[key], reason, limit=None if stuck else limit)


def _queued(
    place: int, waiting: Waiting, row: Row, reason: str, *, limit: timedelta | None
) -> Queued:
    at_once = waiting.hot or is_reassigned(row) or reason == GOES_NEXT
    return Queued(
        place=place,
        lead_id=waiting.lead_id,
        stage=row["stage"],
        team=waiting.team,
        hot=waiting.hot,
        fit=_tenths(waiting.fit),
        engagement=_tenths(waiting.engagement),
        intent=_tenths(waiting.intent),
        queued_at=waiting.queued_at,
        waits_for=reason,
        forced_at=None if limit is None or at_once else waiting.queued_at + limit,
        former_rep=row.get("former"),
        handoff_id=waiting.handoff_id,
    )


def _tenths(score: int) -> str:
    return f"{score // 10}.{score % 10}"
