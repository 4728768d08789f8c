"""The report as files: one page of a week, a month or a span, and its tables beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from accord.report import (
    build_pace,
    build_page,
    build_pipeline_page,
    render_page,
    write_csvs,
    write_page,
)
from accord.services.pace_page import gather_pace, write_pace
from accord.services.report_asked import Wanted, present_month, present_week
from accord.services.report_pipeline import gather_pipeline, write_pipeline
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
    written = _write_report(workspace, wanted or Wanted(week=week), as_of=as_of)
    return written.path if written.newest is None else written.newest


What = Literal["week", "month", "pipeline", "pace"]
"""The pages that reviews are about."""

_MOST_SAID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A page that was written: where, what it is of, its headline and what matters most of it.

    ``newest`` is where it stands a second time, as the newest of its kind.
    """

    path: Path
    newest: Path | None = None
    name: str
    headline: str
    said: tuple[str, ...]


def write_review(
    workspace: Workspace, what: What, *, as_of: datetime, week: str | None = None
) -> Written:
    """Write the page that a review is about: of what has just closed, or of what is open now.

    A month's is that of yesterday: on the first of a month the one that has closed. ``week`` names
    the week of the weekly page.
    """
    match what:
        case "week":
            return _write_report(workspace, Wanted(week=week), as_of=as_of)
        case "month":
            zone = workspace.agreement(as_of).timezone
            wanted = Wanted(month=present_month(as_of, zone))
            return _write_report(workspace, wanted, as_of=as_of)
        case "pipeline":
            pipeline = build_pipeline_page(gather_pipeline(workspace, as_of=as_of))
            said = tuple(section.lead for section in pipeline.sections[:_MOST_SAID])
            path = write_pipeline(workspace, pipeline)
            return Written(path=path, name=pipeline.name, headline=pipeline.headline, said=said)
        case "pace":
            pace = build_pace(gather_pace(workspace, as_of=as_of))
            said = tuple(finding.sentence for finding in pace.findings[:_MOST_SAID])
            path = write_pace(workspace, pace)
            return Written(path=path, name=pace.name, headline=pace.headline, said=said)


def _write_report(workspace: Workspace, wanted: Wanted, *, as_of: datetime) -> Written:
    view = gather_view(workspace, wanted, as_of=as_of)
    page = build_page(view)
    html = render_page(page)
    folder = workspace.settings.report_path
    write_csvs(page.tables, folder / page.folder)
    path = write_page(folder / f"report-{page.folder}.html", html)
    is_present = view.period == present_week(as_of, view.agreement.timezone).period
    newest = write_page(folder / "report.html", html) if is_present else None
    verdicts = (f"{side.title}: {side.verdict}." for side in page.sides)
    sentences = (finding.sentence for finding in page.findings[:_MOST_SAID])
    said = (*verdicts, *sentences)
    return Written(path=path, newest=newest, name=page.name, headline=page.headline, said=said)
