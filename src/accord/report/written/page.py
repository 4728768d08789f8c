"""The written agreement as one HTML document: everything escaped, style inside."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from accord.agreement.written import Grid, Passage, Points, WrittenAgreement
from accord.report.render import show, tie

_SHEETS = ("report.css", "written.css")


def to_html(written: WrittenAgreement) -> str:
    """Render the document as HTML that asks nothing of any network."""
    environment = Environment(
        loader=PackageLoader("accord.report"),
        autoescape=True,
        finalize=show,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tied"] = tie
    environment.tests["points"] = _is_points
    environment.tests["grid"] = _is_grid
    template = environment.get_template("written.html.j2")
    return template.render(page=written, style=Markup(_style()))  # noqa: S704  our own sheets


def _is_points(passage: Passage) -> bool:
    return isinstance(passage, Points)


def _is_grid(passage: Passage) -> bool:
    return isinstance(passage, Grid)


def _style() -> str:
    folder = files("accord.report").joinpath("templates")
    return "\n".join(folder.joinpath(name).read_text("utf-8") for name in _SHEETS)
