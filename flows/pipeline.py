"""The flow ``pipeline``: every stage of a tick, in the order of ``accord.services.pipeline``."""

from __future__ import annotations

from collections.abc import Callable

from prefect import flow

from accord.errors import InputError
from accord.services.pipeline import ORDER
from flows.parameters import AsOf, moment_of
from tasks.deliver import deliver
from tasks.handoff import handoff
from tasks.ingest import ingest
from tasks.lifecycle import lifecycle
from tasks.quality import quality
from tasks.score import score
from tasks.sla import sla

TASKS: dict[str, Callable[..., dict[str, int]]] = {
    "ingest": ingest,
    "score": score,
    "lifecycle": lifecycle,
    "handoff": handoff,
    "sla": sla,
    "deliver": deliver,
}
"""The task of each stage."""

_WRITES_TO_THE_WORLD = ("sla", "deliver")


@flow(name="pipeline", validate_parameters=True, timeout_seconds=3600)
def pipeline(as_of: AsOf = None, dry_run: bool = False) -> dict[str, dict[str, int]]:
    """Ingest, check, score, place, hand over, climb ladders, deliver: all that is new up to now.

    A run too many is a cheap nothing. A file that cannot be read stops nothing else, and fails the
    run at its end.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        dry_run: Show what would be handed over; hand over nothing.
    """
    moment = moment_of(as_of)
    counts: dict[str, dict[str, int]] = {}
    for stage in ORDER:
        if dry_run and stage.name in _WRITES_TO_THE_WORLD:
            continue
        options = {"dry_run": True} if dry_run and stage.name == "handoff" else {}
        counts[stage.name] = TASKS[stage.name](moment, **options)
    quality(moment)
    unread = counts["ingest"].get("errors", 0)
    if unread:
        raise InputError(
            where="ingest",
            found=f"{unread} files could not be read",
            remedy="see the warnings of the task ingest",
        )
    return counts


if __name__ == "__main__":
    pipeline()
