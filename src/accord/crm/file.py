"""The adapter ``file``: one JSON line an effect, appended, on disk before it counts as taken.

A line is ``{"key": ..., "kind": ..., "sent_at": ..., "payload": {...}}``; the key stands first. A
last line without its end of line was cut off by a crash: it does not count, and is removed before
the next line is written. Two writers queue on a lock of the file itself. What a key brought is its
line's payload: the digest of it is taken when it is asked for, so none outlives an erased person.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from accord.crm.emptied import emptied
from accord.crm.port import Item, Landed, Outcome, Result
from accord.crm.sending import settled
from accord.errors import DeliveryError
from accord.killpoints import reach
from accord.records import payload_hash, to_text

_PIECE = 1 << 20
_TARGET = "crm file"
_START = b'{"key": '
_PAYLOAD = b', "payload": '
_LONGEST_KEY = 2048


class FileCrm:
    """A CRM that is a file of JSON lines.

    It remembers which keys it has read, and where each one's line begins, and looks only at what
    was added since. Nobody edits leads there, so nothing is ever kept from being overwritten.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, int] = {}
        self._seen = 0
        self._inode = -1

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Append the items whose key is not there yet; all of them are then on disk.

        DeliveryError if the file cannot be used, as on a full disk: whole lines that are there by
        then are found by their keys next time.
        """
        with self._locked() as file:
            self._catch_up(file)
            os.ftruncate(file, self._seen)
            fresh: dict[str, Item] = {}
            outcomes = tuple(self._outcome(file, item, fresh) for item in items)
            _write(file, [_line(item, sent_at) for item in fresh.values()], at=self._seen)
            self._catch_up(file)
        return outcomes

    def _outcome(self, file: int, item: Item, fresh: dict[str, Item]) -> Outcome:
        """Say what becomes of an item; one to be written is put among the fresh ones."""
        refusal = emptied(item)
        if refusal is not None:
            return refusal
        there: str | None = None
        if item.key in self._places:
            there = _hash_at(file, self._places[item.key]) if item.payload_hash else None
        else:
            there = fresh.setdefault(item.key, item).payload_hash
        landed = Landed(payload_hash=there or None)
        taken = Outcome(key=item.key, result=Result.TAKEN, landed=landed)
        return settled(item, there) or taken

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Return which of the keys stand in the file, in whole lines, and what they brought.

        DeliveryError if the file cannot be read.
        """
        with _explained(self.path):
            if not self.path.exists():
                return {}
        with self._locked() as file:
            self._catch_up(file)
            places = {key: self._places[key] for key in keys if key in self._places}
            return {key: Landed(payload_hash=_hash_at(file, at)) for key, at in places.items()}

    def close(self) -> None:
        """Nothing is open between two calls."""

    def erase(self, anew: Callable[[str, bytes], bytes | None], *, dry_run: bool = False) -> int:
        """Write payloads anew in which a person stands; how many lines.

        ``anew`` is given a line's key and payload (of a line that is not ours: no key, and the
        line) and returns what shall stand there, no longer than it was, or None to leave it. Keys
        stay, so that what was sent is known as sent, and every line keeps its length: who reads on
        from where he stopped, does. Killed half-way, it is done by doing it again. DeliveryError if
        the file cannot be used.
        """
        if not self.path.exists():
            return 0
        found = 0
        with self._locked() as file:
            for at, line in _lines_of(file):
                head, payload = _split(line)
                fresh = anew(next(_keys_of([head]), ""), payload)
                if fresh is None:
                    continue
                found += 1
                if not dry_run:
                    _write_whole(file, _padded(head, fresh, length=len(line)), at=at)
            os.fsync(file)
        return found

    @contextmanager
    def _locked(self) -> Iterator[int]:
        with _explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)

    def _catch_up(self, file: int) -> None:
        """Read the whole lines that are new; start anew if it is another or a shorter file."""
        status = os.fstat(file)
        if status.st_ino != self._inode or status.st_size < self._seen:
            self._inode, self._seen, self._places = status.st_ino, 0, {}
        rest = b""
        while piece := os.pread(file, _PIECE, self._seen + len(rest)):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                for key in _keys_of([line]):
                    self._places.setdefault(key, self._seen)
                self._seen += len(line) + 1


def _line(item: Item, sent_at: datetime) -> bytes:
    entry = {
        "key": item.key,
        "kind": item.kind,
        "sent_at": to_text(sent_at),
        "payload": dict(item.payload),
    }
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def _write(file: int, lines: Sequence[bytes], *, at: int) -> None:
    """Write lines and bring them to disk; the two points cut a batch between and within lines."""
    for line in lines:
        middle = len(line) // 2
        _write_whole(file, line[:middle], at=at)
        reach("crm.within_line")
        _write_whole(file, line[middle:], at=at + middle)
        at += len(line)
        reach("crm.within_batch")
    if lines:
        os.fsync(file)


def _write_whole(file: int, some: bytes, *, at: int) -> None:
    """Write all of it: the system may take less at a time than it is given."""
    while some:
        taken = os.pwrite(file, some, at)
        some, at = some[taken:], at + taken


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the system says of a file that cannot be used into a failed delivery."""
    try:
        yield
    except OSError as error:
        said = error.strerror or type(error).__name__
        found = f"{path} cannot be used ({said}); mend that, or set ACCORD_HOME"
        raise DeliveryError(target=_TARGET, found=found) from None


def _hash_at(file: int, at: int) -> str | None:
    """Return the digest of the payload of the line that begins there.

    None if it cannot be told: an erased person's payload is empty, one that they were cut out of
    is another than was sent (blanks fill it up), and a line may be no JSON.
    """
    with os.fdopen(os.dup(file), "rb") as reader:
        reader.seek(at)
        payload = _split(reader.readline().rstrip(b"\n"))[1]
    try:
        return None if payload.endswith(b" ") else payload_hash(json.loads(payload))
    except ValueError:
        return None


def _lines_of(file: int) -> Iterator[tuple[int, bytes]]:
    """Yield where each line begins, and the line without its end; a cut-off one too."""
    with os.fdopen(os.dup(file), "rb") as reader:
        reader.seek(0)
        at = 0
        for line in reader:
            yield at, line.rstrip(b"\n")
            at += len(line)


def _split(line: bytes) -> tuple[bytes, bytes]:
    """Cut a line before its payload; one that is not ours has nothing before it."""
    head, found, rest = line.partition(_PAYLOAD)
    if not found or not line.startswith(_START):
        return b"", line
    return head + found, rest.removesuffix(b"}")


def _padded(head: bytes, payload: bytes, *, length: int) -> bytes:
    """Join a line of the same length as before; blanks before its end fill it up."""
    end = b"}" if head else b""
    return (head + payload).ljust(length - len(end)) + end


def _keys_of(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield the key of each line of ours; what else stands in the file is passed over.

    So is a line that was damaged within its key.
    """
    for line in lines:
        if line.startswith(_START + b'"'):
            head = line[len(_START) : len(_START) + _LONGEST_KEY].decode(errors="replace")
            with suppress(ValueError):
                yield str(json.JSONDecoder().raw_decode(head)[0])
