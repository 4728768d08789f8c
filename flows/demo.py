"""A simulated company through the whole system: four weeks, tick by tick, the last one by the flow.

``make demo`` runs it. What it leaves is a home folder like any other: try ``accord`` on it.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("ACCORD_DEMO", "demo"))
Counts = Mapping[str, Mapping[str, int]]
WEEKS = int(os.environ.get("ACCORD_DEMO_WEEKS", "4"))
SEED = 7
SIZE = 1900
_TOLD = (
    ("ingest", "rows_in", "rows in"),
    ("score", "scored", "scorings"),
    ("handoff", "assigned", "assigned"),
    ("sla", "fired", "ladder steps"),
    ("deliver", "sent", "sent"),
)


def main() -> int:
    """Run the demo and return the audit's exit code."""
    _prepare()
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace

    began = time.monotonic()
    workspace = Workspace.open(Settings())
    last_tick = _simulate(workspace)
    _last_tick_by_the_flow(last_tick)
    report = _finish(workspace, as_of=last_tick)
    code = _show(workspace, as_of=last_tick, report=report)
    workspace.close()
    _say(f"took {time.monotonic() - began:.0f} seconds")
    return code


def _say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _prepare() -> None:
    """Begin with an empty folder of our own, and point every part at it."""
    marker = FOLDER / ".accord-demo"
    if FOLDER.exists():
        if not marker.exists() and any(FOLDER.iterdir()):
            sys.exit(f"{FOLDER} is there and not a demo's; set ACCORD_DEMO to another folder")
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(parents=True)
    marker.touch()
    here = FOLDER.resolve()
    os.environ.update(
        ACCORD_HOME=str(here / "home"),
        ACCORD_DATABASE_URL="",
        ACCORD_AGREEMENT=str(Path("agreement.yaml").resolve()),
        ACCORD_SOURCES=str(here / "company" / "sources.yaml"),
        PREFECT_HOME=str(here / "prefect"),
        PREFECT_LOGGING_LEVEL="WARNING",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="180",
        DO_NOT_TRACK="1",
    )


def _simulate(workspace: Any) -> datetime:
    """Let the company live, and return the instant of the tick that is left to the flow."""
    from accord.services.simulate import simulate_weeks

    _say(f"simulating {WEEKS} weeks of a company (seed {SEED}); a tick an office hour")
    done = simulate_weeks(workspace, seed=SEED, weeks=WEEKS, size=SIZE, on_tick=_tell_weekly())
    rows = ", ".join(f"{name} {count:,}" for name, count in done.rows.items())
    _say(f"  {done.ticks} ticks, {done.sweeps} sweeps with something due, {done.nights} nights")
    _say(f"  the company wrote these rows: {rows}")
    return done.last_tick


def _tell_weekly() -> Callable[[datetime, Counts], None]:
    """Return a teller that adds up what ticks did, and says so when a week is over."""
    sums: Counter[str] = Counter()
    told: set[str] = set()

    def tell(at: datetime, counts: Counts) -> None:
        week = f"{at:%G-W%V}"
        if told and week not in told:
            _say(f"  {max(told)}: " + ", ".join(f"{sums[name]:,} {name}" for name in sorted(sums)))
            sums.clear()
        told.add(week)
        for stage, name, title in _TOLD:
            sums[title] += counts.get(stage, {}).get(name, 0)

    return tell


def _last_tick_by_the_flow(as_of: datetime) -> None:
    _say("the last tick runs through the Prefect flow `pipeline` (on a temporary server)")
    from flows.pipeline import pipeline

    counts = pipeline(as_of=as_of)
    _say("flow `pipeline` completed: " + ", ".join(counts))


def _finish(workspace: Any, *, as_of: datetime) -> Path:
    from accord.services.report import write_report
    from accord.services.weekly import run_weekly

    run_weekly(workspace, as_of=as_of)
    return Path(write_report(workspace, as_of=as_of))


def _show(workspace: Any, *, as_of: datetime, report: Path) -> int:
    from rich.console import Console
    from rich.table import Table

    from accord.services.audit import run_audit
    from accord.services.summaries import ledger_counts

    table = Table("stage", "counts", title="What the system did", title_justify="left")
    for title, counts in ledger_counts(workspace).items():
        table.add_row(title, ", ".join(f"{name} {count:,}" for name, count in counts.items()))
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    _say(f"report: {report}")
    findings = run_audit(workspace, as_of=as_of)
    for finding in findings:
        _say(f"{finding.rule}: {finding}")
    _say("accord audit: all laws hold" if not findings else "accord audit: broken")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
