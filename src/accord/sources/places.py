"""Which files a path, a glob or a URL means, and what can be told of one without reading it.

Names that say "not finished" or "not mine" are never taken from a glob. What a file holds is the
business of :mod:`accord.sources.streams`.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path

from accord.errors import SourceError

_MAGIC = frozenset("*?[")
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", "~")
_HIDDEN = (".", "~$")

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
        return sorted(path for path in found if _is_finished(path) and Path(path).is_file())
    if Path(place).is_file():
        return [place]
    remedy = "correct the path; a glob such as leads-*.csv may match nothing"
    raise SourceError(where=place, found="is not there", expected="a file", remedy=remedy)


def _is_finished(place: str) -> bool:
    """Say whether a name is that of a finished file, by the habits of those who write files."""
    name = place.replace("\\", "/").rpartition("/")[2].casefold()
    return not name.startswith(_HIDDEN) and not name.endswith(_UNFINISHED)


def _list_remote(place: str) -> list[str]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(place)
        if _MAGIC & set(place):
            found = [str(system.unstrip_protocol(one)) for one in system.glob(path)]
            return sorted(one for one in found if _is_finished(one))
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
