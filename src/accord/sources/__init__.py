"""Readers: files of any system to canonical records, by the mapping in ``sources.yaml``.

Reads and maps; judges nothing (quality does) and stores nothing (services do).
"""

from accord.sources.document import read_sources
from accord.sources.files import Batch, File, find_batches
from accord.sources.hashes import kept_hashes
from accord.sources.mapping import Records, map_records
from accord.sources.model import ColumnMapping, Source, Sources
from accord.sources.readers import read_pieces, read_rows
from accord.sources.rows import Rows
from accord.sources.unlisted import unlisted_columns, unlisted_files
from accord.sources.values import StageOf

__all__ = [
    "Batch",
    "ColumnMapping",
    "File",
    "Records",
    "Rows",
    "Source",
    "Sources",
    "StageOf",
    "find_batches",
    "kept_hashes",
    "map_records",
    "read_pieces",
    "read_rows",
    "read_sources",
    "unlisted_columns",
    "unlisted_files",
]
