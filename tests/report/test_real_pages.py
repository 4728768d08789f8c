"""Real histories as pages: all of their time, and the figures that the data sets' own pages state.

Each example is taken as its README says; the page and its CSV files must show what
``shared/data/*/README.md`` states of the data.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from accord.services.ingest import run_ingest
from accord.services.pipeline import ORDER
from accord.services.report import write_report
from accord.services.report_asked import Wanted
from accord.services.report_pipeline import gather_pipeline, write_pipeline_page
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from accord.sources import read_sources
from tests.conftest import DATA, ROOT

pytestmark = pytest.mark.data

ZONE = ZoneInfo("America/Sao_Paulo")
AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _taken(home, name, folder):
    """Take an example whole and run every stage over it."""
    if not (DATA / folder).exists():
        pytest.skip(f"{folder} is not beside the repository, in ../shared/data")
    agreement = ROOT / "examples" / name / "agreement.yaml"
    opened = Workspace.open(Settings(home=home / name, agreement=agreement, _env_file=None))
    environment = os.environ | {"ACCORD_DATA": str(DATA)}
    run_ingest(
        opened, as_of=AS_OF, sources=read_sources(agreement.parent / "sources.yaml", environment)
    )
    for stage in ORDER[1:]:
        stage.run(opened, as_of=AS_OF)
    return opened


def _written(opened, wanted):
    """Write a page; return its text and its tables by name, each a list of rows by column."""
    path = write_report(opened, as_of=AS_OF, wanted=wanted)
    assert len(path.read_bytes()) < 1_000_000
    folder = path.parent / path.stem.removeprefix("report-")
    tables = {
        file.stem: list(csv.DictReader(file.read_text("utf-8").splitlines()))
        for file in folder.glob("*.csv")
    }
    return path.read_text("utf-8").replace("\u00a0", " "), tables


@pytest.fixture(scope="module")
def olist(tmp_path_factory):
    opened = _taken(tmp_path_factory.mktemp("olist"), "olist", "olist_funnel")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    opened = _taken(tmp_path_factory.mktemp("maven"), "maven", "maven_crm")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bpi(tmp_path_factory):
    opened = _taken(tmp_path_factory.mktemp("bpi"), "bpi2012", "bpi_challenge_2012")
    yield opened
    opened.close()


ORIGINS = {
    "paid_search": (195, 1586),
    "organic_search": (271, 2296),
    "direct_traffic": (56, 499),
    "referral": (24, 284),
    "social": (75, 1350),
    "display": (6, 118),
    "other_publicities": (3, 65),
    "email": (15, 493),
    "other": (4, 150),
    "unknown": (179, 1099),
    "": (14, 60),
}


@pytest.mark.parametrize(
    "wanted", [Wanted(everything=True), Wanted(since="2017-06-01", until="2018-12-31")]
)
def test_olist_converts_by_origin_as_its_page_says(olist, wanted):
    html, tables = _written(olist, wanted)
    rows = {row["Channel"]: row for row in tables["channels"]}
    found = {name: (int(row["Won"]), int(row["Leads"])) for name, row in rows.items()}
    assert found.pop("total") == (842, 8000)
    assert found == ORIGINS
    for name, (won, leads) in ORIGINS.items():
        exact = Decimal(rows[name]["Lead to sale"])
        assert abs(exact - Decimal(won) / leads) < Decimal("1e-9")
    assert "Of 8,000 leads that came in over this span, 842 have bought: 10.5 %." in html
    won = {row["Month"]: row["Won"] for row in tables["pipeline"]}
    file = DATA / "olist_funnel" / "olist_closed_deals_dataset.csv"
    deals = csv.DictReader(file.read_text("utf-8").splitlines())
    local = (  # stamps are UTC; months are the agreement's, of Sao Paulo
        datetime.fromisoformat(deal["won_date"]).replace(tzinfo=UTC).astimezone(ZONE)
        for deal in deals
    )
    stated = Counter(f"{at:%Y-%m}" for at in local)
    assert stated.total() == 842
    assert {month: int(won[month]) for month in stated} == stated


def test_maven_wins_by_agent_and_product_as_its_file_says(maven):
    html, tables = _written(maven, Wanted(everything=True))
    file = DATA / "maven_crm" / "sales_pipeline.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        deals = list(csv.DictReader(opened))
    for name, column, key in (
        ("deals_by_rep", "Owner", lambda deal: f"maven:{deal['sales_agent']}"),
        ("deals_by_product", "Product", lambda deal: deal["product"].replace("GTXPro", "GTX Pro")),
    ):
        stated: dict[str, list[int]] = {}
        for deal in deals:
            sums = stated.setdefault(key(deal), [0, 0, 0])
            sums[0] += deal["deal_stage"] == "Won"
            sums[1] += deal["deal_stage"] == "Lost"
            sums[2] += int(deal["close_value"] or 0)
        found = {
            row[column]: [int(row["Won"]), int(row["Lost"]), int(row["Revenue"])]
            for row in tables[name]
        }
        assert found == stated
        for row in tables[name]:
            won, lost, _ = stated[row[column]]
            assert abs(Decimal(row["Win rate"]) - Decimal(won) / (won + lost)) < Decimal("1e-9")
    assert sum(int(row["Won"]) for row in tables["deals_by_rep"]) == 4238
    assert sum(int(row["Lost"]) for row in tables["deals_by_rep"]) == 2473
    assert sum(int(row["Revenue"]) for row in tables["deals_by_product"]) == 10_005_534
    assert "Of 6,711 deals closed in this span, 63 % were won." in html


def test_maven_has_a_pipeline_of_deals_that_state_no_amount_and_stand_still(maven):
    view = gather_pipeline(maven, as_of=AS_OF)
    assert len(view.deals) == 1589 + 500
    assert {one.step for one in view.deals} == {"opportunity"}
    chance = view.own["opportunity"]
    assert (chance.won, chance.of) == (4238, 6711)
    assert len(view.still) == 1589  # the others have no day on which they were opened
    html = write_pipeline_page(maven, as_of=AS_OF).read_text("utf-8")
    assert "2,089 open deals are of unknown worth: none states an amount" in html
    assert len(html.encode()) < 1_000_000


def test_bpi_2012_is_picked_up_as_its_page_says(bpi):
    html, tables = _written(bpi, Wanted(since="2011-10-01", until="2012-03-31"))
    (rep,) = (row for row in tables["speed_split"] if row["Part"] == "rep_delay")
    assert int(rep["Leads"]) == 4755
    median, p90 = Decimal(rep["Median, wall clock"]), Decimal(rep["p90, wall clock"])
    assert (round(median, 1), round(p90, 1)) == (Decimal("42.4"), Decimal("888.2"))
    assert "42.4 min" in html
    assert "14.8 h" in html
    totals = tables["funnel"]
    won = next(int(row["This span"]) for row in totals if row["Stage"] == "won")
    assert won == 2246
    buckets = {row["Wait"]: int(row["Waited for a touch, wall clock"]) for row in
               tables["speed_buckets"]}  # fmt: skip
    assert buckets == {
        "to 5 min": 870, "to 10 min": 324, "to 30 min": 854, "to 1 h": 602, "to 1 day": 1928,
        "longer": 177,
    }  # fmt: skip
