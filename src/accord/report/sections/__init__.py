"""The sections of the pages, each made by one function of the same signature."""

from __future__ import annotations

from collections.abc import Callable

from accord.report.asked import Kind
from accord.report.model import Page, Section
from accord.report.sections.attribution import attribution
from accord.report.sections.cadence import cadence
from accord.report.sections.channels import channels
from accord.report.sections.front import front
from accord.report.sections.funnel import funnel
from accord.report.sections.pace import pace, pace_section
from accord.report.sections.people import hot_leads, load
from accord.report.sections.pipeline import pipeline
from accord.report.sections.plan import plan
from accord.report.sections.promises import breaches, clocks
from accord.report.sections.quality import quality
from accord.report.sections.reanalysis import reanalysis
from accord.report.sections.restated import restated
from accord.report.sections.results import results
from accord.report.sections.returns import returns
from accord.report.sections.speed import speed
from accord.report.sections.steps import said, steps
from accord.report.view import View

Make = Callable[[View], Section]

_NUMBERS: tuple[Make, ...] = (
    plan,
    pace,
    funnel,
    speed,
    cadence,
    clocks,
    breaches,
    returns,
    load,
    hot_leads,
    channels,
    pipeline,
    attribution,
)

_BEHIND = tuple(make for make in _NUMBERS if make not in (breaches, hot_leads))
"""What stands behind a month: all but the lists that a week's work needs."""

SECTIONS: dict[Kind, tuple[Make, ...]] = {
    Kind.WEEK: (*_NUMBERS, restated, quality),
    Kind.MONTH: (results, reanalysis, said, steps, *_BEHIND, quality),
    Kind.SPAN: (*_NUMBERS, quality),
}
"""The sections of each kind of page, in their order."""


def build_page(view: View) -> Page:
    """Make the page of what was computed."""
    return front(view, sections=tuple(make(view) for make in SECTIONS[view.asked.kind]))


__all__ = ["SECTIONS", "build_page", "pace_section"]
