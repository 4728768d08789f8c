"""The tasks of the weekly numbers and of the report."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from accord.services.calendar_cuts import run_daily, run_monthly
from accord.services.report import write_report
from accord.services.reviews import review_named, run_review
from accord.services.summaries import weekly_kpis
from accord.services.weekly import run_weekly
from tasks.artifacts import publish_review, publish_table
from tasks.common import (
    DECIDES,
    READS_AND_WRITES,
    log_counts,
    log_findings,
    open_workspace,
)


@task(name="review-asked", **READS_AND_WRITES)
def what_of(as_of: datetime, name: str) -> str:
    """Return what a review is about; InputError before anything is computed, if there is none."""
    with open_workspace() as workspace:
        return review_named(workspace.agreement(as_of), name).what


@task(name="weekly", **DECIDES)
def weekly(as_of: datetime) -> dict[str, int]:
    """Compute the weekly metrics; a closed week that changed is restated."""
    with open_workspace() as workspace:
        result = run_weekly(workspace, as_of=as_of)
        rows = weekly_kpis(workspace)
    publish_table("weekly-kpis", rows, "The newest week's numbers, both teams.")
    return log_counts("weekly", result)


@task(name="monthly", **DECIDES)
def monthly(as_of: datetime) -> dict[str, int]:
    """Compute the metrics of every month; a closed month that changed is restated."""
    with open_workspace() as workspace:
        return log_counts("monthly", run_monthly(workspace, as_of=as_of))


@task(name="daily", **DECIDES)
def daily(as_of: datetime) -> dict[str, int]:
    """Compute what flowed on each day of the last quarter; changed closed ones are restated."""
    with open_workspace() as workspace:
        return log_counts("daily", run_daily(workspace, as_of=as_of))


@task(name="report", **READS_AND_WRITES)
def report(as_of: datetime, *, week: str | None = None) -> str:
    """Write the report of a week and return its path."""
    with open_workspace() as workspace:
        return str(write_report(workspace, as_of=as_of, week=week))


@task(name="review", **READS_AND_WRITES)
def serve(as_of: datetime, name: str) -> str:
    """Write the page of a review that was due, queue its messages, and return the page's path."""
    with open_workspace() as workspace:
        result = run_review(workspace, name, as_of=as_of)
    publish_review(result)
    log_findings(result)
    log_counts("review", result)
    return str(result.path)
