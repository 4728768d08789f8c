"""What was agreed to be reached, under two agreements and by reps who change teams.

The second agreement begins in the middle of a quarter, with other goals, promised MQLs, another
quota and another capacity; a day counts by the one in force on it. Every metric that is made of
goals or of reps' days equals its twin in SQL, as those under one agreement do.
"""

from __future__ import annotations

import contextlib
import functools
from datetime import UTC, date, datetime, timedelta

import pytest

from accord.agreement import load, loads
from accord.ledger import Ledger, insert_rows, tables
from accord.metrics import METRICS, Cube, Cut, compute, cut, prepare, window
from accord.records import to_us
from accord.services.raw_tables import Question, read_tables
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, FIRST, Company, open_ledger
from tests.metrics.comparing import asked_dimensions, compare
from tests.metrics.independent import open_duckdb

_AGREED = {"goals", "targets", "rep_days"}
GOALS = [name for name, metric in METRICS.items() if _AGREED & set(metric.frames)]
TURN = date(2026, 10, 29)
MOVED = datetime(2026, 11, 3, 15, tzinfo=UTC)  # in the middle of a day: it counts from the next
SHIPPED = load(ROOT / "agreement.yaml")
_CHANGES = (
    ('version: "2026.4"', 'version: "2026.5"'),
    ("effective_from: 2026-10-01", f"effective_from: {TURN}"),
    ("revenue: 150000, average_deal: 10000,", "revenue: 175000.50, average_deal: 9000,"),
    ("average_deal: 30000,", "average_deal: 30000, mqls: 143,"),
    ("quota: {revenue: 300000, per: quarter}", "quota: {revenue: 110000, per: month}"),
    ("capacity: {per_week: 30, per_month: 120}", "capacity: {per_week: 23, per_month: 90}"),
)  # fmt: skip


def _second() -> str:
    text = SHIPPED.document
    for old, new in _CHANGES:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request, tmp_path_factory):
    """Give a company's facts by periods and the same rows in DuckDB, under two agreements."""
    with contextlib.ExitStack() as until_the_end:
        folder = tmp_path_factory.mktemp("ledger")
        ledger = until_the_end.enter_context(open_ledger(request, folder))
        made = Company(leads=400, seed=5)
        _post(made)
        made.write(ledger)
        path = folder / "agreement.yaml"
        path.write_text(_second(), "utf-8")
        second = loads(path.read_text("utf-8"))
        _see(ledger, SHIPPED, datetime(2026, 9, 20, tzinfo=UTC))
        _see(ledger, second, datetime(2026, 10, 20, tzinfo=UTC))
        raw = read_tables(ledger, Question(agreement=second, path=path, as_of=AS_OF))
        cube = functools.cache(functools.partial(Cube, prepare(raw, second)))
        yield cube, open_duckdb(ledger, until=AS_OF, agreements=(SHIPPED, second)), second


def _post(made: Company) -> None:
    """Let one pass from the executives to a team without a quota, one the other way."""
    teams = {"crm:hana": ("closers", "inbound"), "crm:ben": ("inbound", "closers")}
    for row in made.rows["rep"]:
        row["per_week"] = row["per_week"] if row["rep_id"] == "crm:cho" else None
        if row["rep_id"] not in teams:
            continue
        before, row["team"] = teams[row["rep_id"]]
        for since, team in ((FIRST - timedelta(days=90), before), (MOVED, row["team"])):
            made.add(
                "posting", rep_id=row["rep_id"], since=since, known_at=since, stated=True,
                team=team, calendar=None,
            )  # fmt: skip


def _see(ledger: Ledger, agreement, seen_at: datetime) -> None:
    row = {
        "version": agreement.version, "fingerprint": agreement.fingerprint,
        "effective_from": agreement.effective_from, "document": agreement.document,
        "seen_at": seen_at,
    }  # fmt: skip
    with ledger.begin() as connection:
        insert_rows(connection, tables.agreement, [row])


def test_the_days_know_both_agreements_and_both_teams(company):
    _, found, _ = company
    before, after = (
        to_us(datetime(2026, 10, 28, 4, tzinfo=UTC)),
        to_us(datetime(2026, 10, 29, 4, tzinfo=UTC)),
    )
    goals = found.execute(
        "SELECT at_us, cents FROM goal_days WHERE segment = 'small' AND at_us IN (?, ?) ORDER BY 1",
        [before, after],
    ).fetchall()
    assert [at for at, _ in goals] == [before, after]
    assert goals[0][1] * 175_000.5 == pytest.approx(goals[1][1] * 150_000, rel=1e-5)
    teams = found.execute(
        "SELECT rep_id, count(DISTINCT team), count(quota), count(*) FROM rep_days"
        " WHERE rep_id IN ('crm:ben', 'crm:hana') GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert [(rep, count) for rep, count, *_ in teams] == [("crm:ben", 2), ("crm:hana", 2)]
    assert all(0 < with_quota < days for _, _, with_quota, days in teams)
    assert len(GOALS) > 10


@pytest.mark.parametrize("name", GOALS)
def test_a_metric_of_goals_equals_its_twin_under_two_agreements(company, name):
    cube_of, found, agreement = company
    metric = METRICS[name]
    periods = cut(Cut.WEEK, first=FIRST, as_of=AS_OF, zone=agreement.timezone)
    cube = cube_of(periods)
    checked = dict.fromkeys(asked_dimensions(metric), 0)
    for dimension in checked:
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        for place, label in enumerate(periods.labels):
            week = {"lo": periods.edges_us[place], "hi": periods.horizons_us[place]}
            cohort = {"clo": periods.edges_us[max(0, place - 12)], "judged": week["hi"]}
            cohort |= {"before": cohort["clo"], "long": periods.edges_us[0]}
            checked[dimension] += compare(
                found, metric, dimension, label, numbers, {**week, **cohort}
            )
    assert checked["all"] >= 3  # of five weeks: the first has no deal yet
    assert all(checked.values())


@pytest.mark.parametrize("name", GOALS)
def test_it_does_so_over_a_window_that_holds_the_turn(company, name):
    cube_of, found, _ = company
    metric = METRICS[name]
    since, until = datetime(2026, 10, 26, 4, tzinfo=UTC), datetime(2026, 11, 5, 5, tzinfo=UTC)
    cube = cube_of(window(since, until, as_of=AS_OF))
    bounds = {"lo": to_us(since), "hi": to_us(until), "clo": to_us(since)}
    bounds |= {"judged": to_us(AS_OF) + 1, "before": to_us(since), "long": to_us(since)}
    for dimension in asked_dimensions(metric):
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        assert compare(found, metric, dimension, "window", numbers, bounds) > 0
