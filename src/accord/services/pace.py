"""The pace: does what marketing brings fit what sales can take, and if not, from when and for whom.

Reads the queue, the loads and the weeks behind; what is to come is foretold by the rules that hand
over (:mod:`accord.routing.forecast`). Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from accord.agreement import Agreement
from accord.errors import InputError
from accord.routing import (
    Candidate,
    Forecast,
    Standing,
    Waiting,
    forecast,
    left_today,
    steady_arrivals,
)
from accord.services.pace_findings import find_troubles
from accord.services.pace_gathering import Gathered, gather, teams_handed_to
from accord.services.pace_values import Pace, RepLoad, TeamPace, WeekBehind
from accord.services.workspace import Workspace

MOST_WEEKS = 53
_WEEK = timedelta(days=7)
_MICROSECOND = timedelta(microseconds=1)


def read_pace(
    workspace: Workspace,
    *,
    as_of: datetime,
    weeks: int = 4,
    arrivals: Mapping[str, int] | None = None,
) -> Pace:
    """Tell each team's pace: ``weeks`` whole weeks behind, the running one, and as many ahead.

    ``arrivals`` asks what if so many leads a week came to a team, instead of as many as in the
    weeks behind. InputError on a number of weeks not in 1..53 or an unknown team.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise InputError(where="weeks", found=f"{weeks}", expected=f"1 to {MOST_WEEKS}")
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        gathered = gather(connection, agreement, as_of=as_of, weeks=weeks)
    asked = dict(arrivals or {})
    _refuse_unknown(asked, agreement, gathered.teams)
    teams = tuple(_team(gathered, team, asked.get(team)) for team in gathered.teams)
    return Pace(
        as_of=as_of,
        zone=agreement.timezone,
        agreement=agreement.version,
        hold_at_most=agreement.handoff.hold_at_most.delta,
        teams=teams,
        findings=tuple(find_troubles(teams, zone=agreement.timezone)),
    )


def _refuse_unknown(asked: Mapping[str, int], agreement: Agreement, teams: Sequence[str]) -> None:
    unknown = sorted(set(asked) - set(teams))
    if unknown:
        raise InputError(
            where="arrivals",
            found=f"{unknown[0]!r} is no team that leads are handed to",
            expected=", ".join(teams) or "reps in one of " + ", ".join(teams_handed_to(agreement)),
        )


def _team(gathered: Gathered, team: str, asked: int | None) -> TeamPace:
    """Put together what there is of one team, and foretell its weeks."""
    queue = [one for one in gathered.queue if one.team == team]
    people = [one for one in gathered.candidates if one.team == team]
    per_week, hot = _rate(gathered, team, asked)
    best, worst = _foretell(gathered, team, queue, people, rates=(per_week, hot))
    return TeamPace(
        team=team,
        role=gathered.agreement.teams[team].role,
        behind=tuple(_behind(gathered, team)),
        backlog=len(queue),
        oldest_at=min((one.queued_at for one in queue if not one.reassigned), default=None),
        reassigned=sum(one.reassigned for one in queue),
        withheld=gathered.withheld[team],
        per_week=per_week,
        hot_per_week=hot,
        reps=tuple(_loads(gathered, people, best)),
        best=best,
        worst=worst,
    )


def _rate(gathered: Gathered, team: str, asked: int | None) -> tuple[Fraction, Fraction]:
    """Return how many leads a week come, and how many of them hot.

    Counted over the weeks behind, whole and running, or since our first hand-off, but at least over
    one week: a system that is a day old has no rate of seven times its first day.
    """
    as_of, start = gathered.periods.as_of, gathered.weeks[0].start
    since = max(start, gathered.first_at or start)
    length = Fraction((as_of - since) // _MICROSECOND, _WEEK // _MICROSECOND)
    come = sum(gathered.arrived[week.start, team] for week in gathered.weeks)
    hot = sum(gathered.hot[week.start, team] for week in gathered.weeks)
    per_week = come / max(length, Fraction(1)) if asked is None else Fraction(asked)
    return per_week, per_week * Fraction(hot, come) if come else Fraction(0)


def _foretell(
    gathered: Gathered,
    team: str,
    queue: Sequence[Waiting],
    people: Sequence[Candidate],
    *,
    rates: tuple[Fraction, Fraction],
) -> tuple[Forecast, Forecast]:
    as_of, zone = gathered.periods.as_of, gathered.agreement.timezone
    standing = Standing(
        team=team,
        as_of=as_of,
        zone=zone,
        queue=queue,
        candidates=people,
        hold_at_most=gathered.agreement.handoff.hold_at_most.delta,
        turns=gathered.turns,
    )
    weeks = len(gathered.weeks)
    per_week, hot = rates
    come = list(
        steady_arrivals(per_week=per_week, hot_per_week=hot, as_of=as_of, zone=zone, weeks=weeks)
    )
    best = forecast(standing, come, weeks=weeks)
    return best, forecast(standing, come, weeks=weeks, newcomers_first=True)


def _behind(gathered: Gathered, team: str) -> Iterator[WeekBehind]:
    for week in gathered.weeks:
        key = (week.start, team)
        yield WeekBehind(
            week=week.label,
            arrived=gathered.arrived[key],
            hot=gathered.hot[key],
            released=gathered.released[key],
            forced=gathered.over[key],
            partial=week.is_partial(gathered.periods.as_of),
        )


def _loads(gathered: Gathered, people: Sequence[Candidate], best: Forecast) -> Iterator[RepLoad]:
    as_of = gathered.periods.as_of
    left = left_today(people, periods=gathered.periods)
    for one in people:
        forced_week, forced_month = gathered.forced.get(one.rep_id, (0, 0))
        yield RepLoad(
            rep_id=one.rep_id,
            away=any(start <= as_of < end for start, end in one.absences),
            per_week=one.per_week,
            per_month=one.per_month,
            week=one.week,
            month=one.month,
            today=one.today,
            left_today=left[one.rep_id],
            forced_week=forced_week,
            forced_month=forced_month,
            expected_week=one.week + best.weeks[0].given.get(one.rep_id, 0),
        )
