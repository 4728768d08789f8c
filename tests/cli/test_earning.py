"""The commands that lead won money back, and say what marketing is paid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import delete

from accord.ledger import tables
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.services.earning_world import DAY, MONDAY, NOON, Earning

LATE = (MONDAY + 20 * DAY).isoformat()


@pytest.fixture
def world(folder):
    workspace = Workspace.open(Settings())
    made = Earning(workspace)
    made.reps("r1", name="Ann Rep")
    made.hand_over("a", name="Ada Lovelace", email="ada@acme.example")
    made.activity("a", "form_submitted", at=MONDAY - DAY)
    made.accept("a")
    made.win("d1", "a", opened=NOON, closed=NOON + DAY, amount="1234.50")
    made.win("d2", None, opened=NOON, closed=NOON + 2 * DAY, amount="10.00")
    yield made
    workspace.close()


def test_deals_are_told_with_what_led_to_them_and_the_sums(world, accord):
    code, out, err = accord("attribution", "--as-of", LATE)
    assert (code, err) == (0, "")
    first, second = (line.split("\t") for line in out.splitlines()[1:3])
    handoff = world.handoff("a")["handoff_id"]
    assert first[1:8] == [
        "d1", "1234.50", "a", handoff, "paid_search", "autumn", "demand_generation",
    ]  # fmt: skip
    assert first[8] == "form_submitted 2026-11-15T14:00:00Z, 2.1 days before"
    assert first[9] == "none: none known"
    assert second[-1] == "no lead"
    assert "won: USD 1244.50 in 2 deals; traced: 1234.50" in out
    assert "untraced, no lead: 10.00 in 1 deal\n" in out
    assert "Ada" not in out
    assert "Ann" not in out


def test_one_deal_is_told_on_a_page_and_as_json(world, accord):
    code, out, _ = accord("attribution", "--deal", "d1", "--as-of", LATE)
    assert code == 0
    handoff = world.handoff("a")
    assert f"handoff at mql         {handoff['handoff_id']} 2026-11-16T14:00:00Z decided" in out
    code, out, _ = accord("attribution", "--deal", "d1", "--as-of", LATE, "--json")
    (deal,) = json.loads(out)["deals"]
    assert (deal["amount"], deal["campaign"], deal["why"]) == ("1234.50", "autumn", None)
    assert deal["handoff_at_mql"]["handoff_id"] == handoff["handoff_id"]
    assert deal["first_sales_touch"]["missing"] == "none_known"


def test_deals_that_state_no_amount_are_counted_and_pay_nothing(world, accord):
    world.win("d3", "a", opened=NOON, closed=NOON + DAY, amount=None)
    _, out, _ = accord("attribution", "--as-of", LATE)
    assert "won: USD 1244.50 in 3 deals; traced: 1234.50\nwithout a stated amount: 1 deal\n" in out
    _, out, _ = accord("commission", "--period", "2026-W47", "--as-of", LATE)
    assert "without a stated amount: 1 deal, paid nothing" in out


def test_days_narrow_the_deals_and_a_time_without_any_says_so(world, accord):
    _, out, _ = accord("attribution", "--from", "2026-11-18", "--as-of", LATE, "--json")
    assert [deal["deal_id"] for deal in json.loads(out)["deals"]] == ["d2"]
    _, out, _ = accord("attribution", "--to", "2026-11-15", "--as-of", LATE)
    assert out == "no deal was won\n"


def test_a_statement_is_told_by_kind_team_and_campaign_and_line_by_line(world, accord):
    asked = ("commission", "--period", "2026-W47", "--as-of", LATE)
    code, out, err = accord(*asked)
    assert (code, err) == (0, "")
    assert out.startswith("commission of marketing, 2026-W47: USD 26.17\n")
    assert "demand_generation\t1\t1\t1234.50\t26.17" in out
    _, told, _ = accord(*asked, "--lines")
    assert [line.split("\t")[-3:] for line in told.splitlines()[-2:]] == [
        ["20", "1", "20.00"], ["0.005", "1234.50", "6.17"],
    ]  # fmt: skip
    _, plain, _ = accord(*asked, "--json")
    found = json.loads(plain)
    assert (found["total"], len(found["lines"]), found["partial"]) == ("26.17", 2, False)


def test_rates_that_both_sides_have_not_signed_are_said_so(world, accord):
    said = "at rates of version 2026.4, which both sides have not signed"
    note = "The rates of version 2026.4 are not signed by both sides."

    def told():
        _, out, _ = accord("commission", "--period", "2026-W47", "--as-of", LATE)
        _, page, _ = accord("report", "--week", "2026-W47", "--as-of", LATE)
        return said in out.splitlines(), note in Path(page.strip()).read_text("utf-8")

    assert told() == (False, False)
    with world.ledger.begin() as connection:
        sales = tables.signature.c.side == "sales"
        connection.execute(delete(tables.signature).where(sales))
    assert told() == (True, True)
    _, plain, _ = accord("commission", "--period", "2026-W47", "--as-of", LATE, "--json")
    assert json.loads(plain)["unsigned_versions"] == ["2026.4"]


def test_what_was_issued_and_what_it_is_now_are_told(world, accord):
    accord("weekly", "--as-of", (MONDAY + 8 * DAY).isoformat())
    reopened = {"opened": NOON, "closed": None, "stage": "opportunity"}
    world.win("d1", "a", **reopened, known=MONDAY + 9 * DAY)
    _, out, _ = accord("commission", "--period", "2026-W47", "--as-of", LATE)
    assert "revision 1, stored at 2026-11-24T14:00:00Z: 26.17" in out
    assert "total: was 26.17, is 20.00 (-6.17)" in out
    accord("weekly", "--as-of", (MONDAY + 9 * DAY).isoformat())
    _, out, _ = accord("commission", "--period", "2026-W48", "--as-of", LATE)
    assert "correction of 2026-W47 at 2026-11-25T14:00:00Z: was 26.17, is 20.00 (-6.17)" in out


def test_files_are_written_beside_the_reports(world, accord, folder):
    _, out, _ = accord("commission", "--period", "2026-11", "--csv", "--as-of", LATE)
    _, more, _ = accord("attribution", "--csv", "--as-of", LATE)
    written = [line.removeprefix("wrote ") for line in (out + more).splitlines()
               if line.startswith("wrote")]  # fmt: skip
    assert [path.removeprefix(".accord/reports/") for path in written] == [
        "2026-11/commission.csv", "2026-11/commission_lines.csv", "attribution.csv",
    ]  # fmt: skip
    for path in written:
        assert "Ada" not in (folder / path).read_text("utf-8")
    header, first, *_ = (folder / written[-1]).read_text("utf-8").splitlines()
    assert "First activity,First activity at,Days from first activity" in header
    assert ",form_submitted,2026-11-15T14:00:00Z,2.125," in first
    assert ",none_known,,," in first


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("commission", "--period", "2026-W99"), "is no ISO week"),
        (("commission", "--period", "2026-Q9"), "is no week, month or quarter"),
        (("attribution", "--deal", "d9"), "no deal 'd9' is known"),
        (("attribution", "--from", "soon"), "is no day"),
    ],
)
def test_wrong_input_is_refused_in_one_line(world, accord, tokens, says):
    code, out, err = accord(*tokens, "--as-of", LATE)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
