"""How much of a long proof to run: all of it under ``make prove``, a tenth everywhere else."""

from __future__ import annotations

import os


def is_full() -> bool:
    """Whether this run makes the whole proof."""
    return os.environ.get("ACCORD_PROOF") == "full"


def count(full: int, *, least: int = 1) -> int:
    """Return how many cases of ``full`` to run now; at least ``least``."""
    return full if is_full() else max(least, full // 10)
