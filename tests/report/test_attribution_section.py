"""What was won, where it came from and what is paid for it, as the page tells it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accord.report import build_page
from accord.report.sections.attribution import attribution
from accord.services.commission import read_commission
from accord.services.report_asked import Wanted
from accord.services.report_view import gather_view
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, Company

WEEK = "2026-W46"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    home = tmp_path_factory.mktemp("deployment")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    made = Company(leads=600, seed=5)
    for deal in made.rows["opportunity"][::4]:
        deal["lead_id"] = None
    made.write(workspace.ledger)
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def view(deployment):
    return gather_view(deployment, Wanted(week=WEEK), as_of=AS_OF)


def _tables(view):
    return {table.name: table for table in attribution(view).tables}


def _amounts(table, column=-1):
    return [Decimal(row[column].raw or 0) for row in table.rows]


def test_the_page_pays_what_the_statement_pays_line_by_line(deployment, view):
    statement = read_commission(deployment, period=WEEK, as_of=AS_OF).statement
    tables = _tables(view)
    *teams, total = _amounts(tables["commission"])
    assert sum(teams) == total == statement.total == sum(_amounts(tables["commission_lines"], 4))
    assert total > 0
    assert len(tables["commission_lines"].rows) == len(statement.lines)
    assert f"USD {total:,.2f} so far" in attribution(view).lead


def test_campaigns_and_what_is_untraced_add_up_to_what_was_won(view):
    *parts, whole = _amounts(_tables(view)["won_by_campaign"], 1)
    assert sum(parts) == whole == view.over_base("revenue").value
    untraced = parts[-1]
    assert 0 < untraced < whole


def test_every_deal_won_stands_there_traced_or_not(view):
    table = _tables(view)["won_deals"]
    assert sum(_amounts(table, 2)) == view.number("revenue").value
    assert {row[3].shown == "(untraced)" for row in table.rows} == {True, False}
    traced = sum(amount for row, amount in zip(table.rows, _amounts(table, 2), strict=True)
                 if row[3].raw)  # fmt: skip
    assert traced == view.number("traced_revenue").value


@pytest.mark.parametrize(
    ("wanted", "period"),
    [(Wanted(month="2026-11"), "2026-11"), (Wanted(since="2026-10-01", until="2026-12-31"), None)],
)
def test_a_month_and_a_span_pay_what_their_statement_pays(deployment, wanted, period):
    view = gather_view(deployment, wanted, as_of=AS_OF)
    statement = read_commission(deployment, period=period or "2026-Q4", as_of=AS_OF).statement
    tables = _tables(view)
    assert _amounts(tables["commission"])[-1] == statement.total > 0
    assert sum(_amounts(tables["won_deals"], 2)) == view.number("revenue").value
    assert "13 weeks" not in tables["won_by_campaign"].caption


def test_the_section_names_nobody(view):
    cells = [cell for table in attribution(view).tables for row in table.rows for cell in row]
    assert not any("Person" in cell.shown or "@" in cell.raw for cell in cells)


def test_a_week_without_anything_says_so(deployment):
    view = gather_view(deployment, Wanted(week="2026-W41"), as_of=AS_OF)
    section = attribution(view)
    assert section.lead.startswith("Nothing was won this week. Marketing is paid USD 0.00")
    assert all(not table.rows for table in section.tables)
    assert "Attribution and commission" in [one.title for one in build_page(view).sections]
