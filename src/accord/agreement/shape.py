"""From pydantic's errors to findings: a readable path, a sentence, a remedy.

What a single value or entry may look like is the model's to say; this turns what it said into the
words of the agreement's author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from accord.agreement.document import join_path
from accord.agreement.model import Agreement, NestedError
from accord.agreement.tree import nearest
from accord.conditions import ConditionError
from accord.findings import Finding

_QUOTED = re.compile(r"'([^']*)'")
_KEY = "[key]"
_NO_MAP = ("is no map of keys", "Write keys and values.")
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "model_type": _NO_MAP,
    "model_attributes_type": _NO_MAP,
    "mapping_type": _NO_MAP,
    "dict_type": _NO_MAP,
    "tuple_type": ("is no list", "Write [one, another] or a dash a line."),
    "string_type": ("is no text", "Put it in quotes if it is meant as text."),
}


def validate(content: Mapping[str, Any]) -> tuple[Agreement | None, tuple[Finding, ...]]:
    """Return the agreement that a content makes, or None and every fault of shape."""
    try:
        return Agreement.model_validate(content), ()
    except ValidationError as error:
        return None, tuple(
            finding for one in error.errors(include_url=False) for finding in _findings_of(one)
        )


def path_of(loc: Sequence[object]) -> str:
    """Write pydantic's location as a path: ``segments[0].name``."""
    path = ""
    for step in loc:
        if step != _KEY:
            path = join_path(path, step)
    return path


def _findings_of(error: Any) -> Iterator[Finding]:
    cause = error.get("ctx", {}).get("error")
    path = path_of(error["loc"])
    if isinstance(cause, NestedError):
        for inner in cause.errors:
            yield from _findings_of({**inner, "loc": (*error["loc"], *inner["loc"])})
    elif isinstance(cause, ConditionError):
        for inner_path, message in cause.faults:
            yield _fault("condition", _below(path, inner_path), *_halves(message))
    elif isinstance(cause, ValueError):
        yield _fault("wrong_value", path, *_halves(str(cause)))
    else:
        yield _plain_finding(error, path)


def _plain_finding(error: Any, path: str) -> Finding:
    kind, loc = error["type"], error["loc"]
    if kind == "missing":
        return _fault("missing_key", path, "is missing", f"Write {loc[-1]}: there.")
    if kind == "extra_forbidden":
        known = _keys_known_at(loc[:-1])
        return _fault("unknown_key", path, "is no key known here", nearest(str(loc[-1]), known))
    if kind in {"literal_error", "enum"}:
        known = tuple(_QUOTED.findall(error["ctx"]["expected"]))
        rule = "unknown_key" if loc[-1] == _KEY else "unknown_word"
        sentence = f"{error['input']!r} is not known here"
        return _fault(rule, path, sentence, nearest(str(error["input"]), known))
    sentence, remedy = _SENTENCES.get(kind, ("", ""))
    if sentence:
        return _fault("wrong_shape", path, f"{error['input']!r} {sentence}", remedy)
    expected = error["msg"].removeprefix("Input should be ")
    return _fault("wrong_value", path, f"is {error['input']}", f"Write a value {expected}.")


def _fault(rule: str, path: str, sentence: str, remedy: str) -> Finding:
    return Finding(rule=f"agreement.{rule}", subject=path, sentence=f"{sentence}.", remedy=remedy)


def _halves(message: str) -> tuple[str, str]:
    """Split ``found; remedy``, as the values' parsers write it."""
    sentence, _, remedy = message.rpartition("; ") if "; " in message else (message, "", "")
    end = "" if remedy.endswith("?") or not remedy else "."
    return sentence.rstrip("."), f"{remedy[:1].upper()}{remedy[1:]}{end}"


def _below(path: str, inner: str) -> str:
    return path if not inner else f"{path}{inner}" if inner.startswith("[") else f"{path}.{inner}"


def _keys_known_at(loc: Sequence[object]) -> tuple[str, ...]:
    """Return the keys that the model knows at a location."""
    kinds: list[Any] = [Agreement]
    for step in loc:
        kinds = [inner for kind in kinds for inner in _kinds_below(kind, step)]
    return tuple(
        dict.fromkeys(
            field.alias or name
            for kind in kinds
            if _is_model(kind)
            for name, field in kind.model_fields.items()
        )
    )


def _kinds_below(kind: Any, step: object) -> Iterator[Any]:
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if step in {name, field.alias}:
                yield from _plain_kinds(field.annotation)
        return
    inner = [one for one in get_args(kind) if one is not Ellipsis]
    if inner:
        yield from _plain_kinds(inner[-1])  # the values of a map, the items of a list


def _plain_kinds(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _plain_kinds(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _plain_kinds(one)
    else:
        yield annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
