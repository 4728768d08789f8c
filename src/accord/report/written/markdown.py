r"""The written agreement as Markdown (CommonMark with tables).

Whatever somebody named a rule or a segment means itself: marks of Markdown are escaped, and a
``<`` never begins a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from accord.agreement.written import Chapter, Grid, Paragraph, Passage, Points, WrittenAgreement

_MARKS = re.compile(r"[\\`*\[\]|~$!]")
_BARE_SCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=[#\w])")
_LINK = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_AT_START = re.compile(r"^(\s*)([#+-](?=\s|$|[#+-])|[=>]|\d+(?=[.)](?:\s|$)))")


def to_markdown(written: WrittenAgreement) -> str:
    """Render the document as Markdown; the same document gives the same text."""
    blocks = [f"# {escape(written.title)}", escape(written.summary)]
    blocks.append(
        "\n".join(f"- **{escape(name)}:** {escape(text)}" for name, text in written.facts)
    )
    for number, chapter in enumerate(written.chapters, 1):
        blocks.extend(_chapter(number, chapter))
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    r"""Escape a text so that Markdown shows it as it stands.

    >>> escape("a|b *c* <script>"), escape("first_touch")
    ('a\\|b \\*c\\* &lt;script>', 'first_touch')
    """
    marked = _MARKS.sub(r"\\\g<0>", _ENTITY.sub("&amp;", text))
    marked = _BARE_SCORE.sub(r"\\_", marked).replace("<", "&lt;")
    return _AT_START.sub(_disarm, _LINK.sub(r"\\\g<0>", marked))


def _disarm(found: re.Match[str]) -> str:
    space, mark = found[1], found[2]
    return f"{space}{mark}\\" if mark[0].isdigit() else f"{space}\\{mark}"


def _chapter(number: int, chapter: Chapter) -> Iterator[str]:
    yield f"## {number}. {escape(chapter.title)}"
    yield escape(chapter.lead)
    for part in chapter.parts:
        yield f"### {escape(part.title)}"
        yield from map(_passage, part.passages)


def _passage(passage: Passage) -> str:
    if isinstance(passage, Paragraph):
        return escape(passage.text)
    return _points(passage) if isinstance(passage, Points) else _grid(passage)


def _points(points: Points) -> str:
    lines = []
    for number, point in enumerate(points.points, 1):
        mark = f"{number}." if points.ordered else "-"
        term = f"**{escape(point.term)}:** " if point.term else ""
        lines.append(f"{mark} {term}{escape(point.text)}")
    return "\n".join(lines)


def _grid(grid: Grid) -> str:
    ruler = ["---:" if column in grid.numeric else "---" for column in range(len(grid.columns))]
    rows = (map(escape, row) for row in grid.rows)
    lines = [_row(map(escape, grid.columns)), _row(ruler), *map(_row, rows)]
    return f"**{escape(grid.caption)}**\n\n" + "\n".join(lines)


def _row(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
