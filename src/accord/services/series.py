"""One metric over time: a number of every day, week or month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accord.errors import InputError
from accord.ledger.metric_rows import read_since
from accord.metrics import (
    ALL,
    NONE,
    Cube,
    Cut,
    Metric,
    Number,
    Periods,
    compute,
    cut,
    find_dimension,
    find_metric,
)
from accord.records import from_us, to_us
from accord.services.measure import When, bound, plain_number, read_facts
from accord.services.workspace import Workspace

_INSTANT = timedelta(microseconds=1)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric's numbers by period and member, in the order of time; ``partial`` ones are marked.

    Days, weeks and months are the agreement's, and whole: the first is the one that holds
    ``since``.
    """

    metric: Metric
    by: str | None
    every: Cut
    currency: str
    rows: tuple[Number, ...]
    partial: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: numbers as numbers, missing ones as null."""
        return {
            "metric": self.metric.name,
            "title": self.metric.title,
            "unit": self.metric.unit.value,
            "formula": self.metric.formula,
            "by": self.by,
            "every": self.every.value,
            "rows": [self._plain(row) for row in self.rows],
        }

    def _plain(self, row: Number) -> dict[str, Any]:
        return {
            "period": row.period,
            "partial": row.period in self.partial,
            "member": ALL if row.dimension == ALL else row.member or NONE,
            **plain_number(row, self.metric, currency=self.currency),
        }


def measure_series(  # noqa: PLR0913  one argument a thing that can be asked
    workspace: Workspace,
    name: str,
    *,
    every: str,
    by: str | None = None,
    since: When = None,
    until: When = None,
    as_of: datetime,
) -> Series:
    """Compute one metric of every day, week or month that ``since`` to ``until`` touch.

    Both are days of the agreement's zone, included; without them from the first fact to ``as_of``.
    InputError on an unknown metric, dimension, day or kind of period.
    """
    metric, kind = find_metric(name), _cut_named(every)
    dimension = find_dimension(metric, by or ALL)
    agreement = workspace.agreement(as_of)
    first = bound(since, "--from", agreement.timezone)
    last = bound(until, "--to", agreement.timezone, whole_day=True)
    end = as_of if last is None else min(as_of, last - _INSTANT)
    start = min(first or _first_fact(workspace) or end, end)
    back = start - _WEEK * Cut.WEEK.span * metric.reach
    periods = cut(kind, first=back, as_of=end, zone=agreement.timezone)
    facts = read_facts(
        workspace, agreement, metric.frames, as_of=end, since=from_us(periods.edges_us[0])
    )
    shown = frozenset(_from(periods, start))
    rows = compute(Cube(facts, periods), metric, dimension, periods=shown)
    ends = zip(periods.labels, periods.partial, strict=True)
    return Series(
        metric=metric,
        by=by,
        every=kind,
        currency=agreement.currency,
        rows=tuple(sorted(rows, key=lambda row: (row.period, row.member == "", row.member))),
        partial=frozenset(label for label, is_partial in ends if is_partial),
    )


def _first_fact(workspace: Workspace) -> datetime | None:
    with workspace.ledger.read() as connection:
        return read_since(connection)


def _from(periods: Periods, start: datetime) -> Iterator[str]:
    """Name the periods that end after an instant."""
    begun = to_us(start)
    ends = zip(periods.labels, periods.edges_us[1:], strict=True)
    yield from (label for label, edge in ends if edge > begun)


def _cut_named(every: str) -> Cut:
    try:
        return Cut(every)
    except ValueError:
        raise InputError(
            where="--every", found=f"{every!r}", expected="day, week or month"
        ) from None
