"""How much of a long proof to run: all of it under ``make prove``, a tenth everywhere else."""

from __future__ import annotations

import os


def count(full: int) -> int:
    """Return how many cases of ``full`` to run now; at least one."""
    return full if os.environ.get("ACCORD_PROOF") == "full" else max(1, full // 10)
