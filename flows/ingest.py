"""The flow ``ingest``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.ingest import ingest
from tasks.quality import quality


@flow(name="ingest", validate_parameters=True, timeout_seconds=3600)
def ingest_flow(as_of: AsOf = None) -> dict[str, int]:
    """Take new batches from the sources.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
    """
    moment = moment_of(as_of)
    counts = ingest(moment)
    quality(moment)
    return counts


if __name__ == "__main__":
    ingest_flow()
