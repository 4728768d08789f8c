"""All leads scored on Spark, from the log's own files: for a log that one machine cannot read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from accord.agreement import Agreement
from accord.log import read_with_spark
from accord.services.evidence import read_evidence
from accord.services.replay import read_then
from accord.services.workspace import Workspace


def score_with_spark(
    workspace: Workspace,
    session: Any,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
    agreement: Agreement | None = None,
) -> pa.Table:
    """Score all leads at ``as_of`` on a Spark session; the tenths are those of every other engine.

    One row a lead, sorted by lead_id: lead_id; fit, engagement, intent in whole tenths; position;
    one boolean a threshold. What was known, and the agreement, are as for
    :func:`accord.services.replay.read_then`. Stores nothing.
    """
    then = read_then(workspace, as_of=as_of, known_at=known_at, agreement=agreement)
    there = read_evidence(
        read_with_spark(workspace.log, session),
        None,
        then.merges,
        then.agreement,
        as_of=as_of,
        known_at=then.known_at,
    )
    return replace(then, evidence=there).table()
