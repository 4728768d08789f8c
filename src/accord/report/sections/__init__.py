"""The sections of the weekly page, each made by one function of the same signature."""

from __future__ import annotations

from collections.abc import Callable

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
from accord.report.sections.returns import returns
from accord.report.sections.speed import speed
from accord.report.view import View

SECTIONS: tuple[Callable[[View], Section], ...] = (
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
    quality,
)
"""The sections, in the order of the page."""


def build_page(view: View) -> Page:
    """Make the weekly page of what was computed."""
    return front(view, sections=tuple(make(view) for make in SECTIONS))


__all__ = ["SECTIONS", "build_page", "pace_section"]
