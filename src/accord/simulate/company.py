"""The simulated company: a world with known truth that answers what the system hands off.

What people do of their own accord follows from the seed alone, however time is cut into steps.
What they do in answer follows from the seed and what they heard. The state between runs is the
journal of what was heard; the rest is made again from the seed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accord.agreement import load
from accord.errors import InputError
from accord.records import Entity
from accord.simulate.files import (
    INBOX,
    TAKEN,
    Row,
    append_lines,
    write_entity,
    write_whole,
)
from accord.simulate.hearing import Heard, bare, listen
from accord.simulate.layout import lay_out
from accord.simulate.market import Market
from accord.simulate.people import make_people
from accord.simulate.sales import Sales
from accord.simulate.truth import TRUTH_FILE, lead_line

STATE_FILE = "world.json"
JOURNAL_FILE = "heard.jsonl"
_WEEKDAYS_OF_FOUR_WEEKS = 22.6  # a weekend day counts a third
_SMALLEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step wrote: the files, and how many rows of each entity; what it had heard."""

    until: datetime
    files: tuple[Path, ...]
    rows: Mapping[Entity, int]
    heard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is kept between runs: how far each part went, and how much of each file counts."""

    until: datetime
    answered: datetime
    crm_bytes: int = 0
    truth_bytes: int = 0
    journal_bytes: int = 0


class Company:
    """One company in one folder.

    ``seed`` and ``start`` make the world, ``size`` is about how many people enter the database in
    four weeks. ``agreement`` is copied into the folder if none is there; ``crm`` is the file to
    which hand-offs and messages come. A folder in which a company was simulated before goes on
    where it stopped; another seed, start or size there is refused by InputError, and so is a folder
    whose ``sources.yaml`` would not read the company's files.
    """

    def __init__(
        self,
        *,
        seed: int,
        start: datetime,
        folder: Path,
        agreement: Path,
        size: int = 3600,
        crm: Path | None = None,
    ) -> None:
        self.folder = folder
        self.start = start.astimezone(UTC)
        self._crm = crm or folder / ".accord" / "outbox" / "crm.jsonl"
        self._identity = {"seed": seed, "start": self.start.isoformat(), "size": size}
        terms = load(lay_out(folder, agreement))
        weekday_leads = max(size, _SMALLEST) / _WEEKDAYS_OF_FOUR_WEEKS
        people = make_people(seed, self.start, _teams_for(size))
        self._market = Market(
            seed=seed, start=self.start, weekday_leads=weekday_leads, people=people
        )
        self._sales = Sales(seed=seed, people=people, agreement=terms, market=self._market)
        self._state = self._resume()
        self._crm_bytes = self._state.crm_bytes
        self._heard: list[Heard] = []

    @property
    def until(self) -> datetime:
        """Up to when the whole world has been written."""
        return self._state.until

    def step(self, until: datetime) -> Step:
        """Write all that happened since the last step, up to and with ``until``."""
        return self._advance(until, whole=True)

    def answer(self, until: datetime) -> Step:
        """Write only what sales did since: touches, decisions, deals. The rest waits for a step."""
        return self._advance(until, whole=False)

    def has_answers(self, until: datetime, lead_ids: Collection[str]) -> bool:
        """Whether sales has done something about one of these leads that no file tells yet.

        Ids carry the system's prefix, as the ledger's do. What came to the CRM is heard first.
        """
        self._listen()
        return self._sales.has_news(until, {bare(lead_id) for lead_id in lead_ids})

    def file_away(self) -> int:
        """Move what lies in the inbox to the folder of what was taken; return how many files."""
        taken = self.folder / TAKEN
        taken.mkdir(exist_ok=True)
        files = [path for path in (self.folder / INBOX).iterdir() if path.suffix != ".part"]
        for path in files:
            path.replace(taken / path.name)
        return len(files)

    def _advance(self, until: datetime, *, whole: bool) -> Step:
        state, until = self._state, until.astimezone(UTC)
        self._listen()
        heard, self._heard = self._heard, []
        rows = self._sales.rows_until(until)
        truths: list[dict[str, Any]] = []
        if whole:
            rows |= self._market.rows_until(until)
            truths += [lead_line(each) for each in self._market.revealed()]
        files = self._write(rows, truths, until)
        self._state = _State(
            until=until if whole else state.until,
            answered=until,
            crm_bytes=self._crm_bytes,
            truth_bytes=append_lines(self.folder / TRUTH_FILE, truths, after=state.truth_bytes),
            journal_bytes=append_lines(
                self.folder / JOURNAL_FILE,
                [each.line() for each in heard],
                after=state.journal_bytes,
            ),
        )
        self._keep()
        counts = {entity: len(each) for entity, each in rows.items()}
        return Step(until=until, files=files, rows=counts, heard=len(heard))

    def _listen(self) -> None:
        """Take to heart what came to the CRM since; the next step keeps it in the journal."""
        heard_at = self._state.answered
        heard, self._crm_bytes = listen(self._crm, offset=self._crm_bytes, heard_at=heard_at)
        for each in heard:
            self._sales.hear(each)
        self._heard += heard

    def _write(
        self, rows: Mapping[Entity, list[Row]], truths: list[dict[str, Any]], until: datetime
    ) -> tuple[Path, ...]:
        files = []
        for entity, each in rows.items():
            path, found = write_entity(self.folder, entity, each, until=until)
            files.append(path)
            truths.extend(found)
        return tuple(files)

    def _keep(self) -> None:
        state = self._state
        content = self._identity | {
            "until": state.until.isoformat(),
            "answered": state.answered.isoformat(),
            "crm_bytes": state.crm_bytes,
            "truth_bytes": state.truth_bytes,
            "journal_bytes": state.journal_bytes,
        }
        write_whole(self.folder / STATE_FILE, json.dumps(content, indent=1) + "\n")

    def _resume(self) -> _State:
        """Go on from the kept state: hear the journal again, drop what was written already."""
        path = self.folder / STATE_FILE
        if not path.exists():
            return _State(until=self.start, answered=self.start)
        content = json.loads(path.read_text(encoding="utf-8"))
        self._check_identity(path, content)
        state = _State(
            until=datetime.fromisoformat(content["until"]),
            answered=datetime.fromisoformat(content["answered"]),
            crm_bytes=content["crm_bytes"],
            truth_bytes=content["truth_bytes"],
            journal_bytes=content["journal_bytes"],
        )
        self._market.rows_until(state.until)
        self._market.revealed()
        for entry in _journal(self.folder / JOURNAL_FILE, state.journal_bytes):
            heard = Heard.of_line(entry)
            self._sales.rows_until(heard.heard_at)
            self._sales.hear(heard)
        self._sales.rows_until(state.answered)
        self._market.rows_until(state.until)
        return state

    def _check_identity(self, path: Path, content: Mapping[str, Any]) -> None:
        for name, wanted in self._identity.items():
            if content[name] != wanted:
                raise InputError(
                    where=str(path),
                    found=f"a company of {name} {content[name]} lives here",
                    expected=f"{name} {wanted}",
                    remedy="go on with its own, or choose an empty folder",
                )


def _teams_for(size: int) -> dict[str, int]:
    """Return how many reps each team has for so many people in four weeks."""
    return {
        "inbound": max(2, round(size / 900)),
        "enterprise": max(1, round(size / 1800)),
        "emea": max(1, round(size / 1800)),
        "closers": max(2, round(size / 900)),
    }


def _journal(path: Path, size: int) -> list[dict[str, Any]]:
    if not size:
        return []
    with path.open("rb") as file:
        return [json.loads(line) for line in file.read(size).splitlines()]
