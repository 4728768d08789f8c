"""Named places at which a crash test may kill the process for real.

A point costs one look into the environment and does nothing unless ``ACCORD_KILL_AT`` names it.
A leaf: every room may call it. No room may change what it does because of it.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

_dying = threading.Lock()


def reach(point: str) -> None:
    """Pass the named point, or die there by SIGKILL if ``ACCORD_KILL_AT`` says so.

    Before dying the name is appended to the file ``ACCORD_KILL_LOG``, so that a test can tell a
    process that died at the point from one that never came there.
    """
    if os.environ.get("ACCORD_KILL_AT") != point:
        return
    with _dying:  # the first of several threads: the others wait here for the end
        if witness := os.environ.get("ACCORD_KILL_LOG"):
            _append(Path(witness), point)
        os.kill(os.getpid(), signal.SIGKILL)


def _append(witness: Path, point: str) -> None:
    with witness.open("a", encoding="utf-8") as file:
        file.write(f"{point}\n")
        file.flush()
        os.fsync(file.fileno())
