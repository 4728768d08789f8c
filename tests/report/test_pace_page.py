"""The daily page: what a reader sees first, and that charts and tables say the same."""

from __future__ import annotations

import csv
import re
from datetime import date

import pytest

from accord.planning import PaceLine
from accord.services.goal_pace import read_goal_pace
from accord.services.measure import measure
from accord.services.pace_page import gather_pace, write_pace_page
from tests.metrics.company import AS_OF, Company


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace
    from tests.conftest import ROOT

    home = tmp_path_factory.mktemp("pace")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    Company(leads=400, seed=5).write(workspace.ledger)
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def written(workspace):
    return write_pace_page(workspace, as_of=AS_OF)


def test_the_page_is_of_the_day_before_and_the_newest_stands_beside_it(written):
    assert written.name == "pace-2026-11-12.html"
    assert (written.parent / "pace.html").read_text("utf-8") == written.read_text("utf-8")
    html = written.read_text("utf-8")
    assert "Thu 12 Nov 2026" in html
    assert "day 12 of 30, 18 left" in html
    assert "day 43 of 92, 49 left" in html


def test_the_headline_says_how_close_the_longest_period_is(workspace, written):
    found = {(one.metric, one.period): one for one in read_goal_pace(workspace, as_of=AS_OF)}
    shares = [
        round(float(found[metric, "quarter"].total.share) * 100) for metric in ("mqls", "revenue")
    ]
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", written.read_text("utf-8")).group(1)
    assert heading.replace("\u00a0", " ") == (
        f"MQLs at {shares[0]} % and revenue at {shares[1]} % of the quarter&#39;s plan to date"
    )


def test_what_is_behind_is_said_with_what_to_do(workspace, written):
    html = written.read_text("utf-8").replace("\u00a0", " ")
    for pace in read_goal_pace(workspace, as_of=AS_OF):
        for finding in pace.findings:
            assert finding.sentence.replace("'", "&#39;") in html
            assert finding.remedy in html


def test_its_tables_are_files_with_exact_numbers(workspace, written):
    folder = written.parent / "pace-2026-11-12"
    text = (folder / "pace_mqls_quarter.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    total = next(row for row in rows if row["Segment"] == "total")
    counted = measure(workspace, "mqls", since="2026-10-01", until="2026-11-12", as_of=AS_OF)
    assert int(total["Came"]) == counted.total.value
    assert {path.name for path in folder.iterdir()} == {
        *(
            f"pace_{what}_{period}.csv"
            for what in ("mqls", "revenue")
            for period in ("month", "quarter")
        ),
        "day.csv",
    }


def test_the_day_stands_beside_the_day_before_and_the_week_before(workspace):
    day = gather_pace(workspace, as_of=AS_OF)
    for name in ("new_leads", "mqls", "revenue"):
        for on in (date(2026, 11, 12), date(2026, 11, 11), date(2026, 11, 5)):
            counted = measure(workspace, name, since=on, until=on, as_of=AS_OF).total
            assert day.numbers[name, on.isoformat()].value == counted.value


def test_every_pace_has_a_chart_with_words_and_a_table(written):
    html = written.read_text("utf-8")
    assert html.count("<svg") == 4
    assert html.count('id="table-pace_') == 4
    assert "At the present rate it ends at" in html
    assert len(html) < 300_000


def test_a_pace_at_its_end_has_no_band():
    line = PaceLine(name="small", goal=10, days=2, came=(4, 6))
    assert (line.low, line.high) == (10, 10)


def test_an_empty_ledger_has_a_page_too(tmp_path):
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace
    from tests.conftest import ROOT

    settings = Settings(home=tmp_path / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    html = write_pace_page(workspace, as_of=AS_OF).read_text("utf-8")
    workspace.close()
    assert "MQLs at 0 % and revenue at 0 %" in html.replace("\u00a0", " ")
