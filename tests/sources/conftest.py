"""Writing sources and reading them back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from accord.errors import SourceError
from accord.records import Stage
from accord.sources import Records, Source, find_batches, map_records, read_rows, read_sources

STAGES = {"won": Stage.CUSTOMER, "mql": Stage.MQL}


def write_yaml(path: Path, content: Any) -> Path:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(content, file)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Source]:
    """Make one source, checked as it would be from a file."""

    def make(**entry: Any) -> Source:
        entry = {
            "name": "crm",
            "entity": "lead",
            "path": "in.csv",
            "fields": {"lead_id": "id"},
        } | entry
        if "query" in entry:
            entry.pop("path")
        path = write_yaml(tmp_path / "sources.yaml", {"sources": [entry]})
        return read_sources(path, {}).sources[0]

    return make


@pytest.fixture
def taken(tmp_path: Path, source: Callable[..., Source]) -> Callable[..., Records]:
    """Write one file and map it by one source."""

    def take(content: str | bytes, *, name: str = "in.csv", **entry: Any) -> Records:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        made = source(path=name, **entry)
        (batch,) = find_batches(made)
        if isinstance(batch, SourceError):
            raise batch
        return map_records(
            read_rows(batch), made, stage_of=lambda word: STAGES.get(word.casefold())
        )

    return take
