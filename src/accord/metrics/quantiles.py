"""Quantiles by linear interpolation, exact: of n sorted values the one at (n - 1) x share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Values sorted within each cell of period x member: ``values[start:start + count]``."""

    values: Ints
    starts: Ints
    counts: Ints

    def quantile(self, period: int, member: int, share: Decimal) -> Fraction | None:
        """Return one cell's quantile, exactly; None where the cell has no value."""
        count = int(self.counts[period, member])
        if count == 0:
            return None
        start = int(self.starts[period, member])
        place = (count - 1) * Fraction(share)
        below = int(place)
        low = int(self.values[start + below])
        rest = place - below
        if not rest:
            return Fraction(low)
        return low + (int(self.values[start + below + 1]) - low) * rest


def sort_groups(cells: Ints, values: Ints, *, shape: tuple[int, int]) -> Sorted:
    """Sort values within their cells (numbered row by row of ``shape``)."""
    order = np.lexsort((values, cells))
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).astype(np.int64)
    starts = np.cumsum(counts) - counts
    return Sorted(values=values[order], starts=starts.reshape(shape), counts=counts.reshape(shape))
