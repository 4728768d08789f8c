"""What makes a rule incoherent: fields that its records do not have, bounds that do not fit them.

Each check gives pairs of a path within the rule and a sentence with its remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from accord.conditions import fields_of
from accord.quality.lists import LISTS, PREFIX
from accord.quality.model import (
    BATCH_FAMILIES,
    LEAD_CREATED,
    ROW_FAMILIES,
    SCHEMA,
    BatchRule,
    Range,
    Rule,
)
from accord.records import SCHEMAS, Entity, Kind

Fault = tuple[str, str, str]
"""A path within the rule, what is wrong, and what to do."""

NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.MONEY})
TIMES = frozenset({Kind.INSTANT, Kind.DATE})
WORDS = frozenset({Kind.ID, Kind.TEXT, Kind.WORD, Kind.FLAG})
_LISTED = frozenset({Kind.TEXT, Kind.WORD, Kind.FLAG})

PERSONAL = frozenset({"email", "name", "phone"})
"""Fields whose values are never counted: what is counted is kept with the batch."""


def check_rule(rule: Rule, entity: Entity) -> Iterator[Fault]:
    """Yield every fault of a rule about rows of an entity."""
    families = [name for name in ROW_FAMILIES if getattr(rule, name) is not None]
    if len(families) != 1:
        yield _one_family(families, ROW_FAMILIES)
        return
    (family,) = families
    yield from _check_field(
        rule.field, entity, wanted=family not in ("required", "type", "known_lead")
    )
    yield from _check_fields(rule, entity)
    kind = _kind(entity, rule.field)
    if rule.range is not None:
        yield from _check_range(rule.range, kind)
    if rule.pattern is not None and kind is not None and kind not in WORDS - {Kind.FLAG}:
        yield "pattern", f"is for text, and {rule.field} is none", "Write range:."
    if rule.allowed is not None:
        yield from _check_allowed("allowed", rule.allowed)
        if kind is not None and kind not in WORDS:
            yield "allowed", f"is for words, and {rule.field} holds none", "Write range:."
    if rule.ignore_case and rule.allowed is None:
        yield "ignore_case", "says nothing here", "Leave it out; it goes with allowed:."
    yield from _check_times(rule, entity, kind)
    yield from _check_when(rule, entity)
    if "{}" in (rule.sentence or "") and family not in ("required", "type"):
        yield "sentence", "has {}, for which nothing is put in here", "Write the sentence out."


def check_batch_rule(rule: BatchRule, entity: Entity) -> Iterator[Fault]:
    """Yield every fault of a rule about whole batches of an entity."""
    families = [name for name in BATCH_FAMILIES if getattr(rule, name) is not None]
    if len(families) != 1:
        yield _one_family(families, BATCH_FAMILIES)
        return
    (family,) = families
    if family == "freshness":
        yield from _check_freshness(rule, entity)
        return
    yield from _check_field(rule.field, entity, wanted=family != "row_count")
    kind = _kind(entity, rule.field)
    counted = kind in _LISTED and rule.field not in PERSONAL
    if family in ("share", "drift", "unknown") and kind is not None and not counted:
        yield "field", f"{rule.field} holds no words that can be counted", "Name a category."
    for name in ("row_count", "share"):
        terms = getattr(rule, name)
        if terms is not None and terms.between[0] > terms.between[1]:
            yield f"{name}.between", "goes from high to low", "Write the lower bound first."
    if rule.unknown is not None:
        yield from _check_allowed("unknown.allowed", rule.unknown.allowed)


def _one_family(found: list[str], known: tuple[str, ...]) -> Fault:
    said = f"says {' and '.join(found)}" if found else "says nothing"
    return "", f"{said}; a rule says one thing", f"Write one of {', '.join(known)}."


def _kind(entity: Entity, name: str | None) -> Kind | None:
    kinds = {one.name: one.kind for one in SCHEMAS[entity].fields}
    return None if name is None else kinds.get(name)


def _check_field(name: str | None, entity: Entity, *, wanted: bool) -> Iterator[Fault]:
    if wanted and name is None:
        yield "field", "is missing", "Name the field that the rule is about."
    elif not wanted and name is not None:
        yield "field", "says nothing here", "Leave it out."
    elif name is not None:
        yield from _check_name("field", name, entity)


def _check_name(path: str, name: str, entity: Entity) -> Iterator[Fault]:
    names = SCHEMAS[entity].names
    if name not in names:
        yield path, f"{name!r} is no field of a {entity}", nearest(name, names)


def nearest(word: str, known: tuple[str, ...]) -> str:
    """Say which known word may be meant."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."


def _check_fields(rule: Rule, entity: Entity) -> Iterator[Fault]:
    for path, fields in (("required", rule.required), ("type", rule.type)):
        for name in () if fields is None or fields == SCHEMA else fields:
            yield from _check_name(path, name, entity)


def _check_range(bounds: Range, kind: Kind | None) -> Iterator[Fault]:
    times = [name for name in ("earliest", "latest") if getattr(bounds, name) is not None]
    numbers = [name for name in ("min", "max", "above") if getattr(bounds, name) is not None]
    if not times and not numbers:
        yield "range", "has no bound", "Write min, max, above, earliest or latest."
    if times and kind is not None and kind not in TIMES:
        yield f"range.{times[0]}", "is for times, and the field holds none", "Write min or max."
    if numbers and kind is not None and kind not in NUMBERS:
        yield (
            f"range.{numbers[0]}",
            "is for numbers, and the field holds none",
            "Write earliest or latest.",
        )
    if bounds.min is not None and bounds.above is not None:
        yield "range.above", "stands beside min", "Keep one of them."
    low = bounds.min if bounds.above is None else bounds.above
    if low is not None and bounds.max is not None and low > bounds.max:
        yield "range", "goes from high to low", "Write the lower bound as min."
    first, last = bounds.earliest, bounds.latest
    if first and last and first.instant and last.instant and first.instant > last.instant:
        yield "range", "goes from late to early", "Write the first instant as earliest."


def _check_allowed(path: str, words: tuple[str, ...]) -> Iterator[Fault]:
    if not words:
        yield path, "is empty", "Write the words that may stand there."
    for word in words:
        if word.startswith(PREFIX) and word not in LISTS:
            yield path, f"{word!r} is no list of the agreement", nearest(word, LISTS)


def _check_times(rule: Rule, entity: Entity, kind: Kind | None) -> Iterator[Fault]:
    has_lead = entity is not Entity.LEAD and "lead_id" in SCHEMAS[entity].names
    if rule.known_lead and not has_lead:
        yield "known_lead", f"a {entity} names no other record's lead", "Leave the rule out."
    if rule.not_before is None:
        return
    if kind is not None and kind not in TIMES:
        yield "field", f"{rule.field} is no time", "Name an instant or a day."
    if rule.not_before == LEAD_CREATED:
        if not has_lead:
            yield "not_before", f"a {entity} names no other record's lead", "Name a field."
        return
    yield from _check_name("not_before", rule.not_before, entity)
    other = _kind(entity, rule.not_before)
    if other is not None and other not in TIMES:
        yield "not_before", f"{rule.not_before} is no time", "Name an instant or a day."


def _check_when(rule: Rule, entity: Entity) -> Iterator[Fault]:
    for name in () if rule.when is None else sorted(set(fields_of(rule.when))):
        yield from _check_name(f"when.{name}", name, entity)
        if _kind(entity, name) in TIMES:
            yield (
                f"when.{name}",
                "is a time, which conditions do not compare",
                "Name another field.",
            )


def _check_freshness(rule: BatchRule, entity: Entity) -> Iterator[Fault]:
    if rule.field is None:
        if SCHEMAS[entity].at is None:
            yield "field", f"a {entity} has no instant of its own", "Name the field to look at."
        return
    yield from _check_name("field", rule.field, entity)
    kind = _kind(entity, rule.field)
    if kind is not None and kind not in TIMES:
        yield "field", f"{rule.field} is no time", "Name an instant or a day."
