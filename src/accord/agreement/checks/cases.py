"""Conditions in their places: fields that exist there, and lists that decide every lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from accord.agreement.checks.wording import fault
from accord.agreement.document import join_path
from accord.agreement.tree import Found, Tree, nearest
from accord.conditions import Condition, ConditionError, Matcher, covered, parse_condition
from accord.findings import Finding
from accord.records import SCHEMAS, Entity, Kind

_LEAD = SCHEMAS[Entity.LEAD]
_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.MONEY})
_TEXTS = frozenset({Kind.ID, Kind.TEXT, Kind.WORD})
_LEAD_KINDS: Mapping[str, Kind] = {field.name: field.kind for field in _LEAD.fields}
_ROUTED_KINDS: Mapping[str, Kind] = {**_LEAD_KINDS, "segment": Kind.TEXT}
_SCORE_KINDS: Mapping[str, Kind] = dict.fromkeys(("fit", "engagement", "intent"), Kind.NUMBER)

_PLACES: tuple[tuple[str, Mapping[str, Kind]], ...] = (
    ("segments.*.when", _LEAD_KINDS),
    ("scoring.fit.rules.*.when", _LEAD_KINDS),
    ("handoff.routing.*.*.when", _ROUTED_KINDS),
    ("qualification.engaged", _SCORE_KINDS),
    ("qualification.target", _SCORE_KINDS),
    ("qualification.mql", _SCORE_KINDS),
    ("qualification.hot", _SCORE_KINDS),
)
"""Where a condition may stand, and the fields that are known there."""

_FIRST_MATCH: tuple[str, ...] = ("segments", "handoff.routing.mql", "handoff.routing.sql")
"""The lists in which the first entry that matches wins."""


def find_unknown_fields(tree: Tree) -> Iterator[Finding]:
    """A condition looks at fields that are known where it stands."""
    for path, field, _, kinds in _tests(tree):
        if field not in kinds:
            sentence = f"{field!r} is no field known here"
            yield fault("unknown_field", path, sentence, nearest(field, tuple(kinds)))


def find_wrong_kinds(tree: Tree) -> Iterator[Finding]:
    """A field is compared with values of its own kind: others can never be equal."""
    for path, field, matcher, kinds in _tests(tree):
        expected = _expected_of(kinds[field], matcher) if field in kinds else ""
        if expected:
            sentence = f"{field} {expected}, so this can never hold"
            yield fault("wrong_kind", path, sentence, "Compare it with values of its kind.")


def find_unknown_words(tree: Tree) -> Iterator[Finding]:
    """Segments and stages that a condition compares with exist."""
    words = {field.name: field.words for field in _LEAD.fields if field.words}
    words["segment"] = tree.segments() or ()
    for path, field, matcher, kinds in _tests(tree):
        known = words.get(field, ()) if field in kinds else ()
        for word in matcher.scalars:
            if known and isinstance(word, str) and word.casefold() not in _folded(known):
                sentence = f"{word!r} is no {field} known here"
                yield fault(f"unknown_{field}", path, sentence, nearest(word, known))


def find_covered_entries(tree: Tree) -> Iterator[Finding]:
    """No entry of a first-match list stands behind others that take all its leads."""
    for place in _FIRST_MATCH:
        earlier: list[Condition] = []
        for path, entry in tree.maps(f"{place}.*"):
            condition = _condition_of(entry)
            if condition is not None and covered(condition, earlier):
                sentence = "never matches: the entries before it take all its leads"
                yield fault("covered_entry", path, sentence, "Move it up, or leave it out.")
            elif condition is not None:
                earlier.append(condition)


def find_open_ends(tree: Tree) -> Iterator[Finding]:
    """The last entry of a first-match list matches every lead, so that none is left over."""
    for place in _FIRST_MATCH:
        for path, entries in tree.lists(place):
            if not entries:
                yield fault("open_end", path, "has no entry", "Write one that matches every lead.")
            elif isinstance(entries[-1], Mapping) and entries[-1].get("when"):
                last = join_path(join_path(path, len(entries) - 1), "when")
                sentence = "the last entry has a condition, so some leads match none"
                yield fault("open_end", last, sentence, "Add a last entry without when:.")


def _tests(tree: Tree) -> Iterator[tuple[str, str, Matcher, Mapping[str, Kind]]]:
    """Yield path, field, matcher and known fields of every test that can be read."""
    for pattern, kinds in _PLACES:
        for place, condition in tree.maps(pattern):
            for path, field, matcher in _tests_below(place, condition):
                yield path, field, matcher, kinds


def _tests_below(path: str, condition: Mapping[Any, Any]) -> Iterator[tuple[str, str, Matcher]]:
    for field, matcher in condition.items():
        here = join_path(path, field)
        if field == "any":
            for inner_path, inner in _entries(here, matcher):
                yield from _tests_below(inner_path, inner)
        elif isinstance(field, str):
            yield here, field, _matcher_of(field, matcher)


def _entries(path: str, value: Any) -> Iterator[Found]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield join_path(path, index), item


def _matcher_of(field: str, value: Any) -> Matcher:
    try:
        return parse_condition({field: value}).tests[0].matcher
    except ConditionError:
        return Matcher()  # the model has said so; the field's name can still be checked


def _condition_of(entry: Mapping[Any, Any]) -> Condition | None:
    when = entry.get("when")
    try:
        return Condition() if when is None else parse_condition(when)
    except ConditionError:
        return None  # the model has said so


def _expected_of(kind: Kind, matcher: Matcher) -> str:
    """Say what a field holds where a matcher expects something else; empty where they fit."""
    scalars = matcher.scalars
    if kind in _NUMBERS:
        fits = matcher.pattern is None and all(isinstance(one, Decimal) for one in scalars)
        return "" if fits else "is a number"
    if kind in _TEXTS:
        fits = not matcher.has_bounds and all(isinstance(one, str) for one in scalars)
        return "" if fits else "is text"
    asks_more = matcher.has_bounds or matcher.pattern is not None
    if kind is Kind.FLAG:
        fits = not asks_more and all(isinstance(one, bool) for one in scalars)
        return "" if fits else "is true or false"
    return "is an instant, of which only present can be asked" if asks_more or scalars else ""


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
