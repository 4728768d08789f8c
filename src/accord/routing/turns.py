"""A fair choice by turns.

Within a stretch in which nobody's availability changes, ``|n_i / w_i - n_j / w_j| <= 1`` holds for
all available reps i and j. Who may take a lead without breaking that is a matter of whole numbers;
among those who may, the one goes first who is furthest behind his fair share over all the time that
he was available, then the lower id. So short stretches add up fairly, and a rep who comes back is
not flooded: nothing is owed for the time when he was away.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType

from accord.routing.model import Stretch, Turn

_MILLION = 1_000_000


class Turns:
    """The turns of one team for one kind of lead, at work: opened, taken, closed, written down."""

    def __init__(self, stretch: Stretch) -> None:
        self._carried = {rep_id: turn.carried for rep_id, turn in stretch.turns.items()}
        self._idle_weight = {rep_id: turn.weight for rep_id, turn in stretch.turns.items()}
        self._began = stretch.began
        self._last_at = stretch.last_at
        present = {rep_id: turn for rep_id, turn in stretch.turns.items() if turn.present}
        self._begin({rep_id: turn.weight for rep_id, turn in sorted(present.items())})
        self._taken = {rep_id: turn.taken for rep_id, turn in sorted(present.items())}

    @property
    def last_at(self) -> datetime | None:
        """When a turn was last taken."""
        return self._last_at

    def open(self, weights: Mapping[str, Fraction], *, at: datetime) -> None:
        """Go on with the stretch if it is of these reps, so weighted; else begin a new one."""
        if self._began is None or self._weights != weights:
            self.close()
            self._begin(dict(sorted(weights.items())))
            self._began = at

    def choose(self, able: Container[str]) -> str | None:
        """Return who of the able takes the next lead; None if it is nobody's turn of them."""
        if not self._taken:
            return None
        steps, unit = self._steps, self._unit
        ceiling = min(count * steps[rep_id] for rep_id, count in self._taken.items()) + unit
        may = [
            (self._carried.get(rep_id, 0.0) + count * steps[rep_id] / unit, rep_id)
            for rep_id, count in self._taken.items()
            if (count + 1) * steps[rep_id] <= ceiling and rep_id in able
        ]
        return min(may)[1] if may else None

    def take(self, rep_id: str, *, at: datetime) -> None:
        """Note that a rep of the stretch has taken a lead."""
        self._taken[rep_id] += 1
        self._last_at = at

    def close(self) -> None:
        """End the stretch: what each took beyond the fair share is carried on."""
        total, weight = sum(self._taken.values()), sum(self._weights.values())
        for rep_id, count in self._taken.items():
            beyond = count / self._weights[rep_id] - Fraction(total) / weight
            carried = self._carried.get(rep_id, 0.0) + float(beyond)
            self._carried[rep_id] = math.floor(carried * _MILLION + 0.5) / _MILLION
        self._idle_weight.update(self._weights)
        self._begin({})
        self._began = None

    def stretch(self) -> Stretch:
        """Write down where the turns stand."""
        idle = {
            rep_id: Turn(carried=carried, weight=self._idle_weight.get(rep_id, Fraction(1)))
            for rep_id, carried in self._carried.items()
        }
        present = {
            rep_id: Turn(
                carried=self._carried.get(rep_id, 0.0),
                taken=count,
                weight=self._weights[rep_id],
                present=True,
            )
            for rep_id, count in self._taken.items()
        }
        turns = MappingProxyType({**idle, **present})
        return Stretch(began=self._began, last_at=self._last_at, turns=turns)

    def _begin(self, weights: dict[str, Fraction]) -> None:
        """Count from zero. One lead of rep i is ``steps[i]`` on a scale where 1 is ``unit``."""
        self._weights = weights
        self._taken = dict.fromkeys(weights, 0)
        self._unit = math.lcm(*(weight.numerator for weight in weights.values()))
        self._steps = {
            rep_id: self._unit // weight.numerator * weight.denominator
            for rep_id, weight in weights.items()
        }
