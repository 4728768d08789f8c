"""The thresholds that scores hold, of many leads at once: one bit a threshold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accord.ledger.score_rows import to_listed
from accord.records import Stage
from accord.scoring import THRESHOLDS

STAGES = (Stage.ENGAGED.value, Stage.TARGET.value, Stage.MQL.value)
"""The thresholds that are stages, in the order of the funnel; a rank is a place here, from 1."""

Codes = Any
"""Whole numbers as Arrow: bit k is 1 where the k-th of ``THRESHOLDS`` holds."""


def codes_of(scores: pa.Table) -> Codes:
    """Return the thresholds that rows of ``score_table`` hold."""
    bits = [
        pc.multiply(scores.column(name).cast(pa.int64()), 1 << at)
        for at, name in enumerate(THRESHOLDS)
    ]
    codes = bits[0]
    for one in bits[1:]:
        codes = pc.add(codes, one)
    return codes.combine_chunks()


def listed(codes: Codes) -> pa.Array:
    """Return the thresholds as the ledger keeps them: a JSON list."""
    return _LISTED.take(codes)


def codes_listed(texts: pa.ChunkedArray | pa.Array) -> Codes:
    """Return the thresholds of JSON lists, however they are written; none of a null."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = whole.dictionary_encode()
    codes = [_code(json.loads(text)) for text in encoded.dictionary.to_pylist()]
    return pc.fill_null(pa.array(codes, pa.int64()).take(encoded.indices), 0)


def held_anew(now: Codes, before: Codes) -> Codes:
    """Return the thresholds that hold now and did not before."""
    return pc.bit_wise_and(now, pc.bit_wise_not(before))


def furthest(codes: Codes) -> Codes:
    """Return the rank of the furthest stage among the thresholds, 0 for none."""
    return _FURTHEST.take(codes)


def rank_of(stages: Any) -> Any:
    """Return the rank of each stage given by name, 0 of a null."""
    return pc.fill_null(pc.add(pc.index_in(stages, pa.array(STAGES)).cast(pa.int64()), 1), 0)


def stage_of(ranks: Any) -> Any:
    """Return the name of the stage of each rank, null of 0."""
    return pa.array([None, *STAGES], pa.string()).take(ranks)


def _names(code: int) -> list[str]:
    return [name for at, name in enumerate(THRESHOLDS) if code >> at & 1]


def _code(names: Iterable[str]) -> int:
    """Return the bits of the thresholds that are named; a name that is none has no bit."""
    return sum(1 << THRESHOLDS.index(name) for name in set(names).intersection(THRESHOLDS))


def _rank(names: Iterable[str]) -> int:
    return max((STAGES.index(name) + 1 for name in names if name in STAGES), default=0)


_EVERY = range(1 << len(THRESHOLDS))
_LISTED = pa.array([to_listed(_names(code)) for code in _EVERY], pa.string())
_FURTHEST = pa.array([_rank(_names(code)) for code in _EVERY], pa.int64())
