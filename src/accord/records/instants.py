"""Instants: UTC to the microsecond, as ``datetime`` inside and as integers in stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Return the microseconds since 1970 UTC of an aware instant, exactly.

    >>> to_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (instant - EPOCH) // MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Return the UTC instant of microseconds since 1970."""
    return EPOCH + MICROSECOND * microseconds


def to_text(instant: datetime) -> str:
    """Render an instant as ISO 8601 in UTC with a trailing Z, seconds or finer as needed."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
