"""Reason lines of frames as the plain values that are stored, sent and shown, lead by lead.

Millions of lines pass through here in a night: what can be said of a column is said of it whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.scoring import LIMIT, SCORES, to_points

Reasons = dict[str, list[dict[str, Any]]]

_ORDER = ("lead_id", "score_at", "is_limit", "size", "name")


def group_reasons(lines: pa.Table) -> Reasons:
    """Group reason lines by lead: score by score, the largest first, what the limit did last.

    ``lines``: the columns of :data:`accord.scoring.REASON_COLUMNS`. A reason has score, name and
    points as shown; of an activity also count, last_at and decayed weight; and ``uncapped`` where a
    cap took something off.
    """
    found: Reasons = {}
    for lead_id, reason in _reasons(_in_order(lines)):
        found.setdefault(lead_id, []).append(reason)
    return found


def _in_order(lines: pa.Table) -> pa.Table:
    scores = pa.array(SCORES, pa.string())
    ranked = (
        lines.append_column("score_at", pc.index_in(lines.column("score"), scores))
        .append_column("is_limit", pc.equal(lines.column("name"), LIMIT))
        .append_column("size", pc.negate(pc.abs(lines.column("points"))))
    )
    return ranked.take(pc.sort_indices(ranked, [(name, "ascending") for name in _ORDER]))


def _reasons(lines: pa.Table) -> Iterator[tuple[str, dict[str, Any]]]:
    named = (lines.column(name).to_pylist() for name in ("lead_id", "score", "name"))
    points, uncapped = (_shown(lines.column(name)) for name in ("points", "uncapped"))
    evidence = zip(
        lines.column("count").to_pylist(),
        _instants(lines.column("last_us")),
        _weights(lines.column("weight")),
        strict=True,
    )
    rows = zip(*named, points, uncapped, evidence, strict=True)
    for lead_id, score, name, shown, whole, (count, last_at, weight) in rows:
        reason = {"score": score, "name": name, "points": shown}
        if count:
            reason |= {"count": count, "last_at": last_at, "weight": weight}
        if whole != shown:
            reason["uncapped"] = whole
        yield lead_id, reason


def _shown(tenths: pa.ChunkedArray) -> list[str]:
    return [_points(value) for value in tenths.to_pylist()]


@lru_cache(maxsize=10_000)
def _points(tenths: int) -> str:
    return str(to_points(tenths))


def _instants(microseconds: pa.ChunkedArray) -> list[str]:
    """Render instants as ``accord.records.to_text`` does: ISO 8601, finer than seconds if so."""
    stamps = microseconds.to_numpy().astype("datetime64[us]")
    texts = np.datetime_as_string(stamps, unit="us").tolist()
    return [f"{text.removesuffix('.000000')}Z" for text in texts]


def _weights(weights: pa.ChunkedArray) -> list[float]:
    """Round decayed weights for showing; they are evidence, nothing is decided on them."""
    thousandths = np.floor(weights.to_numpy() * 1000 + 0.5)
    rounded: list[float] = (thousandths / 1000).tolist()
    return rounded
