"""The spool: what was pulled waits on disk, as JSON lines, until it is taken.

One pair of files a pull, ``N-DIGEST.jsonl`` and ``N-DIGEST.json`` (what was asked for, and the
cursor once it is taken), written aside and renamed, the rows last: a pair whose rows are there is
whole. So a batch has the same name before and after a kill. The rows are personal data: they are
removed as soon as they are taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from accord.errors import SourceError
from accord.sources.files import Batch, find_batches
from accord.sources.model import Source

_JSON = json.JSONEncoder(ensure_ascii=False)  # made once: dumps would make one a row
_NAME = re.compile(r"(\d{8})-[0-9a-f]{64}\.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """One pull that waits: its number, its rows' file, and the cursor once it is taken."""

    number: int
    rows: Path
    asked: str
    cursor: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The hash of its rows as they were pulled."""
        return self.rows.stem.partition("-")[2]

    def batch(self, source: Source) -> Batch | SourceError:
        """Name the batch that these rows are under a source's mapping."""
        changes = {"path": _literal(self.rows), "reader": "jsonl", "encoding": "utf-8"}
        plain = {"sql": None, "hubspot": None, "salesforce": None, "settle": None}
        found = list(find_batches(source.model_copy(update={**plain, **changes})))
        return found[0]

    def remove(self) -> None:
        """Remove the rows first: without them the pair is nothing."""
        self.rows.unlink(missing_ok=True)
        self.rows.with_suffix(".json").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """One source's folder in the spool."""

    folder: Path

    def waiting(self) -> list[Spooled]:
        """List what waits, oldest first; what a kill left unfinished is removed."""
        if not self.folder.is_dir():
            return []
        files = sorted(path for path in self.folder.iterdir() if _is_whole(path))
        whole = {path.stem for path in files}
        for path in self.folder.iterdir():
            if path.stem not in whole:
                path.unlink()
        return [self._read(path) for path in files]

    def _read(self, rows: Path) -> Spooled:
        terms = json.loads(rows.with_suffix(".json").read_text(encoding="utf-8"))
        number = int(rows.stem.partition("-")[0])
        return Spooled(number=number, rows=rows, asked=terms["asked"], cursor=terms["cursor"])

    def open(self, number: int, *, asked: str) -> SpoolFile:
        """Begin a pull's file; nothing of it waits before it is finished."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SpoolFile(folder=self.folder, number=number, asked=asked)


@dataclass(slots=True, kw_only=True)
class SpoolFile:
    """A pull's rows on their way to the disk, page after page."""

    folder: Path
    number: int
    asked: str
    count: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)
    _file: Any = None

    def __enter__(self) -> Self:
        self._file = self._aside.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop what was not finished."""
        self._file.close()
        self._aside.unlink(missing_ok=True)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows, one JSON object a line."""
        lines = "".join(f"{_JSON.encode(row)}\n" for row in rows)
        content = lines.encode("utf-8", "surrogatepass")  # what is no character the reader refuses
        self._file.write(content)
        self._digest.update(content)
        self.count += len(rows)

    def finish(self, cursor: Mapping[str, Any]) -> Spooled:
        """Make the rows wait, with the cursor once they are taken."""
        name = f"{self.number:08}-{self._digest.hexdigest()}"
        rows = self.folder / f"{name}.jsonl"
        self._file.flush()
        os.fsync(self._file.fileno())
        terms = {"asked": self.asked, "cursor": dict(cursor)}
        _write_whole(self.folder / f"{name}.json", json.dumps(terms))
        self._aside.replace(rows)
        _sync_folder(self.folder)
        return Spooled(number=self.number, rows=rows, asked=self.asked, cursor=cursor)

    @property
    def _aside(self) -> Path:
        return self.folder / f"{self.number:08}.part"


def _is_whole(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.with_suffix(".json").is_file()


def spool_folders(spool: Path) -> Iterator[Path]:
    """List the folders of all sources that something waits of."""
    if spool.is_dir():
        yield from sorted(path for path in spool.iterdir() if path.is_dir())


def _write_whole(path: Path, text: str) -> None:
    aside = path.with_suffix(".part")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _sync_folder(folder: Path) -> None:
    """Make the renames themselves durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _literal(path: Path) -> str:
    """Write a path so that no letter of it is a wildcard."""
    return re.sub(r"([*?[])", r"[\1]", str(path.absolute()))
