"""The three scores from the activity log, against the same scores in hand-written DuckDB SQL.

One run prints the wall time of computing (not storing) after imports, the ratio, the peak memory,
and whether the results are equal. Sizes: ``python benchmarks/score.py [LEADS] [ACTIVITIES]``.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb

from accord.agreement import Agreement, load
from accord.records import to_us
from accord.scoring import roll_up, score

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
ROUNDS = 3
GIB = 1024 * 1024


def main() -> None:
    leads, activities = (int(text) for text in (*sys.argv[1:], "200000", "4000000")[:2])
    agreement = load(Path(__file__).parent.parent / "agreement.yaml")
    connection = duckdb.connect()
    make(connection, agreement, leads=leads, activities=activities)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(timed(lambda: by_accord(connection, agreement)))
        theirs.append(timed(lambda: by_hand(connection, agreement)))
    differing = compare(connection)
    print(f"{leads:,} leads, {activities:,} activities, median of {ROUNDS} alternating rounds")
    print(f"accord from the log   {median(ours):6.2f} s")
    print(f"hand-written SQL      {median(theirs):6.2f} s")
    print(f"ratio                 {median(ours) / median(theirs):6.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    print(f"peak memory           {peak:6.2f} GiB")
    print(f"leads that differ     {differing:6d}")
    sys.exit(1 if differing else 0)


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def kinds_of(agreement: Agreement) -> list[tuple[str, str, float, float, int]]:
    """One row a kind: name, score, points, cap, half-life in microseconds."""
    rows = []
    for name in ("engagement", "intent"):
        section = getattr(agreement.scoring, name)
        for kind, terms in section.activities.items():
            half_life = (terms.half_life or section.half_life).delta
            cap = float(terms.cap) if terms.cap is not None else 1e9
            rows.append(
                (kind, name, float(terms.points), cap, int(half_life.total_seconds() * 1e6))
            )
    return rows


def make(
    connection: duckdb.DuckDBPyConnection, agreement: Agreement, *, leads: int, activities: int
) -> None:
    """Make leads and 120 days of activities, the same in every run."""
    connection.execute("SELECT setseed(0.5)")
    connection.execute(f"""
        CREATE TABLE leads AS SELECT 'crm:' || i AS lead_id,
          ['VP Sales', 'Manager', 'Student', 'Engineer'][1 + i % 4] AS title,
          'p' || i || ['@gmail.com', '@example.com'][1 + i % 2] AS email,
          ['software', 'retail', 'health'][1 + i % 3] AS industry,
          ['US', 'FR', 'DE', 'NO'][1 + i % 4] AS country,
          (i * 37) % 2000 AS employees, ((i * 91) % 30000)::DECIMAL(20, 2) AS budget,
          i % 5 = 0 AS authority, CASE WHEN i % 3 = 0 THEN 'crm' END AS need,
          (i * 13) % 200 AS timeline_days
        FROM range({leads}) t(i)""")
    connection.execute(
        "CREATE TABLE kinds(kind TEXT, score TEXT, points DOUBLE, cap DOUBLE, hl BIGINT)"
    )
    connection.executemany("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", kinds_of(agreement))
    names = [row[0] for row in kinds_of(agreement)]
    connection.execute(f"""
        CREATE TABLE activities AS SELECT 'crm:' || (random() * {leads})::BIGINT AS lead_id,
          {names!r}[1 + (random() * {len(names) - 1})::BIGINT] AS kind,
          {to_us(AS_OF)} - (random() * 120 * 86400e6)::BIGINT AS occurred_us
        FROM range({activities})""")


def by_accord(connection: duckdb.DuckDBPyConnection, agreement: Agreement) -> None:
    rollup = roll_up(connection.table("activities"), agreement, as_of=AS_OF)
    scored = score(connection.table("leads"), rollup, agreement, as_of=AS_OF).to_native()
    connection.execute("DROP TABLE IF EXISTS ours")
    scored.create("ours")


def by_hand(connection: duckdb.DuckDBPyConnection, agreement: Agreement) -> None:
    rules = {
        "regexp_matches(title, '\\b(chief|c[etfmo]o|vp|head|director)\\b', 'i')": 25,
        "regexp_matches(title, '\\bmanager\\b', 'i')": 10,
        "regexp_matches(title, '\\b(student|intern)\\b', 'i')": -30,
        "regexp_matches(email, '@(gmail|yahoo|outlook|hotmail)\\.', 'i')": -15,
        "lower(industry) IN ('software', 'finance', 'health')": 20,
        "employees >= 100": 20,
        "lower(country) IN ('us', 'ca', 'gb', 'de', 'no')": 10,
        "budget >= 10000": 15,
        "authority": 10,
        "need IS NOT NULL": 5,
        "timeline_days <= 90": 10,
    }
    if len(rules) != len(agreement.scoring.fit.rules):
        sys.exit("the hand-written rules are not those of agreement.yaml any more")
    fit = " + ".join(
        f"CASE WHEN {rule} THEN {points * 10} ELSE 0 END" for rule, points in rules.items()
    )
    tenths = "floor(10 * greatest(-cap, least(cap, points * sum(w))) + 0.5 + 1e-6)"
    connection.execute("DROP TABLE IF EXISTS theirs")
    connection.execute(f"""
        CREATE TABLE theirs AS
        WITH faded AS (
          SELECT lead_id, score, kind, points, cap,
            pow(0.5, ({to_us(AS_OF)} - occurred_us) / hl) AS w
          FROM activities JOIN kinds USING (kind) WHERE occurred_us <= {to_us(AS_OF)}),
        lines AS (
          SELECT lead_id, score, {tenths}::BIGINT AS tenths
          FROM faded GROUP BY lead_id, score, kind, points, cap),
        sums AS (
          SELECT lead_id, sum(tenths) FILTER (score = 'engagement') AS engagement,
            sum(tenths) FILTER (score = 'intent') AS intent FROM lines GROUP BY lead_id)
        SELECT leads.lead_id, greatest(0, least(1000, {fit})) AS fit,
          greatest(0, least(1000, coalesce(engagement, 0))) AS engagement,
          greatest(0, least(1000, coalesce(intent, 0))) AS intent
        FROM leads LEFT JOIN sums USING (lead_id)""")


def compare(connection: duckdb.DuckDBPyConnection) -> int:
    """Count the leads whose three scores differ."""
    found = connection.execute("""
        SELECT count(*) FROM ours FULL JOIN theirs USING (lead_id)
        WHERE ours.fit IS DISTINCT FROM theirs.fit
          OR ours.engagement IS DISTINCT FROM theirs.engagement
          OR ours.intent IS DISTINCT FROM theirs.intent""").fetchone()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    main()
