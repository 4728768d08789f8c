"""One metric from the ledger, over all time or a window, by one dimension."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from accord.agreement import Agreement
from accord.errors import InputError
from accord.metrics import (
    ALL,
    FRAMES,
    NONE,
    WINDOW,
    Cube,
    Metric,
    Number,
    Spread,
    compute,
    find_dimension,
    find_metric,
    midnight,
    spread,
    window,
    worded,
)
from accord.records import from_us
from accord.services.raw_tables import Question, read_frames
from accord.services.workspace import Workspace

When = date | datetime | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric's numbers: one a member of the dimension (largest base first), and the total.

    ``since`` and ``until`` are as asked for; ``spreads`` stand beside medians and percentiles.
    """

    metric: Metric
    by: str | None
    since: str | None
    until: str | None
    currency: str
    rows: tuple[Number, ...]
    total: Number
    spreads: dict[tuple[str, str], Spread]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: numbers as numbers, missing ones as null."""
        return {
            "metric": self.metric.name,
            "title": self.metric.title,
            "unit": self.metric.unit.value,
            "formula": self.metric.formula,
            "by": self.by,
            "from": self.since,
            "to": self.until,
            "rows": [{"member": self._member(row), **self._plain(row)} for row in self.rows],
            "total": self._plain(self.total),
        }

    @staticmethod
    def _member(row: Number) -> str:
        if row.dimension == ALL:
            return ALL
        return row.member or NONE

    def _plain(self, row: Number) -> dict[str, Any]:
        spread_of = self.spreads.get((row.dimension, row.member))
        said = plain_number(row, self.metric, currency=self.currency)
        return said | ({} if spread_of is None else _spread(spread_of))


def measure(
    workspace: Workspace,
    name: str,
    *,
    by: str | None = None,
    since: When = None,
    until: When = None,
    as_of: datetime,
) -> Measured:
    """Compute one metric from what the ledger holds.

    ``since`` and ``until`` are days of the agreement's zone, both included (or instants, the last
    excluded); without them all facts up to ``as_of`` count, undated ones too. InputError on an
    unknown metric, dimension or day.
    """
    metric = find_metric(name)
    dimension = find_dimension(metric, by or ALL)
    agreement = workspace.agreement(as_of)
    first = bound(since, "--from", agreement.timezone)
    last = bound(until, "--to", agreement.timezone, whole_day=True)
    periods = window(first, last, as_of=as_of, before=metric.is_compared)
    facts = read_facts(
        workspace,
        agreement,
        metric.frames,
        as_of=as_of,
        since=None if first is None else from_us(periods.edges_us[0]),
    )
    cube = Cube(facts, periods)
    total, rows = (compute(cube, metric, each, periods={WINDOW}) for each in (ALL, dimension))
    return Measured(
        metric=metric,
        by=by,
        since=None if since is None else str(since),
        until=None if until is None else str(until),
        currency=agreement.currency,
        rows=tuple(sorted(rows, key=_largest_first)),
        total=total[0],
        spreads={} if metric.quantile is None else spread(cube, metric, (ALL, dimension)),
    )


def read_facts(
    workspace: Workspace,
    agreement: Agreement,
    frames: Iterable[str] = tuple(FRAMES),
    *,
    as_of: datetime,
    since: datetime | None = None,
    shown: datetime | None = None,
) -> dict[str, pd.DataFrame]:
    """Read the fact frames of those names from the ledger, for periods from ``since`` on.

    ``as_of`` is where the last of them stops to count, ``shown`` where the first begins of which
    numbers are wanted, if cohorts of earlier ones are needed for it.
    """
    path = workspace.settings.agreement
    asked = Question(
        agreement=agreement, path=path, as_of=as_of, since=since, shown=shown, frames=tuple(frames)
    )
    return read_frames(workspace.ledger, asked)


def bound(when: When, where: str, zone: str, *, whole_day: bool = False) -> datetime | None:
    """Return the instant a day begins at in a zone, or ends at with ``whole_day``.

    An instant is itself, None stays None. InputError names the option (``where``) if it is no day.
    """
    if when is None or isinstance(when, datetime):
        return when
    try:
        day = when if isinstance(when, date) else date.fromisoformat(when)
    except ValueError:
        raise InputError(
            where=where, found=f"{when!r} is no day", expected="a day such as 2026-11-21"
        ) from None
    return midnight(day + timedelta(days=1) if whole_day else day, zone)


def _largest_first(row: Number) -> tuple[bool, Decimal, str]:
    """Order by base (denominator, else value), those without a member last."""
    base = row.denominator if row.denominator is not None else row.value
    return (row.member == "", -(base or Decimal(0)), row.member)


def plain_number(row: Number, metric: Metric, *, currency: str) -> dict[str, Any]:
    """Return a number as plain values, with its interval if it is a share of some."""
    sure = {} if row.limits is None else {"low": _number(row.low), "high": _number(row.high)}
    return {
        "numerator": _number(row.numerator),
        "denominator": _number(row.denominator),
        "value": _number(row.value),
        **sure,
        "shown": worded(row.value, metric.unit, currency=currency),
    }


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _spread(found: Spread) -> dict[str, Any]:
    return {
        "count": found.count,
        "median": _number(found.median),
        "p90": _number(found.p90),
        "max": _number(found.largest),
    }
