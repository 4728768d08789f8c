"""Each metric beside SQL that was written apart from it: equal to the last digit."""

from __future__ import annotations

import contextlib
import functools
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from accord.agreement import load
from accord.ledger import Ledger
from accord.metrics import (
    ALL,
    METRICS,
    Cube,
    Cut,
    Unit,
    compute,
    cut,
    dimensions_of,
    prepare,
    quotient,
    window,
)
from accord.records import to_us
from accord.services.raw_tables import Question, read_tables
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, FIRST, Company
from tests.metrics.independent import TWINS, ask, ask_values, bucket_sql, open_duckdb

_BUCKETS = ("system_bucket", "system_open_bucket", "rep_bucket", "rep_open_bucket")
_DIMENSIONS = (ALL, "segment", "channel")
_OWN = ("source", "step", "kind")
_PEOPLE = {"rep": "rep_id", "team": "team"}
_MEMBER = {
    ALL: "''",
    **_PEOPLE,
    **{name: name for name in (*_DIMENSIONS[1:], *_OWN)},
    **{name: bucket_sql(name) for name in _BUCKETS},
}
_OF_OWNERS = ("cadence_on_time_share", "attempts_per_handoff")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request, tmp_path_factory):
    """Give a company's facts by periods, the same rows in DuckDB, and the agreement."""
    with contextlib.ExitStack() as until_the_end:
        url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
        if request.param == "postgresql":
            databases = request.getfixturevalue("databases")
            url = until_the_end.enter_context(databases.ledger())
        ledger = Ledger.open(url)
        until_the_end.callback(ledger.close)
        made = Company(leads=700, seed=11)
        _vary_arrivals(made)
        _pass_on(made)
        made.write(ledger)
        agreement = load(ROOT / "agreement.yaml")
        path = ROOT / "agreement.yaml"
        raw = read_tables(ledger, Question(agreement=agreement, path=path, as_of=AS_OF))
        cube = functools.cache(functools.partial(Cube, prepare(raw, agreement)))
        yield cube, open_duckdb(ledger), agreement


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


def _dimensions(metric):
    known = dimensions_of(metric)
    people = _PEOPLE if metric.name in _OF_OWNERS else ()
    return [name for name in (*_DIMENSIONS, *_OWN, *_BUCKETS, *people) if name in known]


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
    for dimension in _dimensions(metric):
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        for place, label in enumerate(periods.labels):
            week = {"lo": periods.edges_us[place], "hi": periods.horizons_us[place]}
            cohort = {"clo": periods.edges_us[max(0, place - 12)], "judged": week["hi"]}
            checked += _compare(found, metric, dimension, label, numbers, {**week, **cohort})
    assert checked > 0


@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_equals_its_twin_over_a_window(company, name):
    cube_of, found, _ = company
    metric = METRICS[name]
    since, until = FIRST + timedelta(days=9), AS_OF - timedelta(days=3)
    cube = cube_of(window(since, until, as_of=AS_OF))
    bounds = {"lo": to_us(since), "hi": to_us(until), "clo": to_us(since)}
    bounds["judged"] = to_us(AS_OF) + 1
    for dimension in _dimensions(metric):
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        _compare(found, metric, dimension, "window", numbers, bounds)


def _compare(found, metric, dimension, label, numbers, bounds) -> int:
    ours = {m: n for (period, m), n in numbers.items() if period == label}
    if metric.quantile is not None:
        return _compare_quantiles(found, metric, dimension, ours, bounds)
    member = _MEMBER[dimension]
    sqls = TWINS[metric.name]
    above, *rest = (ask(found, sql, member, **bounds) for sql in sqls)
    below = rest[0] if rest else None
    members = set(above) | set(below or {}) | set(ours)
    compared = 0
    for name in members:
        number = ours.get(name)
        expected = _exact(above.get(name, 0))
        base = None if below is None else _exact(below.get(name, 0))
        if number is None:
            assert not expected, (metric.name, label, name)
            assert not base, (metric.name, label, name)
            continue
        if number.numerator is None or (base is not None and number.denominator is None):
            # nothing was known of its source yet, or no amount stated: missing, not zero
            assert not (expected if number.numerator is None else base)
            assert number.value is None
            continue
        assert number.numerator == expected, (metric.name, label, name)
        assert number.denominator == base, (metric.name, label, name)
        value = number.numerator
        if base is not None:
            value = quotient(Fraction(expected), Fraction(base)) if base else None
        assert number.value == value
        compared += 1
    return compared


def _compare_quantiles(found, metric, dimension, ours, bounds) -> int:
    sql, share = TWINS[metric.name]
    theirs = ask_values(found, sql, _MEMBER[dimension], share, **bounds)
    stated = {m: n for m, n in ours.items() if n.denominator}
    assert set(stated) == set(theirs)
    for name, (count, value) in theirs.items():
        assert stated[name].denominator == count
        assert float(stated[name].value) == pytest.approx(float(value), rel=1e-9, abs=1e-9)
    return len(theirs)


def _exact(value) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.unit is not Unit.DAYS])
def test_members_add_up_to_the_whole(company, name):
    cube_of, _, agreement = company
    metric = METRICS[name]
    cube = cube_of(cut(Cut.WEEK, first=FIRST, as_of=AS_OF, zone=agreement.timezone))
    for dimension in dimensions_of(metric)[1:]:
        whole = {n.period: n for n in compute(cube, metric)}
        for period, total in whole.items():
            parts = [n for n in compute(cube, metric, dimension) if n.period == period]
            for side in ("numerator", "denominator"):
                if getattr(total, side) is None:
                    continue
                found = sum(getattr(n, side) or 0 for n in parts)
                assert found == getattr(total, side)
