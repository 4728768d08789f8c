"""Looking into the raw content of an agreement, which may have any shape.

The checks read the content as it was written, not the model made of it: so a fault of one entry
hides no fault of another, nor a second fault of the same entry. Whatever is not of the shape that
a check looks for is passed over here; the model has said so already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from accord.agreement.document import join_path

Found = tuple[str, Any]
"""A path such as ``handoff.routing.mql[0].team`` and what stands there."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The raw content of an agreement."""

    content: Any

    def each(self, pattern: str) -> Iterator[Found]:
        """Yield every place that a pattern names: ``sla.sales.*.within``; * is any key or index."""
        found: list[Found] = [("", self.content)]
        for step in pattern.split("."):
            found = [below for path, value in found for below in _step_into(path, value, step)]
        yield from found

    def texts(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Yield every text at the places that a pattern names."""
        for path, value in self.each(pattern):
            if isinstance(value, str):
                yield path, value

    def maps(self, pattern: str) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        """Yield every map at the places that a pattern names."""
        for path, value in self.each(pattern):
            if isinstance(value, Mapping):
                yield path, value

    def lists(self, pattern: str) -> Iterator[tuple[str, list[Any]]]:
        """Yield every list at the places that a pattern names."""
        for path, value in self.each(pattern):
            if isinstance(value, list):
                yield path, value

    def at(self, pattern: str) -> Any:
        """Return what stands at the one place that a pattern names; None if nothing does."""
        return next((value for _, value in self.each(pattern)), None)

    def keys(self, path: str) -> tuple[str, ...] | None:
        """Return the names that a map defines; None where no map stands, so nothing is known."""
        section = self.at(path)
        if not isinstance(section, Mapping):
            return None
        return tuple(key for key in section if isinstance(key, str))

    def segments(self) -> tuple[str, ...] | None:
        """Return the names of the segments in their order; None where no list of them stands."""
        if not isinstance(self.at("segments"), list):
            return None
        return tuple(name for _, name in self.texts("segments.*.name"))


def nearest(word: str, known: tuple[str, ...]) -> str:
    """Say which known word was probably meant, else which there are.

    >>> nearest("laddr", ("ladder", "none"))
    'Did you mean ladder?'
    """
    near = get_close_matches(word.casefold(), known, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Write one of {', '.join(known)}." if known else "None is defined."


def _step_into(path: str, value: Any, step: str) -> Iterator[Found]:
    if isinstance(value, Mapping):
        if step == "*":
            yield from ((join_path(path, key), below) for key, below in value.items())
        elif step in value:
            yield join_path(path, step), value[step]
    elif isinstance(value, list) and step == "*":
        yield from ((join_path(path, index), below) for index, below in enumerate(value))
