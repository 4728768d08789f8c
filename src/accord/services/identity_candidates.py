"""Pairs of leads that may be one person: found anew each time, stored nowhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from accord.identity import Named, find_candidates
from accord.ledger.identity_rows import read_links, read_named


def list_candidates(connection: Connection, *, limit: int, show: bool) -> list[dict[str, Any]]:
    """Return pairs of leads of one company with names alike, the most alike first.

    lead_id, other_id, likeness (0 to 100) and why; ``show`` adds the names, which are personal.
    Leads that are part of another, and pairs that somebody told apart, are left out.
    """
    named = {row["lead_id"]: Named(**row) for row in read_named(connection)}
    _, told = read_links(connection, None)
    apart = {frozenset((row["lead_id"], row["other_id"])) for row in told}
    rows = []
    for one in find_candidates(named.values()):
        if frozenset((one.lead_id, one.other_id)) in apart:
            continue
        row: dict[str, Any] = asdict(one)
        if show:
            row |= {"name": named[one.lead_id].name, "other_name": named[one.other_id].name}
        rows.append(row)
        if len(rows) == limit:
            break
    return rows
