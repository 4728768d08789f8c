"""A Delta table: opened once a process, followed from version to version, kept tidy.

Nothing in here knows what stands in it. The import of deltalake takes a quarter of a second, so it
waits for the first use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pyarrow as pa

# Nobody reads an old version, and the history of commits would tell whom they erased.
FORGETTING: Mapping[str, str] = {"delta.logRetentionDuration": "interval 0 seconds"}


class Table:
    """The table at a URI; absent until it is made."""

    configuration: ClassVar[Mapping[str, str]] = FORGETTING
    """The properties that it is made with; a table of an older ledger learns them from tidying."""

    def __init__(self, uri: str, options: Mapping[str, str] | None) -> None:
        self.uri = uri
        self.options = dict(options) if options else None
        self._table: Any = None

    def refresh(self) -> Any:
        """Return the table at its newest version, None where there is none yet."""
        if self._table is None:
            from deltalake import DeltaTable  # a quarter of a second, only when it is needed

            if DeltaTable.is_deltatable(self.uri, self.options):
                self._table = DeltaTable(self.uri, storage_options=self.options)
        else:
            self._table.update_incremental()
        return self._table

    @property
    def version(self) -> int | None:
        """The newest version, None where there is no table yet."""
        table = self.refresh()
        return None if table is None else int(table.version())

    def learn(self) -> None:
        """Give the table, which an older ledger made, the properties that it would get now."""
        settings = self._table.metadata().configuration
        lacking = {
            name: value for name, value in self.configuration.items() if settings.get(name) != value
        }
        if lacking:
            self._table.alter.set_table_properties(lacking)

    def tidy(self, *, unnamed: bool = False) -> None:
        """Delete the files that are no longer of the table, and the history up to now.

        ``unnamed`` deletes files as well that no commit names: those of a write that was killed, or
        of one that is at work.
        """
        table = self.refresh()
        if table is None:
            return
        self.learn()
        table.vacuum(
            retention_hours=0, dry_run=False, enforce_retention_duration=False, full=unnamed
        )
        table.create_checkpoint()
        table.cleanup_metadata()

    def scan(self, connection: Any, paths: Sequence[str], *, folder: Path | None) -> Any:
        """Return files of the table as a lazy relation of a connection; at least one is named.

        ``folder`` is the table's own. Elsewhere than in a folder (None) the relation is the whole
        table for a connection that does not read URIs: DuckDB does only by an extension.
        """
        if folder is None and not getattr(connection, "reads_uris", False):
            return connection.from_arrow(self._table.to_pyarrow_dataset())
        place = self.uri.rstrip("/") if folder is None else str(folder)
        files = [f"{place}/{unquote(path)}" for path in paths]
        return connection.read_parquet(files, hive_partitioning=False)

    def create(self, schema: pa.Schema, *, partition_by: Sequence[str] = ()) -> Any:
        """Make the table, or open the one that is there by now."""
        from deltalake import DeltaTable

        self._table = DeltaTable.create(
            self.uri,
            schema,
            mode="ignore",
            partition_by=list(partition_by),
            configuration=dict(self.configuration),
            storage_options=self.options,
        )
        return self._table
