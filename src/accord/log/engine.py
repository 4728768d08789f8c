"""DuckDB as the log uses it: in memory, without extensions, spilling outside the working folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

Hashes = np.ndarray[Any, np.dtype[np.uint64]]


def connect(*, beside: bool = False) -> Any:
    """Open a connection of its own; relations of one belong to it and to one thread at a time.

    ``beside`` other work, which would only be held up by a second thread of this.
    """
    import duckdb  # a sixth of a second, only when it is needed

    return duckdb.connect(
        ":memory:",
        config={
            **({"threads": 1} if beside else {}),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # An in-memory database would spill into the working folder.
            "temp_directory": str(Path(tempfile.gettempdir()) / f"accord-duckdb-{os.getpid()}"),
        },
    )


def hash_rows(connection: Any, table: pa.Table) -> Hashes:
    """Return a hash of each row; equal rows have equal hashes, different ones nearly never.

    Good for one version of DuckDB: it is never kept.
    """
    relation = connection.from_arrow(table).project(hash_of(table.column_names))
    hashes: Hashes = relation.to_arrow_table().column(0).to_numpy()
    return hashes


def hash_of(names: Sequence[str]) -> str:
    """Return the expression that :func:`hash_rows` asks of these columns."""
    return f"hash({', '.join(names)})"
