"""Frames in and out of scoring: any backend that Narwhals speaks, lazy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def by_kind(
    terms: Mapping[str, KindTerms], choose: Callable[[KindTerms], Any], *, otherwise: Any
) -> nw.Expr:
    """Return a term of the row's ``kind`` as an expression; kinds of equal terms share a branch."""
    groups: dict[Any, list[str]] = {}
    for kind, one in terms.items():
        groups.setdefault(choose(one), []).append(kind)
    expression = nw.lit(otherwise)
    for value, kinds in groups.items():
        if value != otherwise:
            is_one_of = nw.col("kind").is_in(kinds)
            expression = nw.when(is_one_of).then(nw.lit(value)).otherwise(expression)
    return expression
