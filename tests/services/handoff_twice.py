"""Two schedulers, each a process of its own, that hand off at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accord.errors import LeaseHeldError
from accord.services.handoff import run_handoff
from accord.services.settings import Settings
from accord.services.workspace import Workspace

PROCESSES = 2
_DONE_WITHIN = 60


def hand_off_together(children: Any, workspace: Workspace, *, as_of: datetime) -> list[int]:
    """Run the hand-off in two processes that begin together; what each decided.

    One that found the lease held has decided nothing; that a process failed otherwise fails here.
    """
    settings = workspace.settings
    places = {
        "home": settings.home,
        "database_url": settings.ledger_url,
        "agreement": settings.agreement,
        "sources": settings.sources,
    }
    together, decided = children.Barrier(PROCESSES), children.SimpleQueue()
    started = [
        children.Process(target=_hand_off, args=(places, together, decided, as_of))
        for _ in range(PROCESSES)
    ]
    for child in started:
        child.start()
    for child in started:
        child.join(_DONE_WITHIN)
        assert child.exitcode == 0
    return [decided.get() for _ in started]


def _hand_off(places: Mapping[str, Any], together: Any, decided: Any, as_of: datetime) -> None:
    workspace = Workspace.open(Settings(**places, _env_file=None))
    together.wait(_DONE_WITHIN)
    try:
        decided.put(run_handoff(workspace, as_of=as_of).decided)
    except LeaseHeldError:
        decided.put(0)
    workspace.close()
