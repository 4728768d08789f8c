"""The activity log: every activity once, append-only, in Delta Lake. It keeps, decides nothing.

Here belong appending exactly once, reading by DuckDB, compaction. What an activity is worth stands
in :mod:`accord.scoring`.
"""

from accord.log.activity import ActivityLog, Appended
from accord.log.columns import READ_COLUMNS, ROW_NUMBER
from accord.log.engine import connect
from accord.log.staging import Staging, open_staging

__all__ = [
    "READ_COLUMNS",
    "ROW_NUMBER",
    "ActivityLog",
    "Appended",
    "Staging",
    "connect",
    "open_staging",
]
