"""How long to wait before an entry is tried again: exponential, spread out, never random.

The spread comes from the entry's key, so that a run can be repeated to the bit and a thousand
entries refused at once do not come back at once.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

MAX_ATTEMPTS = 12
"""Attempts before an entry is dead: with the pauses below, about a day of a CRM that is down."""

_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(hours=6)
_SPREAD = 0.2
_MOST_SECONDS = 86_400.0


def retry_pause(key: str, *, attempts: int, retry_after: float | None = None) -> timedelta:
    """Return the pause after the failed attempt number ``attempts`` (1 is the first).

    30 s, doubled each time up to 6 hours, and up to a fifth longer by the key. Never shorter than
    the ``retry_after`` seconds that the receiving system asked for, up to a day: a system that asks
    for a year has said something else than it meant.

    >>> retry_pause("a", attempts=1, retry_after=float("inf")).days
    1
    """
    doubled = _LONGEST if attempts > _DOUBLINGS else _FIRST * 2 ** (attempts - 1)
    pause = min(doubled, _LONGEST) * (1 + _SPREAD * _share(f"{key}#{attempts}"))
    return max(pause, timedelta(seconds=min(retry_after or 0, _MOST_SECONDS)))


_DOUBLINGS = 20  # beyond it the power is pointless


def _share(text: str) -> float:
    """Return a number in 0..1 that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
