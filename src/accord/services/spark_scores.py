"""All leads scored on the engine that the settings name: DuckDB, or Spark over the log's files."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from accord.agreement import Agreement
from accord.log import read_with_spark, session_for_now
from accord.services.evidence import read_evidence
from accord.services.merges import Merges
from accord.services.replay import read_then
from accord.services.scored import score_table
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


def score_on_engine(
    workspace: Workspace,
    leads: pa.Table,
    evidence: Any,
    *,
    merges: Merges,
    agreement: Agreement,
    as_of: datetime,
) -> pa.Table:
    """Score all of ``leads`` as :func:`score_table` does, on the engine of the settings.

    ``evidence`` is what DuckDB would read; Spark reads the same from the log's files by itself.
    """
    if workspace.settings.engine == "duckdb":
        return score_table(leads, evidence, agreement, as_of=as_of)
    with session_for_now(workspace.settings.spark_master) as session:
        there = read_with_spark(workspace.log, session)
        rows = read_evidence(there, None, merges, agreement, as_of=as_of)
        return score_table(leads, rows, agreement, as_of=as_of)
