"""A company whose ladders are swept badly: long downtime, kills, sweeps twice and two at once.

Every history draws an agreement's ladders and a story, and lives through it beside the oracle of
``ladder_story``; the ledger is held to law L6 after every sweep and to the oracle at every turn.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import delete, update

from accord.errors import LeaseHeldError
from accord.ledger import tables
from accord.ledger.claim_rows import claim_entries
from accord.services.clocks import run_sweep
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.crash.ingest_world import ROOT
from tests.crash.ladder_story import (
    AWAY,
    AWAY_REP,
    BEGINS,
    MINUTE,
    OFFICES,
    REPS,
    TERMS,
    Fact,
    Key,
    Ladder,
    Oracle,
    draw_facts,
    draw_ladder,
)
from tests.killing import killed_at
from tests.services.clock_world import HASH, World

POINTS = ("sla.after_look", "sla.before_commit", "sla.after_commit")
SWEEPS = 14
DOWNTIME = (1, 4, 24, 72)  # hours


class Company(World):
    """Three reps and the leads of one story."""

    def add_reps(self) -> None:
        away = "/".join(at.isoformat() for at in AWAY)
        people = [(rep, "sdr", "crm:max", calendar) for rep, calendar in REPS.items()]
        self.write(
            tables.rep,
            *(
                {
                    "rep_id": rep,
                    "role": role,
                    "team": "inbound",
                    "email": f"{rep[4:]}@example.com",
                    "manager_id": manager,
                    "calendar": calendar,
                    "absences": away if rep == AWAY_REP else None,
                    "known_at": BEGINS,
                    **HASH,
                }
                for rep, role, manager, calendar in [*people, ("crm:max", "manager", None, None)]
            ),
        )

    def happen(self, fact: Fact) -> None:
        """Write what has become known, as the stages do that take it in."""
        if fact.what == "owner":
            self._own(fact)
            return
        if fact.what == "touch":
            self.touch(fact.lead, fact.rep, fact.at, known_at=fact.known_at)
        else:
            self.decide(fact.lead, "return", fact.at)
        self.need(fact.lead, "lifecycle")

    def _own(self, fact: Fact) -> None:
        handoff_id = f"{fact.lead}-mql"
        known = {row["handoff_id"] for row in self.read(tables.handoff)}
        if handoff_id in known:
            self.assign(handoff_id, fact.rep, fact.at)
        else:
            self.add_lead(fact.lead, created=fact.at - timedelta(days=1))
            self.hand_over(fact.lead, fact.rep, fact.at)
        self.sync(fact.lead, as_of=fact.at)

    def place(self, lead: str, now: datetime) -> None:
        """Bring clocks up to date as placing a lead's history does."""
        self.sync(lead, as_of=now)
        with self.workspace.ledger.begin() as connection:
            connection.execute(delete(tables.pending).where(tables.pending.c.lead_id == lead))

    def keys(self) -> dict[str, Key]:
        return {
            row["clock_id"]: (row["lead_id"], row["term"], row["owner_id"])
            for row in self.read(tables.clock)
            if row["term"] in TERMS
        }

    def taken(self) -> dict[Key, list[dict[str, Any]]]:
        """Return the recorded steps of each clock, in order."""
        keys, found = self.keys(), {}
        for row in self.read(tables.step):
            found.setdefault(keys[row["clock_id"]], []).append(row)
        return found


class History:
    """One story, lived through: told to the ledger and to the oracle alike."""

    def __init__(self, home: Path, url: str, children: Any, *, seed: int) -> None:
        self.chance = random.Random(seed)
        self.children = children
        self.ladders = {
            "first_touch": draw_ladder(self.chance, business=True),
            "qualify": draw_ladder(self.chance, business=False),
        }
        home.mkdir(parents=True, exist_ok=True)
        agreement = home / "agreement.yaml"
        agreement.write_text(agreement_of(self.ladders, quiet=self.chance.random() < 0.7))
        settings = Settings(home=home, database_url=url, agreement=agreement, _env_file=None)
        self.workspace, self.other = Workspace.open(settings), Workspace.open(settings)
        self.company = Company(self.workspace)
        self.oracle = Oracle(ladders=self.ladders)
        self.facts = draw_facts(self.chance)
        self.now = BEGINS
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        self.workspace.close()
        self.other.close()

    def live(self, *, kills: int) -> Counter[str]:
        """Live through it all; returns how often what was done."""
        for turn in range(SWEEPS):
            self._pass_time()
            kill = self.counts["killed"] < kills and turn >= SWEEPS // 4
            self._sweep(kill=kill)
            self.check()
            if self.chance.random() < 0.5:
                self._deliver()
        self._end()
        return self.counts

    def _pass_time(self) -> None:
        """Go on to the next sweep: often to just about a step, sometimes after a long downtime."""
        aim = self.oracle.next_due()
        fact = self.facts[0].known_at if self.facts else None
        if aim is None or (fact is not None and fact < aim and self.chance.random() < 0.5):
            aim = fact or self.now
        shift = self.chance.choice((0, 0, 0, -1, 1, 7))
        then = max(self.now, aim + shift * MINUTE)
        if self.chance.random() < 0.25:
            then += timedelta(hours=self.chance.choice(DOWNTIME))
        self._happen_until(then)
        self.now = then

    def _happen_until(self, then: datetime) -> None:
        while self.facts and self.facts[0].known_at <= then:
            fact = self.facts.pop(0)
            self.company.happen(fact)
            self.oracle.tell(fact)
            if fact.what == "owner":
                self.oracle.place(fact.lead)
            elif self.chance.random() < 0.4:
                self._place(fact.lead, fact.known_at)

    def _place(self, lead: str, now: datetime) -> None:
        self.company.place(lead, now)
        self.oracle.place(lead)

    def _sweep(self, *, kill: bool) -> None:
        due = self.oracle.is_due(self.now)
        how = self.chance.choice(("once", "twice", "two at once"))
        if due and kill:
            self._killed(self.chance.choice(POINTS))
            return
        if how == "two at once":
            self._together()
        for _ in range({"once": 1, "twice": 2}.get(how, 0)):
            run_sweep(self.workspace, as_of=self.now)
        self.oracle.sweep(self.now)
        self.counts[how] += 1
        self.counts["with something due"] += due

    def _killed(self, point: str) -> None:
        """Sweep in a child that dies at the point; what it had committed by then is done."""
        stage = "services.clocks.run_sweep"
        killed_at(self.children, self.workspace, stage, point=point, as_of=self.now)
        self.counts["killed"] += 1
        self.counts[point] += 1
        if point == "sla.after_commit":
            self.oracle.sweep(self.now)

    def _together(self) -> None:
        """Two sweeps of one instant, each with connections of its own; one may have to give way."""
        start, failed = Barrier(2), []

        def work(workspace: Workspace) -> None:
            start.wait()
            try:
                with suppress(LeaseHeldError):
                    run_sweep(workspace, as_of=self.now)
            except BaseException as error:  # noqa: BLE001 - a thread's error is the test's
                failed.append(error)

        threads = [Thread(target=work, args=(each,)) for each in (self.workspace, self.other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == [], failed

    def _deliver(self) -> None:
        """Take what may go in hand; now and then die before anybody is told whether it went."""
        with self.workspace.ledger.begin() as connection:
            claim = claim_entries(
                connection, as_of=self.now, holder="deliverer", after=0, limit=100
            )
            ids = [row["outbox_id"] for row in claim.rows]
            if self.chance.random() < 0.7:
                connection.execute(
                    update(tables.outbox)
                    .where(tables.outbox.c.outbox_id.in_(ids))
                    .values(status="sent", leased_by=None, leased_until=None)
                )
        keys = self.company.keys()
        self.oracle.out |= {(keys[row["clock_id"]], row["step"]) for row in claim.rows}
        self.counts["delivered"] += len(ids)

    def _end(self) -> None:
        """Let everything become known, be placed and be swept: nothing may be missing then."""
        self._happen_until(max([self.now, *(fact.known_at for fact in self.facts)]))
        self.now += timedelta(days=7)
        for lead in sorted(self.oracle.known):
            self._place(lead, self.now)
        run_sweep(self.workspace, as_of=self.now)
        self.oracle.sweep(self.now)
        self.check()
        statuses = Counter(status for steps in self.oracle.steps.values() for status, _ in steps)
        self.counts.update({f"step {status}": count for status, count in statuses.items()})
        lost = [
            key
            for key, stint in self.oracle.stints.items()
            for at in stint.times[len(self.company.taken().get(key, ())) :]
            if at < (stint.end or self.now)
        ]
        assert lost == [], lost

    def check(self) -> None:
        """Hold the ledger to the law, and to what the oracle says."""
        taken = self.company.taken()
        faults = [*self._unlawful(taken), *self._unsaid(taken)]
        assert faults == [], faults
        told = {
            key: [(row["status"], row["due_at"]) for row in rows] for key, rows in taken.items()
        }
        wanted = {key: steps for key, steps in self.oracle.steps.items() if steps}
        assert told == wanted, f"at {self.now}: {told}, but should be {wanted}"

    def _unlawful(self, taken: dict[Key, list[dict[str, Any]]]) -> Iterator[str]:
        """In order, each once, none sent by a sweep that came when the end was known."""
        ended = dict(self.oracle.ends())
        for key, rows in taken.items():
            if [row["step"] for row in rows] != list(range(len(rows))):
                yield f"{key}: a step is missing"
            if [row["swept_at"] for row in rows] != sorted(row["swept_at"] for row in rows):
                yield f"{key}: a step came before one before it"
            for row in rows:
                if row["status"] == "sent" and row["swept_at"] == self.now and ended[key]:
                    yield f"{key}: step {row['step']} was sent after the end"

    def _unsaid(self, taken: dict[Key, list[dict[str, Any]]]) -> Iterator[str]:
        """Each message belongs to a step that was sent, or was withdrawn with it."""
        keys = self.company.keys()
        messages: dict[tuple[Key, int], set[str]] = {}
        for row in self.company.read(tables.outbox):
            messages.setdefault((keys[row["clock_id"]], row["step"]), set()).add(row["status"])
        for key, rows in taken.items():
            for row in rows:
                statuses = messages.pop((key, row["step"]), set())
                sent = row["status"] == "sent"
                if sent is not bool(statuses - {"withdrawn"}):
                    yield f"{key}: step {row['step']} is {row['status']}, messages {statuses}"
        yield from (f"{key}: a message without a step" for key in messages)


def agreement_of(ladders: dict[str, Ladder], *, quiet: bool) -> str:
    """Write the shipped agreement with these two terms and ladders, and without all others."""
    text = (ROOT / "agreement.yaml").read_text(encoding="utf-8")
    first, second = (ladders[term] for term in TERMS)
    touch = "from: assigned, until: touch, clock: business"
    qualify = "from: touched, until: decision, clock: wall, pauses: [owner_away]"
    terms = [
        "  sales:",
        f"    first_touch: {{{touch}, within: {first.within}m, escalation: touch_ladder}}",
        f"    qualify: {{{qualify}, within: {second.within}m, escalation: qualify_ladder}}",
        "  marketing: {}",
        "  escalation:",
        f"    touch_ladder: {_steps(first)}",
        f"    qualify_ladder: {_steps(second)}",
    ]
    calendars = "\n".join(f"  {name}: {json.dumps(entry)}" for name, entry in OFFICES.items())
    text = re.sub(r"(?ms)^calendars:\n.*?\n\n", f"calendars:\n{calendars}\n\n", text)
    text = re.sub(r"(?ms)^  sales:\n.*?(?=^  reasons:)", "\n".join(terms) + "\n", text, count=1)
    return text if quiet else text.replace("quiet_hours: outside_calendar", "quiet_hours: never")


def _steps(ladder: Ladder) -> str:
    notify = ("[rep]", "[rep, manager]", "[ceo]")
    steps = (
        f"{{at: {place}, notify: {notify[number % 3]}}}"
        for number, place in enumerate(ladder.places)
    )
    return f"[{', '.join(steps)}]"
