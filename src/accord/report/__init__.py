"""Pages: what was computed becomes one HTML file that needs no network, and CSV files beside it.

A page is a value (:mod:`accord.report.model`); sections make its parts out of numbers; rendering
escapes every name. Nothing is decided here: numbers, promises and findings come from elsewhere.
"""

from accord.report.asked import Asked, Kind, Words, short_label
from accord.report.comparison import build_comparison, find_measures, to_headline
from accord.report.csvs import safe, write_csvs
from accord.report.files import write_page
from accord.report.model import (
    Cell,
    Chart,
    Column,
    ComparisonPage,
    Figure,
    PacePage,
    Page,
    PipelinePage,
    Section,
    Table,
)
from accord.report.pace_page import YESTERDAY, PaceDay, build_pace
from accord.report.pipeline_page import build_pipeline_page
from accord.report.pipeline_view import OpenDeal, PipelineView, Promised, Stay
from accord.report.render import render_comparison, render_pace, render_page, render_pipeline
from accord.report.sections import build_page
from accord.report.view import QualityFacts, Restated, RestatedNumber, View

__all__ = [
    "YESTERDAY",
    "Asked",
    "Cell",
    "Chart",
    "Column",
    "ComparisonPage",
    "Figure",
    "Kind",
    "OpenDeal",
    "PaceDay",
    "PacePage",
    "Page",
    "PipelinePage",
    "PipelineView",
    "Promised",
    "QualityFacts",
    "Restated",
    "RestatedNumber",
    "Section",
    "Stay",
    "Table",
    "View",
    "Words",
    "build_comparison",
    "build_pace",
    "build_page",
    "build_pipeline_page",
    "find_measures",
    "render_comparison",
    "render_pace",
    "render_page",
    "render_pipeline",
    "safe",
    "short_label",
    "to_headline",
    "write_csvs",
    "write_page",
]
