"""The stored rollup: one row a lead and kind beside the log, replaced as a whole by one commit.

What it holds (its cut) and the half-lives it was built with stand in the table's own schema, so
that they change in the very commit that changes the rows, and are known without opening a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from accord.killpoints import reach
from accord.log.columns import ROLLUP_SCHEMA
from accord.log.cut import Cut
from accord.log.table import FORGETTING, Table

_BESIDE = "-rollup"
_DESCRIPTION = "accord.rollup"
_GROUP_ROWS = 122_880
"""Rows of a row group, DuckDB's own measure: smaller ones cost more to open than they spare."""

_ORDERED = "lead_id, kind"
_COLUMNS = ", ".join(
    f"CAST({name} AS {sql}) AS {name}"
    for name, sql in zip(
        ROLLUP_SCHEMA.names,
        ("VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "BIGINT", "DOUBLE", "DOUBLE"),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a stored rollup says of itself: its cut, and by kind the half-life of its rows."""

    cut: Cut
    half_lives: Mapping[str, float]


class StoredRollup(Table):
    """The rollup stored beside a log; absent until the first cut.

    What is read is of the version that :meth:`head` last looked at, so that a cut and the rows
    that belong to it are read together, whoever moves the cut meanwhile.
    """

    configuration = MappingProxyType(
        # Nothing is pruned by them, and statistics of texts would leave ids in the history.
        {**FORGETTING, "delta.dataSkippingStatsColumns": "count"}
    )

    def __init__(
        self, log_uri: str, options: Mapping[str, str] | None, *, folder: Path | None
    ) -> None:
        super().__init__(log_uri.rstrip("/") + _BESIDE, options)
        self._folder = None if folder is None else Path(self.uri)

    def head(self) -> Head | None:
        """Look at the newest version: what it says of itself, None if nothing is stored."""
        return _head_in(self.refresh())

    def seen_head(self) -> Head | None:
        """Return what the version that was last looked at says of itself."""
        return _head_in(self._seen())

    def read(self, connection: Any) -> Any | None:
        """Return the rows of the version last looked at as a lazy relation, None if none."""
        table = self._seen()
        paths = [] if table is None else _paths_of(table)
        if not paths:
            return None
        return self.scan(connection, paths, folder=self._folder)

    def replace(self, relation: Any, head: Head) -> int:
        """Put these rows and their head in the place of what is stored; returns how many.

        ``relation`` may read what it replaces. One commit: killed anywhere, what is stored is
        either the old or the new. The old file stays until the table is tidied.
        """
        table = self.refresh() or self.create(ROLLUP_SCHEMA)
        rows = relation.project(_COLUMNS).order(_ORDERED)
        if self._folder is None:
            self._stream(table, rows, head)
        else:
            self._write(table, rows, head, folder=self._folder)
        reach("rollup.after_commit")
        actions = pa.table(self.refresh().get_add_actions(flatten=True))
        return sum(actions["num_records"].to_pylist())

    def erase(self, connection: Any, keys: pa.Table) -> None:
        """Take the rows of these leads out, and with them every file that held them.

        ``keys`` has the column lead_id. Done again, it ends what was killed half-way.
        """
        head = self.head()
        rows = self.read(connection)
        if head is not None and rows is not None:
            gone = connection.from_arrow(keys)
            if rows.join(gone, "lead_id", how="semi").limit(1).fetchall():
                self.replace(rows.join(gone, "lead_id", how="anti"), head)
        self.tidy(unnamed=True)

    def _seen(self) -> Any:
        return self.refresh() if self._table is None else self._table

    def _write(self, table: Any, rows: Any, head: Head, *, folder: Path) -> None:
        """Let DuckDB write the file, sorting and spilling, then name it by a commit.

        A file of the next version's name is one that a killed write left: it is overwritten.
        """
        name = f"{table.version() + 1:020}.parquet"
        rows.write_parquet(str(folder / name), compression="snappy", row_group_size=_GROUP_ROWS)
        reach("rollup.before_commit")
        table.create_write_transaction(
            [_named(folder / name)], "overwrite", _schema_with(head), partition_by=[]
        )

    def _stream(self, table: Any, rows: Any, head: Head) -> None:
        """Stream the rows to where the table is, and commit."""
        from deltalake import write_deltalake

        schema = _schema_with(head)
        reach("rollup.before_commit")
        write_deltalake(
            table,
            pa.RecordBatchReader.from_batches(schema, _batches(rows, schema)),
            mode="overwrite",
            schema_mode="overwrite",
            writer_properties=_writer_properties(),
        )


def _head_in(table: Any) -> Head | None:
    """Read what a table's schema says; a table without a word of it was made and never written."""
    if table is None:
        return None
    said = table.schema().fields[0].metadata.get(_DESCRIPTION)
    if said is None:
        return None
    head = json.loads(said)
    return Head(cut=Cut(**head["cut"]), half_lives=head["half_lives"])


def _schema_with(head: Head) -> pa.Schema:
    said = json.dumps({"cut": asdict(head.cut), "half_lives": dict(head.half_lives)})
    first = ROLLUP_SCHEMA.field(0).with_metadata({_DESCRIPTION: said})
    return ROLLUP_SCHEMA.set(0, first)


def _paths_of(table: Any) -> list[str]:
    return sorted(pa.table(table.get_add_actions(flatten=True))["path"].to_pylist())


def _named(path: Path) -> Any:
    """Return what a commit says of a file that is in the table's folder."""
    from deltalake.transaction import AddAction
    from pyarrow import parquet

    found = path.stat()
    return AddAction(
        path=path.name,
        size=found.st_size,
        partition_values={},
        modification_time=found.st_mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps({"numRecords": parquet.read_metadata(path).num_rows}),
    )


def _batches(rows: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in rows.to_arrow_reader(_GROUP_ROWS):
        yield batch.cast(schema)


@cache
def _writer_properties() -> Any:
    from deltalake import WriterProperties

    return WriterProperties(compression="SNAPPY", max_row_group_size=_GROUP_ROWS)
