"""Reading the text of an agreement: YAML 1.2 to plain values, with the line of every path.

What the values mean is not known here. Text that is no YAML is one error; a key that stands twice
is a fault like any other, so that the rest can still be checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from accord.errors import AgreementError
from accord.findings import Finding

_MOST_NODES = 50_000  # an agreement has about 700; aliases of aliases can grow without end


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The content of an agreement as plain values; ``lines`` maps a path to its line (from 1)."""

    where: str
    text: str
    content: Mapping[str, Any]
    lines: Mapping[str, int]
    faults: tuple[Finding, ...]


def read_document(text: str, *, where: str) -> Document:
    """Read YAML 1.2 text; AgreementError if it is none, or no map of sections."""
    node = _compose(text, where=where)
    if not isinstance(node, MappingNode):
        raise unreadable(where, "is no map of sections", "Write version:, segments: and so on.")
    lines: dict[str, int] = {}
    faults: list[Finding] = []
    for path, line, repeated in _walk(node, where=where):
        if repeated:
            faults.append(_duplicate(path, line, lines[path]))
        lines.setdefault(path, line)
    content = _construct(node, where=where)
    return Document(where=where, text=text, content=content, lines=lines, faults=tuple(faults))


def fingerprint_of(content: Mapping[str, Any]) -> str:
    """Return the hash of the content without ``signed_by``: SHA-256 of canonical JSON.

    Comments, formatting and the order of keys do not count; every value does.
    """
    kept = {key: value for key, value in content.items() if key != "signed_by"}
    written = json.dumps(_canonical(kept), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def join_path(path: str, step: object) -> str:
    """Add a key or an index to a path: ``segments[0].name``."""
    if isinstance(step, int) and not isinstance(step, bool):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else str(step)


def unreadable(where: str, sentence: str, remedy: str) -> AgreementError:
    """Make the error of a document that cannot be read at all."""
    fault = Finding(rule="agreement.unreadable", subject=where, sentence=sentence, remedy=remedy)
    return AgreementError(where=where, faults=(fault,))


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    return yaml


def _compose(text: str, *, where: str) -> Node | None:
    try:
        node: Node | None = _yaml().compose(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise _broken(error, where=where) from None
    return node


def _construct(node: Node, *, where: str) -> Any:
    try:
        return _yaml().constructor.construct_document(node)
    except (YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _broken(error, where=where) from None


def _broken(error: Exception, *, where: str) -> AgreementError:
    place, problem = "", str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return unreadable(where, f"is no YAML 1.2{place}: {problem}.", "Correct the text there.")


def _walk(root: Node, *, where: str) -> Iterator[tuple[str, int, bool]]:
    """Yield path, line and whether the key stands there a second time, in the document's order."""
    stack: list[tuple[str, Node, frozenset[int]]] = [("", root, frozenset())]
    count = 0
    while stack:
        path, node, above = stack.pop()
        count += 1
        if id(node) in above or count > _MOST_NODES:
            raise unreadable(where, f"repeats itself without end at {path}.", "Write it out.")
        inside = above | {id(node)}
        children = list(_children(path, node))
        yield from ((child, line, repeated) for child, line, repeated, _ in children)
        stack.extend((child, below, inside) for child, _, _, below in reversed(children))


def _children(path: str, node: Node) -> Iterator[tuple[str, int, bool, Node]]:
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield join_path(path, index), item.start_mark.line + 1, False, item
    elif isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            yield join_path(path, name), key.start_mark.line + 1, name in seen, value
            seen.add(name)


def _duplicate(path: str, line: int, first: int) -> Finding:
    return Finding(
        rule="agreement.duplicate_key",
        subject=path,
        sentence=f"stands twice, in line {first} and in line {line}.",
        remedy="Keep one of them.",
    )


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_key_text(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if isinstance(value, date) else repr(value)


def _key_text(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)
