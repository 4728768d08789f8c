"""Reps who have left: which of the open hand-offs in their hands must find another owner.

A rep has left when his record says so, is gone, or names a team of another role. A lead that a
person gave to somebody in the CRM, or that a source saw handed over, follows only him who left the
company: whose it is was not for us to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.clock_rows import read_reps
from accord.ledger.departure_rows import read_in_hand, read_open_owners
from accord.ledger.merged_rows import read_owners
from accord.records import HandoffStage, Role

Row = Mapping[str, Any]

_ROLE = {HandoffStage.MQL.value: Role.SDR, HandoffStage.SQL.value: Role.AE}
_THEIRS = frozenset({"crm", "observed"})
"""Owners that others have set."""


def find_left(connection: Connection, agreement: Agreement, *, as_of: datetime) -> list[Row]:
    """Return the open hand-offs of reps who have left, as rows of the queue.

    Beside the queue's columns each has ``former``, the rep it is taken from; ``reassigned``, True;
    and ``had``, how often each rep has been its owner. One small question if nobody has left.
    """
    reps = {row["rep_id"]: row for row in read_reps(connection)}
    gone = {
        (stage, rep_id): has_left(reps.get(rep_id), as_of=as_of)
        for stage, rep_id in read_open_owners(connection)
        if not may_keep(agreement, reps.get(rep_id), stage=stage, as_of=as_of)
    }
    if not gone:
        return []
    rows = read_in_hand(connection, sorted({rep_id for _, rep_id in gone}), as_of=as_of)
    rows = [row for row in rows if (row["stage"], row["former"]) in gone]
    owners = _owners(connection, [row["handoff_id"] for row in rows])
    return [
        {**row, "reassigned": True, "had": Counter(one["rep_id"] for one in line)}
        for row in rows
        if (line := owners.get(row["handoff_id"], []))
        and line[-1]["since"] <= as_of
        and (gone[row["stage"], row["former"]] or line[-1]["why"] not in _THEIRS)
    ]


def has_left(rep: Row | None, *, as_of: datetime) -> bool:
    """Say whether a rep's record says that he has left: from the very instant on."""
    return rep is not None and rep["left_at"] is not None and rep["left_at"] <= as_of


def may_keep(agreement: Agreement, rep: Row | None, *, stage: str, as_of: datetime) -> bool:
    """Say whether a rep goes on with his hand-offs at a stage.

    Not if he has left, if there is no record of him, or if his team's role is another stage's. A
    team that the agreement does not know takes no leads away from him: it gives him no new ones.
    """
    if rep is None or has_left(rep, as_of=as_of):
        return False
    team = agreement.teams.get(rep["team"]) if rep["team"] is not None else None
    return team is None or team.role is _ROLE[stage]


def _owners(connection: Connection, handoff_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Return the owners of hand-offs, the newest last."""
    found: dict[str, list[Row]] = {}
    for row in sorted(read_owners(connection, handoff_ids), key=lambda row: row["since"]):
        found.setdefault(row["handoff_id"], []).append(row)
    return found
