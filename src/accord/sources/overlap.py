"""Whether two places (paths, globs, URLs) of ``sources.yaml`` name a file in common."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase


def overlap(one: str, other: str) -> bool:
    """Say whether two places name a file in common, each a path, glob or URL.

    Of two globs only equal ones are known to.
    """
    first, second = _steps(one), _steps(other)
    return one == other or _covers(first, second) or _covers(second, first)


def _steps(place: str) -> list[str]:
    return (place if "://" in place else os.path.normpath(place)).split("/")


def _covers(pattern: list[str], place: list[str]) -> bool:
    """Match step by step: a star stays within its folder, two stars alone go any deep."""
    if not pattern or not place:
        return pattern == place
    if pattern[0] == "**":
        return _covers(pattern[1:], place) or _covers(pattern, place[1:])
    return fnmatchcase(place[0], pattern[0]) and _covers(pattern[1:], place[1:])
