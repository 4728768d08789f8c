"""The weekly report: gather a week's numbers, promises and findings, and write the page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from accord import planning
from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.metric_rows import read_raw, read_since
from accord.metrics import (
    ALL,
    METRICS,
    Cube,
    Cut,
    Number,
    Period,
    Periods,
    Promise,
    Week,
    compute,
    cut,
    midnight,
    promises,
    tell,
    week_named,
    week_of,
    window,
)
from accord.records import from_us
from accord.report import View, build_page, render_page, write_csvs, write_page
from accord.report.view import WEEKS_SHOWN
from accord.services.agreements import unsigned_sides
from accord.services.approving import find_unapproved
from accord.services.measure import read_facts
from accord.services.quality_page import gather_quality
from accord.services.workspace import Workspace

_QUARTER = timedelta(weeks=13)
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


def write_report(workspace: Workspace, *, as_of: datetime, week: str | None = None) -> Path:
    """Write the report of a week and return its path.

    If none is given, the week of yesterday: on a Monday the one that has just closed, which is
    what Monday's review is about, else the running one.

    Writes ``reports/report-<week>.html``, its tables as ``reports/<week>/*.csv``, and, for the
    newest week, ``reports/report.html`` and returns that. InputError if the week is no ISO week or
    has not begun.
    """
    view = gather_week(workspace, as_of=as_of, week=week)
    page = build_page(view)
    html = render_page(page)
    folder = workspace.settings.report_path
    write_csvs(page.tables, folder / page.week)
    path = write_page(folder / f"report-{page.week}.html", html)
    if page.week == _present(view.agreement, as_of).label:
        return write_page(folder / "report.html", html)
    return path


def gather_week(workspace: Workspace, *, as_of: datetime, week: str | None = None) -> View:
    """Gather what the page of a week is made of, as it stood at the week's end or ``as_of``."""
    agreement = workspace.agreement(as_of)
    period = _period(agreement, week, as_of=as_of)
    at = min(as_of, period.end - _INSTANT)
    with workspace.ledger.read() as connection:
        periods = _weeks(agreement, read_since(connection), period, at=at)
        signed = not unsigned_sides(connection, agreement, as_of=as_of)
        reps = read_raw(connection, "rep")
        quality = gather_quality(connection, period, at=at, zone=agreement.timezone)
        is_present = period.label == _present(agreement, as_of).label
        unapproved = find_unapproved(connection, agreement) if is_present else ()
    quarter = window(period.end - _QUARTER, period.end, as_of=at)
    plan = planning.plan(agreement)
    day = at.astimezone(ZoneInfo(agreement.timezone)).date()
    weekly_plan = plan.weekly(day)
    begun = planning.period_start(plan.period, day)
    shown = from_us(min(periods.edges_us[0], quarter.edges_us[0]))
    first = min(shown, midnight(begun, agreement.timezone))
    frames = read_facts(workspace, agreement, as_of=at, since=first)
    weeks = Cube(frames, periods)
    owed = _owed(agreement, weeks, period, weekly_plan, partial=period.is_partial(as_of))
    return View(
        agreement=agreement,
        week=period,
        at=at,
        partial=period.is_partial(as_of),
        weeks=weeks,
        quarter=Cube(frames, quarter),
        frames=frames,
        reps=reps,
        period_word=plan.period,
        plan={one.segment: one.shown for one in plan.segments},
        plan_to_date=_to_date(plan, begun, day),
        delivered_to_date=_delivered(frames, midnight(begun, agreement.timezone), at),
        weekly_plan=weekly_plan,
        promises=owed,
        findings=(
            *unapproved,
            *tell(_week(agreement, weeks, owed, frames=frames, reps=reps)),
        ),
        signed=signed,
        quality=quality,
    )


def _present(agreement: Agreement, as_of: datetime) -> Period:
    """Return the week that people talk of at an instant: that of the day before."""
    return week_of(as_of - _DAY, agreement.timezone)


def _period(agreement: Agreement, week: str | None, *, as_of: datetime) -> Period:
    if week is None:
        return _present(agreement, as_of)
    period = week_named(week, agreement.timezone)
    if period.start > as_of:
        raise InputError(where="week", found=f"{week} has not begun", expected="a week up to now")
    return period


def _weeks(
    agreement: Agreement, since: datetime | None, period: Period, *, at: datetime
) -> Periods:
    """Cut the weeks shown, and a quarter before them, from which their cohorts come."""
    back = period.start - timedelta(weeks=WEEKS_SHOWN) - _QUARTER
    first = period.start if since is None else min(max(since, back), period.start)
    return cut(Cut.WEEK, first=first, as_of=at, zone=agreement.timezone)


def _owed(
    agreement: Agreement,
    weeks: Cube,
    period: Period,
    weekly_plan: dict[str, Fraction],
    *,
    partial: bool,
) -> tuple[Promise, ...]:
    known: dict[tuple[str, str], dict[tuple[str, str], Number]] = {}

    def ask(metric: str, dimension: str, member: str) -> Number | None:
        key = (metric, dimension)
        if key not in known:
            numbers = compute(weeks, METRICS[metric], dimension)
            known[key] = {(one.period, one.member): one for one in numbers}
        return known[key].get((period.label, member))

    return promises(agreement, ask, weekly_plan=weekly_plan, partial=partial)


_TOLD = (
    *(("speed_to_lead_business", ALL), ("first_touch_met_share", "rep"), ("spend", "channel")),
    *(("mqls", "channel"), ("won", ALL), ("revenue", ALL)),
)


def _week(
    agreement: Agreement,
    weeks: Cube,
    owed: tuple[Promise, ...],
    *,
    frames: dict[str, pd.DataFrame],
    reps: pd.DataFrame,
) -> Week:
    numbers = [one for name, by in _TOLD for one in compute(weeks, METRICS[name], by)]
    labels = weeks.periods.labels
    before = labels[-2] if len(labels) > 1 else None

    def of(label: str | None) -> dict[tuple[str, str, str], Number]:
        found = (one for one in numbers if one.period == label)
        return {(one.metric, one.dimension, one.member): one for one in found}

    named = reps[reps["name"].notna()]
    return Week(
        now=of(labels[-1]),
        before=of(before),
        promises=owed,
        reasons=_reasons(frames, weeks),
        names=dict(zip(named["rep"], named["name"], strict=True)),
        on_goal=planning.ON_GOAL,
        currency=agreement.currency,
    )


def _reasons(frames: dict[str, pd.DataFrame], weeks: Cube) -> dict[str, int]:
    from accord.report.sections.returns import returned_by_reason

    start, end = weeks.periods.last_us
    counted: dict[str, int] = {}
    for (_outcome, reason), found in returned_by_reason(frames["entries"], start, end - 1).items():
        if reason:
            counted[reason] = counted.get(reason, 0) + found
    return counted


def _to_date(plan: planning.Plan, begun: date, day: date) -> dict[str, Fraction]:
    """Return each segment's levelled share of the plan up to and with a day."""
    days = (day - begun).days + 1
    whole = planning.period_days(plan.period, day)
    return {one.segment: one.figures["mql"] * days / whole for one in plan.segments}


def _delivered(frames: dict[str, pd.DataFrame], since: datetime, until: datetime) -> dict[str, int]:
    cube = Cube({"entries": frames["entries"]}, window(since, until + _INSTANT, as_of=until))
    numbers = compute(cube, METRICS["mqls"], "segment")
    return {one.member: int(one.value or Decimal(0)) for one in numbers}
