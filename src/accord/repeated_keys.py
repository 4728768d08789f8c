"""Keys that stand twice in one mapping of a YAML text. A parser lets the last win, silently."""

from __future__ import annotations

from collections.abc import Iterator

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


def find_repeated_keys(node: Node, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield path and line (from 1) of every key that stands there again, in the text's order."""
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from find_repeated_keys(item, f"{path}[{index}]")
    elif isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            below = f"{path}.{name}" if path else name
            if name in seen:
                yield below, key.start_mark.line + 1
            seen.add(name)
            yield from find_repeated_keys(value, below)
