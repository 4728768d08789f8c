"""Late facts end in the numbers that they would have made in time, whatever came in between.

A company's facts are written by hand, some are held back, and they come later in an order that
Hypothesis chooses: new ones, corrected ones, one taken back, a merge and its undoing, an owner's
change. After each run that looks for news by itself, one that computes every week finds nothing.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from accord.ledger import insert_rows, read_rows, tables
from accord.metrics import week_named
from accord.services.audit import closed_weeks_keep_their_revisions
from accord.services.weekly import EVERY_WEEK, read_log, run_weekly
from tests.metrics.company import AS_OF, Company, _rest

_W43 = week_named("2026-W43", "America/New_York").start
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_HELD_BACK = ("lead", "stage_change", "touch", "clock", "handoff", "handoff_owner", "opportunity",
              "opportunity_version", "spend", "batch")  # fmt: skip
_CHANGE_NOTHING = {"a handoff_owner", "a opportunity_version", "a merge undone"}  # others say it
_COUNTED = ("numerator", "denominator", "value", "low", "high")


def _made() -> Company:
    made = Company(leads=60, seed=11)
    made.rows["opportunity_version"] = made.rows.get("opportunity_version", [])
    return made


def _split(made: Company) -> tuple[dict, dict]:
    """What is there in time, and the late: one fact of each kind, of an early week."""
    there, late = {}, {}
    for name, rows in made.rows.items():
        place = _place(made, name, rows) if rows else 0
        held = name in _HELD_BACK and bool(rows)
        there[name] = [row for at, row in enumerate(rows) if not (held and at == place)]
        if held:
            late[name] = rows[place]
    return there, late


def _place(made: Company, name: str, rows: list) -> int:
    """A third of the way; of hand-overs and their owners one to a first role, which all count."""
    first = {row["handoff_id"] for row in made.rows["handoff"] if row["stage"] == "mql"}
    third = len(rows) // 3
    if name not in {"handoff", "handoff_owner"}:
        return third
    later = third + (name == "handoff_owner")
    return next(at for at in range(later, len(rows)) if rows[at]["handoff_id"] in first)


def _insert(connection, name, row):
    table = tables.metadata.tables[name]
    insert_rows(connection, table, [{**_rest(table), **row}])


def _late_facts(made: Company, late: dict) -> dict:
    """Every late fact as what it does to the ledger; none needs another."""
    facts = {
        f"a {name}": lambda connection, name=name, row=row: _insert(connection, name, row)
        for name, row in late.items()
    }
    lead_ids = [row["lead_id"] for row in made.rows["lead"]]
    touch, move = made.rows["touch"][-1], made.rows["stage_change"][10]
    deal = made.rows["opportunity"][-1]
    handoff = next(row for row in made.rows["handoff"] if row["rep_id"] in {"crm:ada", "crm:cho"})

    def change(table, key, **values):
        column = next(iter(table.primary_key))
        return lambda connection: connection.execute(
            table.update().where(column == key).values(values)
        )

    return facts | {
        "a lead's segment": change(tables.lead, lead_ids[2], segment="huge"),
        "a touch of another week": change(tables.touch, touch["touch_id"], touched_at=_W43),
        "a deal won earlier": change(
            tables.opportunity, deal["opportunity_id"],
            stage="customer", closed_at=_W43 + _DAY, opened_at=_W43, known_at=AS_OF,
        ),
        "a hand-over of another rep": change(
            tables.handoff, handoff["handoff_id"], rep_id="crm:fin", team="emea"
        ),
        "a move taken back": lambda connection: _insert(
            connection, "stage_change",
            {**move, "change_id": "taken back", "retracts": move["change_id"], "known_at": AS_OF},
        ),
        "a merge": lambda connection: _insert(
            connection, "merge",
            {"lead_id": lead_ids[5], "into_lead_id": lead_ids[4], "merged_at": AS_OF,
             "why": "hand"},
        ),
        "a merge undone": lambda connection: _insert(
            connection, "merge",
            {"lead_id": lead_ids[9], "into_lead_id": lead_ids[8], "merged_at": AS_OF - 20 * _DAY,
             "why": "hand", "undone_at": AS_OF},
        ),
        "a rep's team": change(tables.rep, "crm:ada", team="emea"),
        "a lead that is gone": lambda connection: connection.execute(
            delete(tables.lead).where(tables.lead.c.lead_id == lead_ids[21])
        ),
    }  # fmt: skip


MADE = _made()
THERE, LATE = _split(MADE)
FACTS = _late_facts(MADE, LATE)


def _newest(workspace) -> dict:
    with workspace.ledger.read() as connection:
        rows = read_rows(connection, select(tables.metric).order_by(tables.metric.c.revision))
    return {(row["period"], row["metric"], row["dimension"], row["member"]): row for row in rows}


def _numbers(workspace) -> dict:
    return {key: tuple(row[n] for n in _COUNTED) for key, row in _newest(workspace).items()}


def _begin(workspace) -> None:
    with workspace.ledger.begin() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
        for name, rows in THERE.items():
            table = tables.metadata.tables[name]
            insert_rows(connection, table, [{**_rest(table), **row} for row in rows])


def _tell(workspace, name: str) -> None:
    with workspace.ledger.begin() as connection:
        FACTS[name](connection)


def _anew(workspace, as_of) -> dict:
    with workspace.ledger.begin() as connection:
        connection.execute(delete(tables.metric))
        connection.execute(delete(tables.counted))
    run_weekly(workspace, as_of=as_of, weeks=EVERY_WEEK)
    return _numbers(workspace)


def _is_nothing(counted: tuple) -> bool:
    return counted[0] in (None, "0") and counted[1] in (None, "0")


orders = st.permutations(sorted(FACTS)).map(lambda names: names[:10])
pauses = st.lists(st.booleans(), min_size=10, max_size=10)


# An amount known late of a deal that came late, once all else was settled: it counts from the
# deal's opening on, weeks before it was known.
_WORTH_LATE = (
    *("a batch", "a opportunity", "a lead that is gone", "a move taken back", "a lead"),
    *("a spend", "a rep's team", "a merge", "a handoff_owner", "a opportunity_version"),
)


@example(order=list(_WORTH_LATE), runs=[False] * 8 + [True, False])
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(order=orders, runs=pauses)
def test_late_facts_in_any_order_end_as_all_at_once(workspace, order, runs):
    _begin(workspace)
    as_of = AS_OF
    run_weekly(workspace, as_of=as_of)
    changed = []
    for name, runs_now in zip(order, [*runs[:-1], True], strict=True):
        _tell(workspace, name)
        if not runs_now:
            continue
        as_of += _MINUTE
        before = _numbers(workspace)
        result = run_weekly(workspace, as_of=as_of)
        after = _numbers(workspace)
        closed = {key for key in after if key[0] < "2026-W46"}
        differ = {key for key in closed if before.get(key, ())[:3] != after[key][:3]}
        told = [(o.period, o.metric, o.dimension, o.member) for o in result.restatements]
        assert sorted(told) == sorted(differ)
        changed += told
        assert run_weekly(workspace, as_of=as_of, weeks=EVERY_WEEK).written == 0
    log = [(o["period"], o["metric"], o["dimension"], o["member"]) for o in read_log(workspace)]
    assert sorted(log) == sorted(changed)
    with workspace.ledger.read() as connection:
        assert list(closed_weeks_keep_their_revisions(connection, workspace, as_of)) == []
    ended, anew = _numbers(workspace), _anew(workspace, as_of)
    assert {key: ended[key] for key in anew} == anew
    assert all(_is_nothing(ended[key]) for key in ended.keys() - anew.keys())


@pytest.mark.parametrize("name", sorted(FACTS))
def test_each_kind_of_late_fact_is_found_and_leaves_nothing_for_a_full_run(workspace, name):
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    _tell(workspace, name)
    found = run_weekly(workspace, as_of=AS_OF + _MINUTE)
    assert found.written or name in _CHANGE_NOTHING
    assert run_weekly(workspace, as_of=AS_OF + _MINUTE, weeks=EVERY_WEEK).written == 0


def test_without_news_the_running_week_alone_is_looked_at(workspace):
    _begin(workspace)
    assert run_weekly(workspace, as_of=AS_OF).why_all == "no run was before"
    result = run_weekly(workspace, as_of=AS_OF + _MINUTE)
    assert (result.weeks, result.why_all) == (("2026-W46",), None)


def test_a_week_that_closed_since_and_those_after_it_are_looked_at(workspace):
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    result = run_weekly(workspace, as_of=AS_OF + 14 * _DAY)
    assert result.weeks == ("2026-W46", "2026-W47", "2026-W48")
    assert run_weekly(workspace, as_of=AS_OF + 14 * _DAY, weeks=EVERY_WEEK).written == 0


def test_a_late_fact_is_looked_for_from_its_week_on_and_no_sooner(workspace):
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    with workspace.ledger.begin() as connection:
        row = {**MADE.rows["spend"][-1], "spend_id": "late", "spent_on": (_W43 + 8 * _DAY).date()}
        insert_rows(connection, tables.spend, [row])
    result = run_weekly(workspace, as_of=AS_OF + _MINUTE)
    assert (result.weeks[0], result.why_all) == ("2026-W44", None)


def test_the_log_says_when_what_was_and_what_is(workspace):
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    _tell(workspace, "a spend")
    run_weekly(workspace, as_of=AS_OF + _MINUTE)
    whole = [
        one for one in read_log(workspace) if (one["metric"], one["dimension"]) == ("spend", "all")
    ]
    assert len(whole) == 1
    assert whole[0]["when"] == "2026-11-13T21:31:00Z"
    assert float(whole[0]["is"]) > float(whole[0]["was"])
    assert read_log(workspace, since=AS_OF + 2 * _MINUTE) == []


def test_numbers_of_members_add_up_to_all(workspace):
    """Of what is counted or added up in one dimension that every fact has a member of, or none."""
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    stored = _newest(workspace)
    for name in ("new_leads", "mqls", "won", "lead_to_sale", "acceptance_rate", "spend", "revenue"):
        if not any(key[1] == name for key in stored):
            continue
        for period in sorted({key[0] for key in stored}):
            whole = stored[period, name, "all", ""]
            for part in ("numerator", "denominator"):
                if whole[part] is None:
                    continue
                rows = [r for k, r in stored.items() if k[:3] == (period, name, "channel")]
                total = sum(_exact(row[part]) for row in rows)
                assert total == _exact(whole[part]), (period, name, part)


def _exact(text):
    from decimal import Decimal

    return Decimal(text or 0)


def test_a_past_week_that_is_gone_from_a_copy_is_stored_again_to_the_bit(workspace):
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    kept = _numbers(workspace)
    with workspace.ledger.begin() as connection:
        connection.execute(delete(tables.metric).where(tables.metric.c.period == "2026-W44"))
    result = run_weekly(workspace, as_of=AS_OF + _DAY)
    assert result.weeks[0] == "2026-W44"
    again = _numbers(workspace)
    closed = [key for key in kept if key[0] < "2026-W46"]
    assert {key: again[key] for key in closed} == {key: kept[key] for key in closed}


def test_an_earlier_instant_looks_at_every_week_and_says_why(workspace):
    _begin(workspace)
    run_weekly(workspace, as_of=AS_OF)
    stored = _numbers(workspace)
    result = run_weekly(workspace, as_of=AS_OF - 10 * _DAY)
    assert result.why_all == "the last run was for a later instant"
    assert _numbers(workspace) == stored
    assert run_weekly(workspace, as_of=AS_OF).weeks[0] == "2026-W45"


def test_kept_days_are_those_counted_and_no_others(workspace):
    _begin(workspace)
    for back in (2, 0):
        run_weekly(workspace, as_of=AS_OF - back * _DAY)
    with workspace.ledger.begin() as connection:
        connection.execute(delete(tables.touch).where(tables.touch.c.touched_at < AS_OF - 9 * _DAY))
    run_weekly(workspace, as_of=AS_OF)
    with workspace.ledger.read() as connection:
        days = read_rows(
            connection, select(tables.counted).where(tables.counted.c.source == "touch")
        )
    ordered = sorted(row["day"] for row in days)
    assert all(a < b for a, b in pairwise(ordered))
    assert min(row["first_us"] for row in days) >= (AS_OF - 9 * _DAY).timestamp() * 1_000_000
