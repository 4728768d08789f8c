"""The cut: up to where the stored rollup holds the activities, in the two times that they have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What the stored rollup holds: all that occurred and was taken up to it, and nothing else.

    Both bounds are microseconds UTC and inclusive. An activity beyond either one is of the tail.
    """

    occurred_us: int
    taken_us: int

    @property
    def beyond(self) -> str:
        """The condition, in SQL over rows of the log, of an activity of the tail."""
        return f"(taken_us > {self.taken_us} OR occurred_us > {self.occurred_us})"
