"""YAML 1.2 text to plain values, with keys that stand twice found. What they mean is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node

from accord.errors import QualityError
from accord.findings import Finding
from accord.repeated_keys import find_repeated_keys


def read_yaml(text: str, *, where: str) -> tuple[Any, list[Finding]]:
    """Return a text's content, and a finding for each key that stands twice.

    QualityError if the text is no YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # they are faults like others, found below
    try:
        node = yaml.compose(text)
        content = None if node is None else yaml.constructor.construct_document(node)
        return content, [] if node is None else list(_repeated_keys(node))
    except (YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        place = f"line {mark.line + 1}" if mark is not None else "the text"
        raise QualityError(
            where=where, faults=(fault(place, f"is no YAML: {problem}", "Correct it."),)
        ) from None


def fault(path: str, sentence: str, remedy: str) -> Finding:
    """Make the finding of one fault of a policy."""
    return Finding(rule="quality.fault", subject=path, sentence=f"{sentence}.", remedy=remedy)


def _repeated_keys(node: Node) -> Iterator[Finding]:
    for path, line in find_repeated_keys(node):
        yield fault(path, f"stands twice, again in line {line}", "Keep one of them.")
