"""Letting a held batch in: a person takes it as it is, under the rules about rows."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.errors import InputError, SourceError
from accord.ledger.quality_rows import find_batches, write_results
from accord.services.taking import Taken, offer_of, take
from accord.services.workspace import Workspace
from accord.sources import Batch, Sources, read_sources
from accord.sources import find_batches as find_files

ACCEPTED = "accepted"
"""The rule under which the ledger says who let a held batch in, and why."""


def accept_batch(
    workspace: Workspace,
    batch: str,
    *,
    as_of: datetime,
    by: str,
    reason: str = "",
    sources: Sources | None = None,
) -> Taken:
    """Take a batch that was held: nothing holds it now, but rows that fail are set aside as usual.

    ``batch`` may be the first letters of its id. Its file must still be there, with the same
    content and mapping: another is another batch. Asked for twice, the second finds it taken. Who
    and why stands among the batch's results. InputError if it is not held, or its file is gone.
    """
    if sources is None:
        sources = read_sources(workspace.settings.sources, os.environ)
    with workspace.ledger.lease("ingest"):
        row = find_batch(workspace, batch)
        if row["status"] != "held":
            raise InputError(
                where=f"batch {row['batch_id'][:12]}",
                found=f"is {row['status']}",
                expected="a batch that is held",
                remedy="see accord quality list --status held",
            )
        found = _find_file(sources, row)
        said = f"let in by {by} at {as_of:%Y-%m-%d %H:%M} UTC" + (f": {reason}" if reason else "")

        def also(connection: Connection) -> None:
            result = {
                "rule": ACCEPTED,
                "severity": "hold",
                "checked": 0,
                "failing": 0,
                "outcome": "acted",
                "sentence": said,
            }
            write_results(connection, row["batch_id"], [result])

        offer = offer_of(found, also=also, accepted=True)
        return take(workspace, offer, agreement=workspace.agreement(as_of), as_of=as_of)


def find_batch(workspace: Workspace, batch: str) -> dict[str, Any]:
    """Return the one batch whose id begins so; InputError if it is none, or not one."""
    with workspace.ledger.read() as connection:
        found = find_batches(connection, batch) if batch else []
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            where=f"batch {batch}", found="several begin so", remedy="write more of it"
        )
    raise InputError(
        where=f"batch {batch}", found="no such batch", remedy="see accord quality list"
    )


def _find_file(sources: Sources, row: dict[str, Any]) -> Batch:
    for source in sources.sources:
        if source.name != row["source"]:
            continue
        for found in find_files(source):
            if not isinstance(found, SourceError) and found.batch_id == row["batch_id"]:
                return found
    raise InputError(
        where=str(row["place"]),
        found="is not there any more as it was",
        expected="the file of the held batch, with the mapping that it was read by",
        remedy="put it back; what changed is a new batch, which accord ingest takes",
    )
