"""Frames in and out of scoring: any backend that Narwhals speaks, lazy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import narwhals as nw

from accord.scoring.terms import KindTerms

Lazy = nw.LazyFrame[Any]
Native = Any
"""A frame of a backend (DuckDB relation, pandas, Polars, Spark, Arrow) or of Narwhals, or lazy."""


def to_lazy(frame: Native) -> Lazy:
    """Return a frame as a lazy Narwhals frame; nothing is computed or copied."""
    wrapped = nw.from_native(frame, pass_through=False)
    return wrapped if isinstance(wrapped, nw.LazyFrame) else wrapped.lazy()


def is_kind(kinds: Iterable[str]) -> nw.Expr:
    """Say whether the row's ``kind`` is one of these; no kind is one of none."""
    return nw.col("kind").is_in(list(kinds) or [""])  # engines disagree about an empty list


def by_kind(
    terms: Mapping[str, KindTerms],
    choose: Callable[[KindTerms], Any],
    *,
    otherwise: Any,
    dtype: type[nw.Float64 | nw.Int64 | nw.String] = nw.Float64,
) -> nw.Expr:
    """Return a term of the row's ``kind`` as an expression, ``otherwise`` for a kind without.

    Kinds that share a term are one test: an engine asks as often as there are different terms.
    """
    shared: dict[Any, list[str]] = {}
    for kind, one in terms.items():
        shared.setdefault(choose(one), []).append(kind)
    shared.pop(otherwise, None)
    expression = nw.lit(otherwise, dtype)
    for term, kinds in shared.items():
        expression = nw.when(is_kind(kinds)).then(nw.lit(term, dtype)).otherwise(expression)
    return expression
