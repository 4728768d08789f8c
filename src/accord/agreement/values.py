"""Values an agreement is written in: durations, shares, positions of ladder steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import PlainValidator

_DURATION = re.compile(r"^(\d+)(s|m|h|d)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Duration:
    """An integer and a unit; a day is 24 hours."""

    count: int
    unit: str

    @property
    def delta(self) -> timedelta:
        """The length as a timedelta."""
        return timedelta(seconds=self.count * _SECONDS[self.unit])

    def __str__(self) -> str:
        """Render as it is written: ``5m``."""
        return f"{self.count}{self.unit}"


def parse_duration(value: Any) -> Duration:
    """Parse ``5m``, ``16h``, ``30d``; ValueError says what is expected.

    >>> parse_duration("90m").delta
    datetime.timedelta(seconds=5400)
    """
    if isinstance(value, Duration):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        message = f"{value!r} is no duration; write an integer and one of s, m, h, d, such as 30m"
        raise ValueError(message)
    return Duration(int(match[1]), match[2])


def parse_share(value: Any) -> Decimal:
    """Parse ``0.2`` or ``20%`` to a Decimal within 0..1; ValueError otherwise.

    >>> parse_share("20%")
    Decimal('0.2')
    """
    text = str(value).strip()
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        share = Decimal(text[:-1]).scaleb(-2) if text.endswith("%") else Decimal(text)
    except InvalidOperation:
        message = f"{value!r} is no share; write a number from 0 to 1 or N%"
        raise ValueError(message) from None
    if not 0 <= share <= 1:
        message = f"{value!r} is outside 0..1; write a share such as 0.2 or 20%"
        raise ValueError(message)
    return share


@dataclass(frozen=True, slots=True)
class StepAt:
    """Where a ladder step stands on its term: a share before due, or due plus a duration."""

    share: Decimal | None = None
    after: timedelta = timedelta(0)

    @property
    def order(self) -> tuple[int, Decimal, timedelta]:
        """Sorts steps along the term: shares first, then due, then what comes after."""
        if self.share is not None:
            return (0, self.share, timedelta(0))
        return (1, Decimal(0), self.after)

    def __str__(self) -> str:
        """Render as it is written."""
        if self.share is not None:
            return f"{(self.share * 100).normalize():f}%"
        if not self.after:
            return "due"
        minutes = int(self.after.total_seconds() // 60)
        return f"due+{minutes // 60}h" if minutes % 60 == 0 else f"due+{minutes}m"


def parse_step_at(value: Any) -> StepAt:
    """Parse ``80%``, ``due`` or ``due+30m``; the share lies strictly between 0 and 100 %."""
    if isinstance(value, StepAt):
        return value
    text = value if isinstance(value, str) else ""
    if text == "due":
        return StepAt()
    if text.startswith("due+"):
        return StepAt(after=parse_duration(text.removeprefix("due+")).delta)
    if text.endswith("%") and 0 < parse_share(text) < 1:
        return StepAt(share=parse_share(text))
    message = f"{value!r} is no step; write N% (0 < N < 100), due, or due+DURATION"
    raise ValueError(message)


DurationField = Annotated[Duration, PlainValidator(parse_duration)]
ShareField = Annotated[Decimal, PlainValidator(parse_share)]
StepAtField = Annotated[StepAt, PlainValidator(parse_step_at)]
