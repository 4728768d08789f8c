"""A file's text as blocks of UTF-8 bytes and as lines: what the readers of text stand on.

Whatever the encoding, what is held is UTF-8, at most a block and a line of it; place, line and byte
are counted for errors.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from accord.errors import SourceError
from accord.sources.streams import BLOCK_BYTES, Bytes

_BOM = b"\xef\xbb\xbf"
_UTF8 = frozenset({"utf-8", "utf8", "utf_8", "utf-8-sig", "utf_8_sig", "ascii", "us-ascii"})
_MOST_LINE_BYTES = 128 * 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Text:
    """The text of a stream from its front: look ahead, then drop what was read.

    ``line`` is the number (from 1) of the line at the front.
    """

    def __init__(self, stream: Bytes, *, place: str, encoding: str) -> None:
        self.place = place
        self.encoding = encoding
        self.line = 1
        self.offset = 0  # bytes dropped so far
        self._buffer = b""
        self._at = 0  # where in the buffer the front is
        self._ended = False
        self._stream = stream
        plain = encoding.lower() in _UTF8
        self._decoder = None if plain else codecs.getincrementaldecoder(encoding)("strict")
        if self.ahead(len(_BOM)).startswith(_BOM):
            self.drop(len(_BOM), lines=0)

    def ahead(self, size: int) -> bytes:
        """Show the next ``size`` bytes, fewer only at the end; none is the end."""
        self._hold(size)
        return self._buffer[self._at : self._at + size]

    def drop(self, size: int, *, lines: int) -> None:
        """Forget the first ``size`` bytes, which end ``lines`` lines."""
        self._at += size
        self.offset += size
        self.line += lines

    def lines(self) -> Iterator[str]:
        """Drop line by line, and yield each decoded, with its end."""
        while size := self._line_size():
            raw = self._buffer[self._at : self._at + size]
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                raise self._not_text(self.line, self.offset + error.start + 1) from None
            self.drop(size, lines=1)
            yield line

    def _hold(self, size: int) -> None:
        """Read on until ``size`` bytes are held or the stream ends."""
        count = len(self._buffer) - self._at
        if count >= size or self._ended:
            return
        parts = [self._buffer[self._at :]]
        while count < size and not self._ended:
            found = self._stream.read(max(BLOCK_BYTES, size - count))
            self._ended = not found
            parts.append(found if self._decoder is None else self._as_utf8(found, parts))
            count += len(parts[-1])
        self._buffer, self._at = b"".join(parts), 0

    def _as_utf8(self, found: bytes, before: list[bytes]) -> bytes:
        decoder: Any = self._decoder
        try:
            text: str = decoder.decode(found, final=not found)
            return text.encode()
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            done = found[:start].count(b"\n") + sum(part.count(b"\n") for part in before)
            raise self._not_text(self.line + done, None) from None

    def _line_size(self) -> int:
        """Return the size of the first line with its end, 0 at the end of the text."""
        seen = 0
        while True:
            end = _LINE_END.search(self._buffer, self._at + max(seen - 1, 0))
            held = len(self._buffer) - self._at
            if end is not None and (end.end() < len(self._buffer) or end[0] != b"\r"):
                return end.end() - self._at
            if self._ended:
                return held
            if held > _MOST_LINE_BYTES:
                raise self._too_long()
            seen = held
            self._hold(2 * held + BLOCK_BYTES)

    def _too_long(self) -> SourceError:
        return SourceError(
            where=f"{self.place} line {self.line}",
            found=f"is a line of more than {_MOST_LINE_BYTES >> 20} MB",
            remedy="end the lines of the file",
        )

    def _not_text(self, line: int, byte: int | None) -> SourceError:
        """Say that a line holds bytes that are no text in the file's encoding."""
        what = "a byte" if byte is None else f"byte {byte}"
        return SourceError(
            where=f"{self.place} line {line}",
            found=f"{what} is no {self.encoding} text",
            expected=f"text in {self.encoding}",
            remedy="save the file so, or say encoding: in sources.yaml",
        )
