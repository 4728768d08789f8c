"""The task of the stage ``handoff``."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.handoff import run_handoff
from accord.services.queue_view import read_queue_view
from accord.services.summaries import top_mqls
from tasks.artifacts import publish_table
from tasks.common import DECIDES, log_counts, log_findings, open_workspace


@task(name="handoff", **DECIDES)
def handoff(as_of: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """Hand qualified leads to sales, each once; a dry run says how many would go."""
    with open_workspace() as workspace:
        result = run_handoff(workspace, as_of=as_of, dry_run=dry_run)
        rows = top_mqls(workspace, as_of=as_of)
        queue = read_queue_view(workspace, as_of=as_of, may_be_past=True)
    publish_table("top-mqls", rows, "Hand-overs that are open, hot ones first; ids only.")
    publish_table("handoff-queue", queue.reasons(), queue.headline())
    log_findings(result)
    return log_counts("handoff", result)
