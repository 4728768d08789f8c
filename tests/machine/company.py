"""A tiny company at work: what its people and systems write, its stages, its own clock.

What is told stands in files of an inbox until ingestion takes it, as in life. The story remembers
what was told; it never looks into the ledger to decide what happens next.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accord.ledger import insert_rows, tables
from accord.services.clocks import run_sweep
from accord.services.deliver import run_deliver
from accord.services.handoff import run_handoff
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.score import run_score
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.machine.paper import ROOT, Paper
from tests.machine.receiver import UP, FileReceiver

START = datetime(2026, 11, 16, 14, tzinfo=UTC)  # Monday, 09:00 in New York
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
USUAL_RUNS = 20

STAGES: Mapping[str, Callable[..., Any]] = {
    "ingest": run_ingest,
    "score": run_score,
    "lifecycle": run_lifecycle,
    "handoff": run_handoff,
    "sla": run_sweep,
    "deliver": run_deliver,
}
"""The stages of a tick, in order."""

REPS = {"s1": "sdr", "s2": "sdr", "s3": "sdr", "a1": "ae", "a2": "ae"}
TEAMS = {"sdr": "inbound", "ae": "closers"}

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "rep": ("rep_id", "role", "team", "absences", "left_at"),
    "lead": ("lead_id", "created_at", "email", "title", "employees", "stage", "stage_at"),
    "handoff": ("handoff_id", "lead_id", "handed_at", "stage", "rep_id"),
    "activity": ("activity_id", "lead_id", "kind", "occurred_at"),
    "touch": ("touch_id", "lead_id", "rep_id", "channel", "touched_at", "outcome"),
    "decision": (
        "decision_id",
        "lead_id",
        "rep_id",
        "outcome",
        "decided_at",
        "reason",
        "defer_until",
    ),
    "opportunity": (
        "opportunity_id",
        "lead_id",
        "stage",
        "step",
        "stage_at",
        "opened_at",
        "closed_at",
        "amount",
    ),
}

Told = dict[str, Any]


def open_company(home: Path, url: str) -> Workspace:
    """Open the stores of the company that lives in a folder."""
    return Workspace.open(
        Settings(
            home=home / "home",
            database_url=url,
            agreement=home / "agreement.yaml",
            sources=home / "sources.yaml",
            quality=ROOT / "quality.yaml",
            _env_file=None,
        )
    )


def run_stage(
    workspace: Workspace, name: str, *, as_of: datetime, home: Path, mode: str = UP
) -> Any:
    """Run one stage; the CRM that it delivers to behaves as ``mode`` says."""
    more = {"crm": FileReceiver(home / "crm.jsonl", mode)} if name == "deliver" else {}
    return STAGES[name](workspace, as_of=as_of, **more)


class Company:
    """Its stores, its papers, its CRM, and everything that was told of its leads."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        self.now = START
        self.mode = UP
        self._numbers = itertools.count(1)
        self._waiting: dict[str, list[Told]] = {}
        (home / "in").mkdir(parents=True)
        (home / "sources.yaml").write_text(_sources())
        self.paper = Paper(home / "agreement.yaml")
        self.paper.write(on=(START - 30 * DAY).date())
        self.workspace = open_company(home, url)
        self.crm = FileReceiver(home / "crm.jsonl")
        self.leads: dict[str, Told] = {}
        self.decisions: list[Told] = []
        self.deals: dict[str, Told] = {}
        self.reps = {
            name: {"rep_id": name, "role": role, "team": TEAMS[role]} for name, role in REPS.items()
        }
        for one in self.reps.values():
            self.tell("rep", one)
        self._have_a_past()

    def _have_a_past(self) -> None:
        """So many runs handed over one lead each: from now on three at once are unusually many."""
        past = [
            {"as_of": START - (one + 1) * timedelta(hours=1), "decided": 1}
            for one in range(USUAL_RUNS)
        ]
        with self.workspace.ledger.begin() as connection:
            insert_rows(connection, tables.handoff_run, past)

    def close(self) -> None:
        self.workspace.close()

    def told(self) -> list[str]:
        """What people were told of, by the keys of the outbox."""
        path = self.workspace.settings.outbox_path / "messages.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        return [key for line in lines for key in json.loads(line)["keys"]]

    def number(self) -> str:
        """Name the next record of a source."""
        return str(next(self._numbers))

    def tell(self, entity: str, row: Told) -> None:
        """Let a source say something; it is known once ingestion has run."""
        self._waiting.setdefault(entity, []).append(dict(row))

    def pass_time(self, delta: timedelta) -> None:
        self.now += delta

    def run(self, *names: str, as_of: datetime | None = None) -> list[Any]:
        """Run stages at one instant, a moment later than anything before unless it is given."""
        at = as_of or self.tick()
        is_now = as_of is None
        if "ingest" in names and is_now:
            self.write_files()
        results = [
            run_stage(self.workspace, name, as_of=at, home=self.home, mode=self.mode)
            for name in names
        ]
        if names[0] == "ingest" and is_now:  # to a clock that went back all this is yet to come
            taken = results[0]
            assert (taken.errors, taken.quarantined, taken.held) == ((), 0, 0)
        return results

    def tick(self) -> datetime:
        """Return an instant that nothing has happened at."""
        self.now += SECOND
        return self.now

    def write_files(self) -> None:
        """Put what was told into the inbox, a file an entity."""
        for entity, rows in self._waiting.items():
            path = self.home / "in" / f"{entity}-{self.number()}.csv"
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, _FIELDS[entity])
                writer.writeheader()
                writer.writerows({name: _text(row.get(name)) for name in row} for row in rows)
        self._waiting.clear()


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _sources() -> str:
    listed = [
        f"  - {{name: {entity}s, entity: {entity}, system: crm, path: in/{entity}-*.csv, fields: "
        f"{{{', '.join(f'{name}: {name}' for name in names)}}}}}"
        for entity, names in _FIELDS.items()
    ]
    return "\n".join(["sources:", *listed]) + "\n"
