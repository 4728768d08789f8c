"""Entries into stages and steps, and what each entry led to.

A move into a stage is an entry with that stage as its mark; a move within a stage that names a step
is an entry with the step as its mark; one that does both is two entries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accord.metrics.definitions.steps import MARKS

_STEPS_PASSED = {"proposal": ("proposal", "contracting")}
"""A deal that is being contracted has had its proposal, stated or not."""


def with_marks(moves: pd.DataFrame) -> pd.DataFrame:
    """Return entries in the order of each lead's history, with ``next_<mark>_us`` for every mark.

    Takes ``lead_id, from_stage, to_stage, step, at_us, position`` and whatever else, one row a
    standing move.
    """
    entered = moves[moves["to_stage"] != moves["from_stage"].fillna("")]
    stepped = moves[moves["step"].notna()]
    entries = pd.concat(
        [entered.assign(mark=entered["to_stage"]), stepped.assign(mark=stepped["step"])],
        ignore_index=True,
    )
    leads = pd.factorize(entries["lead_id"])[0]
    at = entries["at_us"].to_numpy(np.int64)
    # By numbers: to sort as many ids as text takes longer than all the rest.
    order = np.lexsort((entries["position"].to_numpy(np.int64), at, leads))
    entries, leads = entries.take(order).reset_index(drop=True), leads[order]
    again = _again(leads, pd.factorize(entries["mark"])[0])
    ahead = {f"next_{mark}_us": _ahead(entries, leads, again, mark) for mark in MARKS}
    return entries.assign(**ahead)


def _again(leads: NDArray[np.int64], marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row at which the lead enters the mark again; one past the end if never."""
    count = len(leads)
    alike = np.lexsort((marks, leads))  # stable: rows of one lead and mark stay in their order
    same = (np.diff(leads[alike]) == 0) & (np.diff(marks[alike]) == 0)
    found = np.full(count, count, np.int64)
    found[alike[:-1][same]] = alike[1:][same]
    return found


def _ahead(
    entries: pd.DataFrame, leads: NDArray[Any], again: NDArray[np.int64], mark: str
) -> pd.Series[Any]:
    """Return when each entry's lead next enters a mark, before it enters the entry's own again."""
    count = len(entries)
    if not count:
        return pd.Series([], dtype="Int64")
    wanted = entries["mark"].isin(_STEPS_PASSED.get(mark, (mark,))).to_numpy(np.bool_)
    here = np.where(wanted, np.arange(count), count)
    later = np.append(np.minimum.accumulate(here[::-1])[::-1][1:], count)
    found = np.minimum(later, count - 1)
    reached = (later < count) & (leads[found] == leads) & (later < again)
    at = entries["at_us"].to_numpy(np.int64)[found]
    return pd.Series(at).astype("Int64").where(pd.Series(reached))
