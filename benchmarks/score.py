"""The three scores of every lead, against the same scores in hand-written DuckDB SQL over the log.

One run makes a ledger of leads and an activity log, scores all leads from the log, moves the cut,
scores all leads from the stored rollup and the leads of a tick of 1,000 new activities, and stores
what has changed. It prints wall times after imports, their ratio to the hand-written SQL, the peak
memory, and whether the results are equal.

    python benchmarks/score.py [LEADS [ACTIVITIES [ROUNDS]]]
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa

from accord.agreement import Agreement
from accord.ledger.bulk import write_columns
from accord.ledger.score_rows import read_attributes
from accord.ledger.tables import lead
from accord.records import to_us
from accord.scoring import kind_terms, score
from accord.services.evidence import read_evidence
from accord.services.merges import Merges
from accord.services.rollup import move_cut
from accord.services.score import run_score
from accord.services.scored import fit_fields, score_with_reasons
from accord.services.settings import Settings
from accord.services.workspace import Workspace

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 120
TICKS = 5
TICK = 1_000
GIB = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent
NOBODY = Merges(into={})
AT_ONCE = 2_000_000
HAND_WRITTEN_FIT = {
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


def main() -> None:
    given = [int(text) for text in sys.argv[1:]]
    leads, activities, rounds = (*given, *(1_000_000, 20_000_000, 3)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder))
        try:
            sizes = {"leads": leads, "activities": activities, "rounds": rounds}
            sys.exit(1 if measure(workspace, **sizes) else 0)
        finally:
            workspace.close()


def measure(workspace: Workspace, *, leads: int, activities: int, rounds: int) -> int:
    """Print all figures; returns how many leads differ from the hand-written SQL."""
    agreement = workspace.agreement(AS_OF)
    print(f"{leads:,} leads, {activities:,} activities, {os.cpu_count()} cores")
    print(f"medians of {rounds} alternating rounds")
    make_leads(workspace, leads)
    make_log(workspace, agreement, leads=leads, activities=activities)
    with workspace.ledger.read() as connection:
        began = time.perf_counter()
        people = read_attributes(connection, None, fit_fields(agreement))
        say("reading the leads from the ledger", time.perf_counter() - began)
    by_hand = HandWritten(workspace, agreement, people)

    def all_of_them() -> None:
        all_leads(workspace, agreement, people)

    from_log, hand = alternate(all_of_them, by_hand.run, rounds)
    say("hand-written SQL, from the log", hand)
    say("accord, all leads, from the log", from_log, hand, most=1.1)
    differing = by_hand.differing()
    began = time.perf_counter()
    move_cut(workspace, as_of=AS_OF)
    say("moving the cut to here (at night)", time.perf_counter() - began)
    stored, hand = alternate(all_of_them, by_hand.run, rounds)
    say("accord, all leads, from the rollup", stored, hand, most=0.4)
    differing += by_hand.differing()
    say(f"a tick: {TICK:,} new activities", a_tick(workspace, agreement, leads), hand, most=0.1)
    began = time.perf_counter()
    result = run_score(workspace, as_of=AS_OF + timedelta(hours=1), full=True)
    say(f"scoring all, storing {result.changed:,} changed", time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    print(f"{'peak memory':40s} {peak:7.2f} GiB")
    print(f"{'leads that differ':40s} {differing:7d}")
    return differing


def say(what: str, seconds: float, rival: float | None = None, *, most: float = 0.0) -> None:
    ratio = "" if rival is None else f"   ratio {seconds / rival:5.3f} (at most {most})"
    print(f"{what:40s} {seconds:7.2f} s{ratio}", flush=True)


def alternate(
    ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int
) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, found in zip((ours, theirs), times, strict=True):
            began = time.perf_counter()
            work()
            found.append(time.perf_counter() - began)
    return median(times[0]), median(times[1])


def all_leads(workspace: Workspace, agreement: Agreement, people: pa.Table) -> None:
    """Make a table of the three scores, as the hand-written SQL does."""
    evidence = read_evidence(workspace.log, None, NOBODY, agreement, as_of=AS_OF)
    scores = score(people, evidence, agreement, as_of=AS_OF)
    workspace.log.connection.execute("DROP TABLE IF EXISTS ours").fetchall()
    scores.to_native().create("ours")


def a_tick(workspace: Workspace, agreement: Agreement, leads: int) -> float:
    """Take 1,000 new activities and score their leads, with reasons; the median of some ticks."""
    kinds = list(kind_terms(agreement))
    times = []
    for number in range(TICKS):
        who = [f"crm:{(i * 7919 + number * 104_729) % leads}" for i in range(TICK)]
        at = AS_OF - timedelta(seconds=TICKS - number)
        rows = pa.table(
            {
                "activity_id": [f"tick:{number}-{i}" for i in range(TICK)],
                "lead_id": who,
                "kind": [kinds[i % len(kinds)] for i in range(TICK)],
                "occurred_us": [to_us(at) - i for i in range(TICK)],
            }
        )
        workspace.log.append(rows, batch_id=f"tick-{number}", taken_at=AS_OF)
        began = time.perf_counter()
        due = sorted(set(who))
        evidence = read_evidence(workspace.log, due, NOBODY, agreement, as_of=AS_OF)
        with workspace.ledger.read() as connection:
            people = read_attributes(connection, due, fit_fields(agreement))
        score_with_reasons(people, evidence, agreement, as_of=AS_OF)
        times.append(time.perf_counter() - began)
    return median(times)


class HandWritten:
    """The same three scores in SQL, written for this agreement and these tables."""

    def __init__(self, workspace: Workspace, agreement: Agreement, people: pa.Table) -> None:
        if len(HAND_WRITTEN_FIT) != len(agreement.scoring.fit.rules):
            sys.exit("the hand-written rules are not those of agreement.yaml any more")
        self._connection = workspace.log.connection
        self._connection.register("people", people)
        self._connection.execute("CREATE TABLE leads AS FROM people").fetchall()
        workspace.log.read(until_us=to_us(AS_OF)).create_view("activities")
        self._sql = hand_written(agreement)

    def run(self) -> None:
        """Compute them anew."""
        self._connection.execute(self._sql).fetchall()

    def differing(self) -> int:
        """Count the leads whose three scores differ in the tables of both."""
        found = self._connection.execute("""
            SELECT count(*) FROM ours FULL JOIN theirs USING (lead_id)
            WHERE ours.fit IS DISTINCT FROM theirs.fit
              OR ours.engagement IS DISTINCT FROM theirs.engagement
              OR ours.intent IS DISTINCT FROM theirs.intent""").fetchall()
        return int(found[0][0])


def hand_written(agreement: Agreement) -> str:
    """One sum a kind in one group a lead: the quickest of those that were tried."""
    terms = kind_terms(agreement)
    fit = " + ".join(
        f"CASE WHEN {rule} THEN {points * 10} ELSE 0 END"
        for rule, points in HAND_WRITTEN_FIT.items()
    )
    sums = ", ".join(
        f"sum(pow(0.5, ({to_us(AS_OF)} - occurred_us) / {one.half_life_us}))"
        f" FILTER (kind = '{kind}') AS w{place}"
        for place, (kind, one) in enumerate(terms.items())
    )

    def of_score(name: str) -> str:
        parts = []
        for place, one in enumerate(terms.values()):
            cap = min(one.cap, 1e9)
            bounded = f"greatest(-{cap}, least({cap}, {one.points} * coalesce(w{place}, 0)))"
            if one.score == name:
                parts.append(f"floor(10 * {bounded} + 0.5 + 1e-6)::BIGINT")
        return f"greatest(0, least(1000, {' + '.join(parts)}))"

    return f"""
        CREATE OR REPLACE TABLE theirs AS
        WITH weights AS (SELECT lead_id, {sums} FROM activities GROUP BY lead_id)
        SELECT leads.lead_id, greatest(0, least(1000, {fit})) AS fit,
          {of_score("engagement")} AS engagement, {of_score("intent")} AS intent
        FROM leads LEFT JOIN weights USING (lead_id)"""


def open_workspace(folder: Path) -> Workspace:
    shutil.copy(ROOT / "agreement.yaml", folder / "agreement.yaml")
    return Workspace.open(
        Settings(home=folder / "home", agreement=folder / "agreement.yaml", _env_file=None)
    )


def make_leads(workspace: Workspace, count: int) -> None:
    """Make leads of which most differ in their e-mail, the same in every run."""
    known_at = to_us(AS_OF - timedelta(days=DAYS))
    with workspace.ledger.begin(large=True) as connection:
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            write_columns(connection, lead, lead_columns(numbers, known_at))


def lead_columns(numbers: range, known_at: int) -> dict[str, list[Any]]:
    def cycle(*values: str) -> list[str]:
        return [values[i % len(values)] for i in numbers]

    mailboxes = cycle("@gmail.com", "@example.com")
    return {
        "lead_id": [f"crm:{i}" for i in numbers],
        "created_at": [known_at for _ in numbers],
        "title": cycle("VP Sales", "Manager", "Student", "Engineer"),
        "email": [f"p{i}{mailbox}" for i, mailbox in zip(numbers, mailboxes, strict=True)],
        "industry": cycle("software", "retail", "health"),
        "country": cycle("US", "FR", "DE", "NO"),
        "employees": [(i * 37) % 2000 for i in numbers],
        "budget": [(i * 91) % 30_000 * 100 for i in numbers],
        "authority": [i % 5 == 0 for i in numbers],
        "need": ["crm" if i % 3 == 0 else None for i in numbers],
        "timeline_days": [(i * 13) % 200 for i in numbers],
        "known_at": [known_at for _ in numbers],
        "row_hash": ["x" for _ in numbers],
    }


def make_log(workspace: Workspace, agreement: Agreement, *, leads: int, activities: int) -> None:
    """Append 120 days of activities, batch by batch as time passes."""
    batches = -(-activities // AT_ONCE)
    for number, rows in enumerate(activity_batches(workspace, agreement, leads, activities)):
        taken_at = AS_OF - timedelta(days=DAYS * (batches - 1 - number) / batches)
        workspace.log.append(rows, batch_id=f"batch-{number}", taken_at=taken_at)


def activity_batches(
    workspace: Workspace, agreement: Agreement, leads: int, activities: int
) -> Iterator[pa.Table]:
    kinds = list(kind_terms(agreement))
    batches = -(-activities // AT_ONCE)
    length = DAYS * 86_400_000_000 // batches
    start = to_us(AS_OF) - DAYS * 86_400_000_000
    with seeded(workspace) as connection:
        for number in range(batches):
            yield connection.sql(f"""
                SELECT 'web:' || {number} || '-' || i AS activity_id,
                  'crm:' || (random() * {leads - 1})::BIGINT AS lead_id,
                  {kinds!r}[1 + (random() * {len(kinds) - 1})::BIGINT] AS kind,
                  {start + number * length} + (random() * {length - 1})::BIGINT AS occurred_us
                FROM range({min(AT_ONCE, activities - number * AT_ONCE)}) t(i)""").to_arrow_table()


@contextmanager
def seeded(workspace: Workspace) -> Iterator[Any]:
    connection = workspace.log.connection
    connection.execute("SELECT setseed(0.5)").fetchall()
    yield connection


if __name__ == "__main__":
    main()
