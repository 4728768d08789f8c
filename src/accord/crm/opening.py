"""Choosing the adapter that the settings name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from accord.crm.file import FileCrm
from accord.crm.port import Crm
from accord.errors import InputError

_FILE_NAME = "crm.jsonl"


def open_crm(name: str, *, folder: Path) -> Crm:
    """Return the adapter of that name; ``folder`` is where ``file`` keeps its lines.

    InputError if there is no such adapter.
    """
    if name == "file":
        return _file_crm((folder / _FILE_NAME).absolute())
    raise InputError(
        where="ACCORD_CRM",
        found=f"{name!r} is no adapter",
        expected="file",
        remedy="set ACCORD_CRM=file or leave it out",
    )


@lru_cache(maxsize=8)
def _file_crm(path: Path) -> FileCrm:
    """Keep one a file and process: it knows what it has read of the file already."""
    return FileCrm(path)
