"""What was agreed for each day, a second time: exact fractions, day by day.

A day of a planning period is worth what brings the sum since the period's begin to its exact share,
rounded down to whole cents, or to millionths of a lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pandas as pd

from accord.agreement import Agreement
from accord.ledger import Ledger, tables
from accord.records import to_us

_FIRST_MONTHS = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}
_WAYS = {
    "mql": (),
    "sql": ("mql_to_sql",),
    "opportunity": ("mql_to_sql", "sql_to_opportunity"),
    "deal": (
        *("mql_to_sql", "sql_to_opportunity", "opportunity_to_proposal"),
        *("proposal_to_contracting", "contracting_to_deal"),
    ),
}


def add_goals(found, ledger: Ledger, agreements: Sequence[Agreement], *, until: datetime) -> None:
    """Make the tables goal_days, goal_periods and rep_days in DuckDB.

    ``agreements`` follow one another: a day counts by the one whose first day came last.
    """
    first, zone = agreements[0].effective_from, agreements[0].timezone
    days = [(day, _in_force(agreements, day)) for day in _days(first, until, zone)]
    begins = [one.effective_from for one in agreements]
    goals = [row for day, one in days for row in _goals(day, one, begins)]
    with ledger.read() as connection:
        reps = connection.execute(tables.rep.select()).mappings().all()
        posted = connection.execute(tables.posting.select()).mappings().all()
    staffed = [row for day, one in days for rep in reps for row in _staffed(day, rep, posted, one)]
    periods = {
        (one["from_us"], one["until_us"], one["segment"], one["whole"]): one for one in goals
    }
    for name, rows in (
        ("goal_days", goals),
        ("goal_periods", list(periods.values())),
        ("rep_days", staffed),
    ):
        frame = pd.DataFrame(rows)
        found.register("given", frame)
        found.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
        found.unregister("given")


def _in_force(agreements: Sequence[Agreement], day: date) -> Agreement:
    return max(
        (one for one in agreements if one.effective_from <= day), key=lambda one: one.effective_from
    )


def _days(first: date, until: datetime, zone: str):
    day = first
    while day <= until.astimezone(ZoneInfo(zone)).date():
        yield day
        day += timedelta(days=1)


def _at(day: date, zone: str) -> int:
    return to_us(datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC))


def _period(day: date, kind: str) -> tuple[date, date]:
    """The first day of the period, and the first day after it."""
    starts = [
        date(year, month, 1) for year in (day.year, day.year + 1) for month in _FIRST_MONTHS[kind]
    ]
    begun = max(one for one in starts if one <= day)
    return begun, min(one for one in starts if one > day)


def _share(figure: Fraction, day: date, kind: str, units: int) -> int:
    first, following = _period(day, kind)
    length, before = (following - first).days, (day - first).days
    return int(figure * units * (before + 1) / length) - int(figure * units * before / length)


def _goals(day: date, agreement: Agreement, begins: Sequence[date]):
    targets = agreement.targets
    kind, zone = targets.period, agreement.timezone
    first, following = _period(day, kind)
    rates = {name: Fraction(getattr(targets.conversion, name)) for name in _WAYS["deal"]}
    closing = Fraction(1)
    for rate in rates.values():
        closing *= rate
    for segment, target in targets.segments.items():
        revenue = Fraction(target.revenue)
        mqls = revenue * Fraction(targets.marketing_share) / Fraction(target.average_deal) / closing
        if target.mqls is not None:
            mqls = Fraction(target.mqls)
        row = {
            "at_us": _at(day, zone),
            "segment": segment,
            "cents": _share(revenue, day, kind, 100),
            "from_us": _at(max(first, agreement.effective_from), zone),
            "until_us": _at(min([following, *(one for one in begins if one > day)]), zone),
            "whole": int(revenue * 100),
        }
        for stage, way in _WAYS.items():
            figure = mqls
            for step in way:
                figure *= rates[step]
            row[stage] = _share(figure, day, kind, 1_000_000)
        yield row


def _staffed(day: date, rep, posted, agreement: Agreement):
    zone = agreement.timezone
    start = datetime.combine(day, time(), ZoneInfo(zone))
    end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    if rep["left_at"] is not None and rep["left_at"] <= start:
        return
    for pair in (rep["absences"] or "").split(";"):
        if pair:
            since, until = (datetime.fromisoformat(text) for text in pair.split("/"))
            if since <= start and until >= end:
                return
    held = [row for row in posted if row["rep_id"] == rep["rep_id"] and row["since"] <= start]
    team = max(held, key=lambda row: row["since"])["team"] if held else rep["team"]
    quota = agreement.teams[team].quota
    can_take = rep["per_week"]
    yield {
        "at_us": _at(day, zone),
        "rep_id": rep["rep_id"],
        "team": team,
        "role": rep["role"],
        "can_take": agreement.handoff.capacity.per_week if can_take is None else can_take,
        "quota": None if quota is None else _share(Fraction(quota.revenue), day, quota.per, 100),
    }
