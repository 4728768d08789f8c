"""The closed list of events that a term of the agreement may run from or until."""

from __future__ import annotations

from accord.records import Stage

EVENTS: tuple[str, ...] = (
    "assigned",
    "touch",
    "touched",
    "decision",
    *(f"entered_{stage.value}" for stage in Stage),
    "returned",
    "nurture_activity",
    "activity",
    "closed",
)
"""What each of them means stands in the project's semantics under *Events a term may name*."""
