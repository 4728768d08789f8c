"""The tasks of the stage ``score`` and of rescoring on demand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import task

from accord.services.rescore import run_rescore
from accord.services.score import run_score
from tasks.common import DECIDES, log_counts, log_findings, open_workspace


@task(name="score", **DECIDES)
def score(as_of: datetime, *, full: bool = False) -> dict[str, int]:
    """Score the leads with something new; all of them if full."""
    with open_workspace() as workspace:
        result = run_score(workspace, as_of=as_of, full=full)
    return log_counts("score", result)


@task(name="rescore", **DECIDES)
def rescore(as_of: datetime, *, candidate: str | None, apply: bool) -> dict[str, int]:
    """Say who would become or cease to be an MQL under an agreement; store if apply."""
    path = Path(candidate) if candidate else None
    with open_workspace() as workspace:
        result = run_rescore(workspace, as_of=as_of, candidate=path, apply=apply)
    log_findings(result)
    return log_counts("rescore", result)
