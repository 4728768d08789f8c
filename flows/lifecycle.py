"""The flow ``lifecycle``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.lifecycle import lifecycle


@flow(name="lifecycle", validate_parameters=True, timeout_seconds=3600)
def lifecycle_flow(as_of: AsOf = None) -> dict[str, int]:
    """Place what was said in each lead's history.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
    """
    return lifecycle(moment_of(as_of))


if __name__ == "__main__":
    lifecycle_flow()
