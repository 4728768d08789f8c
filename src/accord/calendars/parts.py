"""What a calendar is made of: one entry's hours up to an instant, another's from it on.

Most calendars have one part. Parts are in order, no two neighbours are the same, and an instant at
which a part begins is the later part's already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from accord.calendars.faults import CalendarError, Faults
from accord.calendars.hours import Hours, read_hours
from accord.calendars.spans import instant_us, us_instant

PARTS, SINCE = "parts", "since"
_ONE_SHAPE = "write a list of calendars, all but the first with the instant since when they hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Hours that hold from an instant on (microseconds since 1970 UTC; None: from the beginning).

    ``terms`` is the entry that they were read from, as JSON text.
    """

    since: int | None
    hours: Hours
    terms: str


def one_part(terms: str) -> tuple[Part, ...]:
    """Read the parts of a calendar that is one entry, given as JSON text."""
    return (Part(since=None, hours=_hours_of(terms), terms=terms),)


@lru_cache(maxsize=4096)
def _hours_of(terms: str) -> Hours:
    return read_hours(json.loads(terms))


def join_parts(former: Sequence[Part], since: int, later: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts of ``former`` up to an instant, and those of ``later`` from it on."""
    before = [part for part in former if part.since is None or part.since < since]
    begun = [part for part in later if part.since is None or part.since <= since]
    after = later[len(begun) :]
    return tuple(_without_repeats([*before, replace(begun[-1], since=since), *after]))


def _without_repeats(parts: Sequence[Part]) -> Iterator[Part]:
    yield parts[0]
    for before, part in pairwise(parts):
        if part.terms != before.terms:
            yield part


def text_of(parts: Sequence[Part]) -> str:
    """Write parts as JSON text: one part as its entry, several as a list of them."""
    if len(parts) == 1:
        return parts[0].terms
    return json.dumps({PARTS: [_entry(part) for part in parts]})


def _entry(part: Part) -> dict[str, Any]:
    since = {} if part.since is None else {SINCE: us_instant(part.since).isoformat()}
    return {**since, **json.loads(part.terms)}


def read_parts(entry: Mapping[str, Any]) -> tuple[Part, ...]:
    """Read parts from plain values, as :func:`text_of` writes them; CalendarError with faults."""
    faults, found = Faults(), list[Part]()
    entries = entry[PARTS]
    if len(entry) > 1 or not isinstance(entries, list) or not entries:
        faults.add("no_parts", PARTS, f"{entries!r} is no list of calendars", _ONE_SHAPE)
        raise CalendarError(faults=faults.found)
    for number, each in enumerate(entries):
        _read_part(each, f"{PARTS}[{number}]", found, faults)
    if faults.found:
        raise CalendarError(faults=faults.found)
    return tuple(_without_repeats(found))


def _read_part(entry: Any, path: str, found: list[Part], faults: Faults) -> None:
    if not isinstance(entry, Mapping):
        faults.add("no_map", path, f"{entry!r} is no calendar", _ONE_SHAPE)
        return
    since = _read_since(entry.get(SINCE), f"{path}.{SINCE}", faults, is_first=path == f"{PARTS}[0]")
    terms = json.dumps({key: value for key, value in entry.items() if key != SINCE})
    try:
        part = Part(since=since, hours=_hours_of(terms), terms=terms)
    except CalendarError as error:
        faults.found.extend(replace(one, subject=f"{path}.{one.subject}") for one in error.faults)
        return
    if found and not _follows(part, found[-1]):
        faults.add("parts_order", path, "begins no later than the one before it", _ONE_SHAPE)
    found.append(part)


def _follows(part: Part, before: Part) -> bool:
    """Whether a part begins later than the one before it; what has a fault already does."""
    return part.since is None or before.since is None or part.since > before.since


def _read_since(value: Any, path: str, faults: Faults, *, is_first: bool) -> int | None:
    if is_first and value is None:
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and not is_first else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        remedy = "write an instant with its offset; the first part has none"
        faults.add("no_instant", path, f"{value!r} does not say since when", remedy)
        return None
    return instant_us(at)
