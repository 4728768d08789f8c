"""A stage run by a child process that is killed, for real, at a named point."""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.services.settings import Settings
from accord.services.workspace import Workspace

_DONE_WITHIN = 120


def killed_at(
    children: Any, workspace: Workspace, stage: str, *, point: str, as_of: datetime, **asked: Any
) -> None:
    """Run a stage ("services.score.run_score") on a workspace's stores; assert that it died there.

    A child that did not come to the point, or came to its end, fails the test.
    """
    settings = workspace.settings
    witness = settings.home / "killed-at"
    places = {
        "home": settings.home,
        "database_url": settings.ledger_url,
        "agreement": settings.agreement,
        "sources": settings.sources,
    }
    run_killed(children, _run_stage, witness, stage, places, as_of, asked, point=point)


def run_killed(
    children: Any, work: Callable[..., None], witness: Path, *given: Any, point: str
) -> None:
    """Run what a child does, whatever it is; assert that it died at the point."""
    environment = {"ACCORD_KILL_AT": point, "ACCORD_KILL_LOG": str(witness)}
    child = children.Process(target=_run, args=(work, environment, given))
    child.start()
    child.join(_DONE_WITHIN)
    assert child.exitcode == -signal.SIGKILL
    assert witness.read_text() == f"{point}\n"
    witness.unlink()


def _run(work: Callable[..., None], environment: Mapping[str, str], given: tuple[Any, ...]) -> None:
    os.environ |= environment
    work(*given)


def _run_stage(
    stage: str, places: Mapping[str, Any], as_of: datetime, asked: Mapping[str, Any]
) -> None:
    room, name = stage.rsplit(".", 1)
    run = getattr(importlib.import_module(f"accord.{room}"), name)
    run(Workspace.open(Settings(**places, _env_file=None)), as_of=as_of, **asked)
