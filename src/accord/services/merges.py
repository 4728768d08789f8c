"""Who counts for whom: the merges that concern some leads, or all, now or as was known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from accord.ledger.fact_rows import read_absorbed, read_survivors
from accord.ledger.identity_rows import read_merges_as_of

_Steps = Callable[[Iterable[str]], dict[str, str]]
"""Reads one step of merges from some leads."""


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
    up, down = partial(read_survivors, connection), partial(read_absorbed, connection)
    return _around(lead_ids, up=up, down=down)


def read_merges_then(
    connection: Connection, lead_ids: Sequence[str] | None, *, at: datetime
) -> Merges:
    """Read the merges that concern these leads (all if None) as they were known at an instant."""
    if lead_ids is None:
        return _resolve(read_merges_as_of(connection, at))
    return _around(
        lead_ids,
        up=lambda wanted: read_merges_as_of(connection, at, lead_ids=wanted),
        down=lambda wanted: read_merges_as_of(connection, at, into=wanted),
    )


def _around(lead_ids: Sequence[str], *, up: _Steps, down: _Steps) -> Merges:
    """Read merges upwards until nobody is merged any further, then down to whoever is in these."""
    steps: dict[str, str] = {}
    wanted = set(lead_ids)
    while wanted:
        found = up(wanted)
        steps |= found
        wanted = set(found.values()) - steps.keys()
    wanted = {_last(steps, lead_id) for lead_id in lead_ids}
    below: dict[str, str] = {}
    while wanted:
        found = down(wanted)
        wanted = found.keys() - below.keys()
        below |= found
    return _resolve(steps | below)


def _resolve(steps: Mapping[str, str]) -> Merges:
    return Merges(into={lead_id: _last(steps, lead_id) for lead_id in steps})


def _last(steps: Mapping[str, str], lead_id: str) -> str:
    """Follow merges to the end; a circle (which merging never makes) ends where it closes."""
    seen = {lead_id}
    while lead_id in steps and steps[lead_id] not in seen:
        lead_id = steps[lead_id]
        seen.add(lead_id)
    return lead_id
