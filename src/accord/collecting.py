"""Python's collector of cycles, and when it may rest.

A run over a hundred thousand leads makes millions of small values that hold no cycles: they go when
nobody names them any more. The collector would walk over all of them time and again, for a fifth of
the run's time, and find nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting_collector() -> Iterator[None]:
    """Let the collector rest for as long as a block; it goes on as it was, also after an error.

    >>> with resting_collector():
    ...     gc.isenabled()
    False
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
