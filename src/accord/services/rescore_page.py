"""What a rescoring found as a page: where it is written, with its tables beside it.

Also the same as plain values, for programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accord.report import build_comparison, render_comparison, to_headline, write_csvs, write_page
from accord.scoring import to_points
from accord.scoring.comparison import Comparison
from accord.services.settings import Settings

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def comparison_path(settings: Settings, found: Comparison) -> Path:
    """Return where a comparison is written unless somebody says otherwise: one file an instant."""
    version = _UNSAFE.sub("-", found.version_then).strip(".-") or "candidate"
    return settings.report_path / f"rescore-{version}-{found.as_of:%Y%m%dT%H%M%SZ}.html"


def write_comparison(found: Comparison, path: Path) -> Path:
    """Write a comparison as one HTML file, its tables as CSV in a folder of its name beside it."""
    page = build_comparison(found, folder=path.stem)
    write_csvs(page.tables, path.parent / path.stem)
    return write_page(path, render_comparison(page))


def comparison_values(found: Comparison) -> Mapping[str, Any]:
    """Return all of a comparison as plain values; scores as shown, decimals kept."""
    movers = {
        name: [
            {**asdict(one), "now": _shown(one.now), "then": _shown(one.then)}
            for one in getattr(found, name)
        ]
        for name in ("gained", "lost")
    }
    return {"headline": to_headline(found), **asdict(found), **movers}


def _shown(scores: Mapping[str, int]) -> Mapping[str, Any]:
    return {name: to_points(tenths) for name, tenths in scores.items()}
