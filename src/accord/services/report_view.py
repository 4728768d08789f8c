"""What a report shows, gathered: the numbers of a time, what was owed in it, and the lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from accord import planning
from accord.agreement import Agreement
from accord.findings import Finding
from accord.ledger.metric_rows import read_raw, read_since
from accord.metrics import (
    METRICS,
    WINDOW,
    Cube,
    Cut,
    Period,
    Periods,
    Promise,
    Week,
    compute,
    cut,
    midnight,
    tell,
    weigh,
    window,
)
from accord.records import from_us
from accord.report import Asked, Kind, QualityFacts, Restated, View
from accord.services.agreement_eras import Eras, read_eras
from accord.services.agreement_seen import read_agreed_versions
from accord.services.agreements import unsigned_sides
from accord.services.approving import find_unapproved
from accord.services.goal_pace import paced_since, paces_of
from accord.services.measure import read_facts
from accord.services.outlook import outlook_of
from accord.services.quality_page import gather_quality
from accord.services.report_asked import (
    Wanted,
    base_of,
    months_before,
    present_week,
    resolve,
    row_of,
)
from accord.services.report_promises import Owing, owed_in, owed_in_week, reasons_of, told_of
from accord.services.report_restated import gather_restated
from accord.services.workspace import Workspace

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger says of a time besides its facts.

    ``at`` is the last instant that counts, ``first`` the first that any fact speaks of.
    """

    agreement: Agreement
    asked: Asked
    as_of: datetime
    at: datetime
    first: datetime | None
    row: Periods
    eras: Eras
    signed: bool
    signed_versions: frozenset[str]
    reps: pd.DataFrame
    quality: QualityFacts
    restated: Restated
    unapproved: tuple[Finding, ...]

    @property
    def partial(self) -> bool:
        """Whether the time has not ended."""
        return self.asked.period.is_partial(self.as_of)

    @property
    def day(self) -> date:
        """The last day that counts."""
        return self.at.astimezone(ZoneInfo(self.agreement.timezone)).date()

    @property
    def ended_day(self) -> date:
        """The last day that has ended by then."""
        zone = ZoneInfo(self.agreement.timezone)
        return (self.at + _INSTANT).astimezone(zone).date() - _DAY

    @property
    def plan_begin(self) -> datetime:
        """When the plan's month, quarter or year of that day began."""
        period = self.agreement.targets.period
        return midnight(planning.period_start(period, self.day), self.agreement.timezone)


def gather_view(workspace: Workspace, wanted: Wanted, *, as_of: datetime) -> View:
    """Gather what the page of a time is made of, as it stood at its end or ``as_of``."""
    known = _read_known(workspace, wanted, as_of=as_of)
    agreement, asked, at = known.agreement, known.asked, known.at
    base = base_of(asked, at=at)
    frames = read_facts(workspace, agreement, as_of=at, since=_since(known, base))
    cube, over = Cube(frames, known.row), Cube(frames, base)
    plan = planning.plan(agreement)
    outlook = _outlook(workspace, known, plan, over)
    owed = _owed(known, frames, over if asked.is_span else cube)
    week = _told(known, cube, over, owed=owed, frames=frames)
    return View(
        agreement=agreement,
        asked=asked,
        at=at,
        partial=known.partial,
        cube=cube,
        base=over,
        frames=frames,
        reps=known.reps,
        period_word=plan.period,
        plan={one.segment: one.shown for one in plan.segments},
        plan_to_date=_to_date(plan, planning.period_start(plan.period, known.day), known.day),
        delivered_to_date=_delivered(frames, known.plan_begin, at),
        weekly_plan=plan.weekly(known.day),
        promises=owed,
        findings=(*known.unapproved, *tell(week)),
        weighed=weigh(week),
        last_promises=_last(known, frames, cube),
        earlier=_earlier(known, frames),
        signed=known.signed,
        signed_versions=known.signed_versions,
        quality=known.quality,
        paces=tuple(paces_of(agreement, frames, on=known.ended_day, known=known.first)),
        outlook=outlook,
        against_plan=(*plan.findings, *_contradicted(agreement, outlook)),
        restated=known.restated,
    )


def _outlook(
    workspace: Workspace, known: Known, plan: planning.Plan, base: Cube
) -> planning.Outlook | None:
    """Return what stands beside the plan; of all time there is none: it has no beginning."""
    if base.periods.undated:
        return None
    since = from_us(base.periods.last_us[0])
    return outlook_of(workspace, plan, base, agreement=known.agreement, since=since, as_of=known.at)


def _contradicted(agreement: Agreement, outlook: planning.Outlook | None) -> tuple[Finding, ...]:
    if outlook is None:
        return ()
    return planning.plan_from_history(agreement, outlook.history).findings


def _read_known(workspace: Workspace, wanted: Wanted, *, as_of: datetime) -> Known:
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        asked = resolve(connection, wanted, zone=agreement.timezone, as_of=as_of)
        at = min(as_of, asked.period.end - _INSTANT)
        first = read_since(connection)
        return Known(
            agreement=agreement,
            asked=asked,
            as_of=as_of,
            at=at,
            first=first,
            row=row_of(asked, first, at=at),
            eras=read_eras(connection, workspace.ledger, agreement, as_of=as_of),
            signed=not unsigned_sides(connection, agreement, as_of=as_of),
            signed_versions=read_agreed_versions(connection, as_of=as_of),
            reps=read_raw(connection, "rep"),
            quality=gather_quality(connection, asked, at=at),
            restated=gather_restated(connection, asked, as_of=as_of),
            unapproved=_unapproved(connection, agreement, asked, as_of=as_of),
        )


def _unapproved(
    connection: Connection, agreement: Agreement, asked: Asked, *, as_of: datetime
) -> tuple[Finding, ...]:
    """Find what waits for an approval, which only the present week's page says."""
    if asked.period != present_week(as_of, agreement.timezone).period:
        return ()
    return tuple(find_unapproved(connection, agreement))


def _since(known: Known, base: Periods) -> datetime | None:
    """Return from when on facts are needed; None where undated ones count too."""
    if base.undated:
        return None
    first = from_us(min(known.row.edges_us[0], base.edges_us[0]))
    return min(first, known.plan_begin, paced_since(known.agreement, known.ended_day))


def _owed(known: Known, frames: dict[str, pd.DataFrame], own: Cube) -> tuple[Promise, ...]:
    agreement, asked = known.agreement, known.asked
    if asked.kind is Kind.WEEK:
        plan = planning.plan(agreement).weekly(known.day)
        label = asked.period.label
        return owed_in_week(agreement, own, label, weekly_plan=plan, partial=known.partial)
    return owed_in(_owing(known, frames, own), asked.period)


def _owing(known: Known, frames: dict[str, pd.DataFrame], own: Cube) -> Owing:
    asked = known.asked
    first = asked.period.start if asked.is_span else _month_before(asked).start
    weeks = cut(Cut.WEEK, first=first, as_of=known.at, zone=asked.zone)
    return Owing(
        agreement=known.agreement,
        eras=known.eras,
        weeks=Cube(frames, weeks),
        own=own,
        label=WINDOW if asked.is_span else asked.period.label,
    )


def _month_before(asked: Asked) -> Period:
    first = months_before(asked.first_day, 1)
    start = midnight(first, asked.zone)
    return Period(label=f"{first:%Y-%m}", start=start, end=asked.period.start)


def _last(known: Known, frames: dict[str, pd.DataFrame], cube: Cube) -> tuple[Promise, ...]:
    """Return the promises of the month before, if the ledger knows of it."""
    asked = known.asked
    if asked.kind is not Kind.MONTH:
        return ()
    month = _month_before(asked)
    if month.label not in cube.periods.labels:
        return ()
    return owed_in(replace(_owing(known, frames, cube), label=month.label), month)


def _earlier(known: Known, frames: dict[str, pd.DataFrame]) -> Cube | None:
    """Cut the three months before a month, judged at their end."""
    asked = known.asked
    if asked.kind is not Kind.MONTH:
        return None
    end = asked.period.start
    start = midnight(months_before(asked.first_day, Cut.MONTH.span), asked.zone)
    return Cube(frames, window(start, end, as_of=end - _INSTANT))


def _told(
    known: Known,
    cube: Cube,
    base: Cube,
    *,
    owed: tuple[Promise, ...],
    frames: dict[str, pd.DataFrame],
) -> Week:
    """Return what the findings are told from: of a span nothing went before."""
    named = known.reps[known.reps["name"].notna()]
    is_span = known.asked.is_span
    own, labels = (base, (WINDOW,)) if is_span else (cube, cube.periods.labels)
    return Week(
        now=told_of(own, labels[-1]),
        before=told_of(own, labels[-2] if len(labels) > 1 else None),
        promises=owed,
        reasons=reasons_of(frames["entries"], own.periods.last_us),
        names=dict(zip(named["rep"], named["name"], strict=True)),
        on_goal=planning.ON_GOAL,
        currency=known.agreement.currency,
        this=known.asked.words.this,
    )


def _to_date(plan: planning.Plan, begun: date, day: date) -> dict[str, Fraction]:
    """Return each segment's levelled share of the plan up to and with a day."""
    days = (day - begun).days + 1
    whole = planning.period_days(plan.period, day)
    return {one.segment: one.figures["mql"] * days / whole for one in plan.segments}


def _delivered(frames: dict[str, pd.DataFrame], since: datetime, until: datetime) -> dict[str, int]:
    cube = Cube({"entries": frames["entries"]}, window(since, until + _INSTANT, as_of=until))
    numbers = compute(cube, METRICS["mqls"], "segment")
    return {one.member: int(one.value or Decimal(0)) for one in numbers}
