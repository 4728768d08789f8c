"""Do stored scores follow from the log? The newest scorings are computed again and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from accord.ledger.audit_rows import newest_scorings
from accord.ledger.score_rows import read_attributes, read_waiting
from accord.services.evidence import read_evidence
from accord.services.merges import read_merges
from accord.services.scored import fit_fields, score_table
from accord.services.workspace import Workspace

_SCORINGS = 5
"""How many of the newest scorings are looked at: one is the whole of a night."""


def stale_scores(connection: Connection, workspace: Workspace) -> Iterator[str]:
    """Yield the leads whose stored scores differ from what the log gives as of their scoring.

    Leads with something new since then are left out: their scores are due, not wrong.
    """
    for scored_at, rows in newest_scorings(connection, at_most=_SCORINGS).items():
        agreement = workspace.agreement(scored_at)
        wanted = [row for row in rows if row["version"] == agreement.version]
        lead_ids = [row["lead_id"] for row in wanted]
        merges = read_merges(connection, lead_ids)
        told = {merges.root(lead_id) for lead_id in read_waiting(connection, merges.into)}
        wanted = [row for row in wanted if row["lead_id"] not in told]
        evidence = read_evidence(workspace.log, lead_ids, merges, agreement, as_of=scored_at)
        leads = read_attributes(connection, lead_ids, fit_fields(agreement))
        again = score_table(leads, evidence, agreement, as_of=scored_at).to_pylist()
        numbers = {row["lead_id"]: (row["fit"], row["engagement"], row["intent"]) for row in again}
        yield from _differing(wanted, numbers)


def _differing(
    rows: Sequence[Mapping[str, Any]], numbers: Mapping[str, tuple[int, int, int]]
) -> Iterator[str]:
    for row in rows:
        stored = (row["fit"], row["engagement"], row["intent"])
        if numbers.get(row["lead_id"]) != stored:
            yield row["lead_id"]
