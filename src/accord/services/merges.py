"""Who counts for whom: the merges that concern some leads, or all, now or as was known then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from accord.ledger.fact_rows import read_absorbed, read_survivors
from accord.ledger.identity_rows import read_merges_as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    """Who counts for whom: ``into`` maps each merged lead to the lead it ended up in."""

    into: Mapping[str, str]

    def root(self, lead_id: str) -> str:
        """Return the lead that a lead counts for: itself unless it is merged."""
        return self.into.get(lead_id, lead_id)

    def among(self, lead_ids: Iterable[str]) -> Merges:
        """Return the merges into these leads."""
        wanted = set(lead_ids)
        return Merges(into={lead: root for lead, root in self.into.items() if root in wanted})


def read_merges(connection: Connection, lead_ids: Sequence[str] | None) -> Merges:
    """Read the merges that concern these leads (all if None), upwards and downwards."""
    if lead_ids is None:
        return _resolve(read_survivors(connection, None))
    steps = _climb(connection, lead_ids)
    roots = {_last(steps, lead_id) for lead_id in lead_ids}
    return _resolve(steps | _descend(connection, roots))


def read_merges_then(connection: Connection, at: datetime) -> Merges:
    """Read all merges as they were known at an instant."""
    return _resolve(read_merges_as_of(connection, at))


def _climb(connection: Connection, lead_ids: Iterable[str]) -> dict[str, str]:
    """Read merges upwards until nobody is merged any further."""
    steps: dict[str, str] = {}
    wanted = set(lead_ids)
    while wanted:
        found = read_survivors(connection, wanted)
        steps |= found
        wanted = set(found.values()) - steps.keys()
    return steps


def _descend(connection: Connection, roots: Iterable[str]) -> dict[str, str]:
    """Read merges downwards until nobody else is merged into one found."""
    steps: dict[str, str] = {}
    wanted = set(roots)
    while wanted:
        found = read_absorbed(connection, wanted)
        wanted = found.keys() - steps.keys()
        steps |= found
    return steps


def _resolve(steps: Mapping[str, str]) -> Merges:
    return Merges(into={lead_id: _last(steps, lead_id) for lead_id in steps})


def _last(steps: Mapping[str, str], lead_id: str) -> str:
    """Follow merges to the end; a circle (which merging never makes) ends where it closes."""
    seen = {lead_id}
    while lead_id in steps and steps[lead_id] not in seen:
        lead_id = steps[lead_id]
        seen.add(lead_id)
    return lead_id
