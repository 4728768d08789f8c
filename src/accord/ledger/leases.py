"""Named leases: one process at a time runs a stage, and a killed one lets go at once.

On PostgreSQL a session advisory lock, on SQLite (always one machine) a lock on a file beside the
database (it names its holder). Both end with their process, so neither needs a clock or a time
to live.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from accord.errors import LeaseHeldError

_PAUSE_SECONDS = 0.05


@contextmanager
def hold_lease(engine: Engine, name: str, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lease ``name`` of this ledger; LeaseHeldError after waiting that long in vain."""
    hold = _hold_on_postgres if engine.dialect.name == "postgresql" else _hold_on_file
    with hold(engine, name, wait_seconds):
        yield


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def acquire(attempt: Callable[[], bool], name: str, wait_seconds: float) -> None:
    """Attempt until it is had; LeaseHeldError after ``wait_seconds`` of attempts in vain."""
    deadline = time.monotonic() + wait_seconds
    while not attempt():
        if time.monotonic() >= deadline:
            raise LeaseHeldError(name=name, holder="another process")
        time.sleep(_PAUSE_SECONDS)


def wait_for_turn(connection: Connection, name: str) -> None:
    """Wait until no other transaction has this turn, and keep it until this one ends.

    For what several stages write, each under a lease of its own. On SQLite a transaction that
    writes is alone from its beginning.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(name)})


def _key(name: str) -> int:
    digest = hashlib.sha256(f"accord:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def _hold_on_file(engine: Engine, name: str, wait_seconds: float) -> Iterator[None]:
    folder = Path(engine.url.database or "ledger.db").with_suffix(".leases")
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_RDWR)

    def attempt() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        acquire(attempt, name, wait_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _me().encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _hold_on_postgres(engine: Engine, name: str, wait_seconds: float) -> Iterator[None]:
    key = _key(name)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:

        def attempt() -> bool:
            query = text("SELECT pg_try_advisory_lock(:key)")
            return bool(connection.execute(query, {"key": key}).scalar_one())

        acquire(attempt, name, wait_seconds)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
