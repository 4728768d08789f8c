"""The agreement's scoring terms as plain numbers, and the one rounding of the scores.

Here belongs what scalar reference and frames share: they must not come to differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from accord.agreement import ActivityTerms, Agreement, Implicit

ScoreName = Literal["fit", "engagement", "intent"]
SCORES: tuple[ScoreName, ...] = ("fit", "engagement", "intent")
"""The three scores, never blended."""

CYCLE = ("attention", "interest", "desire", "action")
"""The buying cycle, first to last; the rank of a position is its place, from 1."""

NEVER_BITES = 1e300
NEVER_DECAYS_US = 1e300
BEYOND_SHOWING = 1e15
"""Points up to which is said what a kind would add without its cap; whole tenths have no room."""
SPEAKS_FROM = 0.25 - 1e-9
"""Decayed weight from which a kind speaks for a position: 0.25, less the noise of a sum."""

_NOISE = 1e-6


def to_tenths(points: float | Decimal) -> int:
    """Round the contribution of a rule or kind, once, to whole tenths: floor(10x + 0.5 + 1e-6).

    The 1e-6 lifts a tie that arithmetic left a hair below. Engines compute the same in
    :mod:`accord.scoring.points`.

    >>> to_tenths(39.96), to_tenths(39.94), to_tenths(-1.25)
    (400, 399, -12)
    """
    return math.floor(10 * float(points) + 0.5 + _NOISE)


def to_points(tenths: int) -> Decimal:
    """Return the number shown, which is the number decided on, for whole tenths.

    >>> to_points(400)
    Decimal('40.0')
    """
    return Decimal(tenths).scaleb(-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTerms:
    """What one kind of activity is worth: ``cap`` bounds points x weight, either sign."""

    score: ScoreName
    points: float
    cap: float
    half_life_us: float
    rank: int  # of the position that it shows, 0 for none


def kind_tenths(terms: KindTerms, weight: float) -> int:
    """Return what a kind of this weight adds: points x weight, within the cap, rounded once."""
    return to_tenths(min(max(terms.points * weight, -terms.cap), terms.cap))


def uncapped_tenths(terms: KindTerms, weight: float) -> int:
    """Return what a kind of this weight would add without its cap."""
    return to_tenths(min(max(terms.points * weight, -BEYOND_SHOWING), BEYOND_SHOWING))


def kind_terms(agreement: Agreement) -> Mapping[str, KindTerms]:
    """Return the terms of every kind that scores; a kind stands in one score only."""
    scoring = agreement.scoring
    sections: tuple[tuple[ScoreName, Implicit], ...] = (
        ("engagement", scoring.engagement),
        ("intent", scoring.intent),
    )
    return {
        kind: _terms_of(name, section, terms)
        for name, section in sections
        for kind, terms in section.activities.items()
    }


def half_lives_of(agreement: Agreement) -> Mapping[str, float]:
    """Return the half-life of every kind in scoring, in microseconds; the others never decay."""
    return {kind: terms.half_life_us for kind, terms in kind_terms(agreement).items()}


def cap_tenths(agreement: Agreement, name: ScoreName) -> int:
    """Return a score's upper limit in whole tenths; no score shown is above it."""
    cap: Decimal = getattr(agreement.scoring, name).cap
    return math.floor(10 * cap)


def limit_tenths(tenths: int, agreement: Agreement, name: ScoreName) -> int:
    """Limit a sum of tenths to 0..cap."""
    return min(max(tenths, 0), cap_tenths(agreement, name))


def _terms_of(name: ScoreName, section: Implicit, terms: ActivityTerms) -> KindTerms:
    half_life: Any = terms.half_life or section.half_life
    return KindTerms(
        score=name,
        points=float(terms.points),
        cap=NEVER_BITES if terms.cap is None else float(terms.cap),
        half_life_us=half_life.delta.total_seconds() * 1e6,
        rank=0 if terms.shows is None else CYCLE.index(terms.shows) + 1,
    )
