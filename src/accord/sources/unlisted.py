"""Files and columns that ``sources.yaml`` says nothing of: neither mapped nor left out.

A new table appears in a folder, a new column in a table: a data team wants to hear of it. Only
local folders are looked at, and in them only files that some reader knows by their ending.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from accord.errors import SourceError
from accord.sources.files import find_batches
from accord.sources.model import Sources, reader_of
from accord.sources.overlap import overlap
from accord.sources.readers import read_pieces


def unlisted_files(sources: Sources) -> tuple[str, ...]:
    """Return the files beside those of ``sources`` that it neither reads nor leaves out, sorted."""
    mapped = [place for source in sources.sources for place in source.places.values()]
    listed = [*mapped, *sources.left_out]
    beside = {str(file) for folder in _folders(listed) for file in folder.iterdir()}
    return tuple(
        file
        for file in sorted(beside)
        if reader_of(file) is not None
        and Path(file).is_file()
        and not Path(file).name.startswith((".", "~"))
        and not any(overlap(place, file) for place in listed)
    )


def _folders(places: list[str]) -> set[Path]:
    """Return the local folders that places lie in; globs among their names are followed."""
    names = {os.path.dirname(place) or "." for place in places if "://" not in place}  # noqa: PTH120 - a glob is no path
    found = {path for name in names for path in glob.glob(name, recursive=True)}  # noqa: PTH207 - nor is an absolute one
    return {Path(path) for path in found if Path(path).is_dir()}


def unlisted_columns(sources: Sources) -> Iterator[tuple[str, str]]:
    """Yield source and column of what is new where a source lists the columns that it ignores.

    A query names its columns itself; a file that cannot be read now is passed over.
    """
    for source in sources.sources:
        if not source.ignored or source.query is not None or source.is_pulled:
            continue
        known = {mapping.column for mapping in source.fields.values()} | source.ignored.keys()
        for batch in find_batches(source):
            if isinstance(batch, SourceError):
                continue
            try:
                columns = next(iter(read_pieces(batch, at_once=1))).columns
            except SourceError:
                continue
            yield from ((source.name, column) for column in columns if column not in known)
