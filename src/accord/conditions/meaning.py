"""When a condition holds, for one record: the definition that every engine is held to.

Text is compared by ``str.casefold``; ``matches`` searches the text as it stands by RE2, ignoring
case; numbers are compared exactly; a null satisfies only ``present: false``. Values of different
kinds are never equal: the text ``"5"`` is not the number 5, and true is not 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accord.conditions.model import Condition, Matcher, Scalar

_NULLS = frozenset({"NAType", "NaTType"})  # pandas' own nulls; pandas itself is not needed here


def holds(condition: Condition, record: Mapping[str, Any]) -> bool:
    """Say whether a record satisfies a condition; a field that is not there is null.

    >>> from accord.conditions import parse_condition
    >>> holds(parse_condition({"country": ["DE", "AT"]}), {"country": "de"})
    True
    """
    return all(matches(test.matcher, record.get(test.field)) for test in condition.tests) and (
        not condition.any_of or any(holds(part, record) for part in condition.any_of)
    )


def matches(matcher: Matcher, value: Any) -> bool:
    """Say whether one value satisfies a matcher."""
    scalar = _scalar_of(value)
    if scalar is None:
        return matcher == Matcher(present=False)
    return (
        matcher.present is not False
        and _is_within(matcher, scalar)
        and (matcher.values is None or equals_any(scalar, matcher.values))
        and (matcher.not_in is None or not equals_any(scalar, matcher.not_in))
        and (matcher.pattern is None or _is_found(matcher.pattern, scalar))
    )


def is_null(value: Any) -> bool:
    """Say whether a value counts as missing: None, not-a-number, pandas' NA and NaT."""
    if value is None or type(value).__name__ in _NULLS:
        return True
    return (isinstance(value, float) and math.isnan(value)) or (
        isinstance(value, Decimal) and value.is_nan()
    )


def fold(text: str) -> str:
    """Fold a text for comparison: Python's ``str.casefold`` and nothing else."""
    return text.casefold()


def equals_any(scalar: Scalar, values: Iterable[Scalar]) -> bool:
    """Say whether a value equals one of the others, kind and (folded) content."""
    wanted = _key_of(scalar)
    return any(_key_of(value) == wanted for value in values)


def match_texts(pattern: str, texts: Sequence[str | None]) -> list[bool]:
    """Search a pattern in many texts at once; a missing text has no match.

    Raises pyarrow's ArrowInvalid where RE2 does not take the pattern.
    """
    found = pc.match_substring_regex(pa.array(texts, pa.large_string()), pattern, ignore_case=True)
    return [bool(one) for one in found.to_pylist()]


def _is_within(matcher: Matcher, scalar: Scalar) -> bool:
    if not matcher.has_bounds:
        return True
    if not isinstance(scalar, Decimal):
        return False
    return (
        (matcher.lt is None or scalar < matcher.lt)
        and (matcher.lte is None or scalar <= matcher.lte)
        and (matcher.gt is None or scalar > matcher.gt)
        and (matcher.gte is None or scalar >= matcher.gte)
    )


def _is_found(pattern: str, scalar: Scalar) -> bool:
    return isinstance(scalar, str) and match_texts(pattern, [scalar])[0]


def _key_of(scalar: Scalar) -> tuple[str, Scalar]:
    if isinstance(scalar, bool):
        return ("flag", scalar)
    if isinstance(scalar, str):
        return ("text", fold(scalar))
    return ("number", scalar)


def _scalar_of(value: Any) -> Scalar | None:
    if is_null(value):
        return None
    if isinstance(value, str | bool | Decimal):
        return value
    if isinstance(value, Integral):
        return Decimal(int(value))
    if isinstance(value, Real):
        return Decimal(str(float(value)))
    if type(value).__name__ in {"bool_", "bool"}:  # NumPy's
        return bool(value)
    return str(value)
