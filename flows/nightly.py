"""The flow ``nightly``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.nightly import nightly


@flow(name="nightly", validate_parameters=True, timeout_seconds=3600)
def nightly_flow(as_of: AsOf = None) -> dict[str, int]:
    """Score every lead, move unready targets to nurture, compact the log, audit.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
    """
    return nightly(moment_of(as_of))


if __name__ == "__main__":
    nightly_flow()
