"""A company that hands leads over, a receiver that behaves badly, and children that are killed.

The receiver does not know what it was sent before: a lead that is brought twice counts twice. So
that nothing is doubled is proven by what was sent, not by a receiver that looks away.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from accord.ledger import read_rows, tables
from accord.services.audit import run_audit
from accord.services.deliver import run_deliver
from accord.services.handoff import run_handoff
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.crash.ingest_world import ROOT
from tests.crm.service import Answer, Cut, Done, Slow
from tests.crm.webhook_server import SECRET, WebhookServer
from tests.services.handoff_world import MONDAY, World

LEADS = 6
TIMEOUT_SECONDS = 0.5
A_WHILE = timedelta(minutes=20)
TIMES = 8

IN_A_BATCH = "in the middle of a batch"
HANDING = ("handoff.before_commit", "handoff.after_commit")
DELIVERING = (
    "deliver.after_claim",
    "deliver.after_read_back",
    IN_A_BATCH,
    "deliver.after_send_before_mark",
    "deliver.before_mark_commit",
    "deliver.after_mark",
)
POINTS = (*HANDING, *DELIVERING)

FAULTS: Mapping[str, Any] = {
    "200": None,
    "429": Answer(status=429, headers={"Retry-After": "7"}),
    "500 after applying": Done(Answer(status=500)),
    "cut after applying": Cut(),
    "partial": None,
    "slow": Slow(2 * TIMEOUT_SECONDS),
}


class Receiver(WebhookServer):
    """Behaves as it is told at the first request that brings something, and well ever after."""

    def __init__(self, behaviour: str) -> None:
        super().__init__()
        self.next_write = FAULTS[behaviour]
        self.is_partial = behaviour == "partial"
        self.applied: list[str] = []
        self.victim: Path | None = None

    def respond(self, request):
        self.now = float(re.match(r"t=(\d+)", request.headers["Accord-Signature"])[1])
        return super().respond(request)

    def _answer(self, request, fault):
        if self.victim is not None and self.writes(request):
            return self._kill_within(json.loads(request.body)["items"], fault)
        return super()._answer(request, fault)

    def _take(self, item):
        if self.is_partial and item["key"] == self._last(item):
            self.is_partial = False
            return {"key": item["key"], "result": "refused", "error": "locked"}
        self.applied.append(item["key"])
        return super()._take(item)

    def _last(self, item) -> str:
        """The third that comes is the one that is refused."""
        return item["key"] if len(self.applied) == LEADS // 2 else ""

    def _kill_within(self, items, fault) -> Answer:
        """Take half of what came, unless nothing is taken now; then whoever sent it is dead."""
        for item in () if isinstance(fault, Answer) else items[: len(items) // 2]:
            self._take(item)
        pid, self.victim = int(self.victim.read_text()), None
        with suppress(ProcessLookupError):  # a late request of one whom another kill has ended
            os.kill(pid, signal.SIGKILL)
        return Answer(body={})


class Handing:
    """One company on a ledger of its own, whose leads are all about to be handed over."""

    def __init__(self, home: Path, url: str, receiver: Receiver) -> None:
        self.receiver = receiver
        home.mkdir(parents=True, exist_ok=True)
        self.places = {
            "home": home,
            "database_url": url,
            "agreement": home / "agreement.yaml",
            "sources": home / "sources.yaml",
            "crm": "webhook",
            "crm_url": f"{receiver.url}/accord",
            "crm_secret": SECRET,
            "crm_timeout_seconds": TIMEOUT_SECONDS,
        }
        shutil.copy(ROOT / "agreement.yaml", home)
        self.workspace = open_workspace(self.places)
        self.world = World(self.workspace)
        self.world.reps("r1", "r2", per_week=1000, per_month=1000)
        self.world.mqls(*(f"l{number}" for number in range(LEADS)))

    def killed(self, children: Any, point: str, *, as_of=MONDAY) -> bool:
        """Run the stage that a point belongs to in a child; whether it was killed there."""
        home = self.places["home"]
        witness, pid = home / "witness", home / "pid"
        if point == IN_A_BATCH:
            self.receiver.victim = pid
        child = children.Process(
            target=run_stage, args=(self.places, point, str(witness), str(pid), as_of)
        )
        child.start()
        child.join(120)
        if child.exitcode == 0:
            self.receiver.victim = None  # it brought nothing: who comes next is not to be killed
            return False
        assert child.exitcode == -signal.SIGKILL
        if point != IN_A_BATCH:
            assert witness.read_text() == f"{point}\n"
        witness.unlink(missing_ok=True)
        return True

    def recover(self) -> int:
        """Go on as the next runs would, until nothing waits; how many runs that took."""
        for times in range(1, TIMES):
            at = MONDAY + times * A_WHILE
            run_handoff(self.workspace, as_of=at)
            run_deliver(self.workspace, as_of=at)
            if all(row["status"] == "sent" for row in self.outbox()):
                return times
        return TIMES

    def outbox(self) -> list[dict[str, Any]]:
        with self.workspace.ledger.read() as connection:
            return read_rows(connection, select(tables.outbox))

    def outcome(self) -> dict[str, int]:
        """Count what was lost, what was doubled, and the laws that do not hold."""
        rows = self.world.rows("handoff")
        keys = {row["key"] for row in self.outbox()}
        applied = self.receiver.applied
        found = run_audit(self.workspace, as_of=MONDAY + TIMES * A_WHILE)
        laws = [one for one in found if one.rule != "L3"]  # the scores were put there by hand
        return {
            "handed": len({row["lead_id"] for row in rows if row["rep_id"] is not None}),
            "sent": len(set(applied) & keys),
            "lost": len(keys - set(applied)) + LEADS - len({row["lead_id"] for row in rows}),
            "doubled": len(applied) - len(set(applied)) + len(rows) - LEADS,
            "unknown": len(set(applied) - keys),
            "broken": len(laws),
        }

    def close(self) -> None:
        self.workspace.close()
        self.receiver.close()


def open_workspace(places: Mapping[str, Any]) -> Workspace:
    return Workspace.open(Settings(**places, _env_file=None))


def run_stage(places: Mapping[str, Any], point: str, witness: str, pid: str, as_of: Any) -> None:
    """What a child does: die at the point, or run to the end."""
    os.environ |= {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": witness}
    Path(pid).write_text(str(os.getpid()))
    workspace = open_workspace(places)
    stage = run_handoff if point in HANDING else run_deliver
    with suppress(KeyboardInterrupt):
        stage(workspace, as_of=as_of)
