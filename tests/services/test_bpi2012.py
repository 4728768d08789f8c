"""BPI Challenge 2012, a lender's log with a true first response: speed to lead, both times.

The log lies across the end of summer time in the Netherlands, on 30 October 2011.
"""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from accord.agreement import load
from accord.records import from_us
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.settings import Settings
from accord.services.speed import read_speed
from accord.services.workspace import Workspace
from accord.sources import read_sources
from tests.calendars.minutes import MinuteCalendar
from tests.conftest import DATA, ROOT

pytestmark = pytest.mark.data

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGREEMENT = ROOT / "examples" / "bpi2012" / "agreement.yaml"
OFFICE = "nine_to_five"
HOLIDAYS = frozenset({date(2011, 12, 25), date(2011, 12, 26), date(2012, 1, 1)})
"""Of the Netherlands within the log: both days of Christmas (a Sunday and a Monday), New Year."""
BEFORE, AFTER = datetime(2011, 10, 29, tzinfo=UTC), datetime(2011, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def bpi(tmp_path_factory):
    """The log taken whole, its histories placed; once for all tests here."""
    if not (DATA / "bpi_challenge_2012").exists():
        pytest.skip("the data set is not beside the repository")
    home = tmp_path_factory.mktemp("bpi") / "home"
    opened = Workspace.open(Settings(home=home, agreement=AGREEMENT, _env_file=None))
    environment = os.environ | {"ACCORD_DATA": str(DATA)}
    sources = read_sources(AGREEMENT.parent / "sources.yaml", environment)
    result = run_ingest(opened, as_of=AS_OF, sources=sources)
    assert (result.errors, result.findings, result.quarantined, result.duplicates) == ((), (), 0, 0)
    assert (result.accepted, result.flagged) == (47 + 13087 + 4755 + 4755 + 13018, 0)
    assert run_ingest(opened, as_of=AS_OF, sources=sources).batches == 0
    run_lifecycle(opened, as_of=AS_OF)
    yield opened
    opened.close()


def rows(opened, query: str) -> list[tuple]:
    with opened.ledger.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


WAITS = """
SELECT lead.created_at, handed_at, touched_at FROM handoff_report
JOIN lead USING (lead_id) JOIN touch USING (lead_id) ORDER BY lead_id
"""


@pytest.fixture(scope="module")
def waits(bpi) -> list[tuple[datetime, datetime, datetime]]:
    """Registered, queued, taken up: as the log says it, one a hand-over."""
    return [tuple(map(from_us, row)) for row in rows(bpi, WAITS)]


def quantile(values: list[float], share: float) -> float:
    """Linear interpolation, on its own: of n sorted values the one at (n - 1) x share."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = ordered[int(place)]
    high = ordered[min(int(place) + 1, len(ordered) - 1)]
    return low + (high - low) * (place - int(place))


def minutes_of(waits, since: int, until: int) -> list[float]:
    return [(wait[until] - wait[since]) / timedelta(minutes=1) for wait in waits]


def part(found: dict, name: str, kind: str) -> dict:
    return found["members"][0][name][kind]


def test_bpi_2012_has_its_hand_overs_touches_and_endings(bpi, waits):
    stages = (
        "SELECT stage, count(*), count(opened_at), count(closed_at) FROM opportunity GROUP BY stage"
    )
    assert sorted(rows(bpi, stages)) == [
        ("customer", 2246, 2246, 2246),
        ("lost", 10442, 2537, 10442),
        ("opportunity", 330, 330, 0),
    ]
    minutes = minutes_of(waits, 1, 2)
    assert len(minutes) == 4755
    assert round(quantile(minutes, 0.5), 1) == 42.4
    assert round(quantile(minutes, 0.9), 1) == 888.2
    assert (round(max(minutes), 1), min(minutes) >= 0) == (2529.1, True)


@pytest.mark.parametrize(("name", "since", "until"), [("system", 0, 1), ("rep", 1, 2)])
def test_by_the_wall_the_command_says_what_plain_sql_says(bpi, waits, name, since, until):
    found = read_speed(bpi, as_of=AS_OF, calendar=OFFICE).as_dict()
    minutes = minutes_of(waits, since, until)
    wall = part(found, name, "wall")
    assert wall["n"] == len(minutes) == 4755
    assert float(wall["median_minutes"]) == pytest.approx(quantile(minutes, 0.5))
    assert float(wall["p90_minutes"]) == pytest.approx(quantile(minutes, 0.9))
    limits = {"to 5 min": 5, "to 10 min": 10, "to 30 min": 30, "to 1 h": 60, "to 1 day": 1440}
    up_to = [sum(wait <= limit for wait in minutes) for limit in limits.values()]
    assert [wall["buckets"][name] for name in limits] == [
        here - before for here, before in zip(up_to, [0, *up_to], strict=False)
    ]
    assert sum(wall["buckets"].values()) == 4755


def office() -> MinuteCalendar:
    return MinuteCalendar(load(AGREEMENT).calendars[OFFICE], HOLIDAYS)


def test_the_business_time_of_a_sample_is_that_of_the_minute_by_minute_count(bpi, waits):
    """Every hand-over whose wait lies across the end of summer time, and 60 others of any kind."""
    from accord.services.speed import _read_frame

    frame = _read_frame(bpi, load(AGREEMENT), OFFICE)
    change = datetime(2011, 10, 30, 1, tzinfo=UTC)
    across = [wait for wait in waits if wait[1] < change < wait[2]]
    assert len(across) > 5
    known = {
        (row.arrived_us, row.assigned_us, row.touched_us): (row.system_open_us, row.rep_open_us)
        for row in frame.itertuples()
    }
    epoch = from_us(0)
    counted = office()
    for wait in [*across, *random.Random(6).sample(waits, 60)]:
        key = tuple((at - epoch) // timedelta(microseconds=1) for at in wait)
        system, rep = (counted.elapsed(wait[at], wait[at + 1]) for at in (0, 1))
        assert known[key] == tuple(one // timedelta(microseconds=1) for one in (system, rep))


def test_around_the_end_of_summer_time_median_and_p90_are_those_of_a_count_by_minutes(bpi, waits):
    found = read_speed(
        bpi, as_of=AS_OF, since="2011-10-29", until="2011-10-31", calendar=OFFICE
    ).as_dict()
    counted = office()
    inside = [
        counted.elapsed(queued, taken) / timedelta(minutes=1)
        for _, queued, taken in waits
        if date(2011, 10, 29) <= taken.astimezone(counted.zone).date() <= date(2011, 10, 31)
    ]
    business = part(found, "rep", "business")
    assert business["n"] == len(inside) == 71
    assert float(business["median_minutes"]) == pytest.approx(quantile(inside, 0.5))
    assert float(business["p90_minutes"]) == pytest.approx(quantile(inside, 0.9))


def test_the_readme_of_the_example_prints_what_the_command_prints(bpi, monkeypatch, capsys):
    from accord.cli.app import run

    settings = bpi.settings
    monkeypatch.setenv("ACCORD_HOME", str(settings.home))
    monkeypatch.setenv("ACCORD_AGREEMENT", str(AGREEMENT))
    monkeypatch.delenv("ACCORD_DATABASE_URL", raising=False)
    readme = (AGREEMENT.parent / "README.md").read_text(encoding="utf-8")
    blocks = [
        block.strip("\n") for block in readme.split("```") if block.startswith("\naccord sla")
    ]
    assert len(blocks) == 2
    for block in blocks:
        command, printed = block.split("\n", 1)
        assert run(command.split()[1:]) == 0
        assert _words(capsys.readouterr().out) == _words(printed), command


def _words(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.splitlines() if line.strip()]


def test_the_same_as_json_can_be_read_by_a_program(bpi):
    found = read_speed(bpi, as_of=AS_OF, by="segment").as_dict()
    assert [each["member"] for each in found["members"]] == ["all", "large", "small"]
    counts = [each["rep"]["wall"]["n"] for each in found["members"]]
    assert counts[0] == counts[1] + counts[2] == 4755
    assert json.loads(json.dumps(found, default=str))["calendar"] is None
