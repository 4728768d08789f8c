"""The flow ``rescore``: what another agreement would change, on demand, with a form."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, moment_of
from tasks.score import rescore


@flow(name="rescore", validate_parameters=True, timeout_seconds=3600)
def rescore_flow(
    candidate: str | None = None, as_of: AsOf = None, apply: bool = False
) -> dict[str, int]:
    """Say who would become or cease to be an MQL; a dry run unless apply is set.

    Args:
        candidate: Path of an agreement file to compare with; the one in force if empty.
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        apply: Store the scores; only under the agreement in force.
    """
    return rescore(moment_of(as_of), candidate=candidate, apply=apply)


if __name__ == "__main__":
    rescore_flow()
