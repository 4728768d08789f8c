"""The report as files: one page of a week, a month or a span, and its tables beside it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from accord.report import build_page, render_page, write_csvs, write_page
from accord.services.pace_page import write_pace_page
from accord.services.report_asked import Wanted, present_month, present_week
from accord.services.report_pipeline import write_pipeline_page
from accord.services.report_view import gather_view
from accord.services.workspace import Workspace


def write_report(
    workspace: Workspace, *, as_of: datetime, week: str | None = None, wanted: Wanted | None = None
) -> Path:
    """Write the report of a week, a month or a span and return its path.

    If none is given, the week of yesterday: on a Monday the one that has just closed, which is
    what Monday's review is about, else the running one.

    Writes ``reports/report-<period>.html``, its tables as ``reports/<period>/*.csv``, and, for the
    newest week, ``reports/report.html`` and returns that. InputError if two are asked for, or if it
    is no such period or has not begun.
    """
    view = gather_view(workspace, wanted or Wanted(week=week), as_of=as_of)
    page = build_page(view)
    html = render_page(page)
    folder = workspace.settings.report_path
    write_csvs(page.tables, folder / page.folder)
    path = write_page(folder / f"report-{page.folder}.html", html)
    if view.period == present_week(as_of, view.agreement.timezone).period:
        return write_page(folder / "report.html", html)
    return path


What = Literal["pace", "week", "month", "pipeline"]
"""The pages that reviews are about."""


def write_review(
    workspace: Workspace, what: What, *, as_of: datetime, week: str | None = None
) -> Path:
    """Write the page that a review is about: of what has just closed, or of what is open now.

    A month's is that of yesterday: on the first of a month the one that has closed. ``week`` names
    the week of the weekly page.
    """
    match what:
        case "pace":
            return write_pace_page(workspace, as_of=as_of)
        case "week":
            return write_report(workspace, as_of=as_of, week=week)
        case "month":
            zone = workspace.agreement(as_of).timezone
            wanted = Wanted(month=present_month(as_of, zone))
            return write_report(workspace, as_of=as_of, wanted=wanted)
        case "pipeline":
            return write_pipeline_page(workspace, as_of=as_of)
