"""Our own writings to the CRM, as the outbox knows them: what comes back of them is no fact."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from accord.ledger.fact_rows import read_handoffs
from accord.ledger.told_rows import read_writings
from accord.lifecycle import Writing
from accord.records import Stage

_TURN = re.compile(r"#[0-9]+$")


def read_our_writings(
    connection: Connection, lead_ids: Sequence[str], absorbed: Mapping[str, str]
) -> dict[str, tuple[Writing, ...]]:
    """Read what we wrote of these leads into the CRM, or may have: lead -> hand-offs.

    What was written of a lead that was merged into one of them is that one's.
    """
    rows = read_writings(connection, [*lead_ids, *absorbed])
    told = sorted({row["lead_id"] for row in rows})
    stages = {row["handoff_id"]: row["stage"] for row in read_handoffs(connection, told)}
    found: dict[str, list[Writing]] = {}
    for row in rows:
        _, handoff_id, rep_id = row["key"].split(":", 2)
        if handoff_id in stages:
            writing = Writing(
                stage=Stage(stages[handoff_id]),
                rep_id=_TURN.sub("", rep_id),
                begun_at=row["begun_at"],
                written_at=row["written_at"],
            )
            found.setdefault(absorbed.get(row["lead_id"], row["lead_id"]), []).append(writing)
    return {lead_id: tuple(writings) for lead_id, writings in found.items()}
