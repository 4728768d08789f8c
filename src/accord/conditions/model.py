"""What a condition is: frozen values, no meaning. Reading and meaning stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Scalar = str | Decimal | bool
"""A value to compare with: text, a number, true or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What one field must satisfy: every part that is not None must hold."""

    lt: Decimal | None = None
    lte: Decimal | None = None
    gt: Decimal | None = None
    gte: Decimal | None = None
    values: tuple[Scalar, ...] | None = None
    not_in: tuple[Scalar, ...] | None = None
    pattern: str | None = None
    present: bool | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether it compares with a number by order."""
        return any(bound is not None for bound in (self.lt, self.lte, self.gt, self.gte))

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        """Every value it compares with by equality."""
        return (self.values or ()) + (self.not_in or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTest:
    """A field and what it must satisfy."""

    field: str
    matcher: Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Every test holds and, where ``any_of`` is not empty, at least one of its conditions.

    ``Condition()`` tests nothing and so holds for every record.
    """

    tests: tuple[FieldTest, ...] = ()
    any_of: tuple[Condition, ...] = ()


def fields_of(condition: Condition) -> tuple[str, ...]:
    """Return the names of the fields that a condition looks at, each once, in order.

    >>> fields_of(Condition(tests=(FieldTest(field="title", matcher=Matcher(present=True)),)))
    ('title',)
    """
    names = [test.field for test in condition.tests]
    for part in condition.any_of:
        names.extend(fields_of(part))
    return tuple(dict.fromkeys(names))
