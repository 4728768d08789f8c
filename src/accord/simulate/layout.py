"""The simulated company's folder: a team's, with inbox, agreement and sources.

What is there already stays; a folder that is another company's is refused before anything is
written.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from accord.errors import InputError
from accord.simulate.files import INBOX, SOURCES, write_whole


def lay_out(folder: Path, agreement: Path) -> Path:
    """Lay down what is missing and return the path of the agreement there.

    InputError where ``sources.yaml`` would not read the company's files.
    """
    own, sources = folder / "agreement.yaml", folder / "sources.yaml"
    has_sources = sources.exists()
    if has_sources:
        _refuse_other_sources(sources)
    (folder / INBOX).mkdir(parents=True, exist_ok=True)
    if not own.exists():
        shutil.copyfile(agreement, own)
    if not has_sources:
        write_whole(sources, SOURCES)
    return own


def _refuse_other_sources(path: Path) -> None:
    """Refuse sources that lack one of the company's: nothing of its files would be taken.

    Comments and further sources beside them are no hindrance.
    """
    there = _entries(path.read_text(encoding="utf-8", errors="replace"))
    missing = [name for name, entry in _entries(SOURCES).items() if there.get(name) != entry]
    if missing:
        raise InputError(
            where=str(path),
            found="another company's sources stand here",
            expected=f"those of the simulated company ({', '.join(missing)})",
            remedy="use an empty folder, and leave out accord init there",
        )


def _entries(text: str) -> Mapping[str, Any]:
    """Return the entries of a sources file by name; none where the text has another shape."""
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError):
        return {}
    entries = content.get("sources") if isinstance(content, dict) else None
    listed = entries if isinstance(entries, list) else []
    named = (one for one in listed if isinstance(one, dict))
    return {str(one.get("name")): one for one in named}
