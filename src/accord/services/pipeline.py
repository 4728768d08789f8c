"""The order of the stages, walked by the command line directly and by the flow as tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from accord.services.clocks import run_sweep
from accord.services.deliver import run_deliver
from accord.services.handoff import run_handoff
from accord.services.ingest import run_ingest
from accord.services.lifecycle import run_lifecycle
from accord.services.score import run_score
from accord.services.workspace import Workspace

Run = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: its name, what runs it, and what it does in a sentence."""

    name: str
    run: Run
    does: str


ORDER: tuple[Stage, ...] = (
    Stage(name="ingest", run=run_ingest, does="take new batches, set failing rows aside"),
    Stage(name="score", run=run_score, does="score the leads with something new"),
    Stage(name="lifecycle", run=run_lifecycle, does="place what was said in each lead's history"),
    Stage(name="handoff", run=run_handoff, does="hand qualified leads to sales, once"),
    Stage(name="sla", run=run_sweep, does="climb the ladder of what is due"),
    Stage(name="deliver", run=run_deliver, does="drain the outbox into CRM and messages"),
)
"""The stages of a tick, in order."""


def walk(workspace: Workspace, *, as_of: datetime) -> Iterator[tuple[str, Any]]:
    """Run every stage in order and yield its name and result."""
    for stage in ORDER:
        yield stage.name, stage.run(workspace, as_of=as_of)


def counts_of(result: Any) -> dict[str, int]:
    """Return the whole numbers of a stage's result, by name; lists count their entries."""
    found: dict[str, int] = {}
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, int):
            found[field.name] = int(value)
        elif isinstance(value, tuple | list):
            found[field.name] = len(value)
    return found
