"""Whether earlier entries of a first-match list leave anything for a later one.

Every field's values fall into finitely many cells between the values that the conditions mention;
a condition is a union of boxes of cells; the later one is covered when subtracting the earlier
boxes leaves none. Patterns are opaque: any combination of them is thought possible, so the answer
is exact for numbers and sets, and errs towards *not covered* for patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import combinations, pairwise, product

from accord.conditions.meaning import equals_any, fold, matches
from accord.conditions.model import Condition, FieldTest, Matcher

_MOST_PATTERNS = 6
_MOST_BOXES = 5_000
_EXACT = Context(prec=1_000)  # holds the middle of any two floats


@dataclass(frozen=True, slots=True)
class _Text:
    """Texts of one folded form (None: any form not mentioned) for which these patterns hold."""

    form: str | None
    found: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Flag:
    """True or false, apart from the numbers 1 and 0, which Python calls equal to them."""

    value: bool


_Cell = _Text | _Flag | Decimal | None  # None is the null
_Box = Mapping[str, frozenset[_Cell]]  # a field that is not there may have any value


def covered(later: Condition, earlier: Sequence[Condition]) -> bool:
    """Say whether every record that satisfies ``later`` satisfies one of ``earlier``.

    Numbers are dense: ``gt: 99`` does not cover ``gte: 100``'s neighbours between. A field is taken
    to hold values of the kinds its tests mention. Gives up with False on very large lists.
    """
    cells = _cells_of([later, *earlier])
    if any(len(choices) > _MOST_BOXES for choices in cells.values()):
        return False
    left = _boxes_of(later, cells)
    for box in (box for condition in earlier for box in _boxes_of(condition, cells)):
        left = [piece for kept in left for piece in _subtract(kept, box, cells)]
        if len(left) > _MOST_BOXES:
            return False
    return not left


def _tests_of(condition: Condition) -> Iterator[FieldTest]:
    yield from condition.tests
    for part in condition.any_of:
        yield from _tests_of(part)


def _cells_of(conditions: Iterable[Condition]) -> dict[str, frozenset[_Cell]]:
    by_field: dict[str, list[Matcher]] = {}
    for condition in conditions:
        for test in _tests_of(condition):
            by_field.setdefault(test.field, []).append(test.matcher)
    return {field: _field_cells(matchers) for field, matchers in by_field.items()}


def _field_cells(matchers: Sequence[Matcher]) -> frozenset[_Cell]:
    scalars = [scalar for matcher in matchers for scalar in matcher.scalars]
    bounds = [
        bound
        for matcher in matchers
        for bound in (matcher.lt, matcher.lte, matcher.gt, matcher.gte)
        if bound is not None
    ]
    numbers = {scalar for scalar in scalars if isinstance(scalar, Decimal)} | set(bounds)
    forms = {fold(scalar) for scalar in scalars if isinstance(scalar, str)}
    patterns = {matcher.pattern for matcher in matchers if matcher.pattern is not None}
    cells: set[_Cell] = {None}
    cells.update(_number_cells(numbers))
    if any(isinstance(scalar, bool) for scalar in scalars):
        cells.update({_Flag(value=True), _Flag(value=False)})
    if forms or patterns or len(cells) == 1:
        cells.update(_text_cells(forms, patterns))
    return frozenset(cells)


def _number_cells(numbers: set[Decimal]) -> Iterator[Decimal]:
    """Yield one number for each mentioned number and for each gap around them."""
    points = sorted(numbers)
    if not points:
        return
    yield _EXACT.subtract(points[0], 1)
    yield from points
    for low, high in pairwise(points):
        yield _EXACT.divide(_EXACT.add(low, high), 2)
    yield _EXACT.add(points[-1], 1)


def _text_cells(forms: set[str], patterns: set[str]) -> Iterator[_Text]:
    subsets: Iterable[tuple[str, ...]] = [()]
    if len(patterns) <= _MOST_PATTERNS:
        subsets = [
            found
            for size in range(len(patterns) + 1)
            for found in combinations(sorted(patterns), size)
        ]
    for form, found in product([None, *sorted(forms)], subsets):
        yield _Text(form, frozenset(found))


def _boxes_of(condition: Condition, cells: Mapping[str, frozenset[_Cell]]) -> list[_Box]:
    box: dict[str, frozenset[_Cell]] = {}
    for test in condition.tests:
        choices = box.get(test.field, cells[test.field])
        box[test.field] = frozenset(cell for cell in choices if _accepts(test.matcher, cell))
    boxes: list[_Box] = [box]
    if condition.any_of:
        parts = [part for one in condition.any_of for part in _boxes_of(one, cells)]
        boxes = [_intersect(box, part) for part in parts]
    return [box for box in boxes if all(box.values())]


def _accepts(matcher: Matcher, cell: _Cell) -> bool:
    if not isinstance(cell, _Text):
        return matches(matcher, cell.value if isinstance(cell, _Flag) else cell)
    if matcher.has_bounds or matcher.present is False:
        return False
    return (
        (matcher.values is None or _is_among(cell, matcher.values))
        and (matcher.not_in is None or not _is_among(cell, matcher.not_in))
        and (matcher.pattern is None or matcher.pattern in cell.found)
    )


def _is_among(cell: _Text, values: Iterable[str | Decimal | bool]) -> bool:
    return cell.form is not None and equals_any(cell.form, values)


def _intersect(one: _Box, other: _Box) -> _Box:
    both = dict(one)
    for field, choices in other.items():
        both[field] = both[field] & choices if field in both else choices
    return both


def _subtract(box: _Box, taken: _Box, cells: Mapping[str, frozenset[_Cell]]) -> Iterator[_Box]:
    """Yield boxes that together hold what is in ``box`` and not in ``taken``."""
    inside = dict(box)
    for field, choices in taken.items():
        here = inside.get(field, cells[field])
        outside = here - choices
        if outside:
            yield {**inside, field: outside}
        inside[field] = here & choices
        if not inside[field]:
            return
