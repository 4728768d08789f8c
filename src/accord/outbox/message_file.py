"""The messenger ``file``: one JSON line a message, on disk before it counts as sent. No server.

What stands there are ids only. A last line without its end was cut off by a crash: it does not
count, and is removed before the next line is written.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from accord.killpoints import reach
from accord.outbox.messenger import Delivery, Message, Told
from accord.records import to_text

MESSAGES_FILE = "messages.jsonl"


class FileMessenger:
    """People who read a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def channel(self, role: str) -> str:
        """Return the one way there is: everybody's lines stand in one file."""
        del role
        return "file"

    def send(self, messages: Sequence[Message], *, sent_at: datetime) -> tuple[Delivery, ...]:
        """Append the messages; all of them are then on disk, or refused if the file cannot be."""
        lines = b"".join(_line(message, sent_at) for message in messages)
        try:
            with self._locked() as file:
                _append(file, lines)
        except OSError as error:
            why = f"{self.path.name}: {error.strerror}"
            return tuple(Delivery(told=Told.REFUSED, error=why) for _ in messages)
        return tuple(Delivery(told=Told.SENT) for _ in messages)

    def find_sent(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the entries that stand in whole lines."""
        if not self.path.exists():
            return frozenset()
        whole = self.path.read_bytes().rpartition(b"\n")[0]
        found = {key for line in whole.splitlines() for key in json.loads(line)["keys"]}
        return frozenset(found.intersection(keys))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _append(file: int, lines: bytes) -> None:
    """Write behind the last whole line."""
    end = _whole(file)
    os.ftruncate(file, end)
    done = 0
    half = len(lines) // 2
    for stop in (half, len(lines)):
        while done < stop:
            done += os.pwrite(file, lines[done:stop], end + done)
        reach("messages.within_line")
    os.fsync(file)


def _whole(file: int) -> int:
    """Return where the last whole line ends, looking from the end."""
    size = os.fstat(file).st_size
    step = 1 << 16
    start = size
    while start > 0:
        start = max(0, start - step)
        at = os.pread(file, step, start).rfind(b"\n", 0, size - start)
        if at >= 0:
            return start + at + 1
    return 0


def _line(message: Message, sent_at: datetime) -> bytes:
    line = {
        "keys": list(message.keys),
        "kind": "message",
        "sent_at": to_text(sent_at),
        "to": {"role": message.to.role, "id": message.to.person_id},
        "subject": message.subject,
        "text": message.text,
        **({"attached": [path.name for path in message.attached]} if message.attached else {}),
    }
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
