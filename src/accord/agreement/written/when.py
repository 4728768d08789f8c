"""Conditions in plain English: *country is DE, AT or CH*, *fit of at least 40*."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from accord.agreement.written.words import say_any, say_name, say_number
from accord.conditions import Condition, FieldTest, Matcher, Scalar

_FIELDS: Mapping[str, str] = {
    "lead_id": "id of the lead",
    "created_at": "time of creation",
    "email": "e-mail address",
    "name": "full name",
    "phone": "telephone",
    "title": "job title",
    "company": "company name",
    "employees": "number of employees",
    "budget": "stated budget",
    "authority": "authority to decide",
    "timeline_days": "days until they want to decide",
    "stage": "stage that the source states",
    "stage_at": "time of the stage that the source states",
}
_SCORES = ("fit", "engagement", "intent")
_BOUNDS = (("gt", "above"), ("gte", "at least"), ("lt", "below"), ("lte", "at most"))


def say_field(name: str) -> str:
    """Say a field of a lead."""
    return _FIELDS.get(name, name.replace("_", " "))


def say_when(condition: Condition) -> str:
    """Say a condition as a clause: what must hold of a lead.

    >>> from accord.conditions import parse_condition
    >>> say_when(parse_condition({"employees": {"gte": 100}, "country": ["DE", "AT"]}))
    'number of employees is at least 100 and country is DE or AT'
    """
    parts = [_say_test(test) for test in condition.tests]
    if condition.any_of:
        options = ", or ".join(_say_option(one, of=condition.any_of) for one in condition.any_of)
        parts.append(f"({options})" if parts else options)
    return " and ".join(parts) or "nothing is asked"


def _say_option(condition: Condition, *, of: tuple[Condition, ...]) -> str:
    said = say_when(condition)
    return f"({said})" if condition.any_of and len(of) > 1 else said


def _say_test(test: FieldTest) -> str:
    name, matcher = say_field(test.field), test.matcher
    is_size = test.field in _SCORES and (matcher.has_bounds or matcher.values is not None)
    demands = " and ".join(_demands(matcher))
    asked = [f"{'of' if is_size else 'is'} {demands}"] if demands else []
    if matcher.pattern is not None:
        asked.append(f"matches {_always_quoted(matcher.pattern)}")
    return f"{name} {' and '.join(asked)}"


def _demands(matcher: Matcher) -> Iterable[str]:
    for name, word in _BOUNDS:
        bound = getattr(matcher, name)
        if bound is not None:
            yield f"{word} {say_number(bound)}"
    if matcher.values is not None:
        yield say_any(map(_say_scalar, matcher.values))
    if matcher.not_in is not None:
        yield f"stated, but not {say_any(map(_say_scalar, matcher.not_in))}"
    if matcher.present is not None:
        yield "stated" if matcher.present else "not stated"


def _say_scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return say_number(value) if isinstance(value, Decimal) else say_name(value)


def _always_quoted(pattern: str) -> str:
    said = say_name(pattern)
    return said if said.startswith("“") else f"“{said}”"
