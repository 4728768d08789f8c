"""An agreement taken apart into what can differ: one text, or one list of texts, a place.

It walks the model itself, so that a field added to it is told without a word here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from pydantic import BaseModel

from accord.agreement.model import Agreement, CadenceStep, FitRule, RoutingRule, Segment, Step
from accord.agreement.values import Duration
from accord.agreement.written import (
    say_cadence_step,
    say_day,
    say_duration,
    say_name,
    say_number,
    say_rule,
    say_share,
    say_step,
    say_when,
)
from accord.conditions import Condition, FieldTest, Scalar
from accord.records import SCHEMAS, Entity

Path: TypeAlias = tuple[str, ...]
"""A place: keys, and names in place of indexes where entries have one."""

_FIELDS = ("segment", "fit", "engagement", "intent", *SCHEMAS[Entity.LEAD].names)

ORDER = "\0order"
"""The last step of the place of a list's order; no key can be so called."""

_SHARES = frozenset(
    {
        "at_least",
        "hold_batch_above",
        "marketing_share",
        "of_won_revenue",
        "revenue_share",
        "mql_to_sql",
        "sql_to_opportunity",
        "opportunity_to_proposal",
        "proposal_to_contracting",
        "contracting_to_deal",
    }
)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of texts; ``is_numbered`` where an entry is spoken of by its place."""

    words: tuple[str, ...]
    is_numbered: bool = False


Told: TypeAlias = str | Listing


def tell(agreement: Agreement) -> Mapping[Path, Told]:
    """Return everything that an agreement says, by its place; what it leaves out is not there."""
    return dict(_walk(agreement, ()))


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Told]]:
    if value is None:
        return
    if isinstance(value, BaseModel):
        yield from _walk_model(value, path)
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _walk(below, (*path, _key(key)))
    elif isinstance(value, tuple | list):
        yield from _walk_list(value, path)
    else:
        yield path, _say(value, path)


def _walk_model(model: BaseModel, path: Path) -> Iterator[tuple[Path, Told]]:
    for name, field in type(model).model_fields.items():
        yield from _walk(getattr(model, name), (*path, field.alias or name))
    if isinstance(model, Segment) and model.when is None:
        yield (*path, "when"), "every other lead"


def _walk_list(items: Any, path: Path) -> Iterator[tuple[Path, Told]]:
    if path == ("signed_by",):
        for one in items:
            yield from _walk(one, (*path, one.team.value))
    elif items and all(isinstance(one, Segment | FitRule) for one in items):
        for one in items:
            yield from _walk(one, (*path, one.name))
        yield (*path, ORDER), Listing(tuple(say_name(one.name) for one in items))
    else:
        is_numbered = any(isinstance(one, BaseModel) for one in items)
        yield path, Listing(tuple(_say(one, path) for one in items), is_numbered=is_numbered)


def _key(key: Any) -> str:
    return key.value if isinstance(key, Enum) else say_day(key)


def _say(value: Any, path: Path) -> str:
    for kind, say in _SAYINGS:
        if isinstance(value, kind):
            return say(value)
    if isinstance(value, Decimal) and path[-1] in _SHARES:
        return say_share(value)
    return say_number(value) if isinstance(value, Decimal | int) else say_name(str(value))


def _say_condition(condition: Condition) -> str:
    return say_when(_in_order(condition))


def _say_routing(rule: RoutingRule) -> str:
    when = None if rule.when is None else _in_order(rule.when)
    return say_rule(rule.model_copy(update={"when": when}))


def _in_order(condition: Condition) -> Condition:
    """Return a condition with fields in the records' order and sets sorted: theirs says nothing."""
    return Condition(
        tests=tuple(
            _with_sets_sorted(test)
            for test in sorted(condition.tests, key=lambda test: _FIELDS.index(test.field))
        ),
        any_of=tuple(_in_order(one) for one in condition.any_of),
    )


def _with_sets_sorted(test: FieldTest) -> FieldTest:
    matcher = test.matcher
    values, others = _sorted(matcher.values), _sorted(matcher.not_in)
    return replace(test, matcher=replace(matcher, values=values, not_in=others))


def _sorted(values: tuple[Scalar, ...] | None) -> tuple[Scalar, ...] | None:
    return None if values is None else tuple(sorted(values, key=str))


def _say_flag(value: bool) -> str:
    return "yes" if value else "no"


_SAYINGS: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (Condition, _say_condition),
    (Duration, say_duration),
    (RoutingRule, _say_routing),
    (Step, say_step),
    (CadenceStep, say_cadence_step),
    (date, say_day),
    (bool, _say_flag),  # before numbers: in Python it is one
    (Enum, lambda word: str(word.value)),
)
"""How each kind of value is said; shares and numbers are of one kind and told by their place."""
