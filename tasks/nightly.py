"""The task of the nightly run."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.nightly import run_nightly
from tasks.common import READS_AND_WRITES, log_counts, log_findings, open_workspace


@task(name="nightly", **READS_AND_WRITES)
def nightly(as_of: datetime) -> dict[str, int]:
    """Score every lead, move unready targets to nurture, apply retention, compact, audit."""
    with open_workspace() as workspace:
        result = run_nightly(workspace, as_of=as_of)
    log_findings(result)
    return log_counts("nightly", result)
