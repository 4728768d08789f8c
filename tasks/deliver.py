"""The task of the stage ``deliver``."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.deliver import run_deliver
from tasks.common import READS_AND_WRITES, log_counts, log_findings, open_workspace


@task(name="deliver", **READS_AND_WRITES)
def deliver(as_of: datetime) -> dict[str, int]:
    """Drain the outbox into CRM and messages."""
    with open_workspace() as workspace:
        result = run_deliver(workspace, as_of=as_of)
    log_findings(result)
    return log_counts("deliver", result)
