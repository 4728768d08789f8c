"""Whether a run hands over so many leads that a person should look first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from accord.agreement import HandoffTerms

RUNS = 20
"""How many earlier runs say what is usual."""


def usual_number(recent: Sequence[int]) -> Decimal | None:
    """Return how many leads a run usually hands over: the median of the last 20 that did any.

    ``recent`` are the numbers of the last runs that handed over any, newest first. None while there
    are fewer than 20: nothing is usual yet.
    """
    return Decimal(str(median(recent[:RUNS]))) if len(recent) >= RUNS else None


def needs_approval(decided: int, *, recent: Sequence[int], terms: HandoffTerms) -> bool:
    """Say whether a run that decides so many hand-overs waits for a person.

    While nothing is usual yet, or with at most one rep's weekly capacity in the run, nothing waits;
    else it waits above (not at) ``approval_above`` times what is usual.
    """
    usual = usual_number(recent)
    if usual is None or decided <= terms.capacity.per_week:
        return False
    return decided > terms.approval_above * usual
