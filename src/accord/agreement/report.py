"""The faults of one document as its author reads them: in its order, each once, with the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from accord.findings import Finding

_MISSING = "agreement.missing_key"
_MEANT = re.compile(r"Did you mean (.+)\?")
_LAST_STEP = re.compile(r"(\.[^.\[\]]*|\[[0-9]+\])$")


def arrange(
    *, shape: Iterable[Finding], rules: Iterable[Finding], lines: Mapping[str, int]
) -> tuple[Finding, ...]:
    """Return the faults in the order of the document, their line at the end of each sentence.

    Where the shape of a place is wrong, no rule speaks of that place too; and a key that was only
    misspelt is not missing as well.
    """
    shape = tuple(shape)
    told = {one.subject for one in shape}
    faults = (*shape, *(one for one in rules if one.subject not in told))
    meant = {_meant_by(one) for one in faults}
    kept = [one for one in faults if one.rule != _MISSING or one.subject not in meant]
    lined = sorted(((_line_of(one.subject, lines), one) for one in kept), key=lambda pair: pair[0])
    return tuple(_with_line(one, line) for line, one in lined)


def _meant_by(one: Finding) -> str:
    """Return the path that a misspelt key was meant to have; the empty one if it is no such."""
    match = _MEANT.fullmatch(one.remedy)
    if match is None or not one.rule.startswith("agreement.unknown_"):
        return ""
    parent = _LAST_STEP.sub("", one.subject) if "." in one.subject else ""
    return f"{parent}.{match[1]}" if parent else match[1]


def _line_of(path: str, lines: Mapping[str, int]) -> int:
    """Return the line of a path, or of the nearest one above it that stands in the text."""
    while path and path not in lines:
        shorter = _LAST_STEP.sub("", path)
        path = "" if shorter == path else shorter
    return lines.get(path, 0)


def _with_line(one: Finding, line: int) -> Finding:
    if not line or one.rule == "agreement.duplicate_key":  # which names both its lines
        return one
    return replace(one, sentence=f"{one.sentence.rstrip('.')} (line {line}).")
