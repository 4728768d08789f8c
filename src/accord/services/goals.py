"""What was agreed to be reached, as tables that metrics count: goals by day, and reps' days.

Each day is worth its levelled share of the period's figure, by the agreement in force as the day
begins: what was agreed later rewrites no day before it. Before the first agreement's first day
nothing was agreed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from accord import planning
from accord.agreement import Agreement
from accord.calendars import Span
from accord.ledger import Ledger
from accord.ledger.clock_rows import read_reps
from accord.ledger.posting_rows import read_postings
from accord.metrics import midnight
from accord.records import to_us
from accord.services.agreement_eras import Eras, read_eras
from accord.services.agreements_over_time import begin_of
from accord.services.clock_records import reps_of
from accord.sla import Rep, posting_at

Row = dict[str, Any]
Day = tuple[date, datetime, datetime, Agreement]
"""A day of the agreement's zone, the instants at which it begins and ends, what is in force."""

_ONE = timedelta(days=1)
_CENTS, _MICROS = 100, 1_000_000
_PLANNED = ("mql", "sql", "opportunity", "deal")


def read_agreed_days(
    connection: Connection,
    ledger: Ledger,
    agreement: Agreement,
    *,
    as_of: datetime,
    since: datetime | None = None,
) -> tuple[Day, ...]:
    """Return every day from the first agreement's first to that of ``as_of``.

    ``since`` leaves out the days that ended by then, but for the first: that tells since when
    anything is agreed.
    """
    eras = read_eras(connection, ledger, agreement, as_of=as_of)
    zone = ZoneInfo(agreement.timezone)
    first = begin_of(eras.agreements[0]).astimezone(zone).date()
    asked = first if since is None else max(first, since.astimezone(zone).date())
    last = as_of.astimezone(zone).date()
    days = dict.fromkeys((first, *_run(asked, last))) if first <= last else {}
    return tuple(_day(day, eras, agreement.timezone) for day in days)


def _run(day: date, last: date) -> Iterator[date]:
    while day <= last:
        yield day
        day += _ONE


def _day(day: date, eras: Eras, zone: str) -> Day:
    start = midnight(day, zone)
    return day, start, midnight(day + _ONE, zone), eras.at(start)


def goals(days: Iterable[Day]) -> pd.DataFrame:
    """One row a day and segment: its share of the revenue goal, and of each stage's plan.

    ``at_us`` the day's begin, ``segment``, ``revenue_cents``, and ``mql_micros sql_micros
    opportunity_micros deal_micros`` in millionths.
    """
    plans: dict[str, planning.Plan] = {}
    rows = [row for day in days for row in _goals_of(*day, plans)]
    names = ("revenue_cents", *(f"{stage}_micros" for stage in _PLANNED))
    return _frame(rows, texts=("segment",), wholes=("at_us", *names))


def _goals_of(
    day: date,
    start: datetime,
    _end: datetime,
    agreement: Agreement,
    plans: dict[str, planning.Plan],
) -> Iterator[Row]:
    key = agreement.fingerprint
    plan = plans[key] = plans.get(key) or planning.plan(agreement)
    for one in plan.segments:
        goal = Fraction(agreement.targets.segments[one.segment].revenue)
        yield {
            "at_us": to_us(start),
            "segment": one.segment,
            "revenue_cents": planning.share_of_day(goal, day, plan.period, units=_CENTS),
            **{
                f"{stage}_micros": planning.share_of_day(
                    one.figures[stage], day, plan.period, units=_MICROS
                )
                for stage in _PLANNED
            },
        }


def targets(days: Iterable[Day], zone: str) -> pd.DataFrame:
    """One row a planning period and segment: the revenue goal that stands in it.

    ``from_us`` and ``until_us`` are the period's begin and end, or when another agreement took
    over; ``segment``, ``revenue_cents``.
    """
    rows = [row for day in days for row in _targets_of(*day, zone)]
    wholes = ("from_us", "until_us", "revenue_cents")
    frame = _frame(rows, texts=("segment",), wholes=wholes)
    keys = ["segment", "until_us", "revenue_cents"]
    joined = frame.groupby(keys, sort=False)["from_us"].min().reset_index()
    following = joined.sort_values("from_us").groupby("segment")["from_us"].shift(-1)
    ends = joined["until_us"].where(following.isna() | (joined["until_us"] <= following), following)
    return joined.assign(until_us=ends)


def _targets_of(
    day: date, start: datetime, _end: datetime, agreement: Agreement, zone: str
) -> Iterator[Row]:
    end = midnight(planning.period_end(agreement.targets.period, day) + _ONE, zone)
    for segment, target in agreement.targets.segments.items():
        yield {
            "from_us": to_us(start),
            "until_us": to_us(end),
            "segment": segment,
            "revenue_cents": int(target.revenue * _CENTS),
        }


def rep_days(connection: Connection, days: Sequence[Day]) -> pd.DataFrame:
    """One row a rep and day on which the rep was there: not absent all day, and not gone.

    ``at_us`` the day's begin, ``rep``, ``team`` (as held then), ``role``, ``rep_sevenths`` (a day
    is one of seven of a week), ``capacity_sevenths`` (leads a week that the rep can take) and
    ``quota_cents``, the day's share of what a rep of the team is to win.
    """
    rows = read_reps(connection)
    reps = reps_of(rows, read_postings(connection))
    found = [one for row in rows for one in _days_of(row, reps[row["rep_id"]], days)]
    wholes = ("at_us", "rep_sevenths", "capacity_sevenths", "quota_cents")
    return _frame(found, texts=("rep", "team", "role"), wholes=wholes)


def _days_of(row: Any, rep: Rep, days: Sequence[Day]) -> Iterator[Row]:
    for day, start, end, agreement in days:
        gone = row["left_at"] is not None and row["left_at"] <= start
        if gone or _is_away(rep.absences, start, end):
            continue
        held = posting_at(rep.postings, start)
        team = rep.team if held is None else held.team
        own = row["per_week"]
        yield {
            "at_us": to_us(start),
            "rep": row["rep_id"],
            "team": team,
            "role": row["role"],
            "rep_sevenths": 1,
            "capacity_sevenths": agreement.handoff.capacity.per_week if own is None else own,
            "quota_cents": _quota(agreement, team, day),
        }


def _is_away(absences: Sequence[Span], start: datetime, end: datetime) -> bool:
    return any(since <= start and end <= until for since, until in absences)


def _quota(agreement: Agreement, team: str | None, day: date) -> int | None:
    terms = agreement.teams.get(team or "")
    if terms is None or terms.quota is None:
        return None
    return _quota_share(Fraction(terms.quota.revenue), day, terms.quota.per)


@lru_cache(maxsize=4096)
def _quota_share(figure: Fraction, day: date, per: planning.Period) -> int:
    return planning.share_of_day(figure, day, per, units=_CENTS)


def _frame(rows: list[Row], *, texts: Sequence[str], wholes: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **{name: pd.Series([row[name] for row in rows], dtype="str") for name in texts},
            **{name: pd.array([row[name] for row in rows], dtype="Int64") for name in wholes},
        }
    )
