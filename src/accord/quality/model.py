"""The shape of ``quality.yaml``: frozen pydantic models, unknown keys forbidden.

Only shape stands here; what makes a rule incoherent (a field that its records do not have, a range
of text) is found in :mod:`accord.quality.checks`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from accord.agreement import Duration, parse_duration
from accord.conditions import ConditionField

LEAD_CREATED = "lead.created_at"
"""In ``not_before``: the instant at which the record's lead was created."""

SCHEMA = "schema"
"""In ``required`` and ``type``: all fields that the record's schema says."""

FEWEST = 100
"""Rows below which no rule about a whole batch says anything."""

_OFFSET = re.compile(r"([+-])(.+)")


class Severity(StrEnum):
    """What follows: a row is taken and flagged, or set aside whole; or the whole batch waits."""

    FLAG = "flag"
    QUARANTINE = "quarantine"
    HOLD = "hold"


def _texts(value: Any) -> Any:
    """Let one word stand for a list of one; true and false are the words of a flag."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(str(one).lower() if isinstance(one, bool) else one for one in listed)


def _fields(value: Any) -> Any:
    return value if value == SCHEMA else _texts(value)


def _share(value: Any) -> Any:
    """Read 0..1, or ``N%``."""
    if isinstance(value, str) and value.endswith("%"):
        try:
            return float(Decimal(value.removesuffix("%")) / 100)
        except ArithmeticError:
            pass
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{value!r} is no share; write a number from 0 to 1, or N%"
        raise ValueError(message)  # noqa: TRY004 - pydantic lists ValueErrors, and only those
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{value!r} is no number; write one without quotes"
        raise ValueError(message)  # noqa: TRY004 - the same
    return value


def _pattern(value: str) -> str:
    try:
        pc.match_substring_regex(pa.array([""]), value)
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ").splitlines()[0]
        message = f"{value!r} is no pattern of RE2 ({reason}); write one that RE2 takes"
        raise ValueError(message) from None
    return value


class Bound(BaseModel):
    """A bound in time: an instant, or so long after (before) the run's ``as_of``."""

    model_config = ConfigDict(frozen=True)

    instant: datetime | None = None
    offset: timedelta | None = None
    written: str

    def at(self, as_of: datetime) -> datetime:
        """Return the instant that is meant in a run."""
        return self.instant or as_of + (self.offset or timedelta(0))


def parse_bound(value: Any) -> Bound:
    """Read ``1990-01-01`` (midnight UTC), an instant, or ``+1d`` and ``-2h`` from the run on."""
    if isinstance(value, Bound):
        return value
    if isinstance(value, datetime):
        instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return Bound(instant=instant, written=instant.isoformat())
    if isinstance(value, date):
        return Bound(instant=datetime.combine(value, time(), UTC), written=value.isoformat())
    found = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        length = parse_duration(found[2]).delta
        return Bound(offset=length if found[1] == "+" else -length, written=str(value))
    message = f"{value!r} is no instant; write 1990-01-01, or +1d for a day after the run"
    raise ValueError(message)


Text = Annotated[str, Field(strict=True, min_length=1)]
Id = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_.]{0,99}$")]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_texts)]
Fields = Annotated[Literal["schema"] | tuple[Text, ...], BeforeValidator(_fields)]
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
Time = Annotated[Bound, PlainValidator(parse_bound)]
Length = Annotated[Duration, PlainValidator(parse_duration)]


class Part(BaseModel):
    """Base of every part of ``quality.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Range(Part):
    """Bounds of a number (``min``, ``max``, ``above``) or of a time (``earliest``, ``latest``).

    A value exactly at a bound passes, but for ``above``.
    """

    min: Number | None = None
    max: Number | None = None
    above: Number | None = None
    earliest: Time | None = None
    latest: Time | None = None


class Rule(Part):
    """One rule about rows: exactly one of its families, what follows, and when it is asked.

    A null passes every family but ``required``. ``mostly``: while at least that share of the
    batch's rows passes, failing rows are recorded as tolerated and nothing follows. ``{}`` in the
    sentence stands for what is missing or no value.
    """

    rule: Id = Field(alias="id")
    severity: Severity
    field: Text | None = None
    required: Fields | None = None
    type: Fields | None = None
    range: Range | None = None
    pattern: Pattern | None = None
    allowed: Texts | None = None
    ignore_case: bool = False
    not_before: Text | None = None
    known_lead: Literal[True] | None = None
    when: ConditionField | None = None
    mostly: Share | None = None
    sentence: Text | None = None


class RowCount(Part):
    """Rows of the batch, as a multiple of the median of its source's batches of the last weeks."""

    between: tuple[Number, Number]
    weeks: Annotated[int, Field(strict=True, ge=1, le=520)] = 8
    history: Annotated[int, Field(strict=True, ge=1, le=1000)] = 4


class Nulls(Part):
    """The share of the batch's rows that hold nothing in the field."""

    at_most: Share


class ValueShare(Part):
    """The share of one value among those that the field holds."""

    of: Text
    between: tuple[Share, Share]


class Drift(Part):
    """How far the field's values are spread otherwise than in the source's last batches.

    Total variation distance: half the sum of the differences between the shares; 0 is the same,
    1 has no value in common.
    """

    at_most: Share
    weeks: Annotated[int, Field(strict=True, ge=1, le=520)] = 8
    history: Annotated[int, Field(strict=True, ge=1, le=1000)] = 4


class Unknown(Part):
    """The share of values that are not among those allowed."""

    allowed: Texts
    at_most: Share


class BatchRule(Part):
    """One rule about a whole batch: exactly one of its families, and what follows.

    It says nothing of a batch of fewer than ``min_rows`` rows.
    """

    rule: Id = Field(alias="id")
    severity: Literal[Severity.FLAG, Severity.HOLD]
    field: Text | None = None
    row_count: RowCount | None = None
    freshness: Length | None = None
    nulls: Nulls | None = None
    share: ValueShare | None = None
    drift: Drift | None = None
    unknown: Unknown | None = None
    min_rows: Annotated[int, Field(strict=True, ge=1)] = FEWEST
    sentence: Text | None = None


ROW_FAMILIES = ("required", "type", "range", "pattern", "allowed", "not_before", "known_lead")
"""What a rule about rows can say."""

BATCH_FAMILIES = ("row_count", "freshness", "nulls", "share", "drift", "unknown")
"""What a rule about a batch can say."""
