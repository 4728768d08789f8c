"""Places of files: local paths and globs, and any URL that fsspec knows."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from accord.errors import SourceError

_MAGIC = frozenset("*?[")

Stamp = tuple[int, int, int, int]
"""What a change of a local file changes: inode, size, and when content and inode were changed."""


def is_remote(place: str) -> bool:
    """Say whether a place is a URL."""
    return "://" in place


def stamp_of(known: os.stat_result) -> Stamp:
    """Return a local file's stamp; a file that is renamed over another keeps its first three."""
    return (known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns)


def list_places(place: str) -> list[str]:
    """List the files of a path, glob or URL, sorted. SourceError if a plain path is not there."""
    if is_remote(place):
        return _list_remote(place)
    if _MAGIC & set(place):
        found = glob.glob(place, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        return sorted(path for path in found if Path(path).is_file())
    if Path(place).is_file():
        return [place]
    remedy = "correct the path; a glob such as leads-*.csv may match nothing"
    raise SourceError(where=place, found="is not there", expected="a file", remedy=remedy)


def _list_remote(place: str) -> list[str]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(place)
        if _MAGIC & set(place):
            return sorted(system.unstrip_protocol(found) for found in system.glob(path))
        if system.exists(path):
            return [place]
    except (OSError, ValueError, ImportError) as error:
        raise unreadable(place, error) from None
    raise SourceError(where=place, found="is not there", remedy="correct the URL")


def unreadable(place: str, error: Exception) -> SourceError:
    """Say that a place cannot be read, and why."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    reason = said.splitlines()[0]
    return SourceError(where=place, found=f"cannot be read: {reason}", remedy="make it readable")
