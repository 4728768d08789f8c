"""A CRM that behaves badly on purpose and survives its callers: what it holds stands in a file.

It is no idempotent system: what is sent again after it was taken is there twice, which
:mod:`tests.machine.laws` does not allow. Reading back is its only protection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from accord.crm import Item, Kept, Landed, Outcome, Result
from accord.errors import DeliveryError

UP = "up"
MODES = (UP, "down", "busy", "refuses", "in part", "cut before", "cut after", "slow")
"""How it may behave: the last three leave it open whether an item was taken."""

_UNSURE = {"cut before", "cut after", "slow"}


class FileReceiver:
    """One line a thing that happened: an effect, an effect on its way, or a person's edit."""

    def __init__(self, path: Path, mode: str = UP) -> None:
        self._path = path
        self.mode = mode

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        self._answer()
        self._let_land(sent_at)
        return tuple(self._take(item, sent_at) for item in items)

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        self._answer()
        there = {line["key"]: line for line in self.lines("effect")}
        return {key: Landed(payload_hash=there[key]["hash"]) for key in keys if key in there}

    def close(self) -> None:
        """Nothing is open."""

    def edit(self, lead_id: str, rep_id: str, *, at: datetime) -> None:
        """A person sets another owner."""
        self._note("edit", lead=lead_id, rep=rep_id, at=at.isoformat())

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Read what happened of one kind, in order."""
        if not self._path.exists():
            return []
        lines = map(json.loads, self._path.read_text().splitlines())
        return [line for line in lines if line["what"] == what]

    def _answer(self) -> None:
        if self.mode == "down":
            raise DeliveryError(target="crm", found="503")
        if self.mode == "busy":
            raise DeliveryError(target="crm", found="429", retry_after=900)

    def _let_land(self, at: datetime) -> None:
        """What was slow arrives now, when all believe that it never came."""
        there = {line["key"] for line in self.lines("effect")}
        for line in self.lines("late"):
            if line["key"] not in there:
                self._note("effect", **{**line["effect"], "at": at.isoformat()})
                there.add(line["key"])

    def _take(self, item: Item, at: datetime) -> Outcome:
        in_part = self.mode == "in part" and crc32(item.key.encode()) % 2
        if self.mode == "refuses" or in_part:
            return Outcome(key=item.key, result=Result.REFUSED, error="400 not now")
        effect = {
            "key": item.key,
            "hash": item.payload_hash,
            "kind": item.kind,
            "at": at.isoformat(),
            "slow": any(line["key"] == item.key for line in self.lines("late")),
        }
        if self.mode == "slow":
            self._note("late", key=item.key, effect={**effect, "slow": True})
        elif self.mode != "cut before" and not self._is_here(effect):
            self._note("effect", **effect)
        if self.mode in _UNSURE:
            return Outcome(key=item.key, result=Result.UNKNOWN, error=self.mode)
        return Outcome(key=item.key, result=Result.TAKEN, kept=self._kept(item))

    def _is_here(self, effect: Mapping[str, Any]) -> bool:
        """Whether what was slow has landed already: only that is forgiven."""
        return effect["slow"] and any(line["key"] == effect["key"] for line in self.lines("effect"))

    def _kept(self, item: Item) -> tuple[Kept, ...]:
        if item.kind != "handoff" or item.read_at is None:
            return ()
        edits = [line for line in self.lines("edit") if line["lead"] == item.payload["lead_id"]]
        return tuple(
            Kept(field="owner", ours=None, theirs=line["rep"], at=at)
            for line in edits[-1:]
            if (at := datetime.fromisoformat(line["at"])) > item.read_at
        )

    def _note(self, what: str, **values: Any) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps({"what": what, **values}) + "\n")
