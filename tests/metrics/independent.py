"""Every metric a second time: SQL over the ledger's rows, written without looking at the first.

``TWINS`` maps a metric to the SQL of its numerator and, for ratios, its denominator; for medians
and percentiles to (SQL of the values, share). ``$m`` stands for the member's column, ``$lo`` and
``$hi`` for the period (microseconds, ``$hi`` excluded), ``$clo`` for the start of its cohort,
``$before`` for that of the quarter before it, ``$long`` for that of 24 months, ``$judged`` for when
it is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import duckdb
import pandas as pd
from sqlalchemy import select

from accord.agreement import Agreement, load
from accord.calendars import Calendar
from accord.ledger import Ledger, tables
from accord.records import to_us
from tests.conftest import ROOT
from tests.metrics.independent_cadence import CADENCE, follow
from tests.metrics.independent_earnings import EARNINGS, earn
from tests.metrics.independent_goals import add_goals

_LEDGER = (
    "lead", "merge", "stage_change", "opportunity", "opportunity_version", "handoff", "clock",
    "touch", "spend", "batch", "rep", "handoff_owner", "quality",
)  # fmt: skip

_DERIVED = """
CREATE TABLE standing AS
  SELECT * FROM stage_change s
  WHERE retracts IS NULL
    AND change_id NOT IN (SELECT retracts FROM stage_change WHERE retracts IS NOT NULL)
    AND lead_id NOT IN (SELECT lead_id FROM merge WHERE undone_at IS NULL);
CREATE TABLE standing_all AS
  SELECT * FROM stage_change WHERE retracts IS NULL
    AND change_id NOT IN (SELECT retracts FROM stage_change WHERE retracts IS NOT NULL);
CREATE TABLE entries AS
  SELECT e.*, l.segment, l.channel, l.campaign,
         row_number() OVER (
           PARTITION BY e.lead_id ORDER BY occurred_at, position, step NULLS FIRST) AS ord
  FROM (SELECT *, to_stage AS mark FROM standing WHERE to_stage IS DISTINCT FROM from_stage
        UNION ALL SELECT *, step AS mark FROM standing WHERE step IS NOT NULL) e
  LEFT JOIN lead l USING (lead_id);
CREATE TABLE leads AS
  SELECT l.*, (SELECT min(happened) FROM (
      SELECT coalesce(closed_at, stage_at, opened_at, l.created_at) AS happened FROM opportunity o
      WHERE o.stage = 'customer' AND o.lead_id = l.lead_id
      UNION ALL SELECT occurred_at FROM standing s
      WHERE s.to_stage = 'customer' AND s.lead_id = l.lead_id)
    ) AS won_at
  FROM lead l WHERE lead_id NOT IN (SELECT lead_id FROM merge WHERE undone_at IS NULL);
CREATE TABLE deals AS
  SELECT o.*, l.segment, l.channel, l.campaign, l.created_at AS lead_created_at,
         coalesce(o.closed_at, o.stage_at) AS ended_at,
         (SELECT team FROM rep r WHERE r.rep_id = o.rep_id) AS team
  FROM opportunity o LEFT JOIN lead l USING (lead_id);
CREATE TABLE customers AS
  SELECT * FROM (SELECT d.*, row_number() OVER (
      PARTITION BY coalesce(account, (SELECT into_lead_id FROM merge m
        WHERE m.lead_id = d.lead_id AND undone_at IS NULL), lead_id, opportunity_id)
      ORDER BY ended_at, opportunity_id) AS nth
    FROM deals d WHERE stage = 'customer') WHERE nth = 1;
CREATE TABLE failings AS
  SELECT q.*, b.taken_at, b.source, b.entity FROM quality q JOIN batch b USING (batch_id)
  WHERE q.checked > 0;
CREATE TABLE handoffs AS
  SELECT h.*, (SELECT any_value(reason) FROM standing_all s WHERE s.lead_id = h.lead_id
      AND s.occurred_at = h.ended_at AND s.to_stage = CASE h.outcome
        WHEN 'returned' THEN 'nurture' ELSE h.outcome END) AS reason,
    (SELECT min(occurred_at) FROM stage_change s WHERE s.to_stage = 'sal'
      AND s.lead_id = h.lead_id AND s.cycle = h.cycle) AS accepted_at
  FROM handoff h;
CREATE TABLE clocks AS
  SELECT c.*, l.channel, l.campaign,
    (ended_at IS NOT NULL AND ended_by = 'met' AND ended_at <= due_at) AS in_time,
    NOT (ended_at IS NOT NULL AND ended_at <= due_at) AS ran_out
  FROM clock c LEFT JOIN lead l USING (lead_id) WHERE c.lead_id IS NOT NULL;
CREATE TABLE answered AS
  SELECT *, CASE
      WHEN origin = 'decided' THEN
        CASE WHEN came_straight AND entered_at - created_at <= 86400000000 THEN created_at
             ELSE entered_at END
      WHEN came_straight THEN created_at
      WHEN entered_at < given_at THEN entered_at END AS said_at
  FROM (SELECT h.*, l.created_at,
      coalesce((SELECT min(since) FROM handoff_owner o
                WHERE o.handoff_id = h.handoff_id AND o.rep_id IS NOT NULL), assigned_at) given_at,
      coalesce((SELECT min(occurred_at) FROM standing_all s WHERE s.lead_id = h.lead_id
                AND s.cycle = h.cycle AND s.to_stage = 'mql' AND s.from_stage IS DISTINCT FROM 'mql'
               ), queued_at) AS entered_at,
      h.cycle = 1 AND NOT EXISTS (SELECT 1 FROM standing_all s WHERE s.lead_id = h.lead_id
        AND s.to_stage <> 'new_name' AND s.occurred_at < coalesce((
          SELECT min(occurred_at) FROM standing_all e WHERE e.lead_id = h.lead_id
          AND e.cycle = h.cycle AND e.to_stage = 'mql' AND e.from_stage IS DISTINCT FROM 'mql'
        ), queued_at)) AS came_straight,
      (SELECT min(ended_at) FROM clock c WHERE c.handoff_id = h.handoff_id AND c.ended_by = 'met'
        AND c.from_event = 'assigned' AND c.until_event IN ('touch', 'touched')) AS touched_at
    FROM handoff h LEFT JOIN lead l USING (lead_id)
    WHERE h.stage = 'mql' AND h.outcome IS DISTINCT FROM 'merged'
      AND h.outcome IS DISTINCT FROM 'overtaken') WHERE given_at IS NOT NULL;
CREATE TABLE speeds AS
  SELECT *, given_at - came_at AS system_us, touched_at - given_at AS rep_us,
    touched_at - came_at AS total_us
  FROM (SELECT *, CASE WHEN said_at IS NOT NULL THEN least(said_at, given_at) END AS came_at
        FROM answered);
CREATE TABLE touches AS
  SELECT t.* EXCLUDE (channel), t.channel AS kind, l.segment, l.channel
  FROM touch t LEFT JOIN lead l USING (lead_id)
  WHERE automatic IS DISTINCT FROM true;
"""


def open_duckdb(
    ledger: Ledger, *, until: datetime | None = None, agreements: Sequence[Agreement] = ()
) -> duckdb.DuckDBPyConnection:
    """Copy the ledger's rows into DuckDB: instants as microseconds, money as decimals.

    What the twins ask of is derived once, as tables: as views each question derived it anew. What
    was agreed for each day is there up to ``until``, by ``agreements`` that followed one another
    (the shipped one, if none is named).
    """
    found = duckdb.connect(config={"threads": 1})  # a second one would be in the way of few rows
    with ledger.read() as connection:
        for name in _LEDGER:
            table = tables.metadata.tables[name]
            rows = connection.execute(select(table)).mappings().all()
            _copy(found, name, [dict(row) for row in rows], [c.name for c in table.columns])
    found.execute(_DERIVED)
    agreements = agreements or (load(ROOT / "agreement.yaml"),)
    follow(found, agreements[0])
    earn(found, agreements)
    if until is not None:
        add_goals(found, ledger, agreements, until=until)
    _add_open(found)
    return found


def _add_open(found) -> None:
    """Open time of each part of an answer: by the calendar of the hand-over's newest clock."""
    rows = found.execute(
        "SELECT s.*, (SELECT arg_max(calendar_terms, started_at) FROM clock c"
        " WHERE c.handoff_id = s.handoff_id AND c.from_event = 'assigned') AS terms FROM speeds s"
    ).df()
    parts = {"system": ("came_at", "given_at"), "rep": ("given_at", "touched_at")}
    parts["total"] = ("came_at", "touched_at")
    for name, (start, end) in parts.items():
        waits = [_open_between(*each) for each in rows[["terms", start, end]].to_numpy()]
        rows[f"{name}_open_us"] = pd.array(waits, "Int64")
    found.register("given", rows)
    found.execute("CREATE TABLE timed AS SELECT * FROM given")
    found.unregister("given")


def _open_between(terms: str | None, start: float, end: float) -> int | None:
    import ast

    if terms in (None, "None") or pd.isna(start) or pd.isna(end):
        return None
    from accord.records import from_us

    elapsed = Calendar.parse(ast.literal_eval(terms)).elapsed(
        from_us(int(start)), from_us(int(end))
    )
    return elapsed // (from_us(1) - from_us(0))


def _copy(found, name: str, rows: list[dict], columns: list[str]) -> None:
    for row in rows:
        for key, value in row.items():
            if hasattr(value, "tzinfo"):
                row[key] = to_us(value)
            elif isinstance(value, list | dict):
                row[key] = str(value)
        if name == "clock":
            row["open_us"] = _open_us(row)
    extra = ["open_us"] if name == "clock" else []
    frame = pd.DataFrame(rows, columns=[*columns, *extra])
    for column in frame:
        if column.endswith(("_at", "_us", "_in")):
            frame[column] = frame[column].astype("Int64")
        elif column in ("amount", "cost", "budget"):
            frame[column] = frame[column].map(
                lambda v: None if v is None else str(v), na_action=None
            )
    found.register("given", frame)
    money = [c for c in frame if c in ("amount", "cost", "budget")]
    casts = ", ".join(f"CAST({c} AS DECIMAL(18, 2)) AS {c}" for c in money)
    replace = f"REPLACE ({casts})" if money else ""
    found.execute(f"CREATE TABLE {name} AS SELECT * {replace} FROM given")
    found.unregister("given")


def _open_us(row: dict) -> int | None:
    from accord.records import from_us

    if row["ended_at"] is None or row["calendar_terms"] in (None, "None"):
        return None
    import ast

    calendar = Calendar.parse(ast.literal_eval(row["calendar_terms"]))
    elapsed = calendar.elapsed(from_us(row["started_at"]), from_us(row["ended_at"]))
    return elapsed // (from_us(1) - from_us(0))


def _flow(view: str, at: str, where: str = "true", value: str = "count(*)") -> str:
    return (
        f"SELECT coalesce($m, '') AS member, {value} FROM {view}"
        f" WHERE {at} >= $lo AND {at} < $hi AND ({where}) GROUP BY 1"
    )


def _stood(view: str, start: str, end: str, where: str = "true", value: str = "count(*)") -> str:
    return (
        f"SELECT coalesce($m, '') AS member, {value} FROM {view}"
        f" WHERE {start} < $hi AND ({end} IS NULL OR {end} >= $hi) AND ({where}) GROUP BY 1"
    )


def _entered(stage: str, more: str = "true") -> str:
    return _flow("entries", "occurred_at", f"mark = '{stage}' AND {more}")


def _cohort(stage: str) -> str:
    return _entered(stage).replace("$lo", "$clo")


def _went_on(stage: str, *goals: str) -> str:
    marks = ", ".join(f"'{goal}'" for goal in goals)
    return (
        "SELECT coalesce($m, '') AS member, count(*) FROM entries x"
        f" WHERE mark = '{stage}' AND occurred_at >= $clo AND occurred_at < $hi AND EXISTS ("
        f"  SELECT 1 FROM entries y WHERE y.lead_id = x.lead_id AND y.mark IN ({marks})"
        "   AND y.ord > x.ord AND y.occurred_at < $judged AND NOT EXISTS ("
        "     SELECT 1 FROM entries z WHERE z.lead_id = x.lead_id AND z.mark = x.mark"
        "      AND z.ord > x.ord AND z.ord <= y.ord)) GROUP BY 1"
    )


def _step(stage: str, *goals: str) -> tuple[str, str]:
    return (_went_on(stage, *goals), _cohort(stage))


_SETTLED = "CASE WHEN in_time THEN ended_at WHEN ran_out THEN due_at + 1 END"


def _clocks_of(side: str, prefix: str) -> dict[str, tuple]:
    """The clocks of one side: counts, and the share kept."""
    whose = f"side = '{side}'"
    met = _flow("clocks", _SETTLED, f"in_time AND {whose}")
    return {
        f"{prefix}sla_met_share": (met, _flow("clocks", _SETTLED, whose)),
        f"{prefix}clocks_started": (_flow("clocks", "started_at", whose),),
        f"{prefix}clocks_met": (met,),
        f"{prefix}clocks_breached": (_flow("clocks", _SETTLED, f"ran_out AND {whose}"),),
        f"{prefix}clocks_running": (_stood("clocks", "started_at", "ended_at", whose),),
        f"{prefix}clocks_overdue": (
            _stood("clocks", "due_at + 1", "ended_at", f"ran_out AND {whose}"),
        ),
    }


def _beside(start: str, *goals: str) -> tuple[str, str]:
    marks = ", ".join(f"'{goal}'" for goal in goals)
    return (_flow("entries", "occurred_at", f"mark IN ({marks})"), _entered(start))


def _since_quarter(sql: str) -> str:
    return sql.replace("$lo", "$clo")


def _since_years(sql: str) -> str:
    return sql.replace("$clo", "$long")


def _sent_back(goal: str) -> tuple[str, str]:
    whose = " AND programme IN ('returned', 'lost')"
    above, below = _step("nurture", goal)
    return tuple(
        _since_years(sql.replace("mark = 'nurture'", f"mark = 'nurture'{whose}"))
        for sql in (above, below)
    )


def _net(*signed: tuple[str, str]) -> str:
    """The sum of several answers, each with its sign."""
    parts = " UNION ALL ".join(
        f"SELECT member, {sign} v AS v FROM ({sql}) AS p(member, v)" for sign, sql in signed
    )
    return f"SELECT member, sum(v) FROM ({parts}) GROUP BY 1"


def _planned(stage: str) -> str:
    return _flow("goal_days", "at_us", value=f"sum({stage}) / CAST(1000000 AS DECIMAL(18, 0))")


def _weeks(column: str, role: str) -> str:
    return _flow("rep_days", "at_us", f"role = '{role}'", f"round(sum({column}) / 7.0, 10)")


def _kept(term: str) -> tuple[str, str]:
    return tuple(_flow("clocks", _SETTLED, f"{w} AND term = '{term}'") for w in ("in_time", "true"))


_MQL_HANDED = _flow("handoffs", "assigned_at", "stage = 'mql'")
_MQL_ENDED = "stage = 'mql' AND outcome IN ('returned', 'disqualified')"
_SPEED = (
    "SELECT coalesce($m, ''), {column} / 60000000.0 FROM clocks WHERE term = 'first_touch'"
    " AND ended_by = 'met' AND ended_at >= $lo AND ended_at < $hi AND {column} IS NOT NULL"
)


def _answer(column: str, at: str) -> str:
    return (
        f"SELECT coalesce($m, ''), {column} / 60000000.0 FROM timed"
        f" WHERE {at} >= $lo AND {at} < $hi AND {column} IS NOT NULL"
    )


def _answers(name: str, part: str, at: str) -> dict[str, tuple]:
    wall, open_time = _answer(f"{part}_us", at), _answer(f"{part}_open_us", at)
    return {
        name: (wall, HALF),
        f"{name}_p90": (wall, NINE),
        f"{name}_business": (open_time, HALF),
        f"{name}_business_p90": (open_time, NINE),
    }


HALF, NINE = Decimal("0.5"), Decimal("0.9")
_WALL, _OPEN = "(ended_at - started_at)", "open_us"
_SUM = "sum(amount)"
_WON = _flow("deals", "ended_at", "stage = 'customer'")
_REVENUE = _flow("deals", "ended_at", "stage = 'customer'", f"coalesce({_SUM}, 0)")
_CYCLE = (
    "SELECT coalesce($m, ''), (ended_at - {start}) / 86400000000.0 FROM deals"
    " WHERE stage = 'customer' AND ended_at >= $lo AND ended_at < $hi AND {start} IS NOT NULL"
)
_IS_OPEN = "stage NOT IN ('customer', 'lost')"
_CLOSED_AT = f"CASE WHEN {_IS_OPEN} THEN NULL ELSE ended_at END"
_THEN_WORTH = """coalesce(
  (SELECT v.amount FROM opportunity_version v WHERE v.opportunity_id = deals.opportunity_id
     AND v.known_at < $hi ORDER BY v.known_at DESC, v.batch_id DESC LIMIT 1),
  (SELECT v.amount FROM opportunity_version v WHERE v.opportunity_id = deals.opportunity_id
     ORDER BY v.known_at, v.batch_id LIMIT 1),
  amount)"""
_SPEND = _flow("spend", "spent_us", value=_SUM)
_LEADS = _flow("leads", "created_at")
_TOUCHES = _flow("touches", "touched_at")


_COSTED = "stage = 'customer' AND amount IS NOT NULL AND cost IS NOT NULL"
_OPENED = _flow("deals", "opened_at")
_QUARTER_BEFORE = _REVENUE.replace("$hi", "$clo").replace("$lo", "$before")
_OPENED_BEFORE = _OPENED.replace("$hi", "$clo").replace("$lo", "$before")
_EVER = _stood("deals", "ended_at", "NULL", "stage = 'customer'")
_GOAL = _flow("goal_days", "at_us", value="sum(cents) / CAST(100 AS DECIMAL(18, 0))")
_QUOTA = _flow(
    "rep_days",
    "at_us",
    "quota IS NOT NULL",
    "sum(quota) / 100.0",
)
_LED = _since_quarter(
    _flow("deals", "ended_at", "stage = 'customer' AND lead_id IS NOT NULL", _SUM)
)
_COSTS = _since_quarter(_flow("deals", "ended_at", "stage = 'customer'", "sum(cost)"))


def _batch(column: str) -> str:
    return _flow("batch", "taken_at", value=f"sum({column})")


TWINS: dict[str, tuple] = {
    "new_leads": (_LEADS,),
    "engaged": (_entered("engaged"),),
    "targets": (_entered("target"),),
    "mqls": (_entered("mql"),),
    "accepted": (_entered("sal"),),
    "sqls": (_entered("sql"),),
    "returned": (_entered("nurture", "programme = 'returned'"),),
    "deferred": (_entered("deferred"),),
    "disqualified": (_entered("disqualified"),),
    "new_to_engaged": _step("new_name", "engaged"),
    "engaged_to_target": _step("engaged", "target"),
    "target_to_mql": _step("target", "mql"),
    "mql_to_sal": _step("mql", "sal"),
    "mql_to_sql": _step("mql", "sql"),
    "sql_to_opportunity": _step("sql", "opportunity"),
    "opportunity_to_proposal": _step("opportunity", "proposal", "contracting"),
    "proposal_to_contracting": _step("proposal", "contracting"),
    "contracting_to_deal": _step("contracting", "customer"),
    "opportunity_to_deal": _step("opportunity", "customer"),
    "mql_to_deal": _step("mql", "customer"),
    "new_to_engaged_in_period": _beside("new_name", "engaged"),
    "engaged_to_target_in_period": _beside("engaged", "target"),
    "target_to_mql_in_period": _beside("target", "mql"),
    "mql_to_sal_in_period": _beside("mql", "sal"),
    "mql_to_sql_in_period": _beside("mql", "sql"),
    "sql_to_opportunity_in_period": _beside("sql", "opportunity"),
    "opportunity_to_proposal_in_period": _beside("opportunity", "proposal"),
    "proposal_to_contracting_in_period": _beside("proposal", "contracting"),
    "contracting_to_deal_in_period": _beside("contracting", "customer"),
    "opportunity_to_deal_in_period": _beside("opportunity", "customer"),
    "mql_to_deal_in_period": _beside("mql", "customer"),
    "requalified_after_return": _sent_back("mql"),
    "won_after_return": _sent_back("customer"),
    "proposals": (_entered("proposal"),),
    "contractings": (_entered("contracting"),),
    "customers": (_entered("customer"),),
    "lead_to_sale": (
        _flow("leads", "created_at", "won_at < $judged").replace("$lo", "$clo"),
        _LEADS.replace("$lo", "$clo"),
    ),
    "handed_over": (_MQL_HANDED,),
    "waiting": (_stood("handoffs", "queued_at", "coalesce(assigned_at, ended_at)"),),
    "acceptance": (
        _flow("handoffs", "assigned_at", "stage = 'mql' AND accepted_at < $judged"),
        _MQL_HANDED,
    ),
    "return_rate": (
        _flow("handoffs", "ended_at", _MQL_ENDED),
        _flow("handoffs", "ended_at", "stage = 'mql'"),
    ),
    "speed_to_lead": (_SPEED.format(column=_WALL), HALF),
    "speed_to_lead_p90": (_SPEED.format(column=_WALL), NINE),
    "speed_to_lead_business": (_SPEED.format(column=_OPEN), HALF),
    "speed_to_lead_business_p90": (_SPEED.format(column=_OPEN), NINE),
    **_answers("system_delay", "system", "given_at"),
    **_answers("rep_delay", "rep", "touched_at"),
    **_answers("lead_response", "total", "touched_at"),
    "assigned_after": (_flow("timed", "given_at", "system_us IS NOT NULL"),),
    "touched_after": (_flow("timed", "touched_at"),),
    **_clocks_of("sales", ""),
    **_clocks_of("marketing", "marketing_"),
    "first_touch_met_share": _kept("first_touch"),
    "qualify_met_share": _kept("qualify"),
    "opportunity_met_share": _kept("opportunity"),
    "nurture_met_share": _kept("nurture"),
    "touches": (_TOUCHES,),
    "connect_rate": (_flow("touches", "touched_at", "outcome = 'connected'"), _TOUCHES),
    **CADENCE,
    **EARNINGS,
    "opportunities": (_flow("deals", "opened_at"),),
    "won": (_WON,),
    "lost": (_flow("deals", "ended_at", "stage = 'lost'"),),
    "win_rate": (_WON, _flow("deals", "ended_at", "stage IN ('customer', 'lost')")),
    "revenue": (_REVENUE,),
    "average_deal": (
        _REVENUE,
        _flow("deals", "ended_at", "stage = 'customer' AND amount IS NOT NULL"),
    ),
    "open_deals": (_stood("deals", "opened_at", _CLOSED_AT),),
    "open_pipeline": (_stood("deals", "opened_at", _CLOSED_AT, value=f"sum({_THEN_WORTH})"),),
    "sales_cycle_days": (_CYCLE.format(start="opened_at"), HALF),
    "days_to_close": (_CYCLE.format(start="lead_created_at"), HALF),
    "marketing_sourced_share": (
        _flow("deals", "ended_at", "stage = 'customer' AND lead_id IS NOT NULL", _SUM),
        _REVENUE,
    ),
    "spend": (_SPEND,),
    "cost_per_lead": (_SPEND, _LEADS),
    "cost_per_mql": (_SPEND, _entered("mql")),
    "cost_per_customer": (_SPEND, _WON),
    "revenue_growth": (
        _net(("+", _since_quarter(_REVENUE)), ("-", _QUARTER_BEFORE)),
        _QUARTER_BEFORE,
    ),
    "opportunity_growth": (
        _net(("+", _since_quarter(_OPENED)), ("-", _OPENED_BEFORE)),
        _OPENED_BEFORE,
    ),
    "customer_profit": (_flow("deals", "ended_at", _COSTED, "sum(amount - cost)"),),
    "profit_margin": (
        _flow("deals", "ended_at", _COSTED, "sum(amount - cost)"),
        _flow("deals", "ended_at", _COSTED, _SUM),
    ),
    "customers_won": (_flow("customers", "ended_at"),),
    "deals_per_customer": (_EVER, _stood("customers", "ended_at", "NULL")),
    "lifetime_value": (
        _stood(
            "deals",
            "ended_at",
            "NULL",
            "stage = 'customer'",
            "coalesce(sum(amount), 0) - coalesce(sum(cost), 0)",
        ),
        _stood("customers", "ended_at", "NULL"),
    ),
    "revenue_goal": (_GOAL,),
    "revenue_of_goal": (_REVENUE, _GOAL),
    "revenue_forecast_accuracy": (_REVENUE, _GOAL),
    "quota": (_QUOTA,),
    "revenue_of_quota": (_REVENUE, _QUOTA),
    "planned_mqls": (_planned("mql"),),
    "mqls_of_plan": (_entered("mql"), _planned("mql")),
    "mql_forecast_accuracy": (_entered("mql"), _planned("mql")),
    "sqls_of_plan": (_entered("sql"), _planned("sql")),
    "opportunities_of_plan": (_OPENED, _planned("opportunity")),
    "won_of_plan": (_WON, _planned("deal")),
    "mql_mix": (_entered("mql"), _entered("mql")),
    "planned_mix": (_planned("mql"), _planned("mql")),
    "pipeline_coverage": (
        _stood("deals", "opened_at", _CLOSED_AT, value=f"sum({_THEN_WORTH})"),
        _stood(
            "goal_periods", "from_us", "until_us", value="sum(whole) / CAST(100 AS DECIMAL(18, 0))"
        ),
    ),
    "capacity_use": (_MQL_HANDED, _weeks("can_take", "sdr")),
    "won_per_rep_week": (_WON, _weeks("1", "ae")),
    "revenue_per_rep_week": (_REVENUE, _weeks("1", "ae")),
    "marketing_roi": (_net(("+", _LED), ("-", _since_quarter(_SPEND))), _since_quarter(_SPEND)),
    "cost_of_business": (
        _net(("+", _since_quarter(_SPEND)), ("+", _COSTS)),
        _since_quarter(_REVENUE),
    ),
    "rule_failures": (_flow("failings", "taken_at", value="sum(failing)"),),
    "rows_in": (_batch("rows_in"),),
    "rows_accepted": (_batch("accepted"),),
    "rows_quarantined": (_batch("quarantined"),),
    "rows_duplicates": (_batch("duplicates"),),
    "rows_held": (_batch("held"),),
    "quarantine_share": (_batch("quarantined"), _batch("rows_in")),
}


def bucket_sql(name: str) -> str:
    """The bucket of a wait, as SQL over its minutes."""
    wait = f"{name.removesuffix('bucket')}us / 60000000.0"
    limits = (("to 5 min", 5), ("to 10 min", 10), ("to 30 min", 30), ("to 1 h", 60))
    cases = " ".join(f"WHEN {wait} <= {limit} THEN '{label}'" for label, limit in limits)
    rest = f"WHEN {wait} <= 1440 THEN 'to 1 day' WHEN {wait} > 1440 THEN 'longer'"
    return f"CASE {cases} {rest} END"


def ask(found, sql: str, member: str, **bounds: int) -> dict[str, object]:
    """Run one SQL and return member -> value; ``bounds`` are the instants named ``$...``."""
    filled = sql.replace("$m", member)
    for name in sorted(bounds, key=len, reverse=True):
        filled = filled.replace(f"${name}", str(bounds[name]))
    filled = filled.replace(
        "spent_us", "epoch_us(timezone('America/New_York', spent_on::TIMESTAMP))"
    )
    return dict(found.execute(filled).fetchall())


def ask_values(found, sql: str, member: str, share: Decimal, **bounds: int) -> dict[str, tuple]:
    """Run the SQL of a quantile's values and return member -> (count, quantile)."""
    inner = sql.replace("$m", member).replace("$clo", str(bounds["clo"]))
    inner = inner.replace("$lo", str(bounds["lo"])).replace("$hi", str(bounds["hi"]))
    rows = found.execute(
        f"SELECT member, count(*), quantile_cont(value, {share}) FROM ({inner}) AS v(member, value)"
        " GROUP BY 1"
    ).fetchall()
    return {member: (count, value) for member, count, value in rows}
