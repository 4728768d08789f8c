"""Does anything of a person stand anywhere? Every file of the home, every cell of the ledger.

Files are read as they are and as what they hold: unpacked, Parquet column by column, members of
archives. Only places are reported, never what stands there.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet
from sqlalchemy import Connection, inspect, text

from accord.findings import Finding
from accord.services.erase_spellings import About, Needles, needles_of
from accord.services.workspace import Workspace

RULE = "erase.trace"

_PIECE = 16 * 1024 * 1024
_OVERLAP = 8 * 1024
_ROWS = 2_000
_BETWEEN_CELLS = b"\n\x1f\n"


def find_traces(workspace: Workspace, needles: Sequence[str]) -> tuple[Finding, ...]:
    """Return where anything of a person stands: one finding a file or column and kind of needle.

    ``needles`` are e-mails, names and phones as people write them; each is looked for in all its
    spellings. The subject names a file under the home folder or a column of the ledger.
    """
    wanted = needles_of(needles)
    if not wanted.all:
        return ()
    found: Counter[tuple[str, About]] = Counter()
    found.update(_in_files(workspace.settings.home, wanted))
    with workspace.ledger.read() as connection:
        found.update(_in_tables(connection, wanted))
    return tuple(
        Finding(rule=RULE, subject=place, sentence=f"holds the person's {about} ({count} times)")
        for (place, about), count in sorted(found.items())
    )


def _in_files(home: Path, needles: Needles) -> Iterator[tuple[str, About]]:
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        for about in needles.found_in(name.encode(errors="surrogateescape")):
            yield f"name of file {name}", about
        if path.is_file():
            kinds = {about for data in readings_of(path) for about in needles.found_in(data)}
            for about in kinds:
                yield f"file {name}", about


def readings_of(path: Path) -> Iterator[bytes]:
    """Yield all that a file holds: its bytes, and what they are when unpacked and decoded."""
    with path.open("rb") as file:
        head = file.read(4)
        yield from _pieces(path.open("rb"))
    yield from _decoded(head, path.open("rb"))


def _decoded(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    with file:
        for magic, read in _READERS.items():
            if head.startswith(magic):
                try:
                    yield from read(file)
                except _BROKEN:  # a file that is cut off: its bytes were looked at
                    return


_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Read a file in pieces that overlap, so that nothing is cut in two."""
    with file:
        last = b""
        while piece := file.read(_PIECE):
            yield last + piece
            last = piece[-_OVERLAP:]


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    with gzip.open(file) as unpacked:
        yield from _nested(unpacked.read())


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    with pa.CompressedInputStream(file, "zstd") as unpacked:
        yield from _nested(unpacked.read())


def _zip(file: BinaryIO) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            yield name.encode()
            yield from _nested(archive.read(name))


def _nested(data: bytes) -> Iterator[bytes]:
    yield data
    yield from _decoded(data[:4], io.BytesIO(data))


def _parquet(file: BinaryIO) -> Iterator[bytes]:
    content = parquet.ParquetFile(file)
    for part in content.iter_batches(batch_size=65_536):
        for column in part.columns:
            yield _BETWEEN_CELLS.join(_cells(column))


def _cells(column: pa.Array) -> Iterator[bytes]:
    for value in column.to_pylist():
        if value is not None:
            yield value if isinstance(value, bytes) else str(value).encode(errors="replace")


_READERS: Mapping[bytes, Callable[[BinaryIO], Iterator[bytes]]] = MappingProxyType(
    {b"\x1f\x8b": _gzip, b"\x28\xb5\x2f\xfd": _zstd, b"PK\x03\x04": _zip, b"PAR1": _parquet}
)
"""How a file's first bytes tell what it is."""


def _in_tables(connection: Connection, needles: Needles) -> Iterator[tuple[str, About]]:
    for table in sorted(inspect(connection).get_table_names()):
        query = f"SELECT * FROM {_quoted(table)}"  # noqa: S608  a name of the store's own
        yield from _in_rows(connection, needles, query, table)
    if connection.dialect.name == "postgresql":  # what ANALYZE keeps as samples of columns
        yield from _in_rows(connection, needles, _SAMPLES, "pg_stats")


_SAMPLES = """
    SELECT most_common_vals::text AS samples, histogram_bounds::text AS bounds
    FROM pg_stats WHERE schemaname = current_schema()
"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _in_rows(
    connection: Connection, needles: Needles, query: str, table: str
) -> Iterator[tuple[str, About]]:
    result = connection.execute(text(query), execution_options={"yield_per": _ROWS})
    names = tuple(result.keys())
    for rows in result.partitions(_ROWS):
        whole = _BETWEEN_CELLS.join(_text(value) for row in rows for value in row)
        if needles.found_in(whole):
            yield from _places(needles, rows, names, table)


def _places(
    needles: Needles, rows: Iterable[Sequence[Any]], names: Sequence[str], table: str
) -> Iterator[tuple[str, About]]:
    for row in rows:
        for name, value in zip(names, row, strict=True):
            for about in needles.found_in(_text(value)):
                yield f"ledger {table}.{name}", about


def _text(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")
    return str(value).encode(errors="replace")
