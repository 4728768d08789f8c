"""All clocks derived once more from events alone, and held against the stored ones.

A proof: what is stored follows from what happened and what was agreed then, to the bit. And the
remedy where it does not: clocks that were lost, or stored under rules of before. What a ladder has
climbed stays climbed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger import chunks
from accord.ledger.clock_event_rows import read_standing
from accord.ledger.clock_rows import count_steps, find_unplaced, hold_clocks
from accord.ledger.fact_rows import read_absorbed
from accord.services.clock_changes import Changes, write
from accord.services.clock_records import differing
from accord.services.clock_sync import derive_anew
from accord.services.workspace import Workspace

Row = Mapping[str, Any]

_MOST_SHOWN = 20
_AT_ONCE = 20_000  # leads: the log is read once for each piece


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild found; counts of clocks, but ``leads`` and ``waiting``, which are leads.

    ``missing`` clocks are not stored, ``changed`` ones are stored otherwise, ``unsupported`` ones
    follow from nothing. ``waiting`` leads have facts that no run has placed yet: they are left out.
    ``columns`` counts what is stored otherwise; ``shown`` are the first clocks that differ.
    """

    leads: int = 0
    waiting: int = 0
    missing: int = 0
    changed: int = 0
    unsupported: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def differ(self) -> int:
        """How many clocks are not as they follow from events."""
        return self.missing + self.changed + self.unsupported

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and what is shown, in plain values."""
        return asdict(self) | {"columns": dict(self.columns.most_common()), "differ": self.differ}


def rebuild_clocks(workspace: Workspace, *, as_of: datetime, apply: bool = False) -> Rebuilt:
    """Derive the clocks of all leads anew and compare; with ``apply`` write what differs.

    Marketing's weekly clocks are verdicts on weeks that are over, not clocks of leads; they stay,
    and so do those of leads that were erased. All leads are looked at without holding anybody up;
    those that seem to differ once more, some hundred a transaction, with nobody at their clocks.
    A rebuild that is broken off goes on where it is run again.
    """
    look = partial(_look, workspace=workspace, agreement=workspace.agreement(as_of), as_of=as_of)
    found, suspect = Rebuilt(), set[str]()
    with workspace.ledger.read() as connection:
        lead_ids = read_standing(connection)
    for part in chunks(lead_ids, _AT_ONCE):
        with workspace.ledger.read() as connection:
            placed, changes = look(connection, part)
            suspect |= _leads_of(connection, placed, changes)
        found.leads += len(placed)
        found.waiting += len(part) - len(placed)
    if suspect:
        with workspace.ledger.lease("sla"):
            for part in chunks(sorted(suspect)):
                with workspace.ledger.begin() as connection:
                    hold_clocks(connection)
                    _, changes = look(connection, part)
                    _count(connection, found, changes)
                    if apply:
                        write(connection, changes, as_of=as_of)
    return found


def _look(
    connection: Connection,
    lead_ids: Sequence[str],
    *,
    workspace: Workspace,
    agreement: Agreement,
    as_of: datetime,
) -> tuple[list[str], Changes]:
    """Return those of the leads of whom nothing waits to be placed, and how their clocks differ."""
    absorbed = read_absorbed(connection, lead_ids)
    waiting = find_unplaced(connection, [*lead_ids, *absorbed])
    left_out = {absorbed.get(lead_id, lead_id) for lead_id in waiting}
    placed = [lead_id for lead_id in lead_ids if lead_id not in left_out]
    changes = derive_anew(connection, workspace, agreement=agreement, lead_ids=placed, as_of=as_of)
    return placed, changes


def _leads_of(connection: Connection, lead_ids: Sequence[str], changes: Changes) -> set[str]:
    """Return those of the leads whose clocks differ; what stands of a merged lead is theirs."""
    named = {row["lead_id"] for row, *_ in _differences(connection, changes)}
    absorbed = read_absorbed(connection, lead_ids) if named else {}
    return {absorbed.get(lead_id, lead_id) for lead_id in named}


def _count(connection: Connection, found: Rebuilt, changes: Changes) -> None:
    for row, why, columns in _differences(connection, changes):
        setattr(found, why, getattr(found, why) + 1)
        found.columns.update(columns)
        if len(found.shown) < _MOST_SHOWN:
            about = {name: row[name] for name in ("clock_id", "lead_id", "term", "started_at")}
            found.shown.append({**about, "is": why, "columns": columns})


def _differences(connection: Connection, changes: Changes) -> Iterator[tuple[Row, str, list[str]]]:
    for row in changes.clocks:
        stored = changes.stored.get(row["clock_id"])
        if stored is None:
            yield row, "missing", []
        else:
            yield row, "changed", sorted(differing(row, stored))
    climbed = count_steps(connection, [gone["clock_id"] for gone in changes.gone])
    for gone in changes.gone:
        if gone["ended_at"] is None or gone["clock_id"] not in climbed:  # else it stays as proof
            yield gone, "unsupported", []
