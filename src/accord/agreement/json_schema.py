"""The agreement's shape as JSON Schema, so that an editor completes and checks while one writes.

Made from the model, and closed where the model leaves it to the checks: which fields a condition
may test, which events a term may name, what a calendar looks like. An editor sees shapes; whether
names refer to something is what ``accord agreement check`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accord.agreement.events import EVENTS
from accord.agreement.model import Agreement
from accord.records import SCHEMAS, Entity, Kind, Stage

Json = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_PRESENT: Json = {"present": {"type": "boolean"}}
_BOUNDS = ("lt", "lte", "gt", "gte")
_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_NUMBER_OR_TEXT = [_NUMBER, _TEXT]
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS: Json = {
    "type": "array",
    "items": {"type": "string", "pattern": f"^{_TIME}-({_TIME}|24:00)$"},
}
_CALENDAR: Json = {
    "description": "When somebody is open: hours of weekdays in a zone, holidays, closures.",
    "type": "object",
    "properties": {
        "timezone": _TEXT,
        "hours": {
            "type": "object",
            "patternProperties": {f"^{_DAY}(-{_DAY})?$": _HOURS},
            "additionalProperties": False,
        },
        "holidays": {"type": ["string", "null"]},
        "closed": {"type": ["array", "null"], "items": {"type": "string", "format": "date"}},
        "open": {
            "type": ["object", "null"],
            "patternProperties": {"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": _HOURS},
            "additionalProperties": False,
        },
    },
    "required": ["timezone", "hours"],
    "additionalProperties": False,
}


def agreement_schema() -> Json:
    """Return the JSON Schema (draft 2020-12) of an agreement file.

    Every agreement that loads fits it; keys that nobody knows, words outside closed lists, and
    durations and shares of another form do not.
    """
    made: Json = _cleaned(Agreement.model_json_schema(by_alias=True))
    definitions: Json = made["$defs"]
    definitions |= _conditions()
    definitions["Calendar"] = _CALENDAR
    _close_conditions(definitions)
    _close_terms(definitions)
    properties = made["properties"]
    properties["calendars"] = {"type": "object", "additionalProperties": _ref("Calendar")}
    properties["stages"] = _stages()
    title = "An agreement between marketing and sales, for accord"
    return {"$schema": _DRAFT, "title": title, **made}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _cleaned(value: Any) -> Any:
    """Take away titles that repeat names, and say numbers as JSON Schema has them."""
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: one for key, one in value.items() if key != "title" or isinstance(one, dict)}
    if kept.get("anyOf") == _NUMBER_OR_TEXT:  # a number in quotes is none
        kept = {**{key: one for key, one in kept.items() if key != "anyOf"}, **_NUMBER}
    is_schema = "type" in kept or "anyOf" in kept
    names = {key: _LIMITS.get(key, key) if is_schema else key for key in kept}
    return {names[key]: _cleaned(one) for key, one in kept.items()}


def _conditions() -> Json:
    lead = {field.name: field.kind for field in SCHEMAS[Entity.LEAD].fields}
    scores = dict.fromkeys(("fit", "engagement", "intent"), Kind.NUMBER)
    return {
        "LeadCondition": _condition("LeadCondition", lead),
        "RoutedCondition": _condition("RoutedCondition", {**lead, "segment": Kind.TEXT}),
        "ScoreCondition": _condition("ScoreCondition", scores),
    }


def _condition(name: str, kinds: Mapping[str, Kind]) -> Json:
    return {
        "description": "All fields must hold; any: holds a list of which one must.",
        "type": "object",
        "properties": {
            **{field: _matcher(kind) for field, kind in kinds.items()},
            "any": {"type": "array", "items": _ref(name), "minItems": 1},
        },
        "additionalProperties": False,
    }


def _matcher(kind: Kind) -> Json:
    """Return what a field of a kind may be compared with: a value, a list, or operators."""
    match kind:
        case Kind.INTEGER | Kind.NUMBER | Kind.MONEY:
            return _matcher_of(_NUMBER, dict.fromkeys(_BOUNDS, _NUMBER))
        case Kind.FLAG:
            return _matcher_of({"type": "boolean"}, {})
        case Kind.INSTANT | Kind.DATE | Kind.SPANS:
            return _operators(_PRESENT)
        case _:
            return _matcher_of(_TEXT, {"matches": {"type": "string", "format": "regex"}})


def _matcher_of(scalar: Json, operators: Json) -> Json:
    listed = {"type": "array", "items": scalar, "minItems": 1}
    known = {**operators, "in": listed, "not_in": listed, **_PRESENT}
    return {"anyOf": [scalar, listed, _operators(known)]}


def _operators(known: Json) -> Json:
    return {
        "type": "object",
        "properties": known,
        "minProperties": 1,
        "additionalProperties": False,
    }


def _close_conditions(definitions: Json) -> None:
    for name, condition in (
        ("Segment", "LeadCondition"),
        ("FitRule", "LeadCondition"),
        ("RoutingRule", "RoutedCondition"),
    ):
        asked = definitions[name]["properties"]["when"]
        is_optional = "anyOf" in asked
        wanted = _ref(condition)
        definitions[name]["properties"]["when"] = (
            {"anyOf": [wanted, {"type": "null"}]} if is_optional else wanted
        )
    thresholds = definitions["Qualification"]["properties"]
    thresholds.update(
        {name: _ref("ScoreCondition") for name in ("engaged", "target", "mql", "hot")}
    )


def _close_terms(definitions: Json) -> None:
    event = {"type": "string", "enum": list(EVENTS)}
    definitions["SlaTerm"]["properties"].update({"from": event, "until": event})
    definitions["Sla"]["properties"]["marketing"] = {
        "type": "object",
        "properties": {"volume": _ref("VolumeTerm"), "acceptance": _ref("AcceptanceTerm")},
        "additionalProperties": _ref("SlaTerm"),
    }
    definitions["Step"]["properties"]["notify"]["minItems"] = 1
    review = definitions["Review"]["properties"]
    review["at"] = {"type": "string", "pattern": f"^({_DAY} |([1-9]|1[0-9]|2[0-8]) )?{_TIME}$"}
    review["every"] = _nullable({"type": "string", "pattern": "^([1-9]|1[0-2]) months$"})


def _nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _stages() -> Json:
    return {
        "type": "object",
        "properties": {stage.value: _ref("StageTerms") for stage in Stage},
        "required": _values(Stage),
        "additionalProperties": False,
    }


def _values(words: Iterable[Stage]) -> list[str]:
    return [word.value for word in words]
