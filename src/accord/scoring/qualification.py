"""Which thresholds a lead's scores hold, and how far it is from the others.

Thresholds are conditions over fit, engagement and intent, decided on the numbers shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Literal, get_args

import narwhals as nw

from accord.agreement import Agreement
from accord.conditions import Condition, ConditionCompiler, Matcher, holds, matches
from accord.scoring.frames import Native, to_lazy
from accord.scoring.terms import SCORES, ScoreName, cap_tenths, to_points

Threshold = Literal["engaged", "target", "mql", "hot"]
THRESHOLDS: tuple[Threshold, ...] = get_args(Threshold)
"""The thresholds of the agreement; the first three are stages, in the order of the funnel."""

_STEP = Decimal("0.1")


def qualifies(
    agreement: Agreement, *, fit: int, engagement: int, intent: int
) -> frozenset[Threshold]:
    """Return the thresholds that scores, given in whole tenths, hold.

    A score at exactly its threshold holds it: under the shipped agreement fit 400, engagement 300
    and intent 0 (shown 40.0 / 30.0 / 0.0) is an mql, fit 399 is none.
    """
    shown = _shown(fit=fit, engagement=engagement, intent=intent)
    return frozenset(name for name in THRESHOLDS if holds(condition_of(agreement, name), shown))


def qualified(scores: Native, agreement: Agreement) -> nw.LazyFrame[Any]:
    """Add one boolean column a threshold to a frame of scores, as :func:`qualifies` decides.

    ``scores`` has fit, engagement and intent in whole tenths; all its columns stay as they are.
    """
    kept = {f"{name}_tenths": nw.col(name) for name in SCORES}
    points = {name: nw.col(name) / 10 for name in SCORES}
    shown = to_lazy(scores).with_columns(**kept, **points)
    compiler = ConditionCompiler(shown)
    verdicts = {name: compiler.expression(condition_of(agreement, name)) for name in THRESHOLDS}
    back = {name: nw.col(f"{name}_tenths") for name in SCORES}
    return shown.with_columns(**verdicts).with_columns(**back).drop(*kept)


def distances(
    agreement: Agreement, *, fit: int, engagement: int, intent: int
) -> Mapping[Threshold, tuple[Mapping[str, Decimal], ...]]:
    """Return, for each threshold that does not hold, the ways to reach it, the nearest first.

    Scores are given in whole tenths. A way names the points that each score lacks; the nearest is
    that of the smallest sum. A threshold that no added points can reach has no way, nor has one
    beyond a score's cap.
    """
    shown = _shown(fit=fit, engagement=engagement, intent=intent)
    caps = {name: to_points(cap_tenths(agreement, name)) for name in SCORES}
    ways: dict[Threshold, tuple[Mapping[str, Decimal], ...]] = {}
    for name in THRESHOLDS:
        condition = condition_of(agreement, name)
        if not holds(condition, shown):
            found = [_way(tests, shown, caps) for tests in _conjunctions(condition)]
            possible = [way for way in found if way is not None]
            ways[name] = tuple(sorted(possible, key=lambda way: sum(way.values())))
    return ways


def condition_of(agreement: Agreement, name: Threshold) -> Condition:
    """Return the condition of a threshold."""
    condition: Condition = getattr(agreement.qualification, name)
    return condition


def _shown(**tenths: int) -> dict[str, Decimal]:
    return {name: to_points(value) for name, value in tenths.items()}


def _conjunctions(condition: Condition) -> Iterator[list[tuple[str, Matcher]]]:
    """Yield the lists of tests of which any one, whole, satisfies the condition."""
    own = [(test.field, test.matcher) for test in condition.tests]
    if not condition.any_of:
        yield own
    for part in condition.any_of:
        for tests in _conjunctions(part):
            yield own + tests


def _way(
    tests: list[tuple[str, Matcher]],
    shown: Mapping[str, Decimal],
    caps: Mapping[ScoreName, Decimal],
) -> Mapping[str, Decimal] | None:
    goal = dict(shown)
    for field, matcher in tests:
        goal[field] = max(goal[field], *_least_points(matcher))
    if not all(matches(matcher, goal[field]) for field, matcher in tests):
        return None
    if any(goal[name] > cap for name, cap in caps.items()):
        return None
    return {name: goal[name] - shown[name] for name in shown if goal[name] > shown[name]}


def _least_points(matcher: Matcher) -> Iterator[Decimal]:
    """Yield the least scores, in tenths, that the lower bounds of a matcher let through."""
    yield Decimal(0)
    if matcher.gte is not None:
        yield matcher.gte.quantize(_STEP, ROUND_CEILING)
    if matcher.gt is not None:
        yield matcher.gt.quantize(_STEP, ROUND_FLOOR) + _STEP
