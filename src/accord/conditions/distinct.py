"""The distinct values of a column, each decided once by the functions of ``meaning``.

Texts stay in Arrow: a column of e-mails has as many as it has rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.conditions.meaning import fold, is_null, matches
from accord.conditions.model import Matcher

_LOOKED_AT = 4_096
"""Rows of a column that tell whether its values mostly differ."""


class Distinct:
    """The values of a column that are there, each once or nearly so, in no order."""

    def __init__(self, column: nw.LazyFrame[Any], *, are_texts: bool) -> None:
        """Read the values; ``column`` is a frame of it alone.

        Of texts in Arrow ``places`` says where among the values each row's is, else it is None.
        """
        self.places: Any = None
        if are_texts and column.implementation.is_pyarrow():
            self.values, self.places = _placed(column.to_native().column(0).combine_chunks())
        elif are_texts:
            self.values = _texts_in(column.unique())
        else:
            held = column.unique().collect()
            self.values = [one for one in held[held.columns[0]].to_list() if not is_null(one)]

    @property
    def are_texts(self) -> bool:
        """Whether all values are texts, in Arrow."""
        return isinstance(self.values, pa.Array)

    def decide(self, matcher: Matcher) -> Any:
        """Say of each value whether a matcher lets it through, as Arrow booleans."""
        if not self.are_texts:
            return pa.array([matches(matcher, value) for value in self.values], pa.bool_())
        if matcher.has_bounds:
            return pa.repeat(pa.scalar(value=False), len(self.values))
        verdicts = pa.repeat(pa.scalar(value=True), len(self.values))
        if matcher.pattern is not None:
            verdicts = pc.match_substring_regex(self.values, matcher.pattern, ignore_case=True)
        if matcher.values is not None:
            verdicts = pc.and_(verdicts, self._is_among(matcher.values))
        if matcher.not_in is not None:
            verdicts = pc.and_(verdicts, pc.invert(self._is_among(matcher.not_in)))
        return verdicts

    def pick(self, verdicts: Any) -> list[Any]:
        """Return the values of which the verdict is true."""
        if self.are_texts:
            return list(self.values.filter(verdicts).drop_null().to_pylist())
        return [
            one for one, is_hit in zip(self.values, verdicts.to_pylist(), strict=True) if is_hit
        ]

    @cached_property
    def _folded(self) -> pa.Array:
        texts = self.values.to_pylist()
        folded = [None if text is None else fold(text) for text in texts]
        return pa.array(folded, pa.large_string())

    def _is_among(self, wanted: Iterable[object]) -> Any:
        folded = {fold(one) for one in wanted if isinstance(one, str)}
        return pc.is_in(self._folded, pa.array(sorted(folded), pa.large_string()))


def _placed(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the values of a column, and where among them each row's is.

    Of a column whose first rows mostly differ every row is a value: to find the few that repeat
    costs more than to decide them again.
    """
    first = texts.slice(0, _LOOKED_AT)
    if len(pc.unique(first)) > len(first) // 2:
        return texts, pa.array(np.arange(len(texts)))
    encoded = texts.dictionary_encode()
    return encoded.dictionary, encoded.indices


def _texts_in(column: nw.LazyFrame[Any]) -> pa.Array:
    table: pa.Table = column.collect("pyarrow").to_native()
    texts = table.column(0).combine_chunks()
    return texts.cast(pa.large_string()).drop_null()


def shorter(distinct: Distinct, verdicts: Any) -> tuple[Sequence[Any], bool]:
    """Return the values that satisfy and True, or those that do not and False: the fewer."""
    hits = pc.sum(verdicts).as_py() or 0
    if len(verdicts) - hits < hits:
        return distinct.pick(pc.invert(verdicts)), False
    return distinct.pick(verdicts), True
