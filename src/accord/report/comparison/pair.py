"""What the two agreements are called and painted on the page, and rows of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accord.evaluation import Comparison
from accord.report.palette import MARKETING, SALES

NOW, THEN = "In force", "Candidate"
SIDES = ("now", "then")
"""Under which names a Comparison holds the two, in force first."""


def to_labels(found: Comparison) -> tuple[str, str]:
    """Return the names of the agreement in force and of the candidate, never the same."""
    return f"{found.version_now} in force", f"{found.version_then} candidate"


def to_colors(found: Comparison) -> Mapping[str, str]:
    """Return the colour of each by its name, in force first."""
    now, then = to_labels(found)
    return {now: SALES, then: MARKETING}


def to_rows(
    found: Comparison, values: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """Make a chart's rows of labels, each with what is drawn of the one in force and the other."""
    now, then = to_labels(found)
    return [
        {"label": label, "part": part, **drawn}
        for label, of_now, of_then in values
        for part, drawn in ((now, of_now), (then, of_then))
    ]
