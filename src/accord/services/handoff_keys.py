"""The key by which a hand-over is known for ever."""

from __future__ import annotations

import hashlib

from accord.records import HandoffStage


def handoff_id(lead_id: str, cycle: int, stage: HandoffStage) -> str:
    """Return the key of a hand-over: one a lead, cycle and stage."""
    return hashlib.sha256(f"{lead_id}\x1f{cycle}\x1f{stage}".encode()).hexdigest()[:32]
