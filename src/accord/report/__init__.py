"""Pages: what was computed becomes one HTML file that needs no network, and CSV files beside it.

A page is a value (:mod:`accord.report.model`); sections make its parts out of numbers; rendering
escapes every name. Nothing is decided here: numbers, promises and findings come from elsewhere.
"""

from accord.report.csvs import write_csvs
from accord.report.model import Cell, Chart, Column, Page, Section, Table
from accord.report.render import render_page
from accord.report.sections import build_page
from accord.report.view import View

__all__ = [
    "Cell",
    "Chart",
    "Column",
    "Page",
    "Section",
    "Table",
    "View",
    "build_page",
    "render_page",
    "write_csvs",
]
