"""When a lead that does nothing more will no longer hold a threshold: exact to the microsecond.

What each kind adds moves one way only as time passes, so what scores can be within a stretch of
time is known from its two ends. A stretch in which a threshold cannot be lost is passed over, any
other is halved. Pure; the arithmetic is that of :mod:`accord.scoring.reference`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from accord.agreement import Agreement
from accord.conditions import Condition, Matcher, matches
from accord.records import from_us, to_us
from accord.scoring.qualification import THRESHOLDS, Threshold, condition_of, qualifies
from accord.scoring.terms import (
    SCORES,
    KindTerms,
    ScoreName,
    kind_tenths,
    kind_terms,
    limit_tenths,
    to_points,
)

_LAST_US = to_us(datetime.max.replace(tzinfo=UTC))
"""No instant is later; what holds until then holds for ever."""

EvidenceRow = tuple[str, int, float]
"""One row of a lead's rollup: kind, last_us, and the weight at last_us."""

Range = tuple[int, int]
"""The least and the most that a score can be, in whole tenths."""


def weights_at(
    rows: Iterable[EvidenceRow], agreement: Agreement, *, as_of: datetime
) -> Mapping[str, float]:
    """Return each scoring kind's weight at an instant; a row that reaches beyond adds nothing."""
    terms = kind_terms(agreement)
    at = to_us(as_of)
    return {
        kind: _weight(own, terms[kind].half_life_us, at)
        for kind, own in _by_kind(row for row in rows if row[1] <= at).items()
        if kind in terms
    }


def falls_at(
    rows: Iterable[EvidenceRow], agreement: Agreement, *, fit: int, as_of: datetime
) -> Mapping[Threshold, datetime | None]:
    """Return, for each threshold that holds at ``as_of``, when it first will not, None for never.

    ``rows`` are one lead's, any number a kind; those later than as_of count nothing: nothing more
    is done. ``fit``, in whole tenths, stays. The instant is the first microsecond at which the
    threshold does not hold: one before it still does. It may be won again later, without anything
    done, where a kind of negative points fades too.
    """
    fading = _Fading.of(rows, agreement, fit=fit, as_of=as_of)
    begin = to_us(as_of)
    now = {name: low for name, (low, _) in fading.between(begin, begin).items()}
    held = qualifies(agreement, **now)
    lost = {
        name: _first_loss(condition_of(agreement, name), fading, begin, _LAST_US)
        for name in THRESHOLDS
        if name in held
    }
    return {name: None if at is None else from_us(at) for name, at in lost.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fading:
    """What a lead's scores are made of, from an instant on: kind -> (last_us, weight) rows."""

    agreement: Agreement
    fit: int
    terms: Mapping[str, KindTerms]
    rows: Mapping[str, list[tuple[int, float]]]
    seen: dict[int, Mapping[str, int]] = field(default_factory=dict)  # tenths by instant and kind

    @classmethod
    def of(
        cls, rows: Iterable[EvidenceRow], agreement: Agreement, *, fit: int, as_of: datetime
    ) -> _Fading:
        terms = kind_terms(agreement)
        done = (row for row in rows if row[1] <= to_us(as_of) and row[0] in terms)
        return cls(agreement=agreement, fit=fit, terms=terms, rows=_by_kind(done))

    def between(self, start: int, end: int) -> Mapping[ScoreName, Range]:
        """Return what each score can be from one instant to another, both included."""
        low, high = dict.fromkeys(SCORES, 0), dict.fromkeys(SCORES, 0)
        low["fit"] = high["fit"] = self.fit
        at_start, at_end = self._tenths(start), self._tenths(end)
        for kind, tenths in at_start.items():
            name = self.terms[kind].score
            low[name] += min(tenths, at_end[kind])
            high[name] += max(tenths, at_end[kind])
        return {
            name: (
                limit_tenths(low[name], self.agreement, name),
                limit_tenths(high[name], self.agreement, name),
            )
            for name in SCORES
        }

    def _tenths(self, at: int) -> Mapping[str, int]:
        if at not in self.seen:
            self.seen[at] = {
                kind: kind_tenths(one, _weight(self.rows[kind], one.half_life_us, at))
                for kind, one in self.terms.items()
                if kind in self.rows
            }
        return self.seen[at]


def _weight(rows: Iterable[tuple[int, float]], half_life_us: float, at: int) -> float:
    return math.fsum(weight * 0.5 ** ((at - last_us) / half_life_us) for last_us, weight in rows)


def _by_kind(rows: Iterable[EvidenceRow]) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for kind, last_us, weight in rows:
        found.setdefault(kind, []).append((last_us, weight))
    return found


def _first_loss(condition: Condition, fading: _Fading, start: int, end: int) -> int | None:
    """Return the first microsecond from start to end at which a condition does not hold."""
    verdict = _holds_within(condition, fading.between(start, end))
    if verdict is None:
        middle = (start + end) // 2
        found = _first_loss(condition, fading, start, middle)
        return found if found is not None else _first_loss(condition, fading, middle + 1, end)
    return None if verdict else start


def _holds_within(condition: Condition, ranges: Mapping[ScoreName, Range]) -> bool | None:
    """Say whether a condition holds for all scores within ranges, for none, or (None) for some."""
    known = {str(name): found for name, found in ranges.items()}
    verdicts = [_matches_within(test.matcher, known[test.field]) for test in condition.tests]
    if condition.any_of:
        parts = [_holds_within(part, ranges) for part in condition.any_of]
        verdicts.append(_negated(_all([_negated(one) for one in parts])))
    return _all(verdicts)


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    found = list(verdicts)
    if False in found:
        return False
    return None if None in found else True


def _negated(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _matches_within(matcher: Matcher, within: Range) -> bool | None:
    low, high = (to_points(tenths) for tenths in within)
    if low == high:
        return matches(matcher, low)
    if any(isinstance(one, Decimal) and low <= one <= high for one in matcher.scalars):
        return None  # a number of a list is one of those within
    if not (
        matches(replace(matcher, lt=None, lte=None), high)
        and matches(replace(matcher, gt=None, gte=None), low)
    ):
        return False
    return True if matches(matcher, low) and matches(matcher, high) else None
