"""Spark as the log uses it: where it is there, and a session that talks to nobody it need not."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from accord.errors import InputError

LOCAL = "local[*]"
"""The master that is this machine, with all its cores."""

_QUIET = {
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # Else it looks up the caller's line for each of the thousand parts of our expressions.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
_ALONE = {
    # A session on this machine is for this process; nobody else is listened to.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    # One process does everything here, and Spark would give it 1 GiB.
    "spark.driver.memory": "4g",
}


def open_session(master: str = LOCAL, *, options: Mapping[str, str] | None = None) -> Any:
    """Open a Spark session, or return the one that this process has; who opens it stops it.

    ``options`` are Spark's own settings and go before ours; what neither names stands as in
    Spark's ``spark-defaults.conf``. InputError where pyspark or Java is lacking.
    """
    lacking = lacks_spark()
    if lacking:
        raise InputError(
            where="Spark",
            found=lacking,
            expected="pyspark 4 and Java 17 or newer",
            remedy="install accord[spark] and a Java runtime, or score with DuckDB",
        )
    builder = _import_session().builder.master(master).appName("accord")
    ours = _QUIET | (_ALONE if master.startswith("local") else {})
    for name, value in {**ours, **(options or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@contextmanager
def session_for_now(master: str) -> Iterator[Any]:
    """Give a session while the block runs; one that was open before stays open after it."""
    was_open = not lacks_spark() and _has_session()
    session = open_session(master)
    try:
        yield session
    finally:
        if not was_open:
            session.stop()


def _has_session() -> bool:
    """Whether this process has a session, opened by whichever thread; Spark tells of a thread's."""
    session = _import_session()._instantiatedSession  # noqa: SLF001 - nothing public tells it
    return session is not None and session._jsc.sc().isStopped() is False  # noqa: SLF001


def _import_session() -> Any:
    """Import Spark's session: a second, only where Spark is asked for.

    Spark looks for pandas when the first number is written, and warns that ours is too new for it;
    no row of ours passes through pandas.
    """
    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        import pyspark.testing.utils  # noqa: F401 which looks and warns, once
    return SparkSession


def lacks_spark() -> str | None:
    """Return what of Spark is not here, None if all is."""
    if find_spec("pyspark") is None:
        return "no pyspark"
    is_here = shutil.which("java") is not None or "JAVA_HOME" in os.environ
    return None if is_here else "no Java"
