"""The activity log: every activity once, append-only, in Delta Lake. It keeps, decides nothing.

Here belong appending exactly once, reading by DuckDB, compaction. What an activity is worth stands
in :mod:`accord.scoring`.
"""

from accord.log.activity import ActivityLog, Appended
from accord.log.columns import READ_COLUMNS

__all__ = ["READ_COLUMNS", "ActivityLog", "Appended"]
