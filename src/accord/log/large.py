"""A batch in files: which of its rows are not to be taken, and the files without them.

Most files are taken just as they were staged. Only where rows failed, repeat or are in the log is a
file written anew without them; which rows these are is asked by their place in their file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from accord.log.columns import KEY, require_values, taken_then
from accord.log.engine import hash_of
from accord.log.staging import Numbers, StagedFile, Staging, staged_file, write_file

_KEY = ", ".join(KEY)
_PLACE = "of_file, of_row"


class LargeBatch:
    """The staged files of one batch, on a DuckDB connection; ``without`` are numbers of rows.

    Its rows are taken at ``taken_us``: the staging's own instant, or a later one.
    """

    def __init__(
        self, connection: Any, staging: Staging, *, without: Numbers, taken_us: int
    ) -> None:
        self._connection = connection
        self._taken_us = taken_us
        self._staging = staging
        self._files = staging.files
        self._failing = self._places_of(without)

    def span(self) -> tuple[int, int] | None:
        """Return bounds of the instants of all staged rows, None if there is none."""
        firsts = [file.first_us for file in self._files if file.first_us is not None]
        lasts = [file.last_us for file in self._files if file.last_us is not None]
        return (min(firsts), max(lasts)) if firsts else None

    def kept(self, known: Any | None) -> list[StagedFile]:
        """Return files with the rows to append: of each key the first, if the log does not hold it.

        ``known`` are the keys of the log that lie within the span, None if there are none.
        """
        left_out = [self._failing, self._repeats()]
        if known is not None:
            left_out.append(self._known(known))
        places = _by_file(left_out)
        return [
            one
            for index, file in enumerate(self._files)
            if (one := self._without(file, places.get(index))) is not None
        ]

    def _places_of(self, without: Numbers) -> pa.Table:
        """Return where the rows so numbered stand."""
        found = []
        for index, file in enumerate(self._files if len(without) else ()):
            rows = np.flatnonzero(np.isin(self._staging.numbers_of(file), without))
            found.append(_places(np.full(len(rows), index), rows))
        return pa.concat_tables([_places(_NOWHERE, _NOWHERE), *found])

    def _repeats(self) -> pa.Table:
        """Return where rows stand whose key came earlier in the batch."""
        meeting = self._staging.survey().meeting
        if not len(meeting):
            return _places(_NOWHERE, _NOWHERE)
        met = self._connection.from_arrow(pa.table({"meeting": pa.array(meeting)}))
        doubtful = (
            self._rows().project(f"*, {hash_of(KEY)} AS meeting").join(met, "meeting", "semi")
        )
        bad = self._connection.from_arrow(self._failing.rename_columns(["bad_file", "bad_row"]))
        is_bad = "of_file = bad_file AND of_row = bad_row"
        good = doubtful.join(bad, is_bad, how="anti")
        turns = f"row_number() OVER (PARTITION BY {_KEY} ORDER BY {_PLACE}) AS turn"
        later = good.project(f"{_PLACE}, {turns}").filter("turn > 1")
        return later.select(*_COLUMNS).to_arrow_table()

    def _known(self, known: Any) -> pa.Table:
        """Return where rows stand whose key is in the log."""
        return self._rows().join(known, _KEY, how="semi").select(*_COLUMNS).to_arrow_table()

    def _rows(self) -> Any:
        """Return the keys of all rows and their places; files of a month stand in batch order."""
        paths = [str(file.path) for file in self._files]
        rows = self._connection.read_parquet(paths, filename=True, file_row_number=True)
        places = pa.array(range(len(paths)), pa.int64())
        indexes = pa.table({"filename": paths, "of_file": places})
        placed = rows.join(self._connection.from_arrow(indexes), "filename", how="inner")
        return placed.project(f"{_KEY}, of_file, file_row_number AS of_row")

    def _without(self, file: StagedFile, places: Numbers | None) -> StagedFile | None:
        """Return the file without the rows at these places, None if none is left."""
        if places is None and not file.lacks and file.taken_us == self._taken_us:
            return file
        rows = parquet.read_table(file.path)
        if places is not None:
            kept = np.ones(rows.num_rows, dtype=np.bool_)
            kept[places] = False
            rows = rows.filter(pa.array(kept))
        if not rows.num_rows:
            return None
        require_values(rows)
        path = file.path.with_suffix(".kept.parquet")
        write_file(taken_then(rows, self._taken_us), path)
        return staged_file(rows, path, month=file.month, taken_us=self._taken_us)


_COLUMNS = ("of_file", "of_row")
_NOWHERE: Numbers = np.empty(0, dtype=np.int64)


def _places(indexes: Numbers, rows: Numbers) -> pa.Table:
    return pa.table(dict(zip(_COLUMNS, (pa.array(indexes), pa.array(rows)), strict=True)))


def _by_file(tables: Iterable[pa.Table]) -> Mapping[int, Numbers]:
    """Return the places in each file that has any, each once."""
    joined = pa.concat_tables(tables)
    indexes, rows = (joined[name].to_numpy() for name in _COLUMNS)
    order = np.argsort(indexes, kind="stable")
    indexes, rows = indexes[order], rows[order]
    found, starts = np.unique(indexes, return_index=True)
    return dict(zip(found.tolist(), np.split(rows, starts[1:]), strict=True)) if len(found) else {}
