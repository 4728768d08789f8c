"""Reading a condition from what stands in the agreement, with every fault of it at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

import pyarrow as pa
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from accord.conditions.meaning import match_texts
from accord.conditions.model import Condition, FieldTest, Matcher, Scalar

_BOUNDS = ("lt", "lte", "gt", "gte")
OPERATORS = (*_BOUNDS, "in", "not_in", "matches", "present")
"""The operators of a matcher, as they are written."""

Fault = tuple[str, str]
"""A path within the condition and a sentence that says what is wrong and what to write."""


class ConditionError(ValueError):
    """A condition that cannot be read; ``faults`` holds every (path, sentence)."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{path}: {text}" if path else text for path, text in faults))


def parse_condition(value: Any) -> Condition:
    """Read a condition from a map of field to matcher; ``any:`` holds a list of conditions.

    An empty map holds for every record. Raises ConditionError with every fault.

    >>> parse_condition({"employees": {"gte": 100}}).tests[0].matcher.gte
    Decimal('100')
    """
    if isinstance(value, Condition):
        return value
    faults: list[Fault] = []
    condition = _read_condition(value, "", faults)
    if faults:
        raise ConditionError(tuple(faults))
    return condition


def write_condition(condition: Condition) -> dict[str, Any]:
    """Write a condition in its longest form, the reverse of :func:`parse_condition`."""
    written: dict[str, Any] = {test.field: _write_matcher(test.matcher) for test in condition.tests}
    if condition.any_of:
        written["any"] = [write_condition(part) for part in condition.any_of]
    return written


ConditionField = Annotated[
    Condition,
    PlainValidator(parse_condition),
    PlainSerializer(lambda condition: _plain(write_condition(condition))),
    WithJsonSchema({"type": "object"}),
]
"""A condition as a field of a pydantic model."""


def _read_condition(value: Any, path: str, faults: list[Fault]) -> Condition:
    if not isinstance(value, Mapping):
        faults.append((path, f"{value!r} is no condition; write a map of field to matcher"))
        return Condition()
    tests = []
    any_of: tuple[Condition, ...] = ()
    for name, matcher in value.items():
        here = _join(path, str(name))
        if name == "any":
            any_of = _read_any(matcher, here, faults)
        elif isinstance(name, str):
            tests.append(FieldTest(field=name, matcher=_read_matcher(matcher, here, faults)))
        else:
            faults.append((here, f"{name!r} is no field; write a field's name as text"))
    return Condition(tests=tuple(tests), any_of=any_of)


def _read_any(value: Any, path: str, faults: list[Fault]) -> tuple[Condition, ...]:
    if not isinstance(value, list | tuple) or not value:
        faults.append(
            (path, f"{value!r} is no list of conditions; write a dash and a condition a line")
        )
        return ()
    return tuple(
        _read_condition(part, _join(path, index), faults) for index, part in enumerate(value)
    )


def _read_matcher(value: Any, path: str, faults: list[Fault]) -> Matcher:
    if isinstance(value, Mapping):
        return _read_operators(value, path, faults)
    if isinstance(value, list | tuple):
        return Matcher(values=_read_values(value, path, faults))
    if value is None:
        faults.append((path, "nothing equals an empty value; write {present: false}"))
        return Matcher()
    scalar = _read_scalar(value, path, faults)
    return Matcher(values=None if scalar is None else (scalar,))


def _read_operators(value: Mapping[Any, Any], path: str, faults: list[Fault]) -> Matcher:
    if not value:
        faults.append((path, f"no operator; write one of {', '.join(OPERATORS)}"))
    parts: dict[str, Any] = {}
    for name, operand in value.items():
        here = _join(path, str(name))
        if name in _BOUNDS:
            parts[name] = _read_number(operand, here, faults)
        elif name in {"in", "not_in"}:
            parts["values" if name == "in" else name] = _read_values(operand, here, faults)
        elif name == "matches":
            parts["pattern"] = _read_pattern(operand, here, faults)
        elif name == "present":
            parts["present"] = _read_present(operand, here, faults)
        else:
            faults.append((here, _unknown_operator(name)))
    _check_present_alone(parts, path, faults)
    return Matcher(**parts)


def _check_present_alone(parts: Mapping[str, Any], path: str, faults: list[Fault]) -> None:
    if parts.get("present") is False and len(parts) > 1:
        faults.append(
            (path, "present: false never holds beside another operator; keep one of them")
        )


def _unknown_operator(name: Any) -> str:
    near = get_close_matches(str(name), OPERATORS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write one of {', '.join(OPERATORS)}"
    return f"unknown operator {name!r}; {hint}"


def _read_values(value: Any, path: str, faults: list[Fault]) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple) or not value:
        faults.append((path, f"{value!r} is no list of values; write a list of at least one value"))
        return ()
    return tuple(_scalars(value, path, faults))


def _scalars(value: Any, path: str, faults: list[Fault]) -> Iterator[Scalar]:
    for index, item in enumerate(value):
        scalar = _read_scalar(item, _join(path, index), faults)
        if scalar is not None:
            yield scalar


def _read_scalar(value: Any, path: str, faults: list[Fault]) -> Scalar | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _read_text(value, path, faults)
    if isinstance(value, int | float | Decimal):
        return _read_number(value, path, faults)
    faults.append((path, f"{value!r} cannot be compared with; write text, a number, true or false"))
    return None


def _read_text(value: str, path: str, faults: list[Fault]) -> str | None:
    try:
        value.encode()
    except UnicodeEncodeError:
        faults.append((path, f"{value!r} holds half a character; write whole ones"))
        return None
    return value


def _read_number(value: Any, path: str, faults: list[Fault]) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        faults.append((path, f"{value!r} is no number; write a number without quotes"))
        return None
    if not math.isfinite(value):
        faults.append((path, f"{value!r} is no finite number; write a number"))
        return None
    return Decimal(str(value))


def _read_pattern(value: Any, path: str, faults: list[Fault]) -> str | None:
    if not isinstance(value, str):
        faults.append((path, f"{value!r} is no pattern; write a regular expression as text"))
        return None
    try:
        match_texts(value, [""])
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        faults.append((path, _bad_pattern(value, error)))
    return value


def _bad_pattern(value: str, error: Exception) -> str:
    reason = str(error).removeprefix("Invalid regular expression: ").splitlines()[0]
    return f"{value!r} is no pattern of RE2 ({reason}); write a regular expression that RE2 takes"


def _read_present(value: Any, path: str, faults: list[Fault]) -> bool | None:
    if isinstance(value, bool):
        return value
    faults.append((path, f"{value!r} is neither true nor false; write true or false"))
    return None


def _write_matcher(matcher: Matcher) -> dict[str, Any]:
    parts: dict[str, Any] = {name: getattr(matcher, name) for name in _BOUNDS}
    parts["in"] = matcher.values
    parts["not_in"] = matcher.not_in
    parts["matches"] = matcher.pattern
    parts["present"] = matcher.present
    return {
        name: list(part) if isinstance(part, tuple) else part
        for name, part in parts.items()
        if part is not None
    }


def _plain(written: Any) -> Any:
    """Turn the Decimals of a written condition into numbers as JSON and YAML have them."""
    if isinstance(written, dict):
        return {name: _plain(part) for name, part in written.items()}
    if isinstance(written, list):
        return [_plain(part) for part in written]
    if isinstance(written, Decimal):
        return int(written) if written == written.to_integral_value() else float(written)
    return written


def _join(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step
