"""The flow ``deliver``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.deliver import deliver


@flow(name="deliver", validate_parameters=True, timeout_seconds=3600)
def deliver_flow(as_of: AsOf = None) -> dict[str, int]:
    """Drain the outbox into CRM and messages.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
    """
    return deliver(moment_of(as_of))


if __name__ == "__main__":
    deliver_flow()
