"""Facts of closed weeks that come late as they do in life: by files and by hand, in any order.

Each brings news of a week that has closed, by the service that takes such facts. In whatever order
they come the stored numbers end the same, a run of every week finds nothing to write after each,
and the log of revisions is exactly what changed.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from accord.ledger import read_rows, tables
from accord.services.erase import run_erase
from accord.services.identity_hand import merge_by_hand, undo_merge
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.release import release
from accord.services.weekly import EVERY_WEEK, read_log, run_weekly
from accord.services.workspace import Workspace

BEGAN = datetime(2026, 10, 5, 14, tzinfo=UTC)  # a Monday, 10:00 in New York
CLOSED = datetime(2026, 11, 10, 14, tzinfo=UTC)  # Tuesday of 2026-W46: W41 to W45 have closed
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
_COUNTED = ("numerator", "denominator", "value", "partial")

_COLUMNS = {
    "lead": ("id", "created", "email", "channel", "stage", "stage_at"),
    "touch": ("id", "lead", "rep", "channel", "at", "outcome"),
    "handoff": ("id", "lead", "rep", "at"),
    "decision": ("id", "lead", "rep", "outcome", "at", "reason"),
    "opportunity": ("id", "lead", "rep", "stage", "opened", "closed", "amount"),
    "spend": ("id", "day", "amount", "channel"),
    "rep": ("id", "name", "role", "team"),
}
_FIELDS = {
    "lead": "lead_id: id, created_at: created, email: email, channel: channel, stage: stage,"
    " stage_at: stage_at",
    "touch": "touch_id: id, lead_id: lead, rep_id: rep, channel: channel, touched_at: at,"
    " outcome: outcome",
    "handoff": "handoff_id: id, lead_id: lead, rep_id: rep, handed_at: at",
    "decision": "decision_id: id, lead_id: lead, rep_id: rep, outcome: outcome, decided_at: at,"
    " reason: reason",
    "opportunity": "opportunity_id: id, lead_id: lead, rep_id: rep, stage: stage,"
    " opened_at: opened, closed_at: closed, amount: amount",
    "spend": "spend_id: id, spent_on: day, amount: amount, channel: channel",
    "rep": "rep_id: id, name: name, role: role, team: team",
}


class Sources:
    """Puts files where sources leave them and takes them; each call is a minute later."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.at = CLOSED
        self._folder = workspace.settings.sources.parent / "in"
        self._folder.mkdir()
        self._numbers = itertools.count(1)
        entries = (
            f"  - {{name: {name}, entity: {name}, system: crm, path: in/{name}-*.csv,"
            f" fields: {{{fields}}}}}\n"
            for name, fields in _FIELDS.items()
        )
        workspace.settings.sources.write_text("sources:\n" + "".join(entries), "utf-8")

    def take(self, **files: list[tuple[Any, ...]]) -> None:
        """Take one file of each of these entities, and place what they say."""
        self.at += MINUTE
        for entity, rows in files.items():
            path = self._folder / f"{entity}-{next(self._numbers):03}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(_COLUMNS[entity])
                writer.writerows([_written(value) for value in row] for row in rows)
        result = run_ingest(self.workspace, as_of=self.at)
        assert result.errors == ()
        run_lifecycle(self.workspace, as_of=self.at)

    def by_hand(self, does: Callable[..., Any], *given: Any) -> None:
        """Do what somebody does by hand, and place what follows."""
        self.at += MINUTE
        does(self.workspace, *given, as_of=self.at)
        run_lifecycle(self.workspace, as_of=self.at)


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


def _day(number: int, hour: int = 0) -> datetime:
    return BEGAN + number * DAY + timedelta(hours=hour)


def _live(sources: Sources) -> None:
    """Five weeks as they came in time: leads that sales was given, worked, won or gave back."""
    leads, handed, touches, decided, deals = [], [], [], [], []
    for number in range(14):
        at = _day(2 * number)
        name, rep = f"{number}", f"r{number % 2}"
        channel = ("email", "social", "paid_search")[number % 3]
        email = "same@acme.example" if number in (3, 6) else f"p{number}@firm{number}.example"
        leads.append((name, at, email, channel, "mql", at + DAY))
        handed.append((f"h{name}", name, rep, at + DAY))
        touches.append((f"t{name}", name, rep, "call", at + DAY + timedelta(hours=2), "connected"))
        outcome, reason = (("convert", None), ("return", "not_ready"))[number % 2]
        decided.append((f"d{name}", name, rep, outcome, at + 3 * DAY, reason))
        if number % 4 == 0:
            deals.append((f"o{name}", name, rep, "won", at + 4 * DAY, at + 6 * DAY, 1000 + number))
    sources.take(
        rep=[("r0", "Ada", "sdr", "inbound"), ("r1", "Ben", "sdr", "inbound")],
        lead=leads,
        handoff=handed,
        touch=touches,
        decision=decided,
        opportunity=deals,
        spend=[(f"s{n}", _day(n).date(), 100 + n, "social") for n in range(30)],
    )
    sources.take(lead=[("bad", "no date", "q@firm.example", "email", "", "")])


def _release_all(workspace: Workspace, *, as_of: datetime) -> None:
    """Release what was set aside, with the day that it lacked."""
    with workspace.ledger.read() as connection:
        rows = read_rows(connection, select(tables.quarantine))
    keys = [(row["batch_id"], row["row_number"]) for row in rows]
    assert keys
    found = release(workspace, keys, as_of=as_of, changes={"created": _day(9).isoformat()})
    assert len(found.done) == len(keys), found


def _erase(workspace: Workspace, lead_id: str, *, as_of: datetime) -> None:
    run_erase(workspace, lead_id, as_of=as_of)


FACTS: dict[str, Callable[[Sources], None]] = {
    "a lead of weeks ago": lambda s: s.take(
        lead=[("late", _day(8), "late@firm.example", "email", "", "")]
    ),
    "a lead whose channel is corrected": lambda s: s.take(
        lead=[("2", _day(4), "p2@firm2.example", "display", "mql", _day(5))]
    ),
    "a stage that the source states late": lambda s: s.take(
        lead=[("early", _day(10), "e@firm.example", "social", "mql", _day(12))]
    ),
    "a touch": lambda s: s.take(touch=[("t-late", "5", "r1", "email", _day(12), "no_answer")]),
    "a decision": lambda s: s.take(
        lead=[("open", _day(6), "o@firm.example", "email", "mql", _day(7))],
        handoff=[("h-open", "open", "r0", _day(7))],
        decision=[("d-open", "open", "r0", "return", _day(9), "no_budget")],
    ),
    "a deal that was won": lambda s: s.take(
        opportunity=[("o-late", "10", "r0", "won", _day(24), _day(26), 777)]
    ),
    "an amount that is corrected": lambda s: s.take(
        opportunity=[("o4", "4", "r0", "won", _day(12), _day(14), 5000)]
    ),
    "spend": lambda s: s.take(spend=[("s-late", _day(3).date(), 999, "email")]),
    "spend that is corrected": lambda s: s.take(spend=[("s7", _day(7).date(), 1, "social")]),
    "a rep's team": lambda s: s.take(rep=[("r1", "Ben", "sdr", "enterprise")]),
    "two leads are one": lambda s: s.by_hand(merge_by_hand, "crm:7", "crm:1"),
    "two leads are not one": lambda s: s.by_hand(undo_merge, _merged(s)),
    "a person is erased": lambda s: s.by_hand(_erase, "crm:9"),
    "rows are released": lambda s: s.by_hand(_release_all),
}
_NO_WEEK_CHANGES = {"a touch", "a rep's team", "a person is erased"}
"""What may change nothing: a second touch, a team that no number of theirs asks for, and an
erasure, which takes what was personal and leaves what was counted."""


def _merged(sources: Sources) -> str:
    with sources.workspace.ledger.read() as connection:
        (row,) = [
            row
            for row in read_rows(connection, select(tables.merge))
            if row["undone_at"] is None and row["lead_id"] in ("crm:3", "crm:6")
        ]
    return str(row["lead_id"])


def _numbers(workspace: Workspace) -> dict[tuple[str, ...], tuple[Any, ...]]:
    with workspace.ledger.read() as connection:
        query = select(tables.metric).order_by(tables.metric.c.revision)
        rows = read_rows(connection, query)
    key = ("period", "metric", "dimension", "member")
    return {tuple(row[n] for n in key): tuple(row[n] for n in _COUNTED) for row in rows}


def _tell(workspace: Workspace, order: list[str]) -> tuple[dict, list[dict[str, Any]], set[str]]:
    """Live, then let each fact come and the weeks be counted; returns what is stored at the end.

    With the log of revisions, and the facts that changed a closed week.
    """
    sources = Sources(workspace)
    _live(sources)
    run_weekly(workspace, as_of=sources.at)
    changed, telling = [], set()
    for name in order:
        FACTS[name](sources)
        before = _numbers(workspace)
        result = run_weekly(workspace, as_of=sources.at)
        after = _numbers(workspace)
        closed = [key for key in after if key[0] < "2026-W46"]
        differ = sorted(key for key in closed if before.get(key, ())[:3] != after[key][:3])
        told = [(o.period, o.metric, o.dimension, o.member) for o in result.restatements]
        assert sorted(told) == differ, name
        telling |= {name} if told else set()
        changed += told
        assert run_weekly(workspace, as_of=sources.at, weeks=EVERY_WEEK).written == 0, name
    log = read_log(workspace)
    named = [(o["period"], o["metric"], o["dimension"], o["member"]) for o in log]
    assert sorted(named) == sorted(changed)
    return _numbers(workspace), log, telling


_IN_TIME = list(FACTS)
_SHUFFLED = random.Random(1).sample(_IN_TIME, len(_IN_TIME))


@pytest.fixture(scope="module")
def in_time():
    """What one order came to, for the others to be held against, by store."""
    return {}


@pytest.mark.parametrize("order", [_IN_TIME, _IN_TIME[::-1], _SHUFFLED])
def test_late_facts_by_files_and_by_hand_end_the_same_in_any_order(workspace, in_time, order):
    found, log, telling = _tell(workspace, order)
    assert len(telling) >= 10, sorted(set(FACTS) - telling)
    assert set(FACTS) - telling <= _NO_WEEK_CHANGES
    assert {entry["was"] for entry in log} != {None}
    store = workspace.ledger.engine.dialect.name
    expected = in_time.setdefault(store, found)
    closed = {key for key in {*found, *expected} if key[0] < "2026-W46"}
    differ = {
        key: (expected.get(key), found.get(key))
        for key in closed
        if not _same(expected.get(key), found.get(key))
    }
    assert differ == {}


def _same(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> bool:
    """A member that came and went stands as zero in one order, and was never there in another."""
    return one == other or all(
        each is None or all(part in (None, "0", False) for part in each) for each in (one, other)
    )
