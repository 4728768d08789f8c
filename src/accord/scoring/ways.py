"""What would bring a lead to a threshold that it does not hold: which rules, which activities.

Pure. Decided by the arithmetic of the score, caps and rounding included, as if done at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from accord.agreement import Agreement
from accord.conditions import Condition, holds
from accord.scoring.qualification import THRESHOLDS, Threshold, condition_of, distances
from accord.scoring.terms import (
    KindTerms,
    ScoreName,
    kind_tenths,
    kind_terms,
    limit_tenths,
    to_points,
    to_tenths,
)

_MEANS = 3  # a score: enough to choose from, few enough to read
_MOST = 100  # times that one activity is thought of as done again: what needs more is no plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What raises one score far enough: rules that would hold, or kinds done so many times more.

    ``times``: rule or kind -> how often, a rule once; ``points`` are what the score shown gains.
    """

    score: ScoreName
    times: Mapping[str, int]
    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to a threshold: the points that scores lack, and the means for each of these.

    Up to three means a score, the fewest things first; none for a score that nothing raises so far.
    """

    missing: Mapping[str, Decimal]
    means: tuple[Means, ...]


def next_threshold(held: Iterable[str]) -> Threshold | None:
    """Return the threshold after the furthest that holds, None after the last.

    >>> next_threshold(["engaged"]), next_threshold(["hot"])
    ('target', None)
    """
    furthest = max((at for at, name in enumerate(THRESHOLDS) if name in held), default=-1)
    return next(iter(THRESHOLDS[furthest + 1 :]), None)


def ways_to(
    threshold: Threshold,
    agreement: Agreement,
    *,
    attributes: Mapping[str, Any],
    weights: Mapping[str, float],
) -> tuple[Way, ...]:
    """Return the ways to a threshold that does not hold, the nearest first.

    ``attributes`` are what fit rules test; ``weights`` hold the decayed weight of each kind done,
    to which each further activity adds one. A rule or kind counts alone where it suffices; only
    where none does, they are put together, the largest first.
    """
    scores = {
        "fit": _fit(agreement, attributes),
        "engagement": _implicit(agreement, "engagement", weights),
        "intent": _implicit(agreement, "intent", weights),
    }
    now = {name: one.after({}) for name, one in scores.items()}
    condition = condition_of(agreement, threshold)
    missing_points = distances(agreement, **now).get(threshold, ())
    return tuple(_way(missing, scores, condition) for missing in missing_points)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Score:
    """One score of a lead: the sum of its lines, and what rules or kinds could add to it.

    ``adds`` gives for each the whole tenths that it adds if done so many times more.
    """

    name: ScoreName
    agreement: Agreement
    total: int
    adds: Mapping[str, Callable[[int], int]]

    def after(self, times: Mapping[str, int]) -> int:
        """Return the score, in whole tenths, after these are done."""
        more = sum(self.adds[name](count) for name, count in times.items())
        return limit_tenths(self.total + more, self.agreement, self.name)


def _fit(agreement: Agreement, attributes: Mapping[str, Any]) -> _Score:
    total, adds = 0, dict[str, int]()
    for rule in agreement.scoring.fit.rules:
        tenths = to_tenths(rule.points)
        if holds(rule.when, attributes):
            total += tenths
        elif tenths > 0:
            adds[rule.name] = max(tenths, adds.get(rule.name, 0))
    once = {name: partial(_once, tenths) for name, tenths in adds.items()}
    return _Score(name="fit", agreement=agreement, total=total, adds=once)


def _once(tenths: int, times: int) -> int:
    return tenths if times else 0


def _implicit(agreement: Agreement, name: ScoreName, weights: Mapping[str, float]) -> _Score:
    terms = {kind: one for kind, one in kind_terms(agreement).items() if one.score == name}
    adds = {
        kind: partial(_again, one, weights.get(kind, 0.0))
        for kind, one in terms.items()
        if one.points > 0
    }
    total = sum(kind_tenths(one, weights.get(kind, 0.0)) for kind, one in terms.items())
    return _Score(name=name, agreement=agreement, total=total, adds=adds)


def _again(terms: KindTerms, weight: float, times: int) -> int:
    return kind_tenths(terms, weight + times) - kind_tenths(terms, weight)


def _way(missing: Mapping[str, Decimal], scores: Mapping[str, _Score], condition: Condition) -> Way:
    now = {name: to_points(one.after({})) for name, one in scores.items()}
    goal = {name: points + missing.get(name, Decimal(0)) for name, points in now.items()}
    means: list[Means] = []
    for name in missing:
        enough = [
            one
            for one in _means(scores[name], goal=to_tenths(goal[name]))
            if holds(condition, {**goal, name: now[name] + one.points})
        ]
        means.extend(enough[:_MEANS])
    return Way(missing=missing, means=tuple(means))


def _means(score: _Score, *, goal: int) -> list[Means]:
    """Return what brings a score to a goal, the fewest things first, then the smallest."""
    counts = {name: _times(score, name, goal=goal) for name in score.adds}
    alone = [{name: times} for name, times in counts.items() if times is not None]
    found = [
        Means(score=score.name, times=times, points=to_points(score.after(times) - score.after({})))
        for times in alone or _together(score, goal=goal)
    ]
    return sorted(found, key=lambda one: (sum(one.times.values()), one.points, list(one.times)))


def _times(score: _Score, name: str, *, goal: int) -> int | None:
    """Return how often one rule or kind must be done to reach a goal alone, None for never."""
    return next((n for n in range(1, _MOST + 1) if score.after({name: n}) >= goal), None)


def _together(score: _Score, *, goal: int) -> list[Mapping[str, int]]:
    """Put rules or kinds together, each time the one that adds most, until the goal is reached."""
    times: Counter[str] = Counter()
    while score.after(times) < goal and times.total() < _MOST:
        gains = {name: add(times[name] + 1) - add(times[name]) for name, add in score.adds.items()}
        best = min(gains, key=lambda name: (-gains[name], name), default=None)
        if best is None or gains[best] <= 0:
            return []
        times[best] += 1
    return [dict(times)] if score.after(times) >= goal else []
