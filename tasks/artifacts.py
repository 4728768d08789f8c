"""Artifacts: small tables and summaries in the Prefect UI, tens of rows, ids only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from accord.evaluation import Comparison
from accord.report import to_headline
from accord.services.rescore_page import comparison_tables, mover_rows
from accord.services.reviews import ReviewResult
from accord.services.settings import Settings

_AT_MOST = 30
_FEW = 20
_SYNTAX = re.compile(r"([\\`*_\[\]<>|~#&!])")


def publish_table(key: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    """Publish the first rows of a table under a key; an empty table says so."""
    shown = [{name: _plain(value) for name, value in row.items()} for row in rows[:_AT_MOST]]
    create_table_artifact(key=key, table=shown or [{"nothing": "to show"}], description=description)


def publish_comparison(found: Comparison, page: Path) -> None:
    """Publish what a rescoring found, with a link to its page, under the key ``rescore``."""
    create_markdown_artifact(
        key="rescore",
        markdown=to_markdown(found, page),
        description="What another agreement would change.",
    )


def publish_review(found: ReviewResult) -> None:
    """Publish a review's headline and verdicts, with a link to its page."""
    link = f"[{_escaped(found.path.name)}]({Settings().link_to(found.path)})"
    verdicts = [f"- {_escaped(sentence)}" for sentence in found.said]
    create_markdown_artifact(
        key=_key("review", found.review),
        markdown="\n\n".join([f"**{_escaped(found.headline)}.**", link, "\n".join(verdicts)]),
        description=f"The {found.review} review, due {found.due_at:%Y-%m-%d %H:%M} UTC.",
    )


def publish_page(review: str, path: str) -> None:
    """Publish the link to a review's page: where people reach it, else its path."""
    page = Path(path)
    create_link_artifact(
        key=_key("report", review),
        link=Settings().link_to(page),
        link_text=page.name,
        description="The report.",
    )


def _key(kind: str, name: str) -> str:
    """Return an artifact's key: small letters, digits and dashes, whatever a review is called."""
    return "-".join([kind, *re.findall(r"[a-z0-9]+", name.lower())])


def to_markdown(found: Comparison, page: Path) -> str:
    """Write a comparison's headline, link and first rows; nothing of a source becomes markup."""
    movers = {"Would come over it": found.gained, "Would fall below it": found.lost}
    tables = {
        **{title: (rows, len(rows)) for title, rows in comparison_tables(found).items()},
        **{title: (mover_rows(one.first(_FEW)), len(one)) for title, one in movers.items()},
    }
    link = f"[{_escaped(str(page))}]({page.resolve().as_uri()})"
    parts = [f"## {_escaped(title)}\n\n{_to_table(*rows)}" for title, rows in tables.items()]
    return "\n\n".join([f"**{_escaped(to_headline(found))}.**", link, *parts])


def _to_table(rows: Sequence[Mapping[str, Any]], number: int) -> str:
    """Write the first of a table's rows, of which there are ``number``, and say where all are."""
    if not rows:
        return "none"
    titles = list(rows[0])
    cells = [[_escaped(str(cell)) for cell in row.values()] for row in rows[:_FEW]]
    lines = [titles, ["---"] * len(titles), *cells]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    if number <= len(cells):
        return table
    return f"{table}\n\n{len(cells)} of {number:,} rows; all of them are in a CSV beside the page."


def _escaped(text: str) -> str:
    return _SYNTAX.sub(r"\\\1", " ".join(text.split()))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value) if isinstance(value, Decimal) else value
