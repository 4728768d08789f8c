"""A document as values: chapters of paragraphs, lists and grids. No Markdown and no HTML here.

Every text is plain: whatever stands in it, markup included, means itself. What makes a heading or
a table of it escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from accord.records import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a list: ``term`` is what it is about, empty where it says that itself."""

    text: str
    term: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A list; ``ordered`` where the first that fits counts, or one comes after another."""

    points: tuple[Point, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table of words; ``numeric`` names the columns that stand to the right.

    ``has_total`` marks the last row as the sum of the others.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    has_total: bool = False


Passage: TypeAlias = Paragraph | Points | Grid
"""What a part is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some passages under one title."""

    title: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One chapter: ``name`` is its anchor, ``lead`` says in a sentence what it settles."""

    name: str
    title: str
    lead: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAgreement:
    """The whole agreement as both teams read it; ``facts`` are names and values for the front."""

    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """How one side stands to a version: who signed it when, and what that is worth now."""

    side: Side
    state: str
    name: str = ""
    on: date | None = None
