"""What is known of a person whose records differ, and of a lead from its company's others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FIRMOGRAPHICS = ("employees", "industry", "country")
"""What may be told of a lead from the other leads of its company."""

FIRST_SAID = ("channel", "campaign")
"""How a person came in: the oldest record says it, a later one is no other beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one record says in its newest version, and since when that is known."""

    lead_id: str
    created_at: datetime
    known_at: datetime
    values: Mapping[str, Any]


def combine(records: Sequence[Said], names: Iterable[str]) -> dict[str, Any]:
    """Return a person's attributes: of each the newest that any record states, None if none does.

    A record that no longer states something has taken it back. Of two that became known at one
    instant the younger record's counts, then the greater id's. ``FIRST_SAID`` are the oldest's.
    """
    newest = sorted(records, key=lambda one: (one.known_at, one.created_at, one.lead_id))
    newest.reverse()
    oldest = sorted(records, key=lambda one: (one.created_at, one.lead_id))
    return {name: _first(oldest if name in FIRST_SAID else newest, name) for name in names}


def _first(records: Iterable[Said], name: str) -> Any:
    values = (record.values[name] for record in records)
    return next((value for value in values if value is not None), None)


def majorities(stated: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Map each domain to the value that most of its leads state; of equals, the oldest lead's.

    ``stated`` are (domain, value) of each lead that states one, the oldest first. Texts that differ
    in case or surrounding blanks are one value, spelled as the oldest lead has it. No lead that
    lacks a value is among those that state one, so the answer is the same for every lead of the
    company that lacks it.

    >>> majorities([("b.co", 7), ("b.co", 9), ("b.co", 9), ("c.co", "Ore"), ("c.co", "Law")])
    {'b.co': 9, 'c.co': 'Ore'}
    """
    counts: dict[tuple[str, Any], int] = {}
    spelled: dict[tuple[str, Any], Any] = {}
    for domain, value in stated:
        key = (domain, value.strip().casefold() if isinstance(value, str) else value)
        counts[key] = counts.get(key, 0) + 1
        spelled.setdefault(key, value)
    most: dict[str, int] = {}
    found: dict[str, Any] = {}
    for key, count in counts.items():  # by the age of the first lead that states it
        if count > most.get(key[0], 0):
            most[key[0]], found[key[0]] = count, spelled[key]
    return found


def infer_missing(
    lead: Mapping[str, Any], pictures: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    """Return a lead's firmographics and which of them are inferred from its company's others.

    ``lead`` has the firmographics, ``domain`` and ``inferred`` (names, or None); ``pictures`` map a
    firmographic to its value by domain. What the lead states stays; what was inferred before and is
    no longer supported is missing again.
    """
    values: dict[str, Any] = {}
    inferred: list[str] = []
    for name in FIRMOGRAPHICS:
        if lead[name] is not None and name not in (lead["inferred"] or ()):
            values[name] = lead[name]
            continue
        values[name] = pictures[name].get(lead["domain"])
        if values[name] is not None:
            inferred.append(name)
    return values, inferred
