"""The stage ``weekly``: stored once, restated when something was told late, rebuilt to the bit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from accord.errors import InputError
from accord.ledger import insert_rows, read_rows, tables
from accord.metrics import METRICS, week_named
from accord.services.weekly import STORED, run_weekly, said
from tests.metrics.company import AS_OF, FIRST, Company

_ZONE = "America/New_York"
_W43 = week_named("2026-W43", _ZONE)


@pytest.fixture
def company(workspace):
    Company(leads=160, seed=3).write(workspace.ledger)
    return workspace


def _stored(workspace) -> list[dict]:
    with workspace.ledger.read() as connection:
        rows = read_rows(connection, select(tables.metric))
    return sorted(rows, key=lambda row: tuple(map(str, row.values())))


def _number(workspace, period: str, name: str, dimension: str = "all", member: str = "") -> list:
    with workspace.ledger.read() as connection:
        columns = tables.metric.c
        query = select(columns.revision, columns.value, columns.partial).where(
            columns.period == period,
            columns.metric == name,
            columns.dimension == dimension,
            columns.member == member,
        )
        return [tuple(row) for row in connection.execute(query.order_by(columns.revision))]


def _late_lead(workspace, lead_id: str, at, *, segment: str = "small") -> None:
    row = {
        "lead_id": lead_id, "created_at": at, "segment": segment, "channel": "email", "cycle": 0,
        "known_at": AS_OF, "row_hash": "late",
    }  # fmt: skip
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.lead, [row])


def test_the_first_run_writes_every_week_and_a_second_one_nothing(company):
    first = run_weekly(company, as_of=AS_OF)
    stored = _stored(company)
    second = run_weekly(company, as_of=AS_OF)
    assert first.weeks == ("2026-W42", "2026-W43", "2026-W44", "2026-W45", "2026-W46")
    assert first.written == len(stored) > 1000
    assert (second.written, second.restated) == (0, 0)
    assert _stored(company) == stored


def test_weeks_run_one_by_one_as_they_pass_end_as_when_run_at_once(company):
    for back in range(33, -1, -8):
        result = run_weekly(company, as_of=AS_OF - timedelta(days=back))
        assert result.restated == 0
    run_weekly(company, as_of=AS_OF)
    numbers = [{k: v for k, v in row.items() if k != "computed_at"} for row in _stored(company)]
    with company.ledger.begin() as connection:
        connection.execute(delete(tables.metric))
    run_weekly(company, as_of=AS_OF)
    again = [{k: v for k, v in row.items() if k != "computed_at"} for row in _stored(company)]
    assert numbers == again


def test_a_running_week_is_partial_and_replaced_without_a_revision(company):
    run_weekly(company, as_of=AS_OF - timedelta(days=2))
    before = _number(company, "2026-W46", "new_leads")
    run_weekly(company, as_of=AS_OF)
    after = _number(company, "2026-W46", "new_leads")
    assert [row[0] for row in after] == [1]
    assert before[0][2] is True
    assert after[0][2] is True
    assert int(after[0][1]) > int(before[0][1])


def test_a_week_that_has_ended_is_no_longer_partial(company):
    end = week_named("2026-W46", _ZONE).end
    run_weekly(company, as_of=AS_OF)
    result = run_weekly(company, as_of=end)
    assert result.restated == 0
    assert _number(company, "2026-W46", "mqls")[0][2] is False


def test_a_late_fact_restates_its_closed_week_and_says_so(company):
    run_weekly(company, as_of=AS_OF)
    ((_, value, _),) = _number(company, "2026-W43", "new_leads")
    _late_lead(company, "web:late", _W43.start)
    result = run_weekly(company, as_of=AS_OF)
    assert result.restated > 0
    assert _number(company, "2026-W43", "new_leads") == [
        (1, value, False),
        (2, str(int(value) + 1), False),
    ]
    assert {one.metric for one in result.restatements} >= {"new_leads", "lead_to_sale"}
    lines = list(said(result.restatements))
    assert f"2026-W43 new_leads: {value} is now {int(value) + 1}" in lines
    assert run_weekly(company, as_of=AS_OF).written == 0


def test_a_late_fact_of_a_new_member_is_a_restatement_too(company):
    run_weekly(company, as_of=AS_OF)
    _late_lead(company, "web:late", _W43.start, segment="huge")
    result = run_weekly(company, as_of=AS_OF)
    assert any(one.member == "huge" and one.before is None for one in result.restatements)
    assert _number(company, "2026-W43", "new_leads", "segment", "huge") == [(1, "1", False)]


def test_a_number_whose_facts_are_gone_becomes_zero_and_does_not_vanish(company):
    _late_lead(company, "web:late", _W43.start, segment="huge")
    run_weekly(company, as_of=AS_OF)
    with company.ledger.begin() as connection:
        connection.execute(delete(tables.lead).where(tables.lead.c.lead_id == "web:late"))
    run_weekly(company, as_of=AS_OF)
    found = _number(company, "2026-W43", "new_leads", "segment", "huge")
    assert found == [(1, "1", False), (2, "0", False)]
    assert run_weekly(company, as_of=AS_OF).written == 0


def test_late_facts_end_in_the_same_numbers_in_any_order(company):
    times = [_W43.start + timedelta(hours=7 * n) for n in range(5)]
    run_weekly(company, as_of=AS_OF)
    for place in (4, 0, 2, 1, 3):
        _late_lead(company, f"web:late{place}", times[place])
        run_weekly(company, as_of=AS_OF)
    final = {_key(row): row["value"] for row in _newest(company)}
    with company.ledger.begin() as connection:
        connection.execute(delete(tables.metric))
    run_weekly(company, as_of=AS_OF)
    assert {_key(row): row["value"] for row in _newest(company)} == final


def _key(row: dict) -> tuple:
    return (row["period"], row["metric"], row["dimension"], row["member"])


def _newest(workspace) -> list[dict]:
    found: dict[tuple, dict] = {}
    for row in _stored(workspace):
        known = found.get(_key(row))
        if known is None or known["revision"] < row["revision"]:
            found[_key(row)] = row
    return list(found.values())


def test_any_past_week_rebuilds_to_the_same_rows(company):
    run_weekly(company, as_of=AS_OF)
    kept = [row for row in _stored(company) if row["period"] == "2026-W44"]
    with company.ledger.begin() as connection:
        connection.execute(delete(tables.metric).where(tables.metric.c.period == "2026-W44"))
    result = run_weekly(company, as_of=AS_OF, weeks=["2026-W44"])
    again = [row for row in _stored(company) if row["period"] == "2026-W44"]
    assert result.weeks == ("2026-W44",)
    assert again == kept


def test_a_run_for_an_earlier_instant_does_not_unsay_a_closed_week(company):
    run_weekly(company, as_of=AS_OF)
    stored = _stored(company)
    run_weekly(company, as_of=_W43.start + timedelta(days=2))
    assert _stored(company) == stored


def test_an_empty_ledger_has_no_weeks(workspace):
    result = run_weekly(workspace, as_of=AS_OF)
    assert (result.weeks, result.written) == ((), 0)
    Company(leads=20).write(workspace.ledger)
    assert run_weekly(workspace, as_of=FIRST - timedelta(days=3)).written == 0


def test_what_is_no_week_is_refused(company):
    with pytest.raises(InputError, match="2026-W46"):
        run_weekly(company, as_of=AS_OF, weeks=["46"])


def test_every_metric_is_stored_whole_and_by_segment_and_channel_where_it_can_be():
    stored = {name: [by for metric, by in STORED if metric.name == name] for name in METRICS}
    assert stored["mqls"][:3] == ["all", "segment", "channel"]
    assert "term" in stored["sla_met_share"]
    assert stored["cost_per_mql"] == ["all", "channel", "campaign", "marketing_team"]
    assert "source" in stored["rows_in"]


def test_values_are_exact_decimal_text_and_missing_is_not_zero(company):
    run_weekly(company, as_of=AS_OF)
    rows = _stored(company)
    assert all("E" not in (row["value"] or "") for row in rows)
    first = {row["metric"]: row for row in rows if row["period"] == "2026-W42"}
    whole = [r for r in rows if (r["period"], r["dimension"]) == ("2026-W42", "all")]
    by_name = {row["metric"]: row for row in whole}
    assert by_name["won"]["value"] in (None, "0")
    assert by_name["win_rate"]["value"] is None
    assert "." in by_name["spend"]["value"]
    assert first
