"""One field's cells to its column: text to values, by the field's kind.

Text that is no value becomes null and is marked as bad; nothing is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.records import Field, Kind
from accord.sources.model import ColumnMapping, Source
from accord.sources.stamps import parse_instants
from accord.sources.text_bytes import may_have, may_have_controls, may_have_edges, may_hold
from accord.sources.values import (
    EXPECTED,
    StageOf,
    parse_flag,
    parse_float,
    parse_integer,
    parse_money,
    parse_spans,
    parse_word,
)

DTYPES: dict[Kind, Any] = {
    Kind.ID: "str",
    Kind.TEXT: "str",
    Kind.WORD: "str",
    Kind.SPANS: "str",
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "float64",
    Kind.FLAG: "boolean",
    Kind.MONEY: "object",
    Kind.DATE: "object",
    Kind.INSTANT: "datetime64[us, UTC]",
}
"""How each kind stands in a frame (pandas 3)."""

_BAD = "[\x00-\x08\x0b\x0c\x0e-\x1f]"  # control characters but tab and line ends


_ROUNDED = r"^-?\d(?:\.\d+)?[eE]\+\d{1,3}$"  # a long number after a spreadsheet had it
_FLOAT = r"^(\d{1,18})\.0$"  # a whole number in a column that also had gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field's values, which of them are text that could not be read, and what it should be."""

    series: pd.Series
    bad: np.ndarray[Any, np.dtype[np.bool_]]
    expected: str


def by_distinct(text: pa.Array, decide: Callable[[str | None], Any]) -> np.ndarray[Any, Any]:
    """Decide once per distinct text (null is one) and spread the answers over the rows."""
    coded = text.dictionary_encode(null_encoding="encode")
    answers = np.empty(len(coded.dictionary), dtype=object)
    answers[:] = [decide(value) for value in coded.dictionary.to_pylist()]
    spread: np.ndarray[Any, Any] = answers[coded.indices.to_numpy(zero_copy_only=False)]
    return spread


def trim(text: pa.Array) -> pa.Array:
    """Cut blanks at both ends."""
    return text if not may_have_edges(text) else pc.utf8_trim_whitespace(text)


def without_nulls(text: pa.Array, nulls: Sequence[str]) -> pa.Array:
    """Make empty text and the null words null; ``text`` is trimmed."""
    listed = {"", *(word.strip() for word in nulls)}
    if not may_hold(text, listed):
        return text
    words = pa.array(sorted(listed), pa.large_string())
    return pc.if_else(pc.is_in(text, words), pa.scalar(None, pa.large_string()), text)


def valued(text: pa.Array, mapping: ColumnMapping) -> pa.Array:
    """Replace the file's words by ours."""
    if not mapping.values:  # noqa: PD011 - a pydantic model
        return text
    values = {word.strip(): ours for word, ours in mapping.values.items()}  # noqa: PD011
    answers = by_distinct(text, lambda word: values.get(word, word) if word else word)
    return pa.array(answers, pa.large_string())


def read_column(
    cells: pa.Array, field: Field, mapping: ColumnMapping, source: Source, stage_of: StageOf
) -> Column:
    """Read a field's cells: text without null words, or stamps that have their type."""
    zone = mapping.timezone or source.timezone
    decimal = mapping.decimal or source.decimal
    if field.kind in {Kind.INSTANT, Kind.DATE}:
        return _read_stamps(cells, field, mapping, zone)
    text = cells if pa.types.is_large_string(cells.type) else pc.cast(cells, pa.large_string())
    if field.kind in {Kind.ID, Kind.TEXT}:
        return _read_text(text, field, source.prefix if mapping.system is None else mapping.system)
    parsers: dict[Kind, Callable[[str], Any]] = {
        Kind.WORD: partial(parse_word, field=field, stage_of=stage_of),
        Kind.INTEGER: partial(parse_integer, decimal=decimal),
        Kind.NUMBER: partial(parse_float, decimal=decimal),
        Kind.MONEY: partial(parse_money, decimal=decimal),
        Kind.FLAG: parse_flag,
        Kind.SPANS: partial(parse_spans, zone=zone),
    }
    parse = parsers[field.kind]
    answers = by_distinct(text, lambda value: None if value is None else parse(value))
    values = _series(answers, field)
    expected = f"one of {', '.join(field.words)}" if field.words else EXPECTED[field.kind]
    return Column(series=values, bad=_unread(text, values), expected=expected)


def _series(answers: np.ndarray[Any, Any], field: Field) -> pd.Series:
    return pd.Series(pd.array(answers, dtype=DTYPES[field.kind]))


def _unread(text: pa.Array, values: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    lacking = values.isna().to_numpy()
    if int(lacking.sum()) == text.null_count:
        return np.zeros(len(text), dtype=bool)
    given = pc.is_valid(text).to_numpy(zero_copy_only=False)
    return np.asarray(given & lacking)


def _read_stamps(cells: pa.Array, field: Field, mapping: ColumnMapping, zone: str) -> Column:
    expected = " or ".join([*mapping.formats, "ISO 8601"])
    kind = "date" if field.kind is Kind.DATE else "time"
    if field.kind is Kind.INSTANT:
        values = parse_instants(cells, formats=mapping.formats, zone=zone)
    else:  # the day as it is written, whatever the zone
        instants = parse_instants(cells, formats=mapping.formats, zone="UTC")
        values = pd.Series(instants.dt.date.where(instants.notna(), None), dtype="object")
    return Column(series=values, bad=_unread(cells, values), expected=f"a {kind} as {expected}")


def _read_text(text: pa.Array, field: Field, prefix: str) -> Column:
    """Keep text as it is; what no store keeps, makes it unreadable: control characters, length."""
    clean = text
    if may_have_controls(text):
        clean = _without(_BAD, clean)
    if field.kind is Kind.ID:
        clean = _as_ids(clean)
    if field.kind is Kind.ID and prefix:
        front, nothing = (pa.scalar(word, pa.large_string()) for word in (f"{prefix}:", ""))
        clean = pc.binary_join_element_wise(front, clean, nothing)
    expected = EXPECTED[field.kind]
    if field.longest is not None:
        clean = _not_longer(clean, field.longest)
        expected += f", at most {field.longest} characters"
    values = pd.Series(pd.array(clean, dtype="str"))
    return Column(series=values, bad=_unread(text, values), expected=expected)


def _not_longer(text: pa.Array, longest: int) -> pa.Array:
    if (pc.max(pc.binary_length(text)).as_py() or 0) <= longest:
        return text
    fits = pc.less_equal(pc.utf8_length(text), longest)
    return pc.if_else(fits, text, pa.scalar(None, pa.large_string()))


def _as_ids(text: pa.Array) -> pa.Array:
    """Undo what spreadsheets and frames do to ids: 42.0 is 42, and 1.2E+17 is an id no more."""
    if may_have(text, b"+"):
        text = _without(_ROUNDED, text)
    if may_have(text, b"."):
        text = pc.replace_substring_regex(text, _FLOAT, r"\1")
    return text


def _without(pattern: str, text: pa.Array) -> pa.Array:
    nothing = pa.scalar(None, pa.large_string())
    return pc.if_else(pc.match_substring_regex(text, pattern), nothing, text)


def nothing_of(field: Field, count: int) -> pd.Series:
    """Return a column of nulls in the field's dtype."""
    return pd.Series([None] * count, dtype=DTYPES[field.kind])
