"""ISO 8601 for whole columns whose stamps look alike, as those that one program wrote do.

Stamps of one length and with the same signs at the same places are read at once. Anything else is
left to the definition in :mod:`accord.sources.stamps`, which this agrees with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.sources.text_bytes import codes_of, offsets_of

_LIKE = re.compile(
    rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?( UTC|(?:Z|[+-]\d\d:\d\d))?)?"
)
_UTC = b" UTC"
_MOST_LENGTHS = 8  # that are told apart; more is no column of one program
_SIGNS = frozenset(b"-:.TZ+ UC")

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def parts_alike(text: pa.Array) -> Iterator[Mask | None]:
    """Yield the cells of each length as a mask, or None for all; nothing if there are too many."""
    lengths = np.diff(offsets_of(text))
    valid = np.asarray(pc.is_valid(text).to_numpy(zero_copy_only=False))
    found = np.unique(lengths[valid]) if text.null_count else np.unique(lengths)
    if len(found) == 1 and not text.null_count:
        yield None
    elif len(found) <= _MOST_LENGTHS:
        yield from (valid & (lengths == length) for length in found)


def read_alike(text: pa.Array) -> pa.Array | None:
    """Read stamps of one length without nulls; None if they are not alike or one is no instant.

    Stamps that name an offset become UTC instants, others stay local.
    """
    offsets = offsets_of(text)
    codes = codes_of(text, offsets).reshape(len(text), -1)
    first = codes[0].tobytes()
    found = _LIKE.fullmatch(first)
    if found is None or not _same_signs(codes, first):
        return None
    if found[1] == _UTC:
        text = pc.binary_slice(pc.cast(text, pa.large_binary()), 0, len(first) - len(_UTC))
        text = pc.cast(text, pa.large_string())
    aware = found[1] not in (None, _UTC)
    try:
        stamps = pc.cast(text, pa.timestamp("us", "UTC" if aware else None))
    except pa.ArrowInvalid:
        return None
    return stamps.cast(pa.timestamp("us", "UTC")) if found[1] == _UTC else stamps


def _same_signs(codes: np.ndarray[Any, np.dtype[np.uint8]], first: bytes) -> bool:
    signs = [at for at, code in enumerate(first) if code in _SIGNS]
    return all(bool((codes[:, at] == first[at]).all()) for at in signs)
