"""The log as Spark reads it: its own Parquet files, as frames of a session."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from accord.log.activity import ActivityLog

_GLOB = re.compile(r"([\\{}\[\]*?,])")


def read_with_spark(log: ActivityLog, session: Any) -> ActivityLog:
    """Return the log with Spark for an engine: what its reads give are frames of the session.

    ``read``, ``read_tail`` and ``read_rollup`` choose files and rows as they do on DuckDB, by the
    same bounds, and open none of the others. Every worker of the session must reach the files: a
    local folder is for a session on this machine. It is for reading: taking, erasing and moving the
    cut are the work of the log itself.
    """
    return log.on(SparkConnection(session))


class SparkConnection:
    """A Spark session in the place of a DuckDB connection, as far as reading the log needs one."""

    reads_uris = True
    """Whether files in object storage are read where they are; Spark has its own keys for them."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def from_arrow(self, table: pa.Table) -> Any:
        """Return a table as a frame of the session; its types stay as they are."""
        return self.session.createDataFrame(table)

    def read_parquet(self, files: Sequence[str], *, hive_partitioning: bool) -> Any:
        """Return files as one frame; what their folders are called adds no column."""
        reader = self.session.read
        if not hive_partitioning:
            reader = reader.option("recursiveFileLookup", "true")  # which looks at no folder's name
        return reader.parquet(*[_location(file) for file in files])

    def close(self) -> None:
        """Leave the session to who opened it."""


def _location(file: str) -> str:
    """Return a file as Spark takes it: a path is one of this machine, no letter is a wildcard."""
    return _GLOB.sub(r"\\\1", file if "://" in file else f"file://{file}")
