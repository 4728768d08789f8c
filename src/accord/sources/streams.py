"""A file's bytes, unpacked, from the front to the end: never more than a block in memory.

gzip and zstd are unpacked on the way. A file that changes between finding and the last byte read is
an error; so is a packed file that ends too early.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from gzip import GzipFile
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa

from accord.errors import FileInMotionError, SourceError
from accord.sources.hashes import hash_of, keep
from accord.sources.model import PACKINGS
from accord.sources.places import Stamp, is_remote, stamp_of, unreadable

BLOCK_BYTES = 1024 * 1024
_BROKEN = (OSError, EOFError, ValueError, ImportError, zlib.error, pa.ArrowException)


class Bytes(Protocol):
    """Anything that gives its next bytes; fewer than asked for are fine, none are the end."""

    def read(self, size: int = ..., /) -> bytes:
        """Give at most ``size`` of the next bytes."""


class Stream:
    """The unpacked bytes of one opened file; every fault is a SourceError that names its place."""

    def __init__(self, opened: IO[bytes], place: str, *, hashing: bool = True) -> None:
        self._place = place
        self._hashing = hashing
        self._packing = packing_of(place)
        self._bytes = _unpacked(opened, self._packing)
        self.digest = hashlib.sha256()

    def read(self, size: int = BLOCK_BYTES, /) -> bytes:
        """Give at most ``size`` of the next bytes, none at the end."""
        try:
            found: bytes = self._bytes.read(size)
        except _BROKEN as error:
            raise self._broken(error) from None
        if self._hashing:
            self.digest.update(found)
        return found

    def _broken(self, error: Exception) -> SourceError:
        if self._packing is None:
            return unreadable(self._place, error)
        reason = (str(error) or type(error).__name__).splitlines()[0]
        found = f"is no whole {self._packing} file: {reason}"
        remedy = "copy it again; the next run takes it when it is whole"
        return SourceError(where=self._place, found=found, remedy=remedy)


def packing_of(place: str) -> str | None:
    """Return what packed a file, by its ending; None if nothing did."""
    return PACKINGS.get(Path(place).suffix.casefold())


def _unpacked(opened: IO[bytes], packing: str | None) -> Bytes:
    if packing == "gzip":
        return GzipFile(fileobj=opened, mode="rb")
    if packing == "zstd":
        unpacked: Bytes = pa.CompressedInputStream(pa.PythonFile(opened, mode="r"), "zstd")
        return unpacked
    return opened


@contextmanager
def open_bytes(place: str) -> Iterator[IO[bytes]]:
    """Open a place as it is stored; SourceError if that fails."""
    try:
        opened: Any = _open_remote(place) if is_remote(place) else Path(place).open("rb")  # noqa: SIM115 - closed below
    except _BROKEN as error:
        raise unreadable(place, error) from None
    try:
        yield opened
    finally:
        with suppress(OSError, ValueError):
            opened.close()


def _open_remote(place: str) -> Any:
    import fsspec

    return fsspec.open(place, "rb").open()


@contextmanager
def open_same(place: str, *, stamp: Stamp) -> Iterator[IO[bytes]]:
    """Open a local file as it is stored; FileInMotionError unless it is and stays the one found."""
    with open_bytes(place) as opened:
        _check_stamp(place, stamp, os.fstat(opened.fileno()))
        yield opened
        # Renamed over meanwhile, an opened file is still the one that was hashed.
        _check_stamp(place, stamp[:3], os.fstat(opened.fileno()))


@contextmanager
def open_stream(place: str, *, digest: str, stamp: Stamp | None) -> Iterator[Stream]:
    """Open a file that was found, to read it to its end.

    A local file must be the one that was hashed (``stamp``), before and after; any other must
    give the hash ``digest``. Else FileInMotionError, when the whole was read.
    """
    if stamp is not None:
        with open_same(place, stamp=stamp) as opened:
            yield Stream(opened, place, hashing=False)
        return
    with open_bytes(place) as opened:
        stream = Stream(opened, place)
        yield stream
        while stream.read():
            pass
        if stream.digest.hexdigest() != digest:
            raise changed(place)


def _check_stamp(place: str, stamp: tuple[int, ...], known: os.stat_result) -> None:
    if stamp_of(known)[: len(stamp)] != stamp:
        raise changed(place)


def changed(place: str) -> FileInMotionError:
    """Say that a file is no longer what was found."""
    remedy = "the next run takes it as it is then"
    return FileInMotionError(where=place, found="changed while it was read", remedy=remedy)


def read_whole(place: str, *, digest: str) -> bytes:
    """Read a file's unpacked content at once, for readers that must jump about in it."""
    with open_bytes(place) as opened:
        stream = Stream(opened, place)
        content = b"".join(iter(stream.read, b""))
    if stream.digest.hexdigest() != digest:
        raise changed(place)
    return content


def hash_content(place: str) -> tuple[str, Stamp | None]:
    """Hash a file's unpacked content, and tell the stamp it had; an untouched one is read once.

    FileInMotionError if it was written to meanwhile.
    """
    if is_remote(place):
        return _hash(place), None
    stamp = _stamp(place)
    digest = hash_of(place, stamp)
    if digest is None:
        digest = _hash(place)
        if _stamp(place) != stamp:
            found, remedy = "is still being written", "the next run takes it"
            raise FileInMotionError(where=place, found=found, remedy=remedy)
        keep(place, stamp, digest)
    return digest, stamp


def _stamp(place: str) -> Stamp:
    try:
        return stamp_of(Path(place).stat())
    except OSError as error:
        raise unreadable(place, error) from None


def _hash(place: str) -> str:
    with open_bytes(place) as opened:
        stream = Stream(opened, place)
        while stream.read():
            pass
    return stream.digest.hexdigest()
