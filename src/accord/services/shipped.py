"""Files that come with the package: the starter agreement and sources."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path


@contextmanager
def shipped_file(name: str) -> Iterator[Path]:
    """Give the path of a shipped file; from a checkout, the one at its top."""
    packaged = files("accord").joinpath("shipped", name)
    if packaged.is_file():
        with as_file(packaged) as path:
            yield path
        return
    yield Path(__file__).resolve().parents[3] / name
