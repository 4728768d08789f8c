"""A condition as a Narwhals expression: for a whole frame what ``meaning`` says for one record.

Numbers and flags become comparisons. Texts (and whatever else an engine could see otherwise) are
decided once per distinct value by the functions of ``meaning``, so every engine agrees, also on
accents and non-Latin text. A short list of the values that satisfy (or of those that do not) is
looked up with ``is_in``; the verdicts on many are joined back as a column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import reduce
from operator import and_, or_
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from accord.conditions.beside import put_beside
from accord.conditions.distinct import Distinct, shorter
from accord.conditions.meaning import matches
from accord.conditions.model import Condition, Matcher

Lazy = nw.LazyFrame[Any]

_INT64 = 2**63
_LISTED = 64
"""How many texts an expression lists at most before their verdicts are joined as a column."""

_EXACT = Context(prec=1_000)


def compile_condition(condition: Condition, frame: nw.LazyFrame[Any]) -> nw.Expr:
    """Return an expression over ``frame`` that is true where the condition holds, never null.

    Looks into the frame: each tested text column is read once for its distinct values, and the
    expression lists those that decide. For several conditions over one frame, or texts that differ
    in nearly every row, a :class:`ConditionCompiler` does better.
    """
    return ConditionCompiler(frame).expression(condition)


class ConditionCompiler:
    """Compiles conditions over one frame, and reads the distinct texts of a column only once.

    The expressions are over :attr:`frame`: the frame given, row for row, and columns of verdicts on
    the texts that the conditions ``ahead`` test. Others can be asked for as well. A field that is
    not a column of the frame is null, as it is in a record.
    """

    def __init__(self, frame: nw.LazyFrame[Any], ahead: Iterable[Condition] = ()) -> None:
        self.frame = frame
        self._given = frame
        self._schema = frame.collect_schema()
        self._distinct: dict[str, Distinct] = {}
        self._decided: dict[tuple[str, Matcher], str] = {}
        self._join_verdicts(ahead)

    def expression(self, condition: Condition) -> nw.Expr:
        """Return the condition as a boolean expression without nulls."""
        parts = [self._match(test.field, test.matcher) for test in condition.tests]
        if condition.any_of:
            parts.append(reduce(or_, [self.expression(part) for part in condition.any_of]))
        return reduce(and_, parts) if parts else nw.lit(value=True)

    def _match(self, field: str, matcher: Matcher) -> nw.Expr:
        if field not in self._schema:
            return nw.lit(matcher == Matcher(present=False))
        present = self._is_present(field)
        if matcher.present is False:
            return ~present if matcher == Matcher(present=False) else nw.lit(value=False)
        if matcher in (Matcher(), Matcher(present=True)):
            return present
        found, is_positive = self._match_present(field, matcher)
        found = found.fill_null(value=False)
        return found if is_positive else present & found

    def _is_present(self, field: str) -> nw.Expr:
        column = nw.col(field)
        if self._schema[field].is_float():
            return ~column.is_null() & ~column.is_nan().fill_null(value=True)
        return ~column.is_null()

    def _match_present(self, field: str, matcher: Matcher) -> tuple[nw.Expr, bool]:
        """Return the test of a value that is there, and whether no null can pass it."""
        kind = self._schema[field]
        is_positive = matcher.not_in is None
        if kind == nw.Boolean:
            return _match_flag(nw.col(field), matcher), False
        if kind.is_float():
            return _match_number(nw.col(field).cast(nw.Float64), matcher, _FloatGrid()), False
        if kind.is_integer():
            whole = nw.col(field).cast(nw.Int64)
            return _match_number(whole, matcher, _DecimalGrid(0, _INT64)), is_positive
        if isinstance(kind, nw.Decimal):
            grid = _DecimalGrid(kind.scale, 10 ** (kind.precision - kind.scale))
            return _match_number(nw.col(field), matcher, grid), is_positive
        return self._match_distinct(field, matcher)

    def _join_verdicts(self, ahead: Iterable[Condition]) -> None:
        """Put a column of verdicts beside each tested text of which many values decide."""
        by_field: dict[str, dict[Matcher, Any]] = {}
        for field, matcher in dict.fromkeys(pair for one in ahead for pair in _pairs(one)):
            if self._is_text(field):
                verdicts = self._distinct_of(field).decide(matcher)
                if min(_count(verdicts), len(verdicts) - _count(verdicts)) > _LISTED:
                    by_field.setdefault(field, {})[matcher] = verdicts
        for field, decided in by_field.items():
            self._join(field, decided)

    def _join(self, field: str, decided: Mapping[Matcher, Any]) -> None:
        names = [f"{field} {place}" for place in range(len(decided))]
        columns = dict(zip(names, decided.values(), strict=True))
        join = _with_joined if self._distinct_of(field).places is None else _with_taken
        self.frame = join(self.frame, field, self._distinct_of(field), columns)
        self._decided |= {
            (field, matcher): name for matcher, name in zip(decided, names, strict=True)
        }

    def _is_text(self, field: str) -> bool:
        return field in self._schema and self._schema[field] == nw.String

    def _match_distinct(self, field: str, matcher: Matcher) -> tuple[nw.Expr, bool]:
        if (field, matcher) in self._decided:
            return nw.col(self._decided[field, matcher]), False
        distinct = self._distinct_of(field)
        values, are_hits = shorter(distinct, distinct.decide(matcher))
        found = _is_among(self._text_or_raw(field), values)
        return (found, True) if are_hits else (~found, False)

    def _text_or_raw(self, field: str) -> nw.Expr:
        is_categorical = self._schema[field] in (nw.Categorical, nw.Enum)
        return nw.col(field).cast(nw.String) if is_categorical else nw.col(field)

    def _distinct_of(self, field: str) -> Distinct:
        if field not in self._distinct:
            are_texts = self._schema[field] in (nw.String, nw.Categorical, nw.Enum)
            column = self._given.select(self._text_or_raw(field))
            self._distinct[field] = Distinct(column, are_texts=are_texts)
        return self._distinct[field]


def _with_joined(frame: Lazy, field: str, distinct: Distinct, columns: Mapping[str, Any]) -> Lazy:
    """Join columns that say something of a field's values to the rows that have them."""
    key = f"{field} text"
    table = pa.table({key: distinct.values.cast(pa.string()), **columns})
    return frame.join(put_beside(frame, table), left_on=field, right_on=key, how="left")


def _with_taken(frame: Lazy, _field: str, distinct: Distinct, columns: Mapping[str, Any]) -> Lazy:
    """Do the same in Arrow, where taking them by their places costs a fifth of a join."""
    table: pa.Table = frame.to_native()
    for name, column in columns.items():
        table = table.append_column(name, column.take(distinct.places))
    taken: Lazy = nw.from_native(table).lazy()
    return taken


def _pairs(condition: Condition) -> Iterator[tuple[str, Matcher]]:
    """Yield the tests of a condition whose verdict depends on what a value is."""
    for test in condition.tests:
        if test.matcher.present is not False and test.matcher not in (
            Matcher(),
            Matcher(present=True),
        ):
            yield test.field, test.matcher
    for part in condition.any_of:
        yield from _pairs(part)


def _count(verdicts: Any) -> int:
    return int(pc.sum(verdicts).as_py() or 0)


def _is_among(column: nw.Expr, values: Sequence[Any]) -> nw.Expr:
    return column.is_in(values) if values else nw.lit(value=False)


def _match_flag(column: nw.Expr, matcher: Matcher) -> nw.Expr:
    if_true, if_false = (matches(matcher, value=flag) for flag in (True, False))
    if if_true == if_false:
        return nw.lit(if_true)
    return column if if_true else ~column


class _DecimalGrid:
    """Numbers with a fixed count of decimals, of a size below ``limit``.

    A bound beyond the limit is moved to it: no number lies between.
    """

    def __init__(self, scale: int, limit: int) -> None:
        self._step = Decimal(1).scaleb(-scale)
        self._greatest = Decimal(limit) - self._step
        self._is_whole = scale == 0

    def least(self, bound: Decimal, *, above: bool) -> Any:
        """Return the least number at (or above) a bound, None if there is none."""
        number = self._round(bound, ROUND_CEILING)
        if above and number == bound:
            number += self._step
        return None if number > self._greatest else self._value(max(number, -self._greatest))

    def greatest(self, bound: Decimal, *, below: bool) -> Any:
        """Return the greatest number at (or below) a bound, None if there is none."""
        mirrored = self.least(-bound, above=below)
        return None if mirrored is None else -mirrored

    def equal(self, wanted: Decimal) -> Any:
        """Return the number that equals a value, None if there is none."""
        is_here = abs(wanted) <= self._greatest and self._round(wanted, ROUND_FLOOR) == wanted
        return self._value(wanted) if is_here else None

    def _round(self, bound: Decimal, rounding: str) -> Decimal:
        beyond = self._greatest + self._step
        within = max(min(bound, beyond), -beyond)
        return within.quantize(self._step, rounding=rounding, context=_EXACT)

    def _value(self, number: Decimal) -> Any:
        return int(number) if self._is_whole else number


class _FloatGrid:
    """Binary floating-point numbers, each taken as the shortest decimal that names it."""

    def least(self, bound: Decimal, *, above: bool) -> float:
        """Return the least number at (or above) a bound."""
        number = math.nextafter(float(bound), -math.inf)
        while not (_named(number) > bound or (not above and _named(number) == bound)):
            number = math.nextafter(number, math.inf)
        return number

    def greatest(self, bound: Decimal, *, below: bool) -> float:
        """Return the greatest number at (or below) a bound."""
        return -self.least(-bound, above=below)

    def equal(self, wanted: Decimal) -> float | None:
        """Return the number that equals a value, None if there is none."""
        number = float(wanted)
        return number if _named(number) == wanted else None


def _named(number: float) -> Decimal:
    return Decimal(str(number))


def _match_number(column: nw.Expr, matcher: Matcher, grid: _DecimalGrid | _FloatGrid) -> nw.Expr:
    parts = [nw.lit(value=False)] if matcher.pattern is not None else []
    for bound, above in ((matcher.gte, False), (matcher.gt, True)):
        if bound is not None:
            least = grid.least(bound, above=above)
            parts.append(nw.lit(value=False) if least is None else column >= least)
    for bound, below in ((matcher.lte, False), (matcher.lt, True)):
        if bound is not None:
            greatest = grid.greatest(bound, below=below)
            parts.append(nw.lit(value=False) if greatest is None else column <= greatest)
    if matcher.values is not None:
        parts.append(_is_among(column, _numbers(matcher.values, grid)))
    if matcher.not_in is not None:
        parts.append(~_is_among(column, _numbers(matcher.not_in, grid)))
    return reduce(and_, parts)


def _numbers(values: Iterable[object], grid: _DecimalGrid | _FloatGrid) -> list[Any]:
    numbers = (grid.equal(value) for value in values if isinstance(value, Decimal))
    return [number for number in numbers if number is not None]
