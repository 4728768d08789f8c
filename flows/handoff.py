"""The flow ``handoff``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.handoff import handoff
from tasks.lifecycle import lifecycle


@flow(name="handoff", validate_parameters=True, timeout_seconds=3600)
def handoff_flow(as_of: AsOf = None, dry_run: bool = False) -> dict[str, int]:
    """Place what was said, then hand qualified leads to sales, each once.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        dry_run: Show what would be handed over; hand over nothing.
    """
    moment = moment_of(as_of)
    if not dry_run:
        lifecycle(moment)
    return handoff(moment, dry_run=dry_run)


if __name__ == "__main__":
    handoff_flow()
