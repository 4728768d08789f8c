"""The task of the stage ``score``."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.score import run_score
from tasks.common import DECIDES, log_counts, open_workspace


@task(name="score", **DECIDES)
def score(as_of: datetime, *, full: bool = False) -> dict[str, int]:
    """Score the leads with something new; all of them if full."""
    with open_workspace() as workspace:
        result = run_score(workspace, as_of=as_of, full=full)
    return log_counts("score", result)
