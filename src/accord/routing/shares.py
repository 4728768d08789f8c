"""What is left of today's shares, as a number that can be shown."""

from __future__ import annotations

from collections.abc import Iterable

from accord.routing.desks import desks_of
from accord.routing.model import Candidate
from accord.routing.periods import Periods


def left_today(candidates: Iterable[Candidate], *, periods: Periods) -> dict[str, int]:
    """Return how many leads each rep may yet be given today within his share of the week.

    By rep_id; none for who is away or has no capacity left. Hot leads are not bound by it.
    """
    desks = [desk for team in desks_of(candidates, periods=periods).values() for desk in team]
    left = dict.fromkeys((desk.rep_id for desk in desks), 0)
    for desk in desks:
        while desk.is_available and desk.has_share:
            desk.take()
            left[desk.rep_id] += 1
    return left
