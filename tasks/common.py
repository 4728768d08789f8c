"""What every task shares: the workspace, the retry policy, one line of log with counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from prefect import get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from accord.errors import InputError
from accord.services.pipeline import counts_of
from accord.services.settings import Settings
from accord.services.workspace import Workspace


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again can help: a wrong input stays wrong."""
    failure = state.result(raise_on_failure=False)
    return not isinstance(failure, InputError)


READS_AND_WRITES: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=5),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
    "timeout_seconds": 1800,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""Options of a task that touches stores or the world: its service is idempotent."""

DECIDES: dict[str, Any] = {
    "retries": 0,
    "timeout_seconds": 1800,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""Options of a task that decides from the ledger: what failed will fail again."""


@contextmanager
def open_workspace() -> Iterator[Workspace]:
    """Open the stores for one task, by the worker's own settings."""
    workspace = Workspace.open(Settings(), now=lambda: datetime.now(UTC))
    try:
        yield workspace
    finally:
        workspace.close()


def log_counts(stage: str, result: Any) -> dict[str, int]:
    """Log one line with counts and return them."""
    counts = counts_of(result)
    line = ", ".join(f"{value} {name}" for name, value in counts.items())
    get_run_logger().info("%s: %s", stage, line)
    return counts


def log_findings(result: Any) -> None:
    """Log what a stage found wrong, a line each; they name files, rules and ids only."""
    logger = get_run_logger()
    for wrong in (*getattr(result, "errors", ()), *getattr(result, "findings", ())):
        logger.warning("%s", wrong)
    for note in getattr(result, "notes", ()):
        logger.info("%s", note)
