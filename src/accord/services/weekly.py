"""The stage ``weekly``: every metric, by week and dimension, stored so that it can be held to.

A week's numbers see what had happened by its end. While a week runs its rows are marked partial and
replaced; once it has closed, a number that changes because something was told late is a new
revision, and is said (law L8). The same numbers write nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.metric_rows import (
    delete_numbers,
    read_closed_periods,
    read_newest_numbers,
    read_since,
    write_numbers,
)
from accord.ledger.revision_rows import read_revisions
from accord.metrics import (
    ALL,
    LONGEST_COHORT,
    METRICS,
    Cube,
    Cut,
    Metric,
    Number,
    Periods,
    compute,
    cut,
    dimensions_of,
    week_named,
)
from accord.records import from_us, to_text
from accord.services.measure import read_facts
from accord.services.weekly_news import find_news
from accord.services.workspace import Workspace

_NEED = "weekly"
ALWAYS_BY = (ALL, "segment", "channel")
_LEAD_IN = timedelta(weeks=Cut.WEEK.span) * LONGEST_COHORT
_BEFORE = timedelta(weeks=Cut.WEEK.span - 1, days=1)
"""How far before a week the first begins that its cohort of a quarter is made of, and an hour more
where clocks changed meanwhile."""

Key = tuple[str, str, str, str]
Stored = tuple[tuple[Metric, str], ...]
"""Metrics, each with a dimension that it is stored by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A number of a closed week that is not what it was."""

    period: str
    metric: str
    dimension: str
    member: str
    revision: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyResult:
    """The weeks looked at, rows written, and numbers of closed weeks that changed.

    ``why_all`` says why every week was looked at, where none was named and it had to be.
    """

    weeks: tuple[str, ...]
    written: int
    restated: int
    restatements: tuple[Restatement, ...] = ()
    why_all: str | None = None


EVERY_WEEK = "every week"
"""Asks for all weeks, whatever may have changed."""


def run_weekly(
    workspace: Workspace, *, as_of: datetime, weeks: Sequence[str] | str | None = None
) -> WeeklyResult:
    """Compute and store the metrics of the weeks that can have changed since the last run.

    Those are the running one, those that closed since, and every week from the first that news
    touches (:mod:`accord.services.weekly_news`): the stored rows are the same as if all weeks up to
    ``as_of`` were computed, which :data:`EVERY_WEEK` asks for. Weeks can be named instead.
    Numbers, and what they were counted from, are stored in one transaction. InputError if a name
    is no ISO week.
    """
    with workspace.ledger.lease(_NEED):
        agreement = workspace.agreement(as_of)
        with workspace.ledger.read() as connection:
            first = read_since(connection)
            if first is None or first > as_of:
                return WeeklyResult(weeks=(), written=0, restated=0)
            named = None if weeks is None or isinstance(weeks, str) else tuple(weeks)
            news = None
            if named is None:
                news = find_news(connection, agreement, first=first, as_of=as_of)
        if news is not None and news.since is not None and weeks is None:
            named = _from(agreement, max(first, news.since), as_of=as_of)
        periods = weeks_to_compute(agreement, first, named, as_of=as_of)
        wanted = tuple(label for label in periods.labels if named is None or label in set(named))
        if not wanted:
            return WeeklyResult(weeks=(), written=0, restated=0)
        numbers = compute_weeks(workspace, agreement, periods, wanted)
        with workspace.ledger.begin() as connection:
            result = store_numbers(connection, numbers, periods, wanted)
            if news is not None:
                news.keep(connection)
        return result if news is None else replace(result, why_all=news.why_all)


def _from(agreement: Agreement, since: datetime, *, as_of: datetime) -> tuple[str, ...]:
    first = min(since, as_of)
    return cut(Cut.WEEK, first=first, as_of=as_of, zone=agreement.timezone).labels


def weeks_to_compute(
    agreement: Agreement, since: datetime, weeks: Sequence[str] | None, *, as_of: datetime
) -> Periods:
    """Cut the weeks from the first fact to ``as_of``; with names, from two years before the first.

    The weeks before are needed because a cohort counts for a quarter, or for eight.
    """
    first = since
    if weeks:
        starts = [week_named(label, agreement.timezone).start for label in weeks]
        first = max(first, min(starts) - _LEAD_IN)
    return cut(Cut.WEEK, first=first, as_of=as_of, zone=agreement.timezone)


def compute_weeks(
    workspace: Workspace, agreement: Agreement, periods: Periods, wanted: Sequence[str]
) -> dict[Key, Number]:
    """Compute every metric by every dimension it is stored by, of the wanted weeks."""
    starts = dict(zip(periods.labels, periods.edges_us[:-1], strict=True))
    first = min(wanted, key=starts.__getitem__)
    shown = from_us(starts[first])
    facts = read_facts(
        workspace, agreement, as_of=periods.as_of, since=shown - _BEFORE, shown=shown
    )
    return compute_stored(Cube(facts, periods, shown=first), frozenset(wanted), STORED)


def compute_stored(cube: Cube, wanted: Collection[str], stored: Stored) -> dict[Key, Number]:
    """Compute these metrics, each by its dimension, of the wanted periods of a cube."""
    return {
        (number.period, number.metric, number.dimension, number.member): number
        for metric, dimension in stored
        for number in compute(cube, metric, dimension, periods=wanted)
    }


def _stored_dimensions(metric: Metric) -> Iterator[str]:
    known = dimensions_of(metric)
    wanted = dict.fromkeys((*ALWAYS_BY, *metric.weekly))
    yield from (dimension for dimension in wanted if dimension in known)


STORED: Stored = tuple(
    (metric, dimension) for metric in METRICS.values() for dimension in _stored_dimensions(metric)
)
"""Every metric by each dimension that it is stored by every week."""


def store_numbers(
    connection: Connection, numbers: Mapping[Key, Number], periods: Periods, wanted: Sequence[str]
) -> WeeklyResult:
    """Store the numbers of these periods; of a closed one a changed number is a new revision."""
    stored = {_key(row): row for row in read_newest_numbers(connection, wanted)}
    closed = read_closed_periods(connection, wanted)
    partial = dict(zip(periods.labels, periods.partial, strict=True))
    rows: list[dict[str, Any]] = []
    restatements: list[Restatement] = []
    gone = [stored[key] for key in stored.keys() - numbers.keys() if stored[key]["partial"]]
    for key, number in _with_vanished(numbers, stored):
        row = _row(number, partial=partial[number.period], as_of=periods.as_of)
        before = stored.get(key)
        if _is_same(before, row) or (row["partial"] and number.period in closed):
            continue
        if number.period in closed and not row["partial"]:
            row["revision"] = before["revision"] + 1 if before else 1
            restatements.append(_restated(row, before))
        rows.append(row)
    delete_numbers(connection, gone)
    write_numbers(connection, rows)
    return WeeklyResult(
        weeks=tuple(wanted),
        written=len(rows),
        restated=len(restatements),
        restatements=tuple(restatements),
    )


def _with_vanished(
    numbers: Mapping[Key, Number], stored: Mapping[Key, Mapping[str, Any]]
) -> Iterator[tuple[Key, Number]]:
    """Yield every number, then those a closed week held and of which no fact is left: zero now."""
    yield from numbers.items()
    for key in stored.keys() - numbers.keys():
        if stored[key]["metric"] in METRICS and not stored[key]["partial"]:
            yield key, _nothing(key)


def _nothing(key: Key) -> Number:
    period, name, dimension, member = key
    metric = METRICS[name]
    divided = metric.is_divided
    return Number(
        period=period,
        metric=name,
        dimension=dimension,
        member=member,
        numerator=None if metric.quantile is not None else Decimal(0),
        denominator=Decimal(0) if divided else None,
        value=None if divided else Decimal(0),
    )


def _key(row: Mapping[str, Any]) -> Key:
    return (row["period"], row["metric"], row["dimension"], row["member"])


def _row(number: Number, *, partial: bool, as_of: datetime) -> dict[str, Any]:
    return {
        "period": number.period,
        "metric": number.metric,
        "dimension": number.dimension,
        "member": number.member,
        "revision": 1,
        "numerator": _text(number.numerator),
        "denominator": _text(number.denominator),
        "value": _text(number.value),
        "low": _text(number.low),
        "high": _text(number.high),
        "partial": partial,
        "computed_at": as_of,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


_SAID = ("numerator", "denominator", "value", "partial")


def _is_same(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    return before is not None and all(before[name] == row[name] for name in _SAID)


def _restated(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> Restatement:
    return Restatement(
        period=row["period"],
        metric=row["metric"],
        dimension=row["dimension"],
        member=row["member"],
        revision=row["revision"],
        before=None if before is None else before["value"],
        after=row["value"],
    )


def read_log(workspace: Workspace, *, since: datetime | None = None) -> list[dict[str, Any]]:
    """Return each change of a closed week's number, the oldest first; from ``since`` on, if given.

    One plain dict a change: when (an ISO instant), period, metric, dimension, member, revision,
    was, is; a value that is missing is None.
    """
    with workspace.ledger.read() as connection:
        rows = read_revisions(connection, since=since)
    return [
        {
            "when": to_text(row["computed_at"]),
            **{name: row[name] for name in ("period", "metric", "dimension", "member", "revision")},
            "was": row["was"],
            "is": row["value"],
        }
        for row in rows
    ]


def said(restatements: Iterable[Restatement]) -> Iterator[str]:
    """Say each restatement in a line."""
    for one in restatements:
        who = "" if one.dimension == ALL else f" of {one.dimension} {one.member or 'none'}"
        yield f"{one.period} {one.metric}{who}: {one.before} is now {one.after}"
