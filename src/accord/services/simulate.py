"""The simulated company and the whole system, hour by hour: who runs when, and in which order.

The world steps before each tick, so a tick takes what happened up to it. Between ticks ladders are
swept; before a sweep that has something due, what sales did since is taken, so nobody is reminded
of a call that was made. Time is simulated: nothing here reads the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from accord.services.shipped import shipped_file
from accord.services.simulate_run import Run, Simulated
from accord.services.workspace import Workspace
from accord.simulate import Company

__all__ = ["START", "Simulated", "simulate_company", "simulate_weeks"]

START = datetime(2026, 10, 5, tzinfo=ZoneInfo("America/New_York"))
"""The Monday on which a simulated company begins if nobody says otherwise."""

OFFICE_TICK = timedelta(hours=1)
SWEEP = timedelta(minutes=5)
_MINUTES_OF_A_WEEK = 7 * 24 * 60

OnTick = Callable[[datetime, dict[str, dict[str, int]]], None]


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
    every ``tick`` in office hours and every twelve hours else, sweeps every ``sweep`` around the
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
    run = Run(workspace, company, agreement=workspace.agreement(company.start))
    end = _weeks_after(company.start, weeks, zone=run.zone)
    for at in _instants(company.until, end, every=sweep):
        _pass_instant(run, at, tick=tick, on_tick=on_tick)
    if until_last:
        run.step(end)
    else:
        run.tick(end)
    return run.simulated(end)


def _weeks_after(start: datetime, weeks: float, *, zone: ZoneInfo) -> datetime:
    """Return the local time some weeks later: a week over a change of clocks is a whole one."""
    length = timedelta(minutes=round(weeks * _MINUTES_OF_A_WEEK))
    return (start.astimezone(zone) + length).astimezone(UTC)


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


def _pass_instant(run: Run, at: datetime, *, tick: timedelta, on_tick: OnTick | None) -> None:
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


@contextmanager
def _agreement_path(workspace: Workspace) -> Iterator[Path]:
    """Give the workspace's agreement, or the shipped one where there is none."""
    if workspace.settings.agreement.exists():
        yield workspace.settings.agreement
    else:
        with shipped_file("agreement.yaml") as path:
            yield path
