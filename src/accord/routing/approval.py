"""Whether a run hands over so many leads that a person should look first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from accord.agreement import HandoffTerms

RUNS = 20
"""How many earlier runs say what is usual."""


def needs_approval(decided: int, *, recent: Sequence[int], terms: HandoffTerms) -> bool:
    """Say whether a run that decides so many hand-overs waits for a person.

    ``recent`` are the numbers of the last runs that handed over any, newest first. With fewer than
    20 of them, or at most one rep's weekly capacity in the run, nothing waits; else it waits above
    (not at) ``approval_above`` times their median.
    """
    if len(recent) < RUNS or decided <= terms.capacity.per_week:
        return False
    usual = Decimal(str(median(recent[:RUNS])))
    return decided > terms.approval_above * usual
