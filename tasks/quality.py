"""The task that shows the quality of the newest batches."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.summaries import quality_scorecard
from tasks.artifacts import publish_table
from tasks.common import DECIDES, open_workspace


@task(name="quality", **DECIDES)
def quality(as_of: datetime) -> int:
    """Publish accepted, quarantined, duplicate, held and flagged rows of each source."""
    with open_workspace() as workspace:
        rows = quality_scorecard(workspace, as_of=as_of)
    publish_table("quality-scorecard", rows, "Rows of each source over the last seven days.")
    return len(rows)
