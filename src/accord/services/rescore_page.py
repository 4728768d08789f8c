"""What a rescoring found as a page: where it is written, with its tables beside it.

Also the same as short tables, for a terminal or an artifact, and as plain values for programs.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from accord.errors import InputError
from accord.evaluation import Comparison, Group, Mover, Movers
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

_OVER = "Over the MQL threshold"
_LISTED = 1_000
"""Movers listed each way for programs; the CSV files beside the page have all."""

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def comparison_path(settings: Settings, found: Comparison) -> Path:
    """Return where a comparison is written unless somebody says otherwise: a file not there yet.

    Its name says version and instant; a number tells comparisons of one instant apart.
    """
    version = _UNSAFE.sub("-", found.version_then).strip(".-") or "candidate"
    name = f"rescore-{version}-{found.as_of:%Y%m%dT%H%M%SZ}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    paths = (settings.report_path / f"{one}.html" for one in names)
    return next(path for path in paths if not path.exists())


def check_page(path: Path, *, where: str) -> None:
    """InputError, said of ``where``, unless a page can be written to a path, as far as can be told.

    Asked before anything is stored; makes the folder.
    """
    if path.is_dir():
        raise InputError(where=where, found=f"{path} is a folder", expected="a file to write")
    if not path.suffix:
        found = f"{path} has no ending, and its tables go into a folder of that name"
        raise InputError(where=where, found=found, expected="a file such as comparison.html")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(path, error, where=where) from None
    if not os.access(path.parent, os.W_OK):
        found = f"{path.parent} may not be written to"
        raise InputError(where=where, found=found, expected="a folder of yours")


def write_comparison(found: Comparison, path: Path) -> Path:
    """Write a comparison as one HTML file, its tables as CSV in a folder of its name beside it.

    InputError if it cannot be written.
    """
    page = build_comparison(found, folder=path.stem)
    try:
        write_csvs(page.tables, path.parent / path.stem)
        return write_page(path, render_comparison(page))
    except OSError as error:
        raise _unwritten(path, error, where="page") from None


def _unwritten(path: Path, error: OSError, *, where: str) -> InputError:
    found = f"{path} cannot be written: {error.strerror}"
    return InputError(where=where, found=found, expected="a file to write")


def comparison_values(found: Comparison) -> Mapping[str, Any]:
    """Return all of a comparison as plain values; scores as shown, decimals kept.

    Of those who move the first thousand each way are listed; ``movers`` says of how many.
    """
    movers = {"gained": found.gained, "lost": found.lost}
    listed = {name: _listed(them) for name, them in movers.items()}
    counts = {
        name: {"all": len(them), "listed": len(listed[name])} for name, them in movers.items()
    }
    nobody = Movers(rows=found.gained.rows.schema.empty_table())
    plain = asdict(replace(found, gained=nobody, lost=nobody))
    return {"headline": to_headline(found), **plain, "movers": counts, **listed}


def comparison_tables(found: Comparison) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return a comparison's few short tables as rows, by title: measures, segments, channels."""
    now, then = find_measures(found)
    return {
        "What each would do": [
            {"measure": one.title, "in force": _said(one), "candidate": _said(other)}
            for one, other in zip(now, then, strict=True)
        ],
        f"{_OVER} by segment": [_group("segment", one) for one in found.by_segment],
        f"{_OVER} by channel": [_group("channel", one) for one in found.by_channel],
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
        "over in force": one.mql_now,
        "over candidate": one.mql_then,
        "come over": one.gained,
        "fall below": one.lost,
    }


def _listed(movers: Movers) -> list[Mapping[str, Any]]:
    return [
        {**asdict(one), "now": _shown(one.now), "then": _shown(one.then)}
        for one in movers.first(_LISTED)
    ]


def _shown(scores: Mapping[str, int]) -> Mapping[str, Any]:
    return {name: to_points(tenths) for name, tenths in scores.items()}
