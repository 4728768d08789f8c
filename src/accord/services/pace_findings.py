"""What of the pace needs a person: a team of nobody, an overflow to come, a rep over capacity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

from accord.findings import Finding
from accord.services.pace_values import RepLoad, TeamPace, shown


def find_troubles(teams: Iterable[TeamPace], *, zone: str) -> Iterator[Finding]:
    """Yield the findings, team by team; days are named in the zone."""
    for team in teams:
        if not team.reps:
            yield from _nobody(team)
        else:
            yield from _overflow(team, zone)
        for rep in team.reps:
            yield from _overload(rep)


def _nobody(team: TeamPace) -> Iterator[Finding]:
    if team.backlog or team.per_week:
        yield Finding(
            rule="pace.nobody",
            subject=f"team {team.team}",
            sentence=f"{_leads(team.backlog)} waiting, {shown(team.per_week)} come a week, and no"
            " active rep of the team takes leads.",
            remedy="Add a rep to the team, or route its leads to another team.",
        )


def _overflow(team: TeamPace, zone: str) -> Iterator[Finding]:
    """Say when the queue overflows even if those who come wait behind those who are there."""
    forced, overdue = team.best.forced_from, team.best.overdue_from
    if forced is not None:
        what = f"leads go over capacity from {_day(forced, zone)} on"
    elif overdue is not None:
        what = f"leads have waited as long as agreed from {_day(overdue, zone)} on"
    else:
        return
    yield Finding(
        rule="pace.overflow",
        subject=f"team {team.team}",
        sentence=f"{shown(team.per_week)} leads a week come to a capacity of {team.capacity}, and"
        f" {_leads(team.backlog)} waiting: {what}.",
        remedy=_remedy(team),
    )


def _remedy(team: TeamPace) -> str:
    missing = ceil(team.per_week - Fraction(team.capacity))
    if missing > 0:
        return f"Add a capacity of {missing} a week, or bring fewer leads."
    return "A capacity that is away or used up is missing for a time: plan for it."


def _overload(rep: RepLoad) -> Iterator[Finding]:
    """Say of a rep over capacity by how much, in the week or else in the month."""
    if rep.over_week:
        yield _over(rep, "week", rep.over_week, (rep.week, rep.per_week, rep.forced_week))
    if rep.over_month:
        yield _over(rep, "month", rep.over_month, (rep.month, rep.per_month, rep.forced_month))


def _over(rep: RepLoad, period: str, over: int, counts: tuple[int, int, int]) -> Finding:
    given, capacity, forced = counts
    later = rep.expected_week - rep.week
    more = f"; {later} more are to come by Sunday" if period == "week" and later else ""
    return Finding(
        rule="pace.overload",
        subject=f"rep {rep.rep_id}",
        sentence=f"{given} leads this {period} of a capacity of {capacity}: {over} over,"
        f" {min(forced, over)} of them by rule{more}.",
        remedy="Look at his open leads, and at the team's capacity.",
    )


def _leads(count: int) -> str:
    return "1 lead is" if count == 1 else f"{count:,} leads are"


def _day(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
