"""Column types of our own: money and instants, exact on SQLite and on PostgreSQL.

SQLAlchemy stores Numeric as REAL on SQLite and hands DateTime back without a zone. So money is
integer hundredths on SQLite and NUMERIC on PostgreSQL, an instant integer microseconds since 1970
UTC on SQLite and timestamptz on PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

from accord.records import EPOCH, MICROSECOND, to_us

_CENT = Decimal("0.01")


class Money(TypeDecorator[Decimal]):
    """An exact amount with two decimals, half up."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the store's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(20, 2))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Turn a Decimal into what the store keeps."""
        if value is None:
            return None
        exact = value.quantize(_CENT, rounding=ROUND_HALF_UP)
        return exact if dialect.name == "postgresql" else int(exact.scaleb(2))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Turn what the store keeps into a Decimal."""
        if value is None:
            return None
        return Decimal(value) if dialect.name == "postgresql" else Decimal(value).scaleb(-2)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant to the microsecond."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the store's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Give what reads a value: one call, for there are millions of them."""
        del coltype
        return _utc_of if dialect.name == "postgresql" else _instant_of

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware instant into what the store keeps."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else to_us(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the store keeps into an aware UTC instant."""
        return (_utc_of if dialect.name == "postgresql" else _instant_of)(value)


def _utc_of(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _instant_of(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + MICROSECOND * value  # ``from_us``, without its call
