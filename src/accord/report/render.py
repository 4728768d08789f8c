"""From a page's value to HTML: one template, everything escaped, style inline."""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from accord.metrics import Status
from accord.report.model import ComparisonPage, PacePage, Page, PipelinePage
from accord.report.palette import dark_rules
from accord.seen import isolate

_UNIT = re.compile(r"(?<=\d) (?=%|(?:min|h|d|k|M|hours?|days?|minutes?)\b)")

MARKS = {
    Status.KEPT: "\u2713",
    Status.MISSED: "\u2715",
    Status.RUNNING: "\u25d0",
    Status.NOTHING: "\u2013",
}
"""One mark a status: told apart by shape, not by colour alone."""


def render_page(page: Page) -> str:
    """Render the report of a time as one HTML document that asks nothing of any network."""
    return _render("report.html.j2", page)


def render_comparison(page: ComparisonPage) -> str:
    """Render a comparison of two agreements likewise."""
    return _render("comparison.html.j2", page)


def render_pace(page: PacePage) -> str:
    """Render the pace of a day likewise."""
    return _render("pace.html.j2", page)


def render_pipeline(page: PipelinePage) -> str:
    """Render the pipeline review likewise."""
    return _render("pipeline.html.j2", page)


def _render(name: str, page: Page | PacePage | ComparisonPage | PipelinePage) -> str:
    environment = Environment(
        loader=PackageLoader("accord.report"),
        autoescape=True,
        finalize=show,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tied"] = tie
    template = environment.get_template(name)
    return template.render(page=page, style=Markup(_style()), marks=MARKS, svg=Markup)  # noqa: S704  ours: style file and charts drawn here


def show(value: object) -> object:
    """Return a value as a template shows it: no text in it turns round what stands beside it."""
    return isolate(value) if type(value) is str else value


def tie(sentence: str) -> str:
    r"""Keep a number and its unit on one line.

    >>> tie("within 2.0 h of it") == "within 2.0\u00a0h of it"
    True
    """
    return _UNIT.sub("\u00a0", sentence)


def _style() -> str:
    sheet = files("accord.report").joinpath("templates", "report.css").read_text("utf-8")
    return sheet.replace("/* charts in the dark */", "\n    ".join(dark_rules()))
