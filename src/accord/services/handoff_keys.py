"""The key by which a hand-over is known for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from itertools import count

from accord.records import HandoffStage


def handoff_id(lead_id: str, cycle: int, stage: HandoffStage) -> str:
    """Return the key of a hand-over: one a lead, cycle and stage."""
    return hashlib.sha256(f"{lead_id}\x1f{cycle}\x1f{stage}".encode()).hexdigest()[:32]


def free_handoff_id(lead_id: str, cycle: int, stage: HandoffStage, *, used: Container[str]) -> str:
    """Return the key of a hand-over, or the next one that is free.

    A hand-over keeps its key when a late fact moves it to another cycle, so that the key of a cycle
    may be one that an other has already.
    """
    key = handoff_id(lead_id, cycle, stage)
    for number in count(2):
        if key not in used:
            break
        key = hashlib.sha256(f"{lead_id}\x1f{cycle}\x1f{stage}#{number}".encode()).hexdigest()[:32]
    return key
