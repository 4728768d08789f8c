"""The task that shows the quality of the newest batches."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.quality_page import quality_findings
from accord.services.summaries import quality_scorecard
from tasks.artifacts import publish_table
from tasks.common import DECIDES, open_workspace


@task(name="quality", **DECIDES)
def quality(as_of: datetime) -> int:
    """Publish each source's rows of seven days, and the rules that this week's rows failed."""
    with open_workspace() as workspace:
        rows = quality_scorecard(workspace, as_of=as_of)
        findings = quality_findings(workspace, as_of=as_of)
    publish_table("quality-scorecard", rows, "Rows of each source over the last seven days.")
    publish_table("quality-findings", findings, "Rules that failed this week, with an example.")
    return len(rows)
