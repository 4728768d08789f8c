"""What looks back for quarters and years, a second time by SQL: over three and a half years.

The company's five weeks are told over again at a slower pace, so that what follows what stays the
same; and some of those sent back come back, some of them to buy.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from datetime import date, datetime, timedelta

import pytest

from accord.agreement import loads
from accord.metrics import METRICS, Cube, Cut, Placing, compute, cut, prepare
from accord.services.raw_tables import Question, read_tables
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, FIRST, Company, Walk, open_ledger
from tests.metrics.comparing import asked_dimensions, compare
from tests.metrics.independent import open_duckdb

_SLOWER = 40
_BEGIN = AS_OF - (AS_OF - FIRST) * _SLOWER
_QUARTER = {Cut.WEEK: 13, Cut.MONTH: 3}
LOOKING_BACK = [
    name
    for name, metric in METRICS.items()
    if any(part.placing is Placing.COHORT for part in metric.parts)
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request, tmp_path_factory):
    """Give a company's facts by periods, the same rows in DuckDB, and the agreement."""
    with contextlib.ExitStack() as until_the_end:
        folder = tmp_path_factory.mktemp("ledger")
        ledger = until_the_end.enter_context(open_ledger(request, folder))
        made = Company(leads=1000, seed=3)
        _come_back(made)
        _cost(made)
        _tell_slower(made)
        made.write(ledger)
        path = folder / "agreement.yaml"
        path.write_text(_agreed_since(_BEGIN.date()), "utf-8")
        agreement = loads(path.read_text("utf-8"))
        raw = read_tables(ledger, Question(agreement=agreement, path=path, as_of=AS_OF))
        cube = functools.cache(functools.partial(Cube, prepare(raw, agreement)))
        yield cube, open_duckdb(ledger, until=AS_OF, agreements=(agreement,)), agreement


def _agreed_since(day: date) -> str:
    text = (ROOT / "agreement.yaml").read_text("utf-8")
    begin = "effective_from: 2026-10-01"
    assert begin in text
    return text.replace(begin, f"effective_from: {day}")


def _come_back(made: Company) -> None:
    """Let two of three that were sent back qualify again, and half of those buy; let every third
    whose deal was lost be nurtured, and come back like the others."""
    leads = {row["lead_id"]: row for row in made.rows["lead"]}
    moves = made.rows["stage_change"]
    back = [(m["lead_id"], m["occurred_at"], m["cycle"]) for m in moves
            if m["programme"] == "returned"]  # fmt: skip
    lost = [m for m in moves if m["to_stage"] == "lost"]
    for place, move in enumerate(lost):
        at = move["occurred_at"] + timedelta(hours=2)
        if place % 3 and at < AS_OF:
            walk = _walking(made, leads[move["lead_id"]], "lost", move["cycle"])
            walk.enter("nurture", at, programme="lost", reason="price")
            back.append((move["lead_id"], at, move["cycle"]))
    for place, (lead_id, at, cycle) in enumerate(back):
        walk = _walking(made, leads[lead_id], "nurture", cycle)
        ways = (("engaged", "mql"), ("mql", "sal", "sql", "opportunity", "customer"), ())[place % 3]
        waits = [timedelta(hours=3 + 11 * ((place + step) % 7)) for step in range(len(ways))]
        for stage, wait in zip(ways, itertools.accumulate(waits), strict=True):
            if at + wait < AS_OF:
                walk.enter(stage, at + wait)


def _walking(made: Company, lead, stage: str, cycle: int) -> Walk:
    walk = Walk(made, lead)
    walk.stage, walk.cycle = stage, cycle
    return walk


def _cost(made: Company) -> None:
    for number, deal in enumerate(made.rows["opportunity"]):
        deal["cost"] = deal["amount"] / 4 if deal["amount"] and number % 4 else None
        if deal["cost"] is not None:
            deal["cost"] = deal["cost"].quantize(deal["amount"])


def _tell_slower(made: Company) -> None:
    for rows in made.rows.values():
        for row in rows:
            for column, value in row.items():
                if isinstance(value, datetime):
                    row[column] = AS_OF - (AS_OF - value) * _SLOWER
                elif isinstance(value, date):
                    row[column] = AS_OF.date() - (AS_OF.date() - value) * _SLOWER


def test_the_years_hold_what_is_looked_back_for(company):
    """More came back than a quarter shows; some left the 24 months; quarters grow and shrink."""
    cube_of, _, agreement = company
    weeks = cut(Cut.WEEK, first=_BEGIN, as_of=AS_OF, zone=agreement.timezone)
    assert len(weeks.labels) > 104 + 13
    for name in ("requalified_after_return", "won_after_return"):
        found = compute(cube_of(weeks), METRICS[name])
        assert found[-1].numerator > 5
        assert found[-1].denominator > found[-1].numerator
        sent = [number.denominator or 0 for number in found]
        assert any(after < before for before, after in itertools.pairwise(sent)), name
    for name in [one for one in METRICS if METRICS[one].is_compared]:
        grown = [n.value for n in compute(cube_of(weeks), METRICS[name]) if n.value is not None]
        assert min(grown) < 0 < max(grown)


@pytest.mark.parametrize("every", list(_QUARTER))
@pytest.mark.parametrize("name", LOOKING_BACK)
def test_a_metric_that_looks_back_equals_its_twin_over_years(company, name, every):
    cube_of, found, agreement = company
    metric = METRICS[name]
    periods = cut(every, first=_BEGIN, as_of=AS_OF, zone=agreement.timezone)
    cube = cube_of(periods)
    edges, quarter = periods.edges_us, _QUARTER[every]
    asked = [one for one in asked_dimensions(metric) if one in ("all", "segment", "campaign")]
    checked = dict.fromkeys(asked, 0)
    for dimension in asked:
        numbers = {(n.period, n.member): n for n in compute(cube, metric, dimension)}
        for place in range(len(periods.labels) - 1, 2 * quarter, -quarter):
            bounds = {"lo": edges[place], "hi": periods.horizons_us[place]}
            bounds |= {"clo": edges[place - quarter + 1], "judged": bounds["hi"]}
            bounds |= {"before": edges[place - 2 * quarter + 1]}
            bounds |= {"long": edges[max(0, place - 8 * quarter + 1)]}
            label = periods.labels[place]
            checked[dimension] += compare(found, metric, dimension, label, numbers, bounds)
    assert all(checked.values())
