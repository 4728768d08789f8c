"""What was promised in a week, a month or a span, and which findings follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pandas as pd

from accord import planning
from accord.agreement import Agreement
from accord.metrics import ALL, METRICS, Cube, Number, Period, Promise, Status, compute, promises
from accord.records import from_us, to_us
from accord.services.agreement_eras import Eras
from accord.services.agreements_over_time import begin_of

Ask = Callable[[str, str, str], Number | None]

_WEEKLY = ("mqls", "acceptance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """What the promises of a month or a span are read off.

    ``weeks`` cuts the time by ISO week up to where it stops, ``own`` holds the time itself under
    ``label``; ``eras`` tell which agreement a week was under.
    """

    agreement: Agreement
    eras: Eras
    weeks: Cube
    own: Cube
    label: str


def owed_in_week(
    agreement: Agreement,
    weeks: Cube,
    label: str,
    *,
    weekly_plan: Mapping[str, Fraction],
    partial: bool,
) -> tuple[Promise, ...]:
    """Return the promises of one week."""
    return promises(agreement, asking(weeks, label), weekly_plan=weekly_plan, partial=partial)


def owed_in(owing: Owing, period: Period) -> tuple[Promise, ...]:
    """Return the promises of a month or a span.

    Marketing's weekly terms are added up over the weeks that ended in it and began under an
    agreement, so all of them are decided; clocks count where they were met or ran out in it.
    """
    labels = tuple(_ended(owing, period))
    plans = {label: _weekly_plan(owing, label) for label in labels}
    total: dict[str, Fraction] = {}
    for plan in plans.values():
        total = {name: total.get(name, Fraction(0)) + share for name, share in plan.items()}
    own, by_week = asking(owing.own, owing.label), {one: asking(owing.weeks, one) for one in labels}

    def ask(metric: str, dimension: str, member: str) -> Number | None:
        if metric not in _WEEKLY:
            return own(metric, dimension, member)
        return _sum([by_week[label](metric, dimension, member) for label in labels])

    found = promises(owing.agreement, ask, weekly_plan=total, partial=False, weeks=len(labels))
    weekly = [
        promises(owing.agreement, by_week[label], weekly_plan=plans[label], partial=False)
        for label in labels
    ]
    return tuple(_with_weeks(place, one, weekly) for place, one in enumerate(found))


def asking(cube: Cube, label: str) -> Ask:
    """Return a function that answers for one period of a cube; each metric is counted once."""
    known: dict[tuple[str, str], dict[str, Number]] = {}

    def ask(metric: str, dimension: str, member: str) -> Number | None:
        key = (metric, dimension)
        if key not in known:
            numbers = compute(cube, METRICS[metric], dimension, periods={label})
            known[key] = {one.member: one for one in numbers}
        return known[key].get(member)

    return ask


def _ended(owing: Owing, period: Period) -> Iterator[str]:
    """Name the weeks that ended in a period, and began when something was agreed."""
    periods = owing.weeks.periods
    agreed = to_us(begin_of(owing.eras.agreements[0]))
    last = min(to_us(period.end), to_us(periods.as_of) + 1)
    edges = periods.edges_us
    for label, start, end in zip(periods.labels, edges[:-1], edges[1:], strict=True):
        if start >= agreed and to_us(period.start) < end <= last:
            yield label


def _weekly_plan(owing: Owing, label: str) -> dict[str, Fraction]:
    """Return each segment's share of the plan for a week, by the agreement of its begin."""
    periods = owing.weeks.periods
    start = from_us(periods.edges_us[periods.labels.index(label)])
    agreement = owing.eras.at(start)
    day = start.astimezone(ZoneInfo(agreement.timezone)).date()
    return planning.plan(agreement).weekly(day)


def _sum(numbers: Sequence[Number | None]) -> Number | None:
    """Add up one number of several weeks; weeks without it have none of it."""
    known = [one for one in numbers if one is not None]
    if not known:
        return None
    numerator = sum((one.numerator or Decimal(0) for one in known), Decimal(0))
    denominators = [one.denominator for one in known if one.denominator is not None]
    return replace(
        known[-1],
        numerator=numerator,
        denominator=sum(denominators, Decimal(0)) if denominators else None,
        value=None if denominators else numerator,
    )


def _with_weeks(place: int, promise: Promise, weekly: Sequence[tuple[Promise, ...]]) -> Promise:
    """Say of a weekly term in how many of the weeks it was kept."""
    if promise.kind == "clock" or not weekly:
        return promise
    each = [week[place] for week in weekly]
    due = [one for one in each if one.status is not Status.NOTHING]
    kept = sum(one.status is Status.KEPT for one in due)
    return replace(promise, terms=f"{promise.terms}; kept in {kept} of {len(due)} weeks")


def reasons_of(entries: pd.DataFrame, bounds_us: tuple[int, int]) -> dict[str, int]:
    """Count why leads came back or were disqualified, those of which a reason is known."""
    from accord.report.sections.returns import returned_by_reason

    start, end = bounds_us
    counted: dict[str, int] = {}
    for (_outcome, reason), found in returned_by_reason(entries, start, end - 1).items():
        if reason:
            counted[reason] = counted.get(reason, 0) + found
    return counted


def told_of(cube: Cube, label: str | None) -> dict[tuple[str, str, str], Number]:
    """Return the numbers of a period that findings look at; none without a period."""
    if label is None:
        return {}
    return {
        (one.metric, one.dimension, one.member): one
        for name, by in _TOLD
        for one in compute(cube, METRICS[name], by, periods={label})
    }


_TOLD = (
    *(("speed_to_lead_business", ALL), ("first_touch_met_share", "rep"), ("spend", "channel")),
    *(("mqls", "channel"), ("won", ALL), ("revenue", ALL)),
)
"""The metrics that findings look at, and by what."""
