"""One company and one workspace on their way through time: what a tick, a sweep, a night do.

When each of them comes is decided in :mod:`accord.services.simulate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from accord.agreement import Agreement
from accord.calendars import Calendar
from accord.ledger import tables
from accord.services.clocks import run_sweep
from accord.services.deliver import run_deliver
from accord.services.ingest import IngestResult, run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.nightly import nurture_unready
from accord.services.pipeline import counts_of, walk
from accord.services.score import run_score
from accord.services.weekly import run_weekly
from accord.services.workspace import Workspace
from accord.simulate import Company, Step

IDLE_TICK = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the weeks came to.

    ``last_tick`` is the instant of the tick that was left to the caller (or the last one walked);
    the world has stepped up to it and its files are there. ``totals`` sums each stage's counts.
    """

    last_tick: datetime
    ticks: int
    sweeps: int
    nights: int
    weeks: int
    rows: dict[str, int]
    totals: dict[str, dict[str, int]]


@dataclass(slots=True)
class Tally:
    """Counts while the weeks go by."""

    ticks: int = 0
    sweeps: int = 0
    nights: int = 0
    weeks: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    totals: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, stage: str, result: Any) -> dict[str, int]:
        """Add one stage's counts to its totals; return them."""
        counts = counts_of(result)
        total = self.totals.setdefault(stage, {})
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
        return counts

    def add_rows(self, step: Step) -> None:
        """Add what the world wrote."""
        for entity, count in step.rows.items():
            self.rows[entity.value] = self.rows.get(entity.value, 0) + count


class Run:
    """One company and one workspace, and how far they have come together."""

    def __init__(self, workspace: Workspace, company: Company, *, agreement: Agreement) -> None:
        self.workspace = workspace
        self.company = company
        self.tally = Tally()
        self.zone = ZoneInfo(agreement.timezone)
        self.office = Calendar.parse(agreement.calendars["office"])
        self.next_due = _next_due(workspace)

    def step(self, at: datetime) -> None:
        """Let the world write what happened up to this instant."""
        self.tally.add_rows(self.company.step(at))

    def tick(self, at: datetime) -> dict[str, dict[str, int]]:
        """Walk all stages once."""
        self.step(at)
        self.tally.ticks += 1
        counts = {}
        for name, result in walk(self.workspace, as_of=at):
            counts[name] = self.tally.add(name, result)
            if isinstance(result, IngestResult):
                self._file_away(result)
        self.next_due = _next_due(self.workspace)
        return counts

    def sweep(self, at: datetime) -> None:
        """Climb the ladders that are due, if any; take what sales did first."""
        if self.next_due is None or self.next_due > at:
            return
        self.tally.sweeps += 1
        if self.company.has_answers(at, _leads_due(self.workspace, at)):
            self.tally.add_rows(self.company.answer(at))
            taken = run_ingest(self.workspace, as_of=at)
            self._file_away(taken)
            self.tally.add("ingest", taken)
            self.tally.add("lifecycle", run_lifecycle(self.workspace, as_of=at))
        swept = self.tally.add("sla", run_sweep(self.workspace, as_of=at))
        if swept["messages"]:
            self.tally.add("deliver", run_deliver(self.workspace, as_of=at))
        self.next_due = _next_due(self.workspace)

    def _file_away(self, result: IngestResult) -> None:
        """Keep the inbox short: what was taken without an error need not be looked at again."""
        if not result.errors:
            self.company.file_away()

    def night(self, at: datetime) -> None:
        """Score everybody, start the programme of those not ready, tidy the log."""
        self.tally.nights += 1
        self.tally.add("score", run_score(self.workspace, as_of=at, full=True))
        self.tally.add("lifecycle", run_lifecycle(self.workspace, as_of=at))
        nurture_unready(self.workspace, as_of=at)
        self.workspace.log.compact()
        self.next_due = _next_due(self.workspace)

    def week(self, at: datetime) -> None:
        """Compute the numbers of the week that has ended."""
        self.tally.weeks += 1
        self.tally.add("weekly", run_weekly(self.workspace, as_of=at))

    def is_tick(self, at: datetime, *, tick: timedelta) -> bool:
        """Whether the pipeline runs now: each office tick, closing included, and sparsely else."""
        since = at - self.company.start
        if since % tick:
            return False
        idle = self.office.elapsed(at - tick, at) == timedelta(0) and not self.office.is_open(at)
        return not idle or not since % IDLE_TICK

    def simulated(self, last_tick: datetime) -> Simulated:
        """Return what it came to."""
        tally = self.tally
        return Simulated(
            last_tick=last_tick,
            ticks=tally.ticks,
            sweeps=tally.sweeps,
            nights=tally.nights,
            weeks=tally.weeks,
            rows=tally.rows,
            totals=tally.totals,
        )


def _leads_due(workspace: Workspace, at: datetime) -> set[str]:
    """Return the leads of which a ladder step is due."""
    clock = tables.clock
    query = select(clock.c.lead_id).where(clock.c.next_step_at <= at).distinct()
    with workspace.ledger.read() as connection:
        return {lead_id for lead_id in connection.execute(query).scalars() if lead_id}


def _next_due(workspace: Workspace) -> datetime | None:
    """Return when the next ladder step is due: it moves only when a stage has run."""
    query = select(func.min(tables.clock.c.next_step_at))
    with workspace.ledger.read() as connection:
        due: datetime | None = connection.execute(query).scalar_one()
    return due
