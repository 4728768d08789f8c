"""Commands about reviews: when each is due, and running one by hand."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table, say_wrong
from accord.cli.stages import AsJson, AsOf

_COLUMNS = ("review", "what", "to", "last", "next")


def register(app: App) -> None:
    """Add the commands of this module."""
    app.command(reviews)
    app.command(review)


def reviews(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """List the reviews of the agreement: what each is about, for whom, when it is due."""
    from accord.records import to_text
    from accord.services.reviews import list_reviews

    with open_workspace() as workspace:
        found = list_reviews(workspace, as_of=instant(as_of))
    rows = [
        {
            "review": one.review,
            "what": one.what,
            "to": ", ".join(one.to),
            "last": to_text(one.last),
            "next": to_text(one.next),
        }
        for one in found
    ]
    if json:
        say_json(rows)
    else:
        say_table(rows, _COLUMNS)
    return DONE


def review(
    name: str,
    /,
    *,
    resend: Annotated[bool, Parameter(negative="")] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Write the page of a review as it was last due, and queue its messages; deliver sends them.

    Parameters
    ----------
    name
        daily, weekly, ...: as the agreement names it
    resend
        tell everybody once more, of a corrected page
    """
    from accord.services.reviews import run_review

    with open_workspace() as workspace:
        found = run_review(workspace, name, as_of=instant(as_of), resend=resend)
    if json:
        say_json(
            {
                "review": found.review,
                "due": found.due_at.isoformat(),
                "page": str(found.path),
                "headline": found.headline,
                "messages": found.messages,
                "findings": [str(finding) for finding in found.findings],
            }
        )
    else:
        say(f"{found.headline}")
        say(f"{found.path}")
        say(f"{found.messages} messages wait for delivery")
        for finding in found.findings:
            say_wrong(str(finding))
    return FOUND if found.findings else DONE
