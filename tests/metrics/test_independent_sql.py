"""Each metric beside SQL that was written apart from it: equal to the last digit."""

from __future__ import annotations

import contextlib
import functools
from datetime import timedelta
from decimal import Decimal

import pytest

from accord.agreement import load
from accord.metrics import (
    METRICS,
    Cube,
    Cut,
    Unit,
    compute,
    cut,
    dimensions_of,
    prepare,
    promises,
    window,
)
from accord.records import to_us
from accord.services.raw_tables import Question, read_tables
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, FIRST, Company, open_ledger
from tests.metrics.comparing import asked_dimensions, compare
from tests.metrics.independent import TWINS, open_duckdb

_ROUNDED = dict.fromkeys(
    ("capacity_use", "won_per_rep_week", "revenue_per_rep_week"), Decimal("1e-9")
)
"""What is counted in sevenths is rounded in each member."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request, tmp_path_factory):
    """Give a company's facts by periods, the same rows in DuckDB, and the agreement."""
    with contextlib.ExitStack() as until_the_end:
        ledger = until_the_end.enter_context(
            open_ledger(request, tmp_path_factory.mktemp("ledger"))
        )
        made = Company(leads=700, seed=11)
        _vary_arrivals(made)
        _pass_on(made)
        _vary_deals(made)
        _vary_reps(made)
        _ask_rules(made)
        made.write(ledger)
        agreement = load(ROOT / "agreement.yaml")
        path = ROOT / "agreement.yaml"
        raw = read_tables(ledger, Question(agreement=agreement, path=path, as_of=AS_OF))
        cube = functools.cache(functools.partial(Cube, prepare(raw, agreement)))
        yield cube, open_duckdb(ledger, until=AS_OF), agreement


def _vary_arrivals(made: Company) -> None:
    """Let some leads come to mql as their first move, young or old; some hand-overs be observed,
    and some have had another owner before."""
    leads = {row["lead_id"]: row for row in made.rows["lead"]}
    moves = made.rows["stage_change"]
    handed = [row for row in made.rows["handoff"] if row["stage"] == "mql"]
    straight = {row["lead_id"] for row in handed[::3]}
    early = ("engaged", "target")
    moves[:] = [m for m in moves if m["lead_id"] not in straight or m["to_stage"] not in early]
    for number, row in enumerate(handed):
        if number % 4 == 0:
            row["origin"] = "observed"
        if number % 6 == 0:
            leads[row["lead_id"]]["created_at"] = row["queued_at"] - timedelta(hours=number % 30)
        if number % 5 == 0 and row["assigned_at"] is not None:
            since = row["assigned_at"] - timedelta(minutes=number + 1)
            _own(made, row, since, "crm:fin", "emea")
    for move in moves:
        if move["to_stage"] == "new_name":
            move["occurred_at"] = leads[move["lead_id"]]["created_at"]


def _pass_on(made: Company) -> None:
    """Let some hand-overs go to a rep of another office, some on to nobody, and back again; the
    one who has it for a while does something for it."""
    given = [row for row in made.rows["handoff"] if row["assigned_at"] is not None]
    for number, row in enumerate(given[::3]):
        first, hour = row["assigned_at"], timedelta(hours=1)
        _own(made, row, first + hour, "crm:fin", "emea")
        if number % 3 == 0:
            _own(made, row, first + 3 * hour, None, row["team"])
        if number % 2 == 0:
            _own(made, row, first + (4 + number % 9) * hour, row["rep_id"], row["team"])
        for place, channel in enumerate(("call", "email")[: number % 4]):
            at = first + hour * (1 + place + number % 3)
            made.add(
                "touch", touch_id=f"passed:{number}:{place}", lead_id=row["lead_id"],
                rep_id="crm:fin", touched_at=at, channel=channel, automatic=False,
                outcome=("connected", "no_answer", "left_message")[number % 3], known_at=at,
                row_hash="made",
            )  # fmt: skip


def _vary_deals(made: Company) -> None:
    """Let accounts have several deals, some deals a cost, a product, no lead; spend a campaign."""
    deals = made.rows["opportunity"]
    for number, deal in enumerate(deals):
        deal["account"] = f"Account {number % 40}" if number % 3 else None
        deal["product"] = ("GTX Pro", "MG Special", None)[number % 3]
        deal["cost"] = deal["amount"] / 4 if deal["amount"] and number % 4 else None
        if deal["cost"] is not None:
            deal["cost"] = deal["cost"].quantize(Decimal("0.01"))
        if number % 9 == 0:
            deal["lead_id"] = None
    for number, row in enumerate(made.rows["spend"]):
        row["campaign"] = ("autumn", "webinar", None)[number % 3]


def _vary_reps(made: Company) -> None:
    """Let one be away for days and a part of one, one leave, one have a capacity by default."""
    reps = {row["rep_id"]: row for row in made.rows["rep"]}
    reps["crm:eli"]["absences"] = (
        "2026-10-20T04:00+00:00/2026-10-24T04:00+00:00;2026-11-02T09:00+00:00/2026-11-04T05:00+00:00"
    )
    reps["crm:gus"]["left_at"] = FIRST + timedelta(days=17, hours=3)
    reps["crm:ben"]["per_week"] = None


def _ask_rules(made: Company) -> None:
    for number, batch in enumerate(made.rows["batch"]):
        for place, rule in enumerate(("lead.email", "lead.country", "batch.volume")):
            made.add(
                "quality", batch_id=batch["batch_id"], rule=rule, severity="flag",
                checked=0 if rule == "batch.volume" else batch["rows_in"],
                failing=(number + place) % 3, outcome="passed", sentence=None,
            )  # fmt: skip


def _own(made: Company, handoff, since, rep_id, team) -> None:
    owner = {"handoff_id": handoff["handoff_id"], "since": since, "rep_id": rep_id, "team": team}
    made.add("handoff_owner", **owner, why="assigned")


def test_every_metric_has_a_twin():
    assert set(TWINS) == set(METRICS)


def test_the_company_knows_every_kind_of_arrival(company):
    _, found, _ = company
    kinds = found.execute(
        "SELECT DISTINCT origin, CASE WHEN said_at IS NULL THEN 'unknown'"
        " WHEN said_at = created_at THEN 'created' ELSE 'entered' END FROM answered"
    ).fetchall()
    assert set(kinds) >= {
        ("decided", "created"),
        ("decided", "entered"),
        ("observed", "created"),
        ("observed", "entered"),
    }


def test_the_company_knows_every_kind_of_owner(company):
    """Owners before the owner, some who come back, nobody in between, and work of most of them."""
    _, found, _ = company
    kinds = """
      SELECT count(*) FILTER (n.since < h.assigned_at), count(*) FILTER (n.transferred),
        count(*) FILTER (n.rep_id IN (SELECT rep_id FROM tenure x
          WHERE x.handoff_id = n.handoff_id AND x.until < n.since)),
        count(*) FILTER (n.transferred AND n.until NOT IN (SELECT since FROM tenure x
          WHERE x.handoff_id = n.handoff_id)),
        count(DISTINCT n.rep_id) FILTER ((n.handoff_id, n.since) IN (
          SELECT (handoff_id, since) FROM tries))
      FROM tenure n JOIN handoff h USING (handoff_id)"""
    before, passed_on, back, to_nobody, active = found.execute(kinds).fetchone()
    assert min(before, passed_on, back, to_nobody) >= 10
    assert active >= 6


@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_equals_its_twin_in_every_week_and_member(company, name):
    cube_of, found, agreement = company
    metric = METRICS[name]
    periods = cut(Cut.WEEK, first=FIRST, as_of=AS_OF, zone=agreement.timezone)
    cube = cube_of(periods)
    checked = 0
    for dimension in asked_dimensions(metric):
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        for place, label in enumerate(periods.labels):
            week = {"lo": periods.edges_us[place], "hi": periods.horizons_us[place]}
            cohort = {"clo": periods.edges_us[max(0, place - 12)], "judged": week["hi"]}
            cohort |= {"before": cohort["clo"], "long": periods.edges_us[0]}
            checked += compare(found, metric, dimension, label, numbers, {**week, **cohort})
    assert checked > 0


@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_equals_its_twin_over_a_window(company, name):
    cube_of, found, _ = company
    metric = METRICS[name]
    since, until = FIRST + timedelta(days=9), AS_OF - timedelta(days=3)
    cube = cube_of(window(since, until, as_of=AS_OF))
    bounds = {"lo": to_us(since), "hi": to_us(until), "clo": to_us(since)}
    bounds |= {"judged": to_us(AS_OF) + 1, "before": to_us(since), "long": to_us(since)}
    checked = 0
    for dimension in asked_dimensions(metric):
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        checked += compare(found, metric, dimension, "window", numbers, bounds)
    assert checked > 0 or metric.is_compared  # nothing is known of the window before


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.unit is not Unit.DAYS])
def test_members_add_up_to_the_whole(company, name):
    cube_of, _, agreement = company
    metric = METRICS[name]
    cube = cube_of(cut(Cut.WEEK, first=FIRST, as_of=AS_OF, zone=agreement.timezone))
    whole = compute(cube, metric)
    for dimension in dimensions_of(metric)[1:]:
        members = compute(cube, metric, dimension)
        sides = ("numerator",) if dimension in metric.parted_by else ("numerator", "denominator")
        for total in whole:
            parts = [n for n in members if n.period == total.period]
            for side in sides:
                if getattr(total, side) is None or (metric.less and side == "numerator"):
                    continue  # a member that states no value has none to take from
                found = sum(getattr(n, side) or 0 for n in parts)
                assert abs(found - getattr(total, side)) <= _ROUNDED.get(metric.name, 0)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("mqls", "segment", "channel"), ("handed_over", "segment", "team")],
)
def test_two_dimensions_at_once_are_what_each_is_alone(company, name, first, second):
    cube_of, found, _ = company
    since, until = FIRST + timedelta(days=9), AS_OF - timedelta(days=3)
    cube = cube_of(window(since, until, as_of=AS_OF))
    crossed = cube.crossed(METRICS[name].numerator, first, second)
    for place, dimension in enumerate((first, second)):
        for number in compute(cube, METRICS[name], dimension):
            parts = [count for pair, count in crossed.items() if pair[place] == number.member]
            assert sum(parts) == number.numerator
    table, at = {
        "mqls": ("entries WHERE mark = 'mql' AND", "occurred_at"),
        "handed_over": ("handoffs WHERE stage = 'mql' AND", "assigned_at"),
    }[name]
    asked = (
        f"SELECT coalesce({first}, ''), coalesce({second}, ''), count(*) FROM {table} {at} >= ?"
        f" AND {at} < ? GROUP BY 1, 2"
    )
    rows = found.execute(asked, [to_us(since), to_us(until)]).fetchall()
    assert crossed == {(one, other): count for one, other, count in rows}


def test_what_is_owed_by_clocks_is_every_clock_of_its_side_that_was_decided(company):
    """Marketing's terms as well as sales': each promise counts the ledger's own clocks."""
    cube_of, found, agreement = company
    since, until = FIRST + timedelta(days=9), AS_OF - timedelta(days=3)
    cube = cube_of(window(since, until, as_of=AS_OF))
    ask = {
        (name, dimension, number.member): number
        for name in METRICS
        if "clocks" in METRICS[name].frames and "term" in dimensions_of(METRICS[name])
        for dimension in ("all", "term")
        for number in compute(cube, METRICS[name], dimension)
    }
    owed = {
        (one.side.value, one.name): (one.delivered, one.owed)
        for one in promises(
            agreement, lambda *key: ask.get(key), weekly_plan={}, partial=False, weeks=0
        )
        if one.kind == "clock" and one.owed
    }
    asked = """
      SELECT side, term, count(*) FILTER (in_time), count(*) FROM clocks
      WHERE CASE WHEN in_time THEN ended_at WHEN ran_out THEN due_at + 1 END >= ?
        AND CASE WHEN in_time THEN ended_at WHEN ran_out THEN due_at + 1 END < ? GROUP BY 1, 2"""
    rows = found.execute(asked, [to_us(since), to_us(until)]).fetchall()
    assert owed == {(side, term): (met, both) for side, term, met, both in rows}
    assert {side for side, _ in owed} == {"sales", "marketing"}
