"""What the company hears from the system: hand-offs and tasks that reached its CRM.

A task says who was told of a step, so it is heard as the message to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

SYSTEM = "crm"
_RANKS = {"rep": 1, "manager": 2, "ceo": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One line of the CRM file as somebody at the company takes it, ids without prefix.

    ``at`` is when it was sent (a task) or assigned (a hand-off); ``heard_at`` up to when the
    world had been told already, so nothing follows earlier. ``told`` is the highest person told by
    a task: rep, manager or ceo; empty for a hand-off.
    """

    lead_id: str
    at: datetime
    heard_at: datetime
    told: str = ""
    cycle: int = 0
    stage: str = ""
    rep_id: str = ""
    hot: bool = False

    def line(self) -> dict[str, Any]:
        """Return it as a line of the company's own journal."""
        return {
            "lead_id": self.lead_id,
            "at": self.at.isoformat(),
            "heard_at": self.heard_at.isoformat(),
            "told": self.told,
            "cycle": self.cycle,
            "stage": self.stage,
            "rep_id": self.rep_id,
            "hot": self.hot,
        }

    @classmethod
    def of_line(cls, entry: dict[str, Any]) -> Heard:
        """Read a line of the journal."""
        at, heard_at = (datetime.fromisoformat(entry.pop(name)) for name in ("at", "heard_at"))
        return cls(at=at, heard_at=heard_at, **entry)


def reaches(told: str, waits_for: str) -> bool:
    """Whether telling this person moves somebody who waits for that one."""
    return _RANKS.get(told, 0) >= _RANKS.get(waits_for, 1)


def listen(path: Path, *, offset: int, heard_at: datetime) -> tuple[list[Heard], int]:
    """Read what was added to the CRM file behind ``offset`` bytes; whole lines only."""
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    return list(_heard(whole, heard_at)), offset + len(whole)


def _heard(content: bytes, heard_at: datetime) -> Iterator[Heard]:
    for line in content.splitlines():
        entry = json.loads(line)
        payload = entry["payload"]
        if entry["kind"] == "handoff" and payload.get("rep_id"):
            yield _handoff(payload, heard_at)
        elif entry["kind"] == "task" and payload.get("lead_id"):
            sent_at = datetime.fromisoformat(entry["sent_at"])
            told = _highest(payload["recipients"])
            if told:
                lead_id = bare(payload["lead_id"])
                yield Heard(lead_id=lead_id, at=sent_at, heard_at=heard_at, told=told)


def _handoff(payload: dict[str, Any], heard_at: datetime) -> Heard:
    return Heard(
        lead_id=bare(payload["lead_id"]),
        at=datetime.fromisoformat(payload["assigned_at"]),
        heard_at=heard_at,
        cycle=int(payload["cycle"]),
        stage=payload["stage"],
        rep_id=bare(payload["rep_id"]),
        hot=bool(payload["hot"]),
    )


def _highest(recipients: list[dict[str, Any]]) -> str:
    roles = [str(each["role"]) for each in recipients if each["role"] in _RANKS]
    return max(roles, key=_RANKS.__getitem__, default="")


def bare(identifier: str) -> str:
    """Return an id as the company's own files write it, without the system's prefix."""
    return identifier.removeprefix(f"{SYSTEM}:")
