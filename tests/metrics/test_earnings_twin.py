"""Statements beside SQL that was written apart from them: equal to the last cent, line by line.

A company with merges, second cycles, overtaken hand-offs, deals without a lead or an opening, whose
agreement changes twice: once to what it had said before it was known.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accord.agreement import load
from accord.metrics import METRICS, Cube, Cut, Untraced, compute, cut, dimensions_of
from accord.records import to_us
from accord.services.attribution import read_attribution
from accord.services.commission import read_commission
from accord.services.measure import read_facts
from tests.metrics.company import AS_OF, FIRST, Company, digest
from tests.metrics.independent import open_duckdb
from tests.metrics.independent_earnings import earn
from tests.services.earning_world import Earning

_ZONE = "America/New_York"
_WEEKS = tuple(f"2026-W{number}" for number in range(42, 47))


@pytest.fixture
def company(workspace):
    """The workspace, and the same rows in DuckDB with both agreements."""
    path = workspace.settings.agreement
    first = load(path)
    made = Company(leads=700, seed=23)
    _tangle(made)
    world = Earning(workspace)
    made.write(workspace.ledger)
    world.agree(since="2026-11-03", mql="17.505", share="1.25%", at=FIRST + timedelta(days=9))
    second = load(path)
    found = open_duckdb(workspace.ledger)
    for name in ("rate", "root_of", "handed", "earned"):
        found.execute(f"DROP TABLE {name}")
    earn(found, (first, second))
    return workspace, found


def _tangle(made: Company) -> None:
    """Let leads merge, come again, be overtaken; let deals lack a lead, an opening, a closing."""
    _merge(made)
    _come_again(made)
    for number, deal in enumerate(made.rows["opportunity"]):
        _tangle_deal(deal, number, lead_id=made.rows["lead"][number]["lead_id"])


def _merge(made: Company) -> None:
    leads = [row["lead_id"] for row in made.rows["lead"]]
    for number in range(0, len(leads) - 2, 11):
        undone = AS_OF if number % 3 == 0 else None
        row = {"lead_id": leads[number + 1], "into_lead_id": leads[number], "merged_at": AS_OF}
        made.add("merge", **row, undone_at=undone)
        if number % 4 == 0:
            again = {"lead_id": leads[number], "into_lead_id": leads[number + 2]}
            made.add("merge", **again, merged_at=AS_OF, undone_at=None)


def _come_again(made: Company) -> None:
    handed = [row for row in made.rows["handoff"] if row["stage"] == "mql"]
    for number, row in enumerate(handed[::3]):
        again = row["queued_at"] + timedelta(days=2 + number % 5)
        told = {"channel": "email" if number % 2 else None, "campaign": None, "origin": "observed"}
        named = {"handoff_id": digest("again", row["lead_id"]), "cycle": row["cycle"] + 1}
        made.rows["handoff"].append({**row, **named, **told, "queued_at": again})
        if number % 2:
            row["outcome"] = "overtaken"
        _enter(made, row["lead_id"], "sal", again + timedelta(hours=3), cycle=row["cycle"] + 1)
    accepted = [move for move in made.rows["stage_change"] if move["to_stage"] == "sal"]
    for one in accepted[::7]:
        back = {"change_id": digest("back", one["change_id"]), "retracts": one["change_id"]}
        made.rows["stage_change"].append({**one, **back})


def _tangle_deal(deal: dict, number: int, *, lead_id: str) -> None:
    if deal["stage"] == "opportunity" and number % 2:
        deal["stage"], deal["closed_at"] = "customer", deal["opened_at"] + timedelta(days=1)
    if number % 5 == 0:
        deal["lead_id"] = (None, "crm:nobody", lead_id)[number % 3]
    if number % 4 == 0:
        deal["opened_at"] = None
    if deal["stage"] == "customer" and number % 6 == 0:
        deal["stage_at"], deal["closed_at"] = deal["closed_at"], None
    if number % 13 == 0 and deal["amount"] is not None:
        deal["amount"] = -deal["amount"]


def _enter(made: Company, lead_id: str, stage: str, at, *, cycle: int) -> None:
    made.add(
        "stage_change", change_id=digest(lead_id, stage, at, cycle), lead_id=lead_id,
        from_stage="mql", to_stage=stage, step=None, programme=None, cycle=cycle, occurred_at=at,
        position=0, known_at=at, origin="observed", inferred=False, cause="made", reason=None,
        until=None, version=None, retracts=None,
    )  # fmt: skip


def _period(workspace, found, label):
    statement = read_commission(workspace, period=label, as_of=AS_OF).statement
    bounds = [statement.period.start, min(statement.period.end, AS_OF + timedelta(microseconds=1))]
    sql = (
        "SELECT kind, earned_at, handoff_id, deal_id, channel, campaign, version, base,"
        " coalesce(cents, 0) FROM earned"
        " WHERE earned_at >= ? AND earned_at < ? AND version IS NOT NULL"
        " ORDER BY earned_at, kind, handoff_id, deal_id"
    )
    theirs = found.execute(sql, [to_us(at) for at in bounds]).fetchall()
    ours = [
        (line.kind.value, to_us(line.at), line.handoff_id, line.deal_id, line.channel,
         line.campaign, line.version, line.base if line.deal_id else None, int(line.amount * 100))
        for line in statement.lines
    ]  # fmt: skip
    return ours, theirs


def test_every_line_of_every_week_month_and_quarter_is_its_twins(company):
    workspace, found = company
    versions = set()
    for label in (*_WEEKS, "2026-10", "2026-11", "2026-Q4"):
        ours, theirs = _period(workspace, found, label)
        assert ours == theirs
        versions |= {(row[0], row[6]) for row in ours}
    assert len(ours) > 100
    assert len(versions) == 4  # both kinds under both agreements
    assert any(row[8] < 0 for row in ours)
    assert {row[4] for row in ours} > {None, "email"}


def test_the_members_of_every_week_are_their_twins(company):
    workspace, found = company
    agreement = workspace.agreement(AS_OF)
    periods = cut(Cut.WEEK, first=FIRST, as_of=AS_OF, zone=_ZONE)
    cube = Cube(read_facts(workspace, agreement, ("earnings",), as_of=AS_OF), periods)
    checked = 0
    for dimension in ("segment", "channel", "campaign"):
        assert dimension in dimensions_of(METRICS["commission"])
        numbers = compute(cube, METRICS["commission"], dimension)
        for place, label in enumerate(periods.labels):
            sql = (
                f"SELECT coalesce({dimension}, ''), sum(cents) FROM earned"
                " WHERE earned_at >= ? AND earned_at < ? GROUP BY 1"
            )
            bounds = [periods.edges_us[place], periods.horizons_us[place]]
            theirs = {m: Decimal(c).scaleb(-2) for m, c in found.execute(sql, bounds).fetchall()}
            ours = {n.member: n.value for n in numbers if n.period == label}
            assert ours == theirs
            checked += len(theirs)
    assert checked > 20


def test_traced_and_untraced_are_the_revenue_and_each_trace_is_its_twins(company):
    workspace, found = company
    attribution = read_attribution(workspace, as_of=AS_OF)
    theirs = dict(
        found.execute(
            "SELECT deal_id, handoff_id FROM earned WHERE kind = 'won_revenue' AND"
            " (earned_at IS NULL OR earned_at < ?)", [to_us(AS_OF) + 1],
        ).fetchall()
    )  # fmt: skip
    ours = {deal.deal_id: deal.mql.handoff_id for deal in attribution.deals if deal.why is None}
    assert ours == theirs
    assert len(ours) > 10
    (revenue,) = found.execute(
        "SELECT sum(amount) FROM opportunity WHERE stage = 'customer'"
        " AND coalesce(closed_at, stage_at, 0) <= ?", [to_us(AS_OF)],
    ).fetchone()  # fmt: skip
    untraced = attribution.untraced
    assert attribution.traced + sum(amount for _, amount in untraced.values()) == revenue
    assert attribution.revenue == revenue
    assert {Untraced.NO_LEAD, Untraced.UNKNOWN_LEAD, Untraced.NO_HANDOFF} <= set(untraced)
