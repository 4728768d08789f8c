"""The comparison as a page: the first screen, and its sections in order."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from accord.evaluation import Comparison
from accord.records import to_text
from accord.report.comparison.compared import compared
from accord.report.comparison.movers import movers
from accord.report.comparison.past import past
from accord.report.comparison.spreads import spreads
from accord.report.comparison.weeks import weeks
from accord.report.comparison.words import find_measures, to_headline, to_limits, to_state
from accord.report.model import ComparisonPage, Section, Standing

SECTIONS: tuple[Callable[[Comparison], Section], ...] = (movers, weeks, spreads, past, compared)
"""The sections, in the order of the page."""


def build_comparison(found: Comparison, *, folder: str) -> ComparisonPage:
    """Make the page of a comparison; its tables' files lie in ``folder``, beside it."""
    now, then = find_measures(found)
    return ComparisonPage(
        name=f"Rescore {found.version_then}",
        strap=(f"{found.as_of:%d %B %Y, %H:%M %Z}", f"in force: {found.version_now}"),
        folder=quote(folder, safe=""),
        headline=to_headline(found),
        state=to_state(found),
        standings=(
            Standing(name="now", title=found.version_now, note="in force", figures=now),
            Standing(name="then", title=found.version_then, note="candidate", figures=then),
        ),
        sections=tuple(make(found) for make in SECTIONS),
        facts=(
            ("In force", found.version_now),
            ("Candidate", found.version_then),
            ("As of", to_text(found.as_of)),
            ("Leads", ", ".join(to_limits(found)) or "all"),
        ),
    )
