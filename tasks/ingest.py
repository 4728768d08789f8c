"""The task of the stage ``ingest``."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.ingest import run_ingest
from tasks.common import READS_AND_WRITES, log_counts, log_findings, open_workspace


@task(name="ingest", **READS_AND_WRITES)
def ingest(as_of: datetime) -> dict[str, int]:
    """Take new batches from the sources; failing rows are set aside with their reasons."""
    with open_workspace() as workspace:
        result = run_ingest(workspace, as_of=as_of)
    log_findings(result)
    return log_counts("ingest", result)
