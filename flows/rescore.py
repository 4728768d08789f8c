"""The flow ``rescore``: what another agreement would change, on demand, with a form."""

from __future__ import annotations

from prefect import flow

from flows.parameters import AsOf, Names, moment_of
from tasks.rescore import rescore


@flow(name="rescore", validate_parameters=True, timeout_seconds=3600)
def rescore_flow(
    candidate: str = "",
    candidate_text: str = "",
    as_of: AsOf = None,
    segments: Names = (),
    lead_ids: Names = (),
    apply: bool = False,
) -> str:
    """Say who would come over or fall below the MQL threshold; return the page's path.

    A dry run unless apply is set. The artifact of the run shows the tables.

    Args:
        candidate: Path of an agreement file that the worker can read; if this and the next are
            empty, the agreement in force.
        candidate_text: Instead of a path, the whole text (YAML) of an agreement, pasted.
        as_of: The instant to work at, in UTC if it names no zone; now if empty.
        segments: Only the leads of these segments; all if empty.
        lead_ids: Only these leads, by id, such as crm:L000123; all if empty.
        apply: Store the scores of all leads; only under the agreement in force, signed by both
            sides.
    """
    return rescore(
        moment_of(as_of),
        candidate=candidate,
        candidate_text=candidate_text,
        segments=segments,
        lead_ids=lead_ids,
        apply=apply,
    )


if __name__ == "__main__":
    rescore_flow()
