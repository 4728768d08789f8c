"""The activity log: every activity once, append-only, in Delta Lake. It keeps, decides nothing.

Here belong appending exactly once, reading by DuckDB, compaction, and keeping a rollup beside it.
What an activity is worth, and how a rollup is made, stands in :mod:`accord.scoring`.
"""

from accord.log.activity import ActivityLog, Appended
from accord.log.columns import READ_COLUMNS, ROW_NUMBER
from accord.log.cut import Cut
from accord.log.engine import connect
from accord.log.spark import read_with_spark
from accord.log.spark_session import lacks_spark, open_session, session_for_now
from accord.log.staging import Staging, open_staging

__all__ = [
    "READ_COLUMNS",
    "ROW_NUMBER",
    "ActivityLog",
    "Appended",
    "Cut",
    "Staging",
    "connect",
    "lacks_spark",
    "open_session",
    "open_staging",
    "read_with_spark",
    "session_for_now",
]
