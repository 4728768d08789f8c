"""The laws of the hand-off, asked of the ledger's rows by questions of our own.

Nothing of :mod:`accord.services.audit` is used here, nor a fold of the lifecycle's: what both get
wrong in the same way would stay unseen. Each law yields a sentence for what breaks it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from accord.ledger import Ledger, read_rows, tables
from accord.sla import parse_absences
from tests.machine.company import TEAMS

Row = dict[str, Any]
_READ = (
    "lead",
    "score",
    "stage_change",
    "handoff",
    "handoff_owner",
    "clock",
    "outbox",
    "rep",
    "pending",
)
_WORKED_AT = {"mql": {"mql", "sal"}, "sql": {"sql"}}
_BEFORE_SALES = {"new_name", "engaged", "target"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The ledger's rows after a step, what the CRM holds, in the order of arrival, who was told."""

    rows: dict[str, list[Row]]
    effects: list[Row]
    told: list[str]

    @classmethod
    def of(cls, ledger: Ledger, effects: list[Row], told: list[str]) -> Seen:
        with ledger.read() as connection:
            rows = {name: read_rows(connection, select(getattr(tables, name))) for name in _READ}
        return cls(rows=rows, effects=effects, told=told)

    def decided(self) -> list[Row]:
        return [row for row in self.rows["handoff"] if row["origin"] == "decided"]

    def open(self) -> list[Row]:
        return [row for row in self.decided() if row["outcome"] is None]

    def by(self, table: str, key: str) -> dict[str, Row]:
        return {row[key]: row for row in self.rows[table]}

    def standing(self) -> dict[str, list[Row]]:
        """Each lead's moves that stand, in the order in which they happened."""
        rows = self.rows["stage_change"]
        gone = {row["retracts"] for row in rows}
        found = defaultdict(list)
        for row in sorted(rows, key=lambda row: (row["occurred_at"], row["position"])):
            if row["retracts"] is None and row["change_id"] not in gone:
                found[row["lead_id"]].append(row)
        return found

    def unplaced(self) -> set[str]:
        """Leads of whom something is known that the lifecycle has not placed yet."""
        return {row["lead_id"] for row in self.rows["pending"] if row["need"] == "lifecycle"}


@dataclass(slots=True)
class Memory:
    """What was there before, and must be there ever after."""

    moves: dict[str, Row] = field(default_factory=dict)
    handoffs: set[str] = field(default_factory=set)
    owners: set[tuple[str, datetime]] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    planned: dict[str, datetime] = field(default_factory=dict)
    died: set[str] = field(default_factory=set)
    applied: int = 0

    def keep(self, seen: Seen) -> None:
        """Remember what stands after a step."""
        self.moves |= seen.by("stage_change", "change_id")
        self.handoffs |= {row["handoff_id"] for row in seen.decided()}
        self.owners |= {(row["handoff_id"], row["since"]) for row in seen.rows["handoff_owner"]}
        for row in seen.rows["outbox"]:
            self.planned.setdefault(row["key"], row["not_before"])
            if row["status"] == "dead":
                self.died.add(row["key"])
            if row["status"] in {"withdrawn", "superseded"}:
                self.given_up.add(row["key"])
        self.applied = len(seen.effects)


def l4_once(seen: Seen, memory: Memory) -> Iterator[str]:
    """One hand-off a lead, cycle and role, one of a role open at a time; none ever disappears."""
    keys = Counter((row["lead_id"], row["cycle"], row["stage"]) for row in seen.decided())
    yield from (f"{key} was decided {count} times" for key, count in keys.items() if count > 1)
    unplaced = seen.unplaced()
    open_keys = Counter((row["lead_id"], row["stage"]) for row in seen.open())
    for (lead_id, stage), count in open_keys.items():
        if count > 1 and lead_id not in unplaced:
            yield f"{lead_id} is open {count} times at {stage}"
    now = {row["handoff_id"] for row in seen.decided()}
    yield from (f"the decided hand-off {one} is gone" for one in memory.handoffs - now)


def l4_delivered_once(seen: Seen, memory: Memory) -> Iterator[str]:
    """What is marked sent is there, once; nothing is there that was given up or is unknown."""
    outbox = seen.by("outbox", "key")
    effects = Counter(line["key"] for line in seen.effects)
    yield from (f"{key} is there {count} times" for key, count in effects.items() if count > 1)
    for key, row in outbox.items():
        to_crm = row["kind"] != "message"
        if to_crm and row["status"] == "sent" and key not in effects:
            yield f"{key} is marked sent and is not there"
    for line in seen.effects:
        if line["key"] not in outbox:
            yield f"{line['key']} is there and was never asked for"
        elif line["hash"] != outbox[line["key"]]["payload_hash"]:
            yield f"{line['key']} is there with another payload"
    for line in seen.effects[memory.applied :]:
        if line["key"] in memory.given_up and not line["slow"]:
            yield f"{line['key']} was given up and went all the same"


def l6_told_once(seen: Seen, _memory: Memory) -> Iterator[str]:
    """Whoever is marked as told was, once; nobody was of what was given up or never came due."""
    messages = {key: row for key, row in seen.by("outbox", "key").items() if row["recipient"]}
    times = Counter(seen.told)
    yield from (f"{key} was told {count} times" for key, count in times.items() if count > 1)
    for key, row in messages.items():
        if row["status"] == "sent" and key not in times:
            yield f"{key} is marked told and was not"
    for key in times:
        row = messages.get(key)
        if row is None or (row["status"] != "sent" and row["leased_by"] is None):
            yield f"{key} was told and is not known as told"


def l4_in_order(seen: Seen, memory: Memory) -> Iterator[str]:
    """Entries of one lead arrive in the order in which they were written, if both could go."""
    outbox = seen.by("outbox", "key")
    arrived = defaultdict(list)
    for line in seen.effects:
        row = outbox.get(line["key"])
        if row and row["lead_id"] and not line["slow"] and line["key"] not in memory.died:
            arrived[row["lead_id"]].append((row, datetime.fromisoformat(line["at"])))
    for lead_id, lines in arrived.items():
        for place, (row, at) in enumerate(lines):
            for later, _ in lines[place + 1 :]:
                planned = memory.planned.get(later["key"], later["not_before"])
                if later["outbox_id"] < row["outbox_id"] and planned <= at:
                    yield f"{lead_id}: {row['key']} overtook {later['key']}"


def l5_nobody_is_lost(seen: Seen, _memory: Memory) -> Iterator[str]:
    """Each decided hand-off waits with a reason, or has an owner and a running clock, or ended."""
    running = {row["handoff_id"] for row in seen.rows["clock"] if row["ended_at"] is None}
    for row in seen.decided():
        name = f"{row['lead_id']} in cycle {row['cycle']} at {row['stage']}"
        if (row["ended_at"] is None) != (row["outcome"] is None):
            yield f"{name} has half an ending"
        if row["outcome"] is not None:
            continue
        if row["assigned_at"] is None:
            if row["waits_for"] is None:
                yield f"{name} waits without a reason"
        elif row["rep_id"] is None and row["waits_for"] is None:
            yield f"{name} has no owner"
        elif row["handoff_id"] not in running and row["waits_for"] is None:
            yield f"{name} has no running clock"


def l5_stands_where_it_is_worked(seen: Seen, _memory: Memory) -> Iterator[str]:
    """An open hand-off is of its lead's present cycle, and the lead stands where that role works.

    Asked of leads of whom everything known has been placed.
    """
    leads, unplaced = seen.by("lead", "lead_id"), seen.unplaced()
    for row in seen.open():
        lead = leads[row["lead_id"]]
        where = (lead["cycle"], lead["current_stage"])
        fits = row["cycle"] == lead["cycle"] and where[1] in _WORKED_AT[row["stage"]]
        if row["lead_id"] not in unplaced and not fits:
            what = f"{row['lead_id']} is open at {row['stage']} {row['cycle']}"
            yield f"{what}, and stands at {where}"


def l7_stages_are_folds(seen: Seen, memory: Memory) -> Iterator[str]:
    """Stage and cycle are what the standing moves say; what was written stays as written."""
    standing = seen.standing()
    for lead in seen.rows["lead"]:
        moves = standing.get(lead["lead_id"], [])
        stage = moves[-1]["to_stage"] if moves else None
        cycle = sum(move["to_stage"] == "mql" for move in moves)
        if (lead["current_stage"], lead["cycle"]) != (stage, cycle):
            kept = (lead["current_stage"], lead["cycle"])
            yield f"{lead['lead_id']} is kept as {kept}, its history says {(stage, cycle)}"
        for before, after in pairwise(moves):
            if after["from_stage"] != before["to_stage"]:
                left, stood = after["from_stage"], before["to_stage"]
                yield f"{lead['lead_id']} left {left}, and stood at {stood}"
    now = seen.by("stage_change", "change_id")
    for change_id, row in memory.moves.items():
        if now.get(change_id) != row:
            yield f"the move {change_id} of {row['lead_id']} was changed or is gone"


def l9_signed(seen: Seen, memory: Memory, *, signed: set[str]) -> Iterator[str]:
    """What a step has decided was decided under a version that was signed by both just then.

    An executive whom a person named in the CRM was not our decision: his hand-off stands under the
    version of the one at mql that it goes on from.
    """
    own = {(row["lead_id"], row["cycle"], row["version"], row["stage"]) for row in seen.decided()}
    by_people = {row["handoff_id"] for row in seen.rows["handoff_owner"] if row["why"] == "crm"}
    for row in seen.decided():
        goes_on = (row["lead_id"], row["cycle"], row["version"], "mql") in own
        by_a_person = row["handoff_id"] in by_people and row["stage"] == "sql" and goes_on
        is_new = row["handoff_id"] not in memory.handoffs
        if is_new and row["version"] not in signed and not by_a_person:
            yield f"{row['lead_id']} was handed over under {row['version']}; signed: {signed}"
    for row in seen.rows["handoff_owner"]:
        is_new = (row["handoff_id"], row["since"]) not in memory.owners
        if is_new and row["why"] in {"assigned", "reassigned"} and not signed:
            yield f"{row['handoff_id']} was given to {row['rep_id']} under an unsigned agreement"


LAWS = (
    l4_once,
    l4_delivered_once,
    l4_in_order,
    l6_told_once,
    l5_nobody_is_lost,
    l5_stands_where_it_is_worked,
    l7_stages_are_folds,
)
"""What holds after every step, whatever ran."""


def after_handoff(seen: Seen, *, at: datetime) -> Iterator[str]:
    """What holds when a signed hand-off has just run at ``at``: nobody is overlooked or kept."""
    leads, scores = seen.by("lead", "lead_id"), seen.by("score", "lead_id")
    unplaced = seen.unplaced()
    for lead_id, score in scores.items():
        stage = leads[lead_id]["current_stage"]
        if "mql" in score["qualifies"] and stage in _BEFORE_SALES and lead_id not in unplaced:
            yield f"{lead_id} qualifies, stands at {stage} and was not handed over"
        if score["crossed"] == "mql":
            yield f"the crossing of {lead_id} was not acted on"
    there = {team for team in TEAMS.values() if any(_is_there(seen, team, at=at))}
    for row in seen.open():
        team = "inbound" if row["stage"] == "mql" else "closers"
        score = scores.get(row["lead_id"])
        if row["assigned_at"] is None and score and "hot" in score["qualifies"] and team in there:
            yield f"{row['lead_id']} is hot and waits for {row['waits_for']}, team {team} is there"
    reps = seen.by("rep", "rep_id")
    for row in seen.open():
        left_at = reps[row["rep_id"]]["left_at"] if row["rep_id"] in reps else None
        if left_at is not None and left_at <= at and row["waits_for"] is None:
            yield f"{row['lead_id']} is still with {row['rep_id']}, who left at {left_at}"


def _is_there(seen: Seen, team: str, *, at: datetime) -> Iterator[bool]:
    for rep in seen.rows["rep"]:
        away = any(start <= at < end for start, end in parse_absences(rep["absences"]))
        has_left = rep["left_at"] is not None and rep["left_at"] <= at
        yield rep["team"] == team and not away and not has_left
