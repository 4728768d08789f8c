"""Values an agreement is written in: durations, shares, amounts, positions of ladder steps.

A value that cannot be read raises ValueError with a sentence in two parts, ``found; remedy``,
which the loader turns into a finding. YAML's own kinds are kept apart: the word ``no`` is no
boolean, true is no number, and a number is no text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

_DURATION = re.compile(r"([0-9]{1,12})(s|m|h|d)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=36_500)  # a century; anything longer is a slip of the pen
_LONGEST_TEXT = 200  # what the ledger's keys hold
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_PERCENT = re.compile(r"[0-9]+(\.[0-9]+)?%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Duration:
    """An integer and a unit; a day is 24 hours."""

    count: int
    unit: str

    @property
    def delta(self) -> timedelta:
        """The length as a timedelta."""
        return timedelta(seconds=self.seconds)

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return self.count * _SECONDS[self.unit]

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
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(_no_duration(value))
    duration = Duration(int(match[1]), match[2])
    if duration.seconds > _LONGEST.total_seconds():
        message = f"{value!r} is longer than a century; write a shorter time"
        raise ValueError(message)
    return duration


def _no_duration(value: Any) -> str:
    if isinstance(value, str) and value.startswith("-"):
        return f"{value!r} is negative; write a time from 0 on, such as 30m"
    return f"{value!r} is no duration; write an integer and one of s, m, h, d, such as 30m"


def parse_positive(value: Any) -> Duration:
    """Parse a duration that must be longer than nothing, such as a half-life."""
    duration = parse_duration(value)
    if not duration.count:
        message = f"{value!r} is no time at all; write a time longer than 0"
        raise ValueError(message)
    return duration


def parse_share(value: Any) -> Decimal:
    """Parse ``0.2`` or ``20%`` to a Decimal within 0..1; ValueError otherwise.

    >>> parse_share("20%")
    Decimal('0.20')
    """
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        share = Decimal(value[:-1]).scaleb(-2)
    elif isinstance(value, str) and _PLAIN.fullmatch(value):
        share = Decimal(value)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        share = Decimal(str(value))
    else:
        message = f"{value!r} is no share; write a number from 0 to 1 or N%"
        raise ValueError(message)
    if not 0 <= share <= 1:  # not-a-number is not within either
        message = f"{value!r} is outside 0..1; write a share such as 0.2 or 20%"
        raise ValueError(message)
    return share


def parse_rate(value: Any) -> Decimal:
    """Parse a share that may not be zero: a plan divides by it."""
    share = parse_share(value)
    if not share:
        message = f"{value!r} makes every plan impossible; write a rate above 0"
        raise ValueError(message)
    return share


def parse_number(value: Any) -> Decimal:
    """Parse a finite number to the Decimal that was written; text and booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        message = f"{value!r} is no number; write a number without quotes"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError only
    number = Decimal(str(value))
    if not number.is_finite():
        message = f"{value!r} is no finite number; write a number"
        raise ValueError(message)
    return number


def parse_whole(value: Any) -> int:
    """Parse a whole number; ``30.0`` and ``"30"`` are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{value!r} is no whole number; write one without quotes"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError only
    return value


def parse_flag(value: Any) -> bool:
    """Parse true or false; in YAML 1.2 ``yes`` and ``no`` are words."""
    if not isinstance(value, bool):
        message = f"{value!r} is neither true nor false; write true or false"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError only
    return value


def parse_currency(value: Any) -> str:
    """Parse a currency: three capital letters."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        message = f"{value!r} is no currency; write its three capital letters, such as USD"
        raise ValueError(message)
    return value


def parse_volume(value: Any) -> Literal["plan"] | int:
    """Parse MQLs a week: the word ``plan``, or a whole number from 0 on."""
    if value == "plan":
        return "plan"
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = f"{value!r} is no number of MQLs; write plan or a whole number from 0 on"
        raise ValueError(message)
    return value


def parse_day(value: Any) -> date:
    """Parse a calendar day; a time of day has no place here."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    message = f"{str(value)!r} is no day; write one such as 2026-10-01"
    raise ValueError(message)


def parse_text(value: Any) -> str:
    """Parse one line of text, up to 200 characters; a bare number wants quotes to be text."""
    if not isinstance(value, str):
        message = f"{value!r} is no text; put it in quotes if it is meant as text"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError only
    if not value.strip():
        message = "is empty; write some text"
        raise ValueError(message)
    if len(value) > _LONGEST_TEXT or not value.isprintable():
        message = f"is longer than {_LONGEST_TEXT} characters, or not printable; write one line"
        raise ValueError(message)
    return value


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
        seconds = int(self.after.total_seconds())
        unit = next(unit for unit in ("h", "m", "s") if seconds % _SECONDS[unit] == 0)
        return f"due+{seconds // _SECONDS[unit]}{unit}"


def parse_step_at(value: Any) -> StepAt:
    """Parse ``80%``, ``due`` or ``due+30m``; the share lies strictly between 0 and 100 %."""
    if isinstance(value, StepAt):
        return value
    text = value if isinstance(value, str) else ""
    if text == "due":
        return StepAt()
    if text.startswith("due+"):
        return StepAt(after=parse_duration(text.removeprefix("due+")).delta)
    if _PERCENT.fullmatch(text) and 0 < Decimal(text[:-1]) < 100:  # noqa: PLR2004 - percent
        return StepAt(share=parse_share(text))
    message = f"{value!r} is no step; write N% (0 < N < 100), due, or due+DURATION"
    raise ValueError(message)


_DURATION_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^[0-9]+[smhd]$"})
_SHARE_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": 1},
            {"type": "string", "pattern": r"^0*(0(\.[0-9]+)?|1(\.0+)?)$"},
            {"type": "string", "pattern": r"^0*([0-9]{1,2}(\.[0-9]+)?|100(\.0+)?)%$"},
        ]
    }
)
_STEP_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?%|due(\+[0-9]+[smhd])?)$"}
)
_AS_WRITTEN = PlainSerializer(str, return_type=str)

DurationField = Annotated[Duration, PlainValidator(parse_duration), _AS_WRITTEN, _DURATION_SCHEMA]
PositiveDurationField = Annotated[
    Duration, PlainValidator(parse_positive), _AS_WRITTEN, _DURATION_SCHEMA
]
ShareField = Annotated[Decimal, BeforeValidator(parse_share), _SHARE_SCHEMA]
RateField = Annotated[Decimal, BeforeValidator(parse_rate), _SHARE_SCHEMA]
StepAtField = Annotated[StepAt, PlainValidator(parse_step_at), _AS_WRITTEN, _STEP_SCHEMA]
NumberField = Annotated[Decimal, BeforeValidator(parse_number)]
MoneyField = Annotated[Decimal, BeforeValidator(parse_number), Field(ge=0)]
WholeField = Annotated[int, BeforeValidator(parse_whole)]
FlagField = Annotated[bool, BeforeValidator(parse_flag)]
DayField = Annotated[date, BeforeValidator(parse_day)]
CurrencyField = Annotated[
    str, PlainValidator(parse_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})
]
VolumeField = Annotated[
    Literal["plan"] | int,
    PlainValidator(parse_volume),
    WithJsonSchema({"anyOf": [{"const": "plan"}, {"type": "integer", "minimum": 0}]}),
]
TextField = Annotated[str, BeforeValidator(parse_text)]
