"""The flow ``weekly``: the weeks' numbers and the report; every review runs it at its time."""

from __future__ import annotations

from typing import Annotated, Literal

from prefect import flow
from prefect.artifacts import create_link_artifact
from pydantic import Field

from flows.parameters import AsOf, Week, moment_of
from tasks.weekly import report, weekly

Review = Annotated[
    Literal["daily", "weekly", "monthly", "pipeline"],
    Field(title="Review", description="Which of the agreement's reviews this run serves."),
]


@flow(name="weekly", validate_parameters=True, timeout_seconds=3600)
def weekly_flow(as_of: AsOf = None, week: Week = None, review: Review = "weekly") -> str:
    """Compute the weekly metrics, write the report, and return its path."""
    moment = moment_of(as_of)
    weekly(moment)
    path = report(moment, week=week)
    create_link_artifact(
        key=f"report-{review}", link=f"file://{path}", link_text=path, description="The report."
    )
    return path


if __name__ == "__main__":
    weekly_flow()
