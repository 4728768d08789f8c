"""What a rescoring found as a page: where it is written, with its tables beside it.

Also the same as short tables, for a terminal or an artifact, and as plain values for programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accord.evaluation import Comparison, Group, Mover
from accord.report import (
    Figure,
    build_comparison,
    find_measures,
    render_comparison,
    to_headline,
    write_csvs,
    write_page,
)
from accord.scoring import SCORES, to_points
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


def comparison_tables(found: Comparison) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return a comparison's few short tables as rows, by title: measures, segments, channels."""
    now, then = find_measures(found)
    return {
        "What each would do": [
            {"measure": one.title, "in force": _said(one), "candidate": _said(other)}
            for one, other in zip(now, then, strict=True)
        ],
        "MQLs by segment": [_group("segment", one) for one in found.by_segment],
        "MQLs by channel": [_group("channel", one) for one in found.by_channel],
    }


def mover_rows(movers: Sequence[Mover]) -> list[Mapping[str, Any]]:
    """Return leads that would move as rows: ids, and scores as shown, now and then."""
    return [
        {
            "lead": one.lead_id,
            "segment": one.segment or "",
            "channel": one.channel or "",
            **{
                name: f"{to_points(one.now[name])} to {to_points(one.then[name])}"
                for name in SCORES
            },
        }
        for one in movers
    ]


def _said(one: Figure) -> str:
    return f"{one.shown} {one.of}" + (f" ({one.sure})" if one.sure else "")


def _group(noun: str, one: Group) -> Mapping[str, Any]:
    return {
        noun: one.name,
        "leads": one.leads,
        "MQLs in force": one.mql_now,
        "MQLs candidate": one.mql_then,
        "become": one.gained,
        "cease": one.lost,
    }


def _shown(scores: Mapping[str, int]) -> Mapping[str, Any]:
    return {name: to_points(tenths) for name, tenths in scores.items()}
