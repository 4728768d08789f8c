"""One entry of ``sources.yaml`` to a :class:`Source`, and the faults of its shape.

A key of the wrong shape must not hide what else is wrong with its entry: it is put aside, the
rest is read again, and what stays is checked like any other source. What is only missing because
it was put aside is not said a second time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from accord.findings import Finding
from accord.records import Entity
from accord.sources.checks import check_source
from accord.sources.model import PULLED, ColumnMapping, Source
from accord.sources.pulled import HubspotTerms, SalesforceTerms, SqlTerms

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_ORIGIN = frozenset({"path", "files", "query", *PULLED})
_BY_ENTITY = frozenset({"field_names", "required", "mappings"})
_STAND_INS = {"name": "", "entity": Entity.LEAD.value, "fields": {}}
_TERMS: Mapping[str, type[BaseModel]] = {
    "sql": SqlTerms,
    "hubspot": HubspotTerms,
    "salesforce": SalesforceTerms,
}

Place = tuple[int | str, ...]
"""Steps from an entry to a part of it: keys, and numbers in lists."""


def read_entry(entry: Any, *, here: str) -> tuple[Source | None, list[Finding]]:
    """Read and check one entry, whose path is ``here``: what can be read of it, and every fault.

    The source is whole only if there is no fault; it is None where nothing could be read.
    """
    rest = copy.deepcopy(entry)
    faults: list[Finding] = []
    wrong: list[Place] = []
    while True:
        try:
            source = Source.model_validate(rest)
        except ValidationError as error:
            found = error.errors()
        else:
            kept = [f for f in check_source(source, here=here) if not _follows(f, here, wrong)]
            return source, faults + kept
        faults += [_shape_fault(here, one) for one in found]
        wrong += [one["loc"] for one in found if one["type"] != "extra_forbidden"]
        if not isinstance(rest, dict) or not _put_aside(rest, [one["loc"] for one in found]):
            return None, faults


def _put_aside(entry: dict[Any, Any], places: Iterable[Place]) -> bool:
    """Take what has a wrong shape out of an entry, in place; False if nothing changed."""
    before = copy.deepcopy(entry)
    for place in {_deepest(entry, place) for place in places}:
        *above, key = place
        holder: Any = entry
        for step in above:
            holder = holder.get(step, {})
        if not above and key in _STAND_INS:
            entry[key] = copy.deepcopy(_STAND_INS[str(key)])
        else:
            holder.pop(key, None)
    return bool(entry != before)


def _deepest(entry: dict[Any, Any], place: Place) -> Place:
    """Return the part of a place that the entry has: a list stands whole, and so do terms."""
    holder: Any = entry
    for depth, step in enumerate(place):
        if not isinstance(holder, dict) or step not in holder:
            return place[: max(depth, 1)]
        holder = holder[step]
    return place


def _follows(fault: Finding, here: str, wrong: list[Place]) -> bool:
    """Say whether a fault of the rest only comes of what was put aside."""
    rule = fault.rule.removeprefix("sources.")
    tops = {place[0] for place in wrong if place}
    if rule in {"places", "origin"} and tops & _ORIGIN:
        return True
    if rule in _BY_ENTITY and "entity" in tops:
        return True
    if rule == "required" and ("fields",) in wrong:
        return True
    return any(
        fault.subject == ".".join([here, *map(str, part)])
        for place in wrong
        for part in (place, place[:-1] if place[-1:] in {("column",), ("constant",)} else place)
    )


def _shape_fault(here: str, error: ErrorDetails) -> Finding:
    steps = [str(step) for step in error["loc"]]
    path = ".".join([here, *steps])
    if error["type"] == "extra_forbidden":
        known = _known_beside(steps)
        return fault(path, "is not known here", nearest(steps[-1], tuple(known)))
    if steps == ["entity"] and error["type"] == "enum":
        found = f"{error['input']!r} is no entity"
        return fault(path, found, nearest(str(error["input"]), tuple(Entity)))
    if error["type"] == "missing":
        return fault(path, "is missing", "Add it.")
    message = str(error["msg"]).removeprefix("Value error, ")
    return fault(path, message[:1].lower() + message[1:], "Correct it.")


def _known_beside(steps: list[str]) -> Iterable[str]:
    """Return the keys that are known where an unknown one stands."""
    if len(steps) == 1:
        return Source.model_fields
    terms = _TERMS.get(steps[0])
    return ColumnMapping.model_fields if terms is None else terms.model_fields


def nearest(word: str, known: tuple[str, ...]) -> str:
    """Say which known word may be meant."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."


def fault(path: str, sentence: str, remedy: str) -> Finding:
    """Make the finding of a fault of shape."""
    return Finding(rule="sources.fault", subject=path, sentence=f"{sentence}.", remedy=remedy)
