"""Finding a source's files, naming their batches by content, and loading their bytes.

A batch is one file, or for a query all its files together. Local paths and globs, gzip, and any
URL that fsspec knows.
"""

from __future__ import annotations

import glob
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, decompress
from pathlib import Path

from accord.errors import SourceError
from accord.sources.model import Source

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it was found: its table's name (for a query), place and content's hash."""

    name: str
    place: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is taken at once. ``batch_id`` names its content and mapping, never its place."""

    batch_id: str
    source: Source
    files: tuple[File, ...]

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return ", ".join(file.place for file in self.files)


def find_batches(source: Source) -> Iterator[Batch | SourceError]:
    """Find a source's batches, by place in order.

    A source that is pulled has none here. A glob that matches nothing is an inbox that is empty; a plain path must be there. A file that
    cannot be read is an error in its place; the others still come.
    """
    try:
        found = {name: list_places(place) for name, place in source.places.items()}
    except SourceError as error:
        yield error
        return
    if source.query is None:
        groups = [[("", place)] for place in found.get("", [])]
    elif all(found.values()):
        groups = [[(name, place) for name, places in found.items() for place in places]]
    else:
        groups = []
    for group in groups:
        yield _batch_of(source, group)


def _batch_of(source: Source, group: list[tuple[str, str]]) -> Batch | SourceError:
    try:
        files = tuple(File(name=name, place=place, digest=_digest(place)) for name, place in group)
    except SourceError as error:
        return error
    content = [[file.name, file.digest] for file in files]
    named = json.dumps([content, source.canonical()], sort_keys=True, ensure_ascii=True)
    batch_id = hashlib.sha256(named.encode()).hexdigest()
    return Batch(batch_id=batch_id, source=source, files=files)


def list_places(place: str) -> list[str]:
    """List the files of a path, glob or URL, sorted. SourceError if a plain path is not there."""
    if "://" in place:
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
        raise _unreadable(place, error) from None
    raise SourceError(where=place, found="is not there", remedy="correct the URL")


def _unreadable(place: str, error: Exception) -> SourceError:
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return SourceError(where=place, found=f"cannot be read: {reason}", remedy="make it readable")


def load(file: File) -> bytes:
    """Load a file's content, unpacked. SourceError if it is no longer what was found."""
    content = _load_bytes(file.place)
    if _digest_of(content) != file.digest:
        remedy = "the next run takes it as it is then"
        raise SourceError(where=file.place, found="changed while it was read", remedy=remedy)
    return content


def _load_bytes(place: str) -> bytes:
    try:
        stored = _load_remote(place) if "://" in place else Path(place).read_bytes()
    except (OSError, ValueError, ImportError) as error:
        raise _unreadable(place, error) from None
    if not place.endswith(".gz"):
        return stored
    try:
        return decompress(stored)
    except (BadGzipFile, EOFError, zlib.error) as error:
        found = f"is no whole gzip file: {error}"
        raise SourceError(where=place, found=found, remedy="copy it again") from None


def _load_remote(place: str) -> bytes:
    import fsspec

    with fsspec.open(place, "rb") as opened:
        content: bytes = opened.read()
    return content


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


_Seen = tuple[str, int, int, int, int]
_digests: dict[_Seen, str] = {}  # of local files this process has read, by what a change changes


def _digest(place: str) -> str:
    """Hash a file's content; an untouched local file is read once a process."""
    if "://" in place:
        return _digest_of(_load_bytes(place))
    try:
        known = Path(place).stat()
    except OSError as error:
        raise _unreadable(place, error) from None
    seen = (place, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns)
    if seen not in _digests:
        _digests[seen] = _digest_of(_load_bytes(place))
    return _digests[seen]
