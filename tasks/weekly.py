"""The tasks of the weekly numbers and of the report."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.report import What, write_review
from accord.services.summaries import weekly_kpis
from accord.services.weekly import run_weekly
from tasks.artifacts import publish_table
from tasks.common import DECIDES, READS_AND_WRITES, log_counts, open_workspace


@task(name="weekly", **DECIDES)
def weekly(as_of: datetime) -> dict[str, int]:
    """Compute the weekly metrics; a closed week that changed is restated."""
    with open_workspace() as workspace:
        result = run_weekly(workspace, as_of=as_of)
        rows = weekly_kpis(workspace)
    publish_table("weekly-kpis", rows, "The newest week's numbers, both teams.")
    return log_counts("weekly", result)


@task(name="report", **READS_AND_WRITES)
def report(as_of: datetime, *, what: What = "week", week: str | None = None) -> str:
    """Write the page that a review is about and return its path."""
    with open_workspace() as workspace:
        return str(write_review(workspace, what, as_of=as_of, week=week))
