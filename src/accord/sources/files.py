"""Finding a source's files and naming their batches by content.

A batch is one file, or for a query all its files together. A file that is still being written, or
younger than the source's ``settle``, is left for the next run, and that is said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from accord.errors import FileInMotionError, SourceError
from accord.records import from_us
from accord.sources.model import Source
from accord.sources.places import Stamp, is_remote, list_places, unreadable
from accord.sources.streams import hash_content


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it was found: its table's name (for a query), place and content's hash.

    ``stamp`` tells a local file that was touched since from one that was not.
    """

    name: str
    place: str
    digest: str
    stamp: Stamp | None = None


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


def find_batches(source: Source, *, as_of: datetime | None = None) -> Iterator[Batch | SourceError]:
    """Find a source's batches, by place in order.

    A source that is pulled has none here. A glob that matches nothing is an inbox that is empty; a
    plain path must be there. A file that cannot be read is an error in its place; the others still
    come. One that is still being written, or changed later than ``as_of`` less the source's
    ``settle``, is a FileInMotionError (at exactly that instant it has settled).
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
        yield _batch_of(source, group, as_of)


def _batch_of(
    source: Source, group: list[tuple[str, str]], as_of: datetime | None
) -> Batch | SourceError:
    try:
        for _, place in group:
            _check_settled(source, place, as_of)
        files = tuple(_file(name, place) for name, place in group)
    except SourceError as error:
        return error
    content = [[file.name, file.digest] for file in files]
    named = json.dumps([content, source.canonical()], sort_keys=True, ensure_ascii=True)
    batch_id = hashlib.sha256(named.encode()).hexdigest()
    return Batch(batch_id=batch_id, source=source, files=files)


def _file(name: str, place: str) -> File:
    digest, stamp = hash_content(place)
    return File(name=name, place=place, digest=digest, stamp=stamp)


def _check_settled(source: Source, place: str, as_of: datetime | None) -> None:
    if source.settle is None or as_of is None:
        return
    written_at = _written_at(place)
    if written_at is not None and written_at > as_of - source.settle.delta:
        raise FileInMotionError(
            where=place,
            found="may still be being written",
            expected=f"a file untouched for {source.settle}",
            remedy="a later run takes it",
        )


def _written_at(place: str) -> datetime | None:
    """Return when a file was last written to, None if its place does not tell."""
    if is_remote(place):
        return _written_remotely(place)
    try:
        return from_us(Path(place).stat().st_mtime_ns // 1000)
    except OSError as error:
        raise unreadable(place, error) from None


def _written_remotely(place: str) -> datetime | None:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(place)
        known: datetime = system.modified(path)
    except NotImplementedError:
        return None
    except (OSError, ValueError, ImportError) as error:
        raise unreadable(place, error) from None
    return known if known.tzinfo is not None else known.replace(tzinfo=UTC)
