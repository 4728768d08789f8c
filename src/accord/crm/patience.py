"""Asking a service again: which answers are worth it, how long to wait, and when to stop.

Knows nothing of any one service. Readers turn what went wrong into :class:`AgainError`; whoever
asks in vain too often, or would have to wait too long, gets it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import stamina

from accord.errors import AccordError

Answer = TypeVar("Answer")

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 30.0
_AGAIN = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class AgainError(AccordError):
    """An answer that may be another one later; ``after_seconds`` if the service said when."""

    def __init__(self, found: str, *, after_seconds: float | None = None) -> None:
        self.found = found
        self.after_seconds = after_seconds
        super().__init__(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to ask for one thing, and how long in all to wait between, in seconds."""

    tries: int
    wait_seconds: float

    def ask(self, send: Callable[[], Answer]) -> Answer:
        """Send until something other than AgainError comes of it; the last AgainError is raised.

        Waits as long as the service says, else twice as long each time, with jitter. A wait that
        would not fit what is left of ``wait_seconds`` is not begun.
        """
        left = self.wait_seconds

        def worth_it(error: Exception) -> bool | float:
            nonlocal left
            if not isinstance(error, AgainError):
                return False
            if error.after_seconds is None:
                return True
            left -= error.after_seconds
            return error.after_seconds if left >= 0 else False

        attempts = stamina.retry_context(
            on=worth_it,
            attempts=self.tries,
            timeout=self.wait_seconds,
            wait_initial=_FIRST_SECONDS,
            wait_max=_LONGEST_SECONDS,
        )
        for attempt in attempts:
            with attempt:
                return send()
        raise AssertionError  # stamina either returns or raises


def is_worth_asking_again(status: int) -> bool:
    """Say whether an HTTP status may be another one later."""
    return status in _AGAIN or status > HTTPStatus.GATEWAY_TIMEOUT


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds, or an HTTP date against the answer's own ``Date``.

    None if it is absent or cannot be read; a date that has passed is no wait at all.

    >>> retry_after_seconds({"Retry-After": "1.5"})
    1.5
    """
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    try:
        return max(0.0, float(said)) if said[:1].isdigit() else _until(said, headers.get("Date"))
    except ValueError:
        return None


def _until(said: str, date: str | None) -> float | None:
    """Return the seconds from the service's own clock to a date: ours may be wrong."""
    if date is None:
        return None
    now: datetime = parsedate_to_datetime(date)
    return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
