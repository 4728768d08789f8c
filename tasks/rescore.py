"""The task of rescoring on demand: compare, write the page, show its tables in the UI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from prefect import get_run_logger, task

from accord.agreement import Agreement, load, loads
from accord.errors import InputError
from accord.report import to_headline
from accord.services.rescore import run_rescore
from accord.services.rescore_apply import refuse_to_come
from accord.services.rescore_page import comparison_path, write_comparison
from tasks.artifacts import publish_comparison
from tasks.common import DECIDES, open_workspace


@task(name="rescore", **DECIDES)
def rescore(
    as_of: datetime,
    *,
    candidate: str,
    candidate_text: str,
    segments: Sequence[str],
    lead_ids: Sequence[str],
    apply: bool,
) -> str:
    """Compare a candidate with the agreement in force, store if apply; return the page's path."""
    if apply:
        refuse_to_come(as_of, now=datetime.now(UTC))
    with open_workspace() as workspace:
        found = run_rescore(
            workspace,
            as_of=as_of,
            candidate=read_candidate(candidate, candidate_text),
            segments=tuple(segments),
            lead_ids=tuple(lead_ids) or None,
            apply=apply,
        )
        page = write_comparison(found, comparison_path(workspace.settings, found))
    publish_comparison(found, page)
    get_run_logger().info("rescore: %s", to_headline(found))
    return str(page)


def read_candidate(path: str, text: str) -> Agreement | None:
    """Read the candidate from a file that the worker sees, or from pasted text; None if neither.

    AgreementError with every fault of it; InputError if both are given.
    """
    if path.strip() and text.strip():
        raise InputError(
            where="candidate",
            found="a path, and candidate_text as well",
            expected="one of the two, or none for the agreement in force",
        )
    if text.strip():
        return loads(text, where="candidate_text")
    return load(Path(path.strip())) if path.strip() else None
