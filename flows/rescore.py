"""The flow ``rescore``: what another agreement would change, on demand, with a form."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parameters import AsOf, moment_of
from tasks.score import rescore

Candidate = Annotated[
    str | None,
    Field(
        title="Candidate agreement",
        description="Path of an agreement file; the one in force if empty.",
    ),
]
Apply = Annotated[
    bool,
    Field(title="Apply", description="Store the scores; only under the agreement in force."),
]


@flow(name="rescore", validate_parameters=True, timeout_seconds=3600)
def rescore_flow(
    candidate: Candidate = None, as_of: AsOf = None, apply: Apply = False
) -> dict[str, int]:
    """Say who would become or cease to be an MQL; a dry run unless apply is set."""
    return rescore(moment_of(as_of), candidate=candidate, apply=apply)


if __name__ == "__main__":
    rescore_flow()
