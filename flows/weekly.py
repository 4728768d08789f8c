"""The flow ``weekly``: the weeks' numbers and a review's page; every review runs it at its time."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, Review, Week, moment_of
from tasks.artifacts import publish_page
from tasks.deliver import deliver
from tasks.weekly import daily, monthly, report, serve, weekly, what_of


@flow(name="weekly", validate_parameters=True, timeout_seconds=3600)
def weekly_flow(as_of: AsOf = None, week: Week = None, review: Review = "weekly") -> str:
    """Compute the weekly metrics, write a review's page, tell whom it is for; return its path.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        week: An ISO week such as 2026-W46: its report is written, and nobody is told.
        review: Which of the agreement's reviews this run serves, by its name, as it was last due.
    """
    moment = moment_of(as_of)
    what = what_of(moment, review)
    weekly(moment)
    if what == "pace":
        daily(moment)
    if what == "month":
        monthly(moment)
    if week is not None:
        path = report(moment, week=week)
    else:
        path = serve(moment, review)
        deliver(moment)
    publish_page(review, path)
    return path


if __name__ == "__main__":
    weekly_flow()
