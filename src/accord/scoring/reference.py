"""What the scores mean, in plain Python for one lead: the definition the frames are held to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.agreement import Agreement
from accord.conditions import holds
from accord.records import to_us
from accord.scoring.terms import (
    CYCLE,
    SCORES,
    SPEAKS_FROM,
    KindTerms,
    ScoreName,
    kind_tenths,
    kind_terms,
    limit_tenths,
    to_tenths,
    uncapped_tenths,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadScore:
    """One lead's scores in whole tenths, its position, and the lines (score, name) -> tenths."""

    fit: int
    engagement: int
    intent: int
    position: str | None
    lines: Mapping[tuple[str, str], int]
    uncapped: Mapping[tuple[str, str], int]  # the same before a kind's own cap


def score_lead(
    attributes: Mapping[str, Any],
    activities: Iterable[tuple[str, int]],
    agreement: Agreement,
    *,
    as_of: datetime,
) -> LeadScore:
    """Score one lead from its attributes and its activities, pairs of kind and occurred_us."""
    weights = weigh(activities, agreement, as_of=as_of)
    fit = _fit_lines(attributes, agreement)
    lines = fit | _kind_lines(weights, agreement, kind_tenths)
    uncapped = fit | _kind_lines(weights, agreement, uncapped_tenths)
    sums: dict[ScoreName, int] = {}
    for name in SCORES:
        total = sum(tenths for (score, _), tenths in lines.items() if score == name)
        sums[name] = limit_tenths(total, agreement, name)
        lines[name, "limit"] = uncapped[name, "limit"] = sums[name] - total
    return LeadScore(
        fit=sums["fit"],
        engagement=sums["engagement"],
        intent=sums["intent"],
        position=position_of(weights, agreement),
        lines={line: tenths for line, tenths in lines.items() if tenths},
        uncapped={line: uncapped[line] for line, tenths in lines.items() if tenths},
    )


def weigh(
    activities: Iterable[tuple[str, int]], agreement: Agreement, *, as_of: datetime
) -> Mapping[str, float]:
    """Return each scoring kind's weight at T: the sum of 0.5^((T - t)/half_life), t <= T."""
    terms = kind_terms(agreement)
    at = to_us(as_of)
    parts: dict[str, list[float]] = {}
    for kind, occurred_us in activities:
        if kind in terms and occurred_us <= at:
            weight = 0.5 ** ((at - occurred_us) / terms[kind].half_life_us)
            parts.setdefault(kind, []).append(weight)
    return {kind: math.fsum(weights) for kind, weights in parts.items()}


def position_of(weights: Mapping[str, float], agreement: Agreement) -> str | None:
    """Return the furthest position that any kind of weight 0.25 or more shows, None for none."""
    terms = kind_terms(agreement)
    ranks = [terms[kind].rank for kind in shown_by(weights, agreement)]
    return CYCLE[ranks[0] - 1] if ranks else None


def shown_by(weights: Mapping[str, float], agreement: Agreement) -> tuple[str, ...]:
    """Return the kinds that show the furthest position, the weightiest first."""
    terms = kind_terms(agreement)
    speaks = {
        kind: terms[kind].rank
        for kind, weight in weights.items()
        if weight >= SPEAKS_FROM and terms[kind].rank
    }
    furthest = [kind for kind, rank in speaks.items() if rank == max(speaks.values())]
    return tuple(sorted(furthest, key=lambda kind: (-weights[kind], kind)))


def _fit_lines(attributes: Mapping[str, Any], agreement: Agreement) -> dict[tuple[str, str], int]:
    lines: dict[tuple[str, str], int] = {}
    for rule in agreement.scoring.fit.rules:
        if holds(rule.when, attributes):
            earlier = lines.get(("fit", rule.name), 0)
            lines["fit", rule.name] = earlier + to_tenths(rule.points)
    return lines


def _kind_lines(
    weights: Mapping[str, float], agreement: Agreement, tenths: Callable[[KindTerms, float], int]
) -> dict[tuple[str, str], int]:
    terms = kind_terms(agreement)
    return {
        (terms[kind].score, kind): tenths(terms[kind], weight) for kind, weight in weights.items()
    }
