"""The flow ``weekly``: the weeks' numbers and the report; every review runs it at its time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from prefect import flow
from prefect.artifacts import create_link_artifact

from accord.services.report import What
from flows.parameters import AsOf, Week, moment_of
from tasks.weekly import report, weekly

Review = Literal["daily", "weekly", "monthly", "pipeline"]

PAGES: Mapping[Review, What] = MappingProxyType(
    {"daily": "pace", "weekly": "week", "monthly": "month", "pipeline": "pipeline"}
)
"""The page that each review is about."""


@flow(name="weekly", validate_parameters=True, timeout_seconds=3600)
def weekly_flow(as_of: AsOf = None, week: Week = None, review: Review = "weekly") -> str:
    """Compute the weekly metrics, write the report, and return its path.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        week: An ISO week such as 2026-W46; that of yesterday if empty: on a Monday the last.
        review: Which of the agreement's reviews this run serves.
    """
    moment = moment_of(as_of)
    weekly(moment)
    path = report(moment, what=PAGES[review], week=week)
    create_link_artifact(
        key=f"report-{review}", link=f"file://{path}", link_text=path, description="The report."
    )
    return path


if __name__ == "__main__":
    weekly_flow()
