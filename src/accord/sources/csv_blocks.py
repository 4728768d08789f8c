"""Blocks of a CSV file that Arrow reads to exactly the rows that the definition gives.

A block is plain if every quote in it stands where RFC 4180 puts one, and every carriage return
before a line feed. Then a line feed after an even number of quotes ends a record, for both; that is
all that is decided here, on whole arrays of bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

_PART_BYTES = 2 * 1024 * 1024  # that Arrow reads at once
_QUOTE, _LF, _CR = b'"\n\r'

Positions = np.ndarray[Any, np.dtype[np.int64]]


def plain_size(block: bytes, *, delimiter: str, is_last: bool) -> int:
    """Return how many bytes from the front are whole records and plain; 0 if there are none.

    A block that ``is_last`` ends its last record; the block begins with a record.
    """
    if not delimiter.isascii() or delimiter == "\0":
        return 0
    if b'"' not in block:
        size = len(block) if is_last else block.rfind(b"\n") + 1
    else:
        size = _quoted_size(np.frombuffer(block, np.uint8), delimiter, is_last=is_last)
    return size if _has_plain_ends(block, size) else 0


def _has_plain_ends(block: bytes, size: int) -> bool:
    if b"\r" not in block:
        return True
    return block.count(b"\r", 0, size) == block.count(b"\r\n", 0, size)


def count_lines(block: bytes, size: int) -> int:
    """Count the line feeds among the first ``size`` bytes."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8, count=size) == _LF))


def _quoted_size(
    codes: np.ndarray[Any, np.dtype[np.uint8]], delimiter: str, *, is_last: bool
) -> int:
    """Find the end of the last whole record, if all quotes up to there stand where they may."""
    quotes = np.flatnonzero(codes == _QUOTE)
    if is_last:
        size = len(codes) if len(quotes) % 2 == 0 else 0
    else:
        feeds = np.flatnonzero(codes == _LF)
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
        size = int(ends[-1]) + 1 if len(ends) else 0
    quotes = quotes[: int(np.searchsorted(quotes, size))]
    return size if _stand_well(quotes, codes[:size], ord(delimiter)) else 0


def _stand_well(
    quotes: Positions, codes: np.ndarray[Any, np.dtype[np.uint8]], delimiter: int
) -> bool:
    """Say whether each opening quote begins a cell and each closing one ends it.

    A doubled quote is a closing one and an opening one side by side.
    """
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = np.zeros(len(opening), dtype=bool)  # opens beside the one that closed before
    doubled[1:] = opening[1:] == closing[:-1] + 1
    before = codes[np.maximum(opening - 1, 0)]
    begins = (opening == 0) | (before == delimiter) | (before == _LF)
    after = codes[np.minimum(closing + 1, len(codes) - 1)]
    ends = (closing == len(codes) - 1) | (after == delimiter) | (after == _LF) | (after == _CR)
    ends[:-1] |= doubled[1:]
    return bool((begins | doubled).all() and ends.all())


def read_plain(
    block: memoryview, *, names: Sequence[str], delimiter: str, quoted: bool
) -> dict[str, pa.Array] | None:
    """Read a plain block, ``quoted`` if a quote is in it; None if the definition must decide."""
    if len(names) == 1:  # a blank line may be a record, or none
        return None
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(block)),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_PART_BYTES),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return {name: pa.concat_arrays(table.column(name).chunks) for name in names}
