"""The hashes of local files, kept from run to run: a tick reads new files, not the whole inbox.

A file is known again by what any change of it changes (:data:`accord.sources.places.Stamp`). One
that was changed in the second before the hashes were kept is read again: a second change within the
clock's grain would have left the same stamp.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accord.sources.places import Stamp

Hashes = dict[tuple[str, Stamp], str]

_GRAIN_NS = 1_000_000_000
_FORM = 1  # of the file; another form is not read

known: Hashes = {}
"""The local files that this process knows the hash of."""

_asked: set[tuple[str, Stamp]] = set()


def hash_of(place: str, stamp: Stamp) -> str | None:
    """Return the hash of a file that is as it was, None if it is to be read."""
    _asked.add((place, stamp))
    return known.get((place, stamp))


def keep(place: str, stamp: Stamp, digest: str) -> None:
    """Keep the hash of a file that was just read and has not changed meanwhile."""
    known[place, stamp] = digest


@contextmanager
def kept_hashes(path: Path) -> Iterator[None]:
    """Know the hashes that an earlier run kept in a file; afterwards keep those asked for.

    A file of hashes that is missing or cannot be read costs time and nothing else.
    """
    before = _read(path)
    known.update(before)
    _asked.clear()
    try:
        yield
    finally:
        now = {key: known[key] for key in _asked if key in known}
        if now != before:
            _write(path, now)


def _read(path: Path) -> Hashes:
    try:
        kept_at = path.stat().st_mtime_ns
        content = json.loads(path.read_text("utf-8"))
        if content["form"] != _FORM:
            return {}
        found = {(place, tuple(stamp)): digest for place, stamp, digest in content["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {
        (place, stamp): digest
        for (place, stamp), digest in found.items()
        if max(stamp[2:]) < kept_at - _GRAIN_NS
    }


def _write(path: Path, hashes: Hashes) -> None:
    files = [[place, stamp, digest] for (place, stamp), digest in sorted(hashes.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"form": _FORM, "files": files}), "utf-8")
    fresh.replace(path)
