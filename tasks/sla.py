"""The task of the stage ``sla``."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.clocks import run_sweep
from accord.services.summaries import open_breaches
from tasks.artifacts import publish_table
from tasks.common import DECIDES, log_counts, open_workspace


@task(name="sla", **DECIDES)
def sla(as_of: datetime) -> dict[str, int]:
    """Climb the ladders of what is due; publish the open breaches when a step was taken."""
    with open_workspace() as workspace:
        result = run_sweep(workspace, as_of=as_of)
        rows = open_breaches(workspace, as_of=as_of) if result.fired else ()
    if rows:
        publish_table("sla-breaches", rows, "Clocks that ran out and are not met; ids only.")
    return log_counts("sla", result)
