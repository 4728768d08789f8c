"""Stages run by child processes: killed at a named point, or two schedulers at the same instant."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.errors import LeaseHeldError
from tests.machine.company import STAGES, Company, open_company, run_stage

POINTS = (
    "ingest.after_piece",
    "ingest.after_quality",
    "log.before_append",
    "log.after_append",
    "ingest.before_commit",
    "ingest.after_commit",
    "score.before_write",
    "score.before_commit",
    "handoff.before_commit",
    "handoff.after_commit",
    "sla.after_look",
    "sla.before_commit",
    "sla.after_commit",
    "deliver.after_claim",
    "deliver.after_read_back",
    "deliver.after_send_before_mark",
    "deliver.before_mark_commit",
    "deliver.after_mark",
    "messages.after_claim",
    "messages.after_send_before_mark",
)
"""Where a tick may be killed."""

_DONE_WITHIN = 120


def kill(children: Any, company: Company, point: str) -> bool:
    """Run a tick that dies at the point, if it comes there; whether it did.

    One that does not come there ends as any tick does.
    """
    witness = company.home / "witness"
    child = _begin(children, company, company.tick(), point=point, witness=str(witness))
    child.join(_DONE_WITHIN)
    died = child.exitcode == -signal.SIGKILL
    assert died or child.exitcode == 0
    assert witness.exists() is died
    if died:
        assert witness.read_text() == f"{point}\n"
        witness.unlink()
    return died


def run_two(children: Any, company: Company) -> None:
    """Let two schedulers run a tick at the same instant."""
    at, start = company.tick(), children.Barrier(2)
    both = [_begin(children, company, at, start=start) for _ in range(2)]
    for child in both:
        child.join(_DONE_WITHIN)
        assert child.exitcode == 0


def _begin(children: Any, company: Company, at: datetime, **more: Any) -> Any:
    company.write_files()
    given = (company.home, company.url, company.mode, at)
    child = children.Process(target=_tick, args=given, kwargs=more)
    child.start()
    return child


def _tick(  # noqa: PLR0917 - what a child is given
    home: Path,
    url: str,
    mode: str,
    at: datetime,
    point: str = "",
    witness: str = "",
    start: Any = None,
) -> None:
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    workspace = open_company(home, url)
    if start is not None:
        start.wait(60)
    for name in STAGES:
        try:
            run_stage(workspace, name, as_of=at, home=home, mode=mode)
        except LeaseHeldError:
            break  # the other one is at it
    workspace.close()
