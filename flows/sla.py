"""The flow ``sla``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.deliver import deliver
from tasks.sla import sla


@flow(name="sla", validate_parameters=True, timeout_seconds=3600)
def sla_flow(as_of: AsOf = None) -> dict[str, int]:
    """Climb the ladders of what is due, then deliver.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
    """
    moment = moment_of(as_of)
    counts = sla(moment)
    deliver(moment)  # also what waited for a recipient's opening, a pause or another try
    return counts


if __name__ == "__main__":
    sla_flow()
