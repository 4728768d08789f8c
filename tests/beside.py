"""Two at once on one ledger, in an order that a test chooses and not the machine.

One thread is stopped at a statement, or as it commits; another begins beside it and comes as far as
it can: to its end, or to a lock that the first one holds. Only then does the first go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import event, text

from accord.ledger import Ledger

_WAITING = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'""")
_PATIENCE_SECONDS = 60  # for a thread that hangs: none comes near it


class Beside(threading.Thread):
    """Work in a thread of its own on the same ledger; what it raises is raised by its ``end``."""

    def __init__(self, ledger: Ledger, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._ledger = ledger
        self._work = work
        self._writes = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again where the thread is awaited
            self._error = error

    def come_as_far_as_it_can(self) -> None:
        """Begin, and return once it has ended or waits for a lock of somebody else."""
        self.start()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.is_alive() and not self._is_held_up():
            assert time.monotonic() < deadline, "neither ended nor held up"
            time.sleep(0.005)

    def end(self) -> None:
        """Wait until it has ended."""
        self.join(_PATIENCE_SECONDS)
        if self._error is not None:
            raise self._error
        assert not self.is_alive(), "the thread beside hangs"

    def note(self, statement: str) -> None:
        """Hear of a statement that this thread is about to run."""
        if statement == "BEGIN IMMEDIATE":
            self._writes.set()

    def _is_held_up(self) -> bool:
        if self._ledger.engine.dialect.name == "sqlite":  # a writer keeps every other one out
            return self._writes.is_set()
        with self._ledger.read() as connection:  # a new one each time: what it says is a snapshot
            return connection.execute(_WAITING).scalar_one() > 0


@contextmanager
def beside(
    ledger: Ledger,
    work: Callable[[], Any],
    *,
    before: str | None = None,
    committing: str | None = None,
) -> Iterator[Beside]:
    """Begin work beside this thread when it first comes to a place, and await it at the end.

    The place is ``before`` a statement with this text, or the end of a transaction that has run
    one with the text ``committing``. A place that is never come to is a fault of the test.
    """
    here, other, said = threading.get_ident(), Beside(ledger, work), threading.Event()

    def is_ours() -> bool:
        return threading.get_ident() == here and other.ident is None

    def at_statement(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.current_thread() is other:
            other.note(statement)
        elif not is_ours():
            return
        elif before is not None and before in statement:
            other.come_as_far_as_it_can()
        elif committing is not None and committing in statement:
            said.set()

    def at_commit(connection: Any) -> None:
        if is_ours() and said.is_set() and _is_writing(connection):
            other.come_as_far_as_it_can()

    with ExitStack() as listening:
        for name, listener in (("before_cursor_execute", at_statement), ("commit", at_commit)):
            event.listen(ledger.engine, name, listener)
            listening.callback(event.remove, ledger.engine, name, listener)
        yield other
    assert other.ident is not None, f"never came to {before or committing!r}"
    other.end()


def _is_writing(connection: Any) -> bool:
    return bool(connection.get_execution_options().get("accord_write"))
