"""A simulated company in a folder of its own, and a hand that writes its CRM file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accord.simulate import Company

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 10, 5, tzinfo=ZoneInfo("America/New_York"))


class World:
    """One company, its files as rows, and the file in which it hears of hand-offs."""

    def __init__(self, folder: Path, *, seed: int = 7, size: int = 300) -> None:
        self.folder = folder
        self.crm = folder / ".accord" / "outbox" / "crm.jsonl"
        self.crm.parent.mkdir(parents=True, exist_ok=True)
        self.seed, self.size = seed, size
        self.read: dict[str, list[dict[str, Any]]] = {}
        self.company = self.open()

    def open(self) -> Company:
        return Company(
            seed=self.seed,
            start=START,
            folder=self.folder,
            agreement=ROOT / "agreement.yaml",
            size=self.size,
        )

    def step(self, **since_start: float) -> None:
        self.company.step(START.astimezone(UTC) + timedelta(**since_start))

    def walk(self, *, days: int, start: int = 0, hours: int = 6) -> None:
        for count in range(start * 24 + hours, days * 24 + 1, hours):
            self.step(hours=count)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / "inbox").iterdir())}

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """All rows of a kind so far; a name that is a whole file's gives that file's."""
        pattern = kind if "." in kind else f"{kind}-*"
        paths = sorted((self.folder / "inbox").glob(pattern))
        return [row for path in paths for row in self._read(path)]

    def _read(self, path: Path) -> list[dict[str, Any]]:
        if path.name not in self.read:
            with path.open(encoding="utf-8", newline="") as file:
                lines = path.suffix == ".jsonl"
                self.read[path.name] = list(
                    (json.loads(line) for line in file) if lines else csv.DictReader(file)
                )
        return self.read[path.name]

    def about(self, kind: str, lead_id: str) -> list[dict[str, Any]]:
        return [row for row in self.rows(kind) if row["lead"] == lead_id]

    def write_line(self, entry: dict[str, Any], *, end: str = "\n") -> None:
        with self.crm.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + end)

    def hand_off(  # a hand-off as the file adapter writes it
        self, lead_id: str, rep_id: str, at: datetime, *, stage: str = "mql", cycle: int = 1
    ) -> None:
        payload = {
            "handoff_id": f"{lead_id}-{cycle}-{stage}",
            "lead_id": f"crm:{lead_id}",
            "cycle": cycle,
            "stage": stage,
            "rep_id": f"crm:{rep_id}",
            "team": "inbound",
            "hot": False,
            "priority": 1,
            "assigned_at": at.isoformat(),
        }
        key = f"handoff:{payload['handoff_id']}:{payload['rep_id']}"
        self.write_line(
            {"key": key, "kind": "handoff", "sent_at": at.isoformat(), "payload": payload}
        )

    def tell(self, lead_id: str, at: datetime, *roles: str) -> None:
        payload = {
            "clock_id": f"{lead_id}-clock",
            "step": 2,
            "at": at.isoformat(),
            "term": "first_touch",
            "lead_id": f"crm:{lead_id}",
            "recipients": [
                {"role": role, "id": role, "email": f"{role}@x.example"} for role in roles
            ],
            "subject": "",
            "text": "",
        }
        self.write_line(
            {
                "key": f"task:{lead_id}:{roles}",
                "kind": "task",
                "sent_at": at.isoformat(),
                "payload": payload,
            }
        )


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    def make(name: str = "one", **terms: Any) -> World:
        return World(tmp_path / name, **terms)

    return make
