"""The task of the stage ``lifecycle``."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.lifecycle import run_lifecycle
from tasks.common import DECIDES, log_counts, log_findings, open_workspace


@task(name="lifecycle", **DECIDES)
def lifecycle(as_of: datetime) -> dict[str, int]:
    """Place what was said in each lead's history."""
    with open_workspace() as workspace:
        result = run_lifecycle(workspace, as_of=as_of)
    log_findings(result)
    return log_counts("lifecycle", result)
