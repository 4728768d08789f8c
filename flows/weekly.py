"""The flow ``weekly``: the weeks' numbers and a review's page; every review runs it at its time."""

from __future__ import annotations

from typing import Literal

from prefect import flow
from prefect.artifacts import create_link_artifact

from flows.parameters import AsOf, Week, moment_of
from tasks.deliver import deliver
from tasks.weekly import daily, monthly, report, serve, weekly

Review = Literal["daily", "weekly", "monthly", "pipeline"]


@flow(name="weekly", validate_parameters=True, timeout_seconds=3600)
def weekly_flow(as_of: AsOf = None, week: Week = None, review: Review = "weekly") -> str:
    """Compute the weekly metrics, write a review's page, tell whom it is for; return its path.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        week: An ISO week such as 2026-W46: its report is written, and nobody is told.
        review: Which of the agreement's reviews this run serves, as it was last due.
    """
    moment = moment_of(as_of)
    weekly(moment)
    if review == "daily":
        daily(moment)
    if review == "monthly":
        monthly(moment)
    if week is not None:
        path = report(moment, week=week)
    else:
        path = serve(moment, review)
        deliver(moment)
    create_link_artifact(
        key=f"report-{review}", link=f"file://{path}", link_text=path, description="The report."
    )
    return path


if __name__ == "__main__":
    weekly_flow()
