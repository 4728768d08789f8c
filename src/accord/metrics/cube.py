"""Fact frames made ready to be counted, and the counting: one pass a part and dimension.

Columns become arrays once, members of a dimension become whole numbers once; every part is then
a ``bincount`` over period x member. Sums stay in whole microseconds and hundredths: exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accord.metrics.definition import Part, Placing
from accord.metrics.facts import ALL, BEGINS, FRAMES, UNSAID
from accord.metrics.periods import Periods
from accord.metrics.quantiles import Sorted, sort_groups

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MISSING_US = np.iinfo(np.int64).min
"""Stands in an array for an instant that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One part by period (rows) and member (columns).

    ``rows`` is how many facts counted, ``total`` their sum (or count); ``stated`` is false where
    the part adds up a column and no fact of the cell states it though there are facts.
    """

    rows: Ints
    total: Ints
    stated: Bools


class Cube:
    """Fact frames (see :mod:`accord.metrics.facts`) cut by periods, to be asked by metric.

    With ``shown``, facts are counted in the periods from that label on alone: of those before it
    only what reaches into them is wanted.
    """

    def __init__(
        self, frames: Mapping[str, pd.DataFrame], periods: Periods, *, shown: str | None = None
    ) -> None:
        self.periods = periods
        self._frames = frames
        self._shown = 0 if shown is None else periods.labels.index(shown)
        self._first: dict[tuple[str, str], int] = {}
        self._columns: dict[tuple[str, str], Ints] = {}
        self._codes: dict[tuple[str, str], Ints] = {}
        self._periods: dict[tuple[str, str], Ints] = {}
        self._members: dict[str, tuple[str, ...]] = {ALL: ("",)}
        self._kept: dict[tuple[str, str, str], Bools] = {}

    @cached_property
    def _edges(self) -> Ints:
        return np.array(self.periods.edges_us, np.int64)

    @cached_property
    def _horizons(self) -> Ints:
        return np.array(self.periods.horizons_us, np.int64)

    def members(self, dimension: str) -> tuple[str, ...]:
        """Return every member of a dimension over all frames, sorted; a missing one is ""."""
        if dimension not in self._members:
            found: set[str] = set()
            for name in self._frames:
                if dimension not in FRAMES[name]:
                    continue
                values = self._frames[name][dimension]
                found.update(str(value) for value in values.dropna().unique())
            self._members[dimension] = (*sorted(found - {""}), "")
        return self._members[dimension]

    def begun(self, part: Part) -> Bools:
        """Return, by period, whether the part's frame held any fact by the horizon.

        Before a source has said anything, a number is missing, not zero. A fact of which nobody
        says when it began (a deal without an opening) has begun when the part places it.
        """
        if self._frames[part.frame].empty:
            return np.zeros(len(self.periods.labels), np.bool_)
        key = (part.frame, part.at)
        if key not in self._first:
            at = self._column(part.frame, BEGINS[part.frame])
            known = np.where(at == MISSING_US, self._column(part.frame, part.at), at)
            self._first[key] = MISSING_US if self.periods.undated else _first(known)
        return np.asarray(self._first[key] < self._horizons, np.bool_)

    def tally(self, part: Part, dimension: str) -> Tally:
        """Count or add up a part by period and member of a dimension."""
        rows, periods = self._placed(part)
        width = len(self.members(dimension))
        cells = periods * width + self._code(part.frame, dimension)[rows]
        shape = (len(self.periods.labels), width)
        facts = np.bincount(cells, minlength=shape[0] * width).reshape(shape)
        if part.value is None:
            return Tally(rows=facts, total=facts, stated=np.ones(shape, np.bool_))
        values = self._column(part.frame, part.value)[rows]
        known = values != MISSING_US
        total = np.zeros(shape[0] * width, np.int64)
        np.add.at(total, cells[known], values[known])
        stated = np.bincount(cells[known], minlength=len(total)).reshape(shape)
        return Tally(rows=facts, total=total.reshape(shape), stated=(stated > 0) | (facts == 0))

    def crossed(self, part: Part, first: str, second: str) -> dict[tuple[str, str], int]:
        """Count a part's facts of the last period by members of two dimensions at once."""
        rows, periods = self._placed(part)
        rows = rows[periods == len(self.periods.labels) - 1]
        width = len(self.members(second))
        cells = self._code(part.frame, first)[rows] * width + self._code(part.frame, second)[rows]
        return {
            (self.members(first)[cell // width], self.members(second)[cell % width]): int(count)
            for cell, count in zip(*np.unique(cells, return_counts=True), strict=True)
        }

    def sorted_values(self, part: Part, dimension: str) -> Sorted:
        """Sort a part's values within each period and member, for quantiles."""
        if part.value is None:
            message = "a quantile needs a value column"
            raise TypeError(message)
        rows, periods = self._placed(part)
        values = self._column(part.frame, part.value)[rows]
        known = values != MISSING_US
        width = len(self.members(dimension))
        cells = (periods * width + self._code(part.frame, dimension)[rows])[known]
        shape = (len(self.periods.labels), width)
        return sort_groups(cells, values[known], shape=shape)

    def _placed(self, part: Part) -> tuple[Ints, Ints]:
        """Return the rows that count and the period of each; a row may count in several."""
        rows = np.flatnonzero(self._matching(part)).astype(np.int64)
        first, last = self._spans(part, rows)
        first = np.maximum(first, self._shown)
        lengths = np.maximum(last - first + 1, 0)
        repeated = np.repeat(rows, lengths)
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        periods = np.repeat(first, lengths) + np.arange(len(repeated)) - starts
        if part.then is None:
            return repeated, periods
        then = self._column(part.frame, part.then)[repeated]
        judged = np.array(self.periods.judged_us, np.int64)
        reached = (then != MISSING_US) & (then < judged[periods])
        return repeated[reached], periods[reached]

    def _spans(self, part: Part, rows: Ints) -> tuple[Ints, Ints]:
        """Return the first and last period of each row; the last before the first is none."""
        at = self._column(part.frame, part.at)[rows]
        count = len(self.periods.labels)
        own = self._period_of(part.frame, part.at)[rows]
        undated = self.periods.undated and part.at in UNSAID.get(part.frame, ())
        if undated:
            own = np.where(at == MISSING_US, 0, own)
        seen = ((at != MISSING_US) | undated) & (at < self._horizons[-1])
        first = np.where(seen, own, count)
        match part.placing:
            case Placing.FLOW:
                last = np.where(seen & (own >= 0), own, -2)
            case Placing.COHORT:
                length = self.periods.span * part.quarters
                first = first + length if part.earlier else first
                ripe = np.minimum(first + length, count) - 1
                last = np.where(seen & (own >= 0), ripe, -2)
            case Placing.STOCK:
                first = np.maximum(first, 0)
                last = self._last_standing(part, rows)
        return first, last

    def _period_of(self, frame: str, column: str) -> Ints:
        """Return the period that each instant of a column lies in; -1 before the first."""
        key = (frame, column)
        if key not in self._periods:
            at = self._column(frame, column)
            self._periods[key] = np.searchsorted(self._edges, at, side="right") - 1
        return self._periods[key]

    def _last_standing(self, part: Part, rows: Ints) -> Ints:
        """Return the last period at whose horizon a row still stood."""
        if part.until is None:
            return np.full(len(rows), len(self._horizons) - 1)
        ended = self._column(part.frame, part.until)[rows]
        last = np.searchsorted(self._horizons, ended, side="right") - 1
        return np.where(ended == MISSING_US, len(self._horizons) - 1, last)

    def _matching(self, part: Part) -> Bools:
        frame = self._frames[part.frame]
        kept = np.ones(len(frame), np.bool_)
        for column, allowed in part.where.items():
            key = (part.frame, column, repr(allowed))
            if key not in self._kept:
                self._kept[key] = frame[column].isin(list(allowed)).to_numpy(np.bool_)
            kept &= self._kept[key]
        return kept

    def _column(self, frame: str, column: str) -> Ints:
        key = (frame, column)
        if key not in self._columns:
            values = self._frames[frame][column].astype("Int64")
            whole = values.to_numpy(np.int64, na_value=MISSING_US)
            self._columns[key] = whole.astype(np.int64, copy=False)
        return self._columns[key]

    def _code(self, frame: str, dimension: str) -> Ints:
        key = (frame, dimension)
        if key not in self._codes:
            self._codes[key] = self._coded(frame, dimension)
        return self._codes[key]

    def _coded(self, frame: str, dimension: str) -> Ints:
        if dimension == ALL:
            return np.zeros(len(self._frames[frame]), np.int64)
        places = {member: place for place, member in enumerate(self.members(dimension))}
        codes, found = pd.factorize(self._frames[frame][dimension])
        of_found = [places.get(str(one), places[""]) for one in found]
        return np.array([*of_found, places[""]], np.int64)[codes]  # a missing one's code is -1


def _first(at: Ints) -> int:
    known = at[at != MISSING_US]
    return int(known.min()) if len(known) else int(np.iinfo(np.int64).max)
