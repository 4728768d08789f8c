"""The flow ``score``."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.score import score


@flow(name="score", validate_parameters=True, timeout_seconds=3600)
def score_flow(as_of: AsOf = None, full: bool = False) -> dict[str, int]:
    """Score the leads with something new; all of them on demand.

    Args:
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        full: Score every lead, not only those with something new.
    """
    return score(moment_of(as_of), full=full)


if __name__ == "__main__":
    score_flow()
