"""The buckets that speed to lead is reported in: 5, 10, 30 minutes, an hour, a day, longer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

_US_PER_MINUTE = 60_000_000

BUCKETS: tuple[tuple[str, int | None], ...] = (
    ("to 5 min", 5),
    ("to 10 min", 10),
    ("to 30 min", 30),
    ("to 1 h", 60),
    ("to 1 day", 1440),
    ("longer", None),
)
"""Names of the buckets and the minutes up to which each goes, in order (A053, A067).

A wait of exactly five minutes is in the first; one of zero too. A day is 24 hours, of open time as
by the wall.
"""

_LABELS = np.array([label for label, _ in BUCKETS], dtype=object)
_EDGES = np.array([limit * _US_PER_MINUTE for _, limit in BUCKETS if limit is not None], np.int64)


def bucket_of(wait_us: int) -> str:
    """Return the bucket of one wait, in microseconds.

    >>> bucket_of(5 * 60_000_000), bucket_of(5 * 60_000_000 + 1)
    ('to 5 min', 'to 10 min')
    """
    return next(
        label for label, limit in BUCKETS if limit is None or wait_us <= limit * _US_PER_MINUTE
    )


def bucket_all(waits_us: pd.Series[int]) -> pd.Series[str]:
    """Return the bucket of each wait; missing where the wait is."""
    known = waits_us.notna()
    found = pd.Series(None, index=waits_us.index, dtype="str")
    places = np.searchsorted(_EDGES, waits_us[known].to_numpy(np.int64), side="left")
    found.loc[known] = _LABELS[places]
    return found


def count_buckets(waits_us: Sequence[int]) -> dict[str, int]:
    """Count waits by bucket, every bucket named, in order."""
    edges = (-1, *_EDGES.tolist(), np.iinfo(np.int64).max)
    waits = np.asarray(waits_us, np.int64)
    return {
        str(label): int(((waits > low) & (waits <= high)).sum())
        for label, (low, high) in zip(_LABELS, pairwise(edges), strict=True)
    }
