"""The simulated company and the whole system, hour by hour: who runs when, and in which order.

The world steps before each tick, so a tick takes what happened up to it. Between ticks ladders are
swept; before a sweep that has something due, what sales did since is taken, so nobody is reminded
of a call that was made. Time is simulated: nothing here reads the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
from accord.services.shipped import shipped_file
from accord.services.weekly import run_weekly
from accord.services.workspace import Workspace
from accord.simulate import Company, Step

START = datetime(2026, 10, 5, tzinfo=ZoneInfo("America/New_York"))
"""The Monday on which a simulated company begins if nobody says otherwise."""

OFFICE_TICK = timedelta(hours=1)
IDLE_TICK = timedelta(hours=6)
SWEEP = timedelta(minutes=5)
_MINUTES_OF_A_WEEK = 7 * 24 * 60

OnTick = Callable[[datetime, dict[str, dict[str, int]]], None]


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
class _Tally:
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


class _Run:
    """One company and one workspace, and how far they have come together."""

    def __init__(self, workspace: Workspace, company: Company, *, agreement: Agreement) -> None:
        self.workspace = workspace
        self.company = company
        self.tally = _Tally()
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
        answer = self.company.answer(at)
        self.tally.add_rows(answer)
        if answer.files:
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


def simulate_weeks(  # noqa: PLR0913  a run is named by all of these
    workspace: Workspace,
    *,
    seed: int = 7,
    start: datetime = START,
    weeks: float = 4,
    size: int = 3600,
    tick: timedelta = OFFICE_TICK,
    sweep: timedelta = SWEEP,
    on_tick: OnTick | None = None,
    until_last: bool = True,
) -> Simulated:
    """Run a company of about ``size`` people in four weeks through the whole system.

    The company lives in the folder of ``sources.yaml`` and goes on where it stopped. Ticks come
    every ``tick`` in office hours and every six hours else, sweeps every ``sweep`` around the
    clock. With ``until_last`` the last tick, at the end of the weeks, is left to the caller: its
    files are there. ``on_tick`` is told the instant and each stage's counts.
    """
    with _agreement_path(workspace) as path:
        company = Company(
            seed=seed,
            start=start,
            folder=workspace.settings.sources.parent,
            agreement=path,
            size=size,
            crm=workspace.settings.outbox_path / "crm.jsonl",
        )
    run = _Run(workspace, company, agreement=workspace.agreement(company.start))
    end = company.start + timedelta(minutes=round(weeks * _MINUTES_OF_A_WEEK))
    for at in _instants(company.until, end, every=sweep):
        _pass_instant(run, at, tick=tick, on_tick=on_tick)
    if until_last:
        run.step(end)
    else:
        run.tick(end)
    return run.simulated(end)


def simulate_company(
    workspace: Workspace, *, weeks: float, seed: int, size: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Run a company and tell of each day; return a plain summary, the last tick's instant in it."""
    told: set[str] = set()

    def tell(at: datetime, counts: dict[str, dict[str, int]]) -> None:
        day = f"{at.astimezone(START.tzinfo):%a %Y-%m-%d}"
        if day not in told:
            told.add(day)
            say(f"{day}  {_told(counts)}")

    done = simulate_weeks(workspace, seed=seed, weeks=weeks, size=size, on_tick=tell)
    return {
        "last_tick": done.last_tick.isoformat(),
        "ticks": done.ticks,
        "sweeps": done.sweeps,
        "nights": done.nights,
        "weeks": done.weeks,
        "rows": done.rows,
        "stages": done.totals,
    }


def _told(counts: dict[str, dict[str, int]]) -> str:
    parts = (
        f"{stage}: " + ", ".join(f"{name} {count}" for name, count in each.items() if count)
        for stage, each in counts.items()
        if any(each.values())
    )
    return "  ".join(parts) or "nothing new"


def _pass_instant(run: _Run, at: datetime, *, tick: timedelta, on_tick: OnTick | None) -> None:
    local = at.astimezone(run.zone)
    if (local.hour, local.minute) == (4, 0):
        run.night(at)
    weekly = (local.weekday(), local.hour, local.minute) == (0, 7, 0)
    if weekly and at - run.company.start > timedelta(days=1):
        run.week(at)
    if run.is_tick(at, tick=tick):
        counts = run.tick(at)
        if on_tick is not None:
            on_tick(at, counts)
    else:
        run.sweep(at)


def _instants(start: datetime, end: datetime, *, every: timedelta) -> Iterator[datetime]:
    """Yield the instants after ``start`` and before ``end``, at an even beat."""
    at = start.astimezone(UTC) + every
    while at < end:
        yield at
        at += every


def _next_due(workspace: Workspace) -> datetime | None:
    """Return when the next ladder step is due: it moves only when a stage has run."""
    query = select(func.min(tables.clock.c.next_step_at))
    with workspace.ledger.read() as connection:
        due: datetime | None = connection.execute(query).scalar_one()
    return due


@contextmanager
def _agreement_path(workspace: Workspace) -> Iterator[Path]:
    """Give the workspace's agreement, or the shipped one where there is none."""
    if workspace.settings.agreement.exists():
        yield workspace.settings.agreement
    else:
        with shipped_file("agreement.yaml") as path:
            yield path
