"""What one look at the bytes of a column of text tells, so that dear steps can be left out.

A column of a million cells mostly has no blank to trim, no control character and no null word; its
bytes say so at once, without a look at each cell. Every answer is on the safe side.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

_BLANK, _DELETE = 0x20, 0x7F

Codes = np.ndarray[Any, np.dtype[np.uint8]]
Sizes = np.ndarray[Any, np.dtype[np.int64]]


def offsets_of(text: pa.Array) -> Sizes:
    """Return where each cell of large text begins in its buffer, and where the last ends."""
    buffer = text.buffers()[1]
    if buffer is None or not len(text):
        return np.zeros(len(text) + 1, dtype=np.int64)
    offsets: Sizes = np.frombuffer(buffer, np.int64, count=len(text) + 1, offset=8 * text.offset)
    return offsets


def codes_of(text: pa.Array, offsets: Sizes) -> Codes:
    """Return the bytes of all cells one after the other; those of nulls may be among them."""
    buffer = text.buffers()[2]
    if buffer is None:
        return np.zeros(0, dtype=np.uint8)
    codes: Codes = np.frombuffer(buffer, np.uint8)[offsets[0] : offsets[-1]]
    return codes


def may_have_edges(text: pa.Array) -> bool:
    """Say whether any cell may begin or end with a blank of any kind."""
    offsets = offsets_of(text)
    codes = codes_of(text, offsets)
    if not len(codes) or (codes.min() > _BLANK and codes.max() < _DELETE):
        return False
    begins, ends = offsets[:-1] - offsets[0], offsets[1:] - offsets[0]
    some = ends > begins
    edges = (codes[begins[some]], codes[ends[some] - 1])
    return any(bool(((edge <= _BLANK) | (edge >= _DELETE)).any()) for edge in edges)


def may_have_controls(text: pa.Array) -> bool:
    """Say whether any cell may hold a control character, line ends and tabs included."""
    codes = codes_of(text, offsets_of(text))
    return bool(len(codes) and codes.min() < _BLANK)


def may_hold(text: pa.Array, words: Iterable[str]) -> bool:
    """Say whether any cell may be one of the words, by the length of each."""
    lengths = np.diff(offsets_of(text))
    sizes = sorted({len(word.encode()) for word in words})
    return any(bool((lengths == size).any()) for size in sizes)


def may_have(text: pa.Array, code: bytes) -> bool:
    """Say whether a byte, such as that of a plus, may stand in any cell."""
    return bool((codes_of(text, offsets_of(text)) == ord(code)).any())
