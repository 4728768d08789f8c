"""The worked tables of docs/levelling.md are what routing does, and what the forecast says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from accord.agreement import parse_duration
from accord.routing import Arrival, Standing, forecast
from tests.conftest import ROOT
from tests.routing.office import ZONE, Office, lead, rep
from tests.routing.test_forecast import DAY, MIDNIGHT, NINE, WEEK

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WORKED = re.compile(
    r"<!-- worked by (?P<by>week|day): (?P<when>mondays|weekdays) (?P<counts>[\d, ]+);"
    r" capacity (?P<capacity>\d+); hold (?P<hold>\w+)(?:; week (?P<week>\d+))? -->\n\n"
    r"\|[^\n]+\|\n\|[-:| ]+\|\n(?P<rows>(?:\|[^\n]+\|\n)+)"
)
Numbers = tuple[int, int, int, int]


@dataclass(frozen=True)
class Worked:
    """One table of the page: its terms, and its rows by their first column."""

    terms: dict[str, str]
    rows: dict[str, Numbers]

    @property
    def hold(self) -> timedelta:
        return parse_duration(self.terms["hold"]).delta

    @property
    def capacity(self) -> int:
        return int(self.terms["capacity"])

    @property
    def arrivals(self) -> list[Arrival]:
        days = range(5) if self.terms["when"] == "weekdays" else range(1)
        counts = [int(count) for count in self.terms["counts"].split(",")]
        return [
            Arrival(at=NINE + week * WEEK + day * DAY, leads=count)
            for week, count in enumerate(counts)
            for day in days
        ]


def worked() -> list[Worked]:
    text = (ROOT / "docs" / "levelling.md").read_text(encoding="utf-8")
    tables = []
    for found in _WORKED.finditer(text):
        rows = {}
        for line in found["rows"].strip().split("\n"):
            name, *numbers = (cell.strip() for cell in line.strip("|").split("|"))
            rows[name] = tuple(int(number) for number in numbers)
        tables.append(Worked(found.groupdict(), rows))
    return tables


def by_day(table: Worked, *, weeks: int) -> list[Numbers]:
    """Run an office of one rep every hour; one row a day."""
    office, found, number = Office([rep("a", per_week=table.capacity)], table.hold), [], 0
    coming = {one.at: one.leads for one in table.arrivals}
    for day in range(7 * weeks):
        before, arrived = len(office.given), 0
        for at in _hours(MIDNIGHT + day * DAY):
            count = coming.get(at, 0)
            office.run(at, [lead(number + n, at=at) for n in range(count)])
            number, arrived = number + count, arrived + count
        given = office.given[before:]
        forced = sum(one.assignment.forced for one in given)
        found.append((arrived, len(given), forced, len(office.queue)))
    return found


def _hours(midnight: datetime) -> list[datetime]:
    return [midnight + hour * timedelta(hours=1) for hour in range(24)]


def in_weeks(days: list[Numbers]) -> dict[str, Numbers]:
    found = {}
    for start in range(0, len(days), 7):
        week = days[start : start + 7]
        arrived, released, forced, _ = (sum(column) for column in zip(*week, strict=True))
        found[str(start // 7 + 1)] = (arrived, released, forced, week[-1][3])
    return found


def test_the_page_has_every_worked_table_it_speaks_of() -> None:
    kinds = [(table.terms["by"], table.terms["when"], table.terms["hold"]) for table in worked()]
    assert kinds == [
        ("week", "mondays", "28d"),
        ("week", "mondays", "5d"),
        ("day", "mondays", "5d"),
        ("week", "weekdays", "5d"),
        ("day", "weekdays", "5d"),
    ]
    page = (ROOT / "docs" / "levelling.md").read_text(encoding="utf-8")
    assert page.count("<!-- worked") == len(kinds)


@pytest.mark.parametrize(
    "table", worked(), ids=lambda table: " ".join(filter(None, table.terms.values()))[:40]
)
def test_a_worked_table_is_what_the_runs_do(table: Worked) -> None:
    weeks = int(table.terms["week"] or len(table.rows))
    days = by_day(table, weeks=weeks)
    if table.terms["by"] == "week":
        assert table.rows == in_weeks(days)
    else:
        assert table.rows == dict(zip(_DAYS, days[-7:], strict=True))


@pytest.mark.parametrize("table", [table for table in worked() if table.terms["by"] == "week"])
def test_a_worked_table_is_what_the_forecast_says(table: Worked) -> None:
    standing = Standing(
        team="inbound",
        as_of=MIDNIGHT,
        zone=ZONE,
        queue=(),
        candidates=[rep("a", per_week=table.capacity)],
        hold_at_most=table.hold,
    )
    found = forecast(standing, table.arrivals, weeks=len(table.rows))
    assert table.rows == {
        str(number): (week.arrived, week.released, week.forced, week.backlog)
        for number, week in enumerate(found.weeks, start=1)
    }


def test_the_overflow_of_the_steady_table_is_on_the_sunday_it_names() -> None:
    (table,) = [
        one for one in worked() if (one.terms["by"], one.terms["when"]) == ("week", "weekdays")
    ]
    standing = Standing(
        team="inbound",
        as_of=MIDNIGHT,
        zone=ZONE,
        queue=(),
        candidates=[rep("a", per_week=table.capacity)],
        hold_at_most=table.hold,
    )
    found = forecast(standing, table.arrivals, weeks=3)
    assert found.forced_from == NINE + 13 * DAY  # the Sunday of week 2
