"""Artifacts: small tables in the Prefect UI, tens of rows, ids only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from prefect.artifacts import create_table_artifact

_AT_MOST = 30


def publish_table(key: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    """Publish the first rows of a table under a key; an empty table says so."""
    shown = [{name: _plain(value) for name, value in row.items()} for row in rows[:_AT_MOST]]
    create_table_artifact(key=key, table=shown or [{"nothing": "to show"}], description=description)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value) if isinstance(value, Decimal) else value
