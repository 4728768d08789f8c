"""Speed to lead over a window, in its two parts: by the wall and in business time, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.metric_rows import read_raw
from accord.metrics import (
    ALL,
    METRICS,
    NONE,
    SPEED_TABLES,
    Cube,
    Number,
    Periods,
    compute,
    count_buckets,
    duration,
    window,
    with_speeds,
)
from accord.services.measure import When, bound
from accord.services.workspace import Workspace

BY = ("team", "rep", "segment")
"""What speed may be asked by."""

_PARTS = (
    ("system", "system_delay", "assigned_us"),
    ("rep", "rep_delay", "touched_us"),
    ("total", "lead_response", "touched_us"),
)
_KINDS = (("wall", "", "_us"), ("business", "_business", "_open_us"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of one member's answers: how many, median and p90 in minutes, and the buckets.

    ``kind`` is wall or business. ``count`` is how many waits are known.
    """

    member: str
    part: str
    kind: str
    count: int
    median: Decimal | None
    p90: Decimal | None
    buckets: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: minutes as decimal text."""
        return {
            "n": self.count,
            "median_minutes": self.median,
            "p90_minutes": self.p90,
            "median": duration(self.median),
            "p90": duration(self.p90),
            "buckets": dict(self.buckets),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast leads were answered in a window.

    ``parts`` come member by member (all of them first), each with system delay (arrival to
    assignment), rep delay (assignment to first touch) and total, by the wall and in business time.
    ``calendar`` is what business time was counted on, None where each clock's own.
    """

    since: str | None
    until: str | None
    by: str | None
    calendar: str | None
    zone: str | None
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        members: dict[str, dict[str, dict[str, Any]]] = {}
        for each in self.parts:
            of_member = members.setdefault(each.member, {})
            of_member.setdefault(each.part, {})[each.kind] = each.as_dict()
        return {
            "from": self.since,
            "to": self.until,
            "by": self.by,
            "calendar": self.calendar,
            "timezone": self.zone,
            "members": [{"member": name, **parts} for name, parts in members.items()],
        }


def read_speed(
    workspace: Workspace,
    *,
    as_of: datetime,
    since: When = None,
    until: When = None,
    calendar: str | None = None,
    by: str | None = None,
) -> Speed:
    """Read how fast leads were answered, from the ledger.

    ``since`` and ``until`` are days of the agreement's zone, both included: of the assignment for
    the system delay, of the touch for the others. Business time is by each clock's own calendar,
    or by ``calendar``, a name of the agreement in force. InputError on an unknown calendar,
    dimension or day.
    """
    agreement = workspace.agreement(as_of)
    _refuse_unknown(agreement, calendar, by)
    first = bound(since, "--since", agreement.timezone)
    last = bound(until, "--until", agreement.timezone, whole_day=True)
    periods = window(first, last, as_of=as_of)
    frame = _read_frame(workspace, agreement, calendar)
    return Speed(
        since=None if since is None else str(since),
        until=None if until is None else str(until),
        by=by,
        calendar=calendar,
        zone=None if calendar is None else str(agreement.calendars[calendar]["timezone"]),
        parts=tuple(_parts(frame, periods, by)),
    )


def _refuse_unknown(agreement: Agreement, calendar: str | None, by: str | None) -> None:
    if calendar is not None and calendar not in agreement.calendars:
        raise InputError(
            where="--calendar",
            found=f"{calendar!r} is unknown",
            expected=", ".join(agreement.calendars),
        )
    if by is not None and by not in BY:
        raise InputError(where="--by", found=f"{by!r}", expected=", ".join(BY))


def _read_frame(workspace: Workspace, agreement: Agreement, calendar: str | None) -> pd.DataFrame:
    with workspace.ledger.read() as connection:
        raw = {table: read_raw(connection, table) for table in SPEED_TABLES}
    frame = with_speeds(raw, agreement, calendar=calendar)
    teams = dict(zip(raw["rep"]["rep"], raw["rep"]["team"], strict=True))
    return frame.assign(team=frame["team"].fillna(frame["rep"].map(teams).astype("str")))


def _parts(frame: pd.DataFrame, periods: Periods, by: str | None) -> Iterator[Part]:
    yield from _of_member(frame, periods, ALL)
    if by is None:
        return
    members = frame[by].fillna("").astype("str")
    for member in sorted(members.unique(), key=lambda name: (not name, name)):
        yield from _of_member(frame[members == member], periods, member or NONE)


def _of_member(frame: pd.DataFrame, periods: Periods, member: str) -> Iterator[Part]:
    cube = Cube({"speeds": frame}, periods)
    for part, metric, at in _PARTS:
        inside = _inside(frame[at], periods)
        for kind, suffix, ending in _KINDS:
            median = compute(cube, METRICS[f"{metric}{suffix}"])[0]
            p90 = compute(cube, METRICS[f"{metric}{suffix}_p90"])[0]
            waits = frame.loc[inside, f"{part}{ending}"].dropna()
            yield Part(
                member=member,
                part=part,
                kind=kind,
                count=_count(median),
                median=median.value,
                p90=p90.value,
                buckets=count_buckets(waits.astype("int64").tolist()),
            )


def _inside(at: pd.Series[Any], periods: Periods) -> pd.Series[Any]:
    found: pd.Series[Any] = (at >= periods.edges_us[0]) & (at < periods.horizons_us[-1])
    return found.fillna(value=False)


def _count(number: Number) -> int:
    return int(number.denominator or 0)
