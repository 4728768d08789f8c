"""What is written otherwise and means the same: ``300s`` for ``5m``, ``"80%"`` for ``0.8``.

No lead is concerned, but the fingerprint is another, and with it the signatures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from accord.agreement.differences.model import Difference
from accord.agreement.differences.places import entry_of, section_of
from accord.agreement.differences.told import Path, Told
from accord.agreement.document import read_document
from accord.agreement.model import Agreement
from accord.agreement.written import say_text

_NOT_STATED = "not stated"
_NAMES: Mapping[Path, str] = {
    ("segments",): "name",
    ("scoring", "fit", "rules"): "name",
    ("signed_by",): "team",
}
"""The lists whose entries are told by name, and what their name is."""

Places = Mapping[Path, Told]


def find_rewritten(
    old: Agreement, new: Agreement, *, before: Places, after: Places
) -> Iterator[Difference]:
    """Yield the values that are written otherwise where both agreements tell the same."""
    was, is_now = _leaves(old), _leaves(new)
    both = _entries_of(before) & _entries_of(after)
    for path in dict.fromkeys((*was, *is_now)):
        entry = entry_of(path)
        is_there = entry is None or entry in both
        if is_there and was.get(path) != is_now.get(path) and _is_told_alike(path, before, after):
            yield _rewritten(path, was.get(path), is_now.get(path))


def _entries_of(told: Places) -> set[Path]:
    return {entry for path in told if (entry := entry_of(path)) is not None}


def _is_told_alike(path: Path, before: Places, after: Places) -> bool:
    """Whether the place that tells of a value, or of what it lies in, is the same in both."""
    above = (path[:depth] for depth in range(len(path), 0, -1))
    told = next((one for one in above if one in before or one in after), None)
    return told is None or before.get(told) == after.get(told)


def _rewritten(path: Path, was: str | None, is_now: str | None) -> Difference:
    place = ".".join(path).replace(".[", "[")
    sentence = (
        f"{place} is written otherwise and means the same: {was or _NOT_STATED} ->"
        f" {is_now or _NOT_STATED}"
    )
    return Difference(
        section=section_of(path),
        path=place,
        kind="rewritten",
        sentence=f"{say_text(sentence)}.",
        before=was,
        after=is_now,
    )


def _leaves(agreement: Agreement) -> dict[Path, str]:
    content = read_document(agreement.document, where=f"version {agreement.version}").content
    return dict(_walk(content, ()))


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _walk(below, (*path, _key(key)))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for index, below in enumerate(value):
            yield from _walk(below, (*path, _name(path, index, below)))
    else:
        yield path, json.dumps(value, default=str, ensure_ascii=False)


def _name(path: Path, index: int, entry: Any) -> str:
    named = _NAMES.get(path)
    return f"[{index}]" if named is None else str(entry[named])


def _key(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)
