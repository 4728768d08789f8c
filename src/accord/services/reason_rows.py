"""Reason lines of frames as the ledger keeps them: a list a lead, as JSON text.

Millions of lines pass through here in a night: each part is rendered for the column whole, and no
line is a value of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.scoring import LIMIT, SCORES, to_points

NO_REASONS = "[]"
_ORDER = ("lead_id", "score_at", "is_limit", "size", "name")
_TEXT = pa.large_string()  # the reasons of three million leads are more than a plain one can hold


def list_reasons(lines: pa.Table) -> pa.Table:
    """List the reasons of each lead: score by score, the largest first, what the limit did last.

    ``lines``: the columns of :data:`accord.scoring.REASON_COLUMNS`, in any order. One row a lead
    with a line: lead_id; reasons, the text of a JSON list. A reason has score, name and points as
    shown; of an activity also count, last_at and decayed weight; and ``uncapped`` where a cap took
    something off.
    """
    ordered = _in_order(lines)
    ids = ordered.column("lead_id").combine_chunks()
    starts = _starts(ids)
    bounds = pa.array([*starts.tolist(), len(ids)], pa.int64())
    lists = pa.LargeListArray.from_arrays(bounds, _reasons(ordered))
    inside = pc.binary_join(lists, pa.scalar(", ", _TEXT))
    return pa.table({"lead_id": ids.take(pa.array(starts)), "reasons": _joined(("[", inside, "]"))})


def _in_order(lines: pa.Table) -> pa.Table:
    scores = pa.array(SCORES, pa.string())
    ranked = (
        lines.append_column("score_at", pc.index_in(lines.column("score"), scores))
        .append_column("is_limit", pc.equal(lines.column("name"), LIMIT))
        .append_column("size", pc.negate(pc.abs(lines.column("points"))))
    )
    return ranked.take(pc.sort_indices(ranked, [(name, "ascending") for name in _ORDER]))


def _starts(ids: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the places at which another lead's lines begin."""
    if not len(ids):
        return np.array([], np.int64)
    is_new = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1))
    return np.concatenate([[0], np.flatnonzero(is_new.to_numpy(zero_copy_only=False)) + 1])


def _reasons(lines: pa.Table) -> pa.Array:
    """Render each line as a JSON object."""
    points = lines.column("points")
    parts = (
        '{"score": "',
        lines.column("score"),
        '", "name": ',
        _by_value(lines.column("name"), lambda name: json.dumps(name, ensure_ascii=False)),
        ', "points": "',
        _by_value(points, _shown),
        '"',
        _where(pc.greater(lines.column("count"), 0), *_evidence(lines)),
        _where(pc.not_equal(lines.column("uncapped"), points), *_uncapped(lines)),
        "}",
    )
    return _joined(parts).combine_chunks()


def _evidence(lines: pa.Table) -> tuple[Any, ...]:
    return (
        ', "count": ',
        lines.column("count").cast(_TEXT),
        ', "last_at": "',
        _instants(lines.column("last_us")),
        '", "weight": ',
        _weights(lines.column("weight")),
    )


def _uncapped(lines: pa.Table) -> tuple[Any, ...]:
    return (', "uncapped": "', _by_value(lines.column("uncapped"), _shown), '"')


def _where(condition: Any, *parts: Any) -> Any:
    return pc.if_else(condition, _joined(parts), pa.scalar("", _TEXT))


def _joined(parts: tuple[Any, ...]) -> Any:
    texts = [pa.scalar(one, _TEXT) if isinstance(one, str) else one.cast(_TEXT) for one in parts]
    return pc.binary_join_element_wise(*texts, pa.scalar("", _TEXT))


def _by_value(column: pa.ChunkedArray, render: Callable[[Any], str]) -> pa.Array:
    """Render a column of which few values are different: each of them once."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = [render(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, _TEXT).take(encoded.indices)


def _shown(tenths: int) -> str:
    return str(to_points(tenths))


def _instants(microseconds: pa.ChunkedArray) -> Any:
    """Render instants as ``accord.records.to_text`` does: ISO 8601, finer than seconds if so."""
    texts = microseconds.cast(pa.timestamp("us")).cast(_TEXT)  # 2026-11-02 12:00:00.000000
    texts = pc.utf8_replace_slice(texts, 10, 11, "T")
    texts = pc.replace_substring_regex(texts, r"\.000000$", "")
    return _joined((texts, "Z"))


def _weights(weights: pa.ChunkedArray) -> Any:
    """Round decayed weights for showing; they are evidence, nothing is decided on them."""
    thousandths = np.floor(weights.to_numpy() * 1000 + 0.5)
    texts = pa.array(thousandths / 1000).cast(_TEXT)
    is_whole = pc.invert(pc.match_substring_regex(texts, "[.e]"))  # 1: a number with a point is 1.0
    return pc.if_else(is_whole, _joined((texts, ".0")), texts)
