"""A page as a file, written whole."""

from __future__ import annotations

from pathlib import Path


def write_page(path: Path, html: str) -> Path:
    """Write or replace a file and return its path; a reader never sees half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(html, encoding="utf-8")
    return draft.replace(path)
