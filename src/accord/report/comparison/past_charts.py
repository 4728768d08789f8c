"""The charts of past leads: shares and lifts of both agreements, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from accord.evaluation import Comparison, Evaluation
from accord.report.cells import tenths
from accord.report.comparison.pair import SIDES, to_colors, to_labels, to_rows
from accord.report.comparison.words import to_interval, to_percent
from accord.report.model import Chart
from accord.report.pairs import lifts, ranges

SHARES = (
    ("recall", "Recall", "winners that it would have caught"),
    ("precision", "Precision", "winners among those it would have sent"),
    ("wasted", "Wasted", "non-buyers that it would have sent"),
)
"""The measures of an evaluation that are shares: attribute, title, meaning."""

Row = Mapping[str, Any]


def past_charts(found: Comparison) -> tuple[Chart, ...]:
    """Draw them; what was not counted is left out, and nothing is drawn where nothing was."""
    return (*_ranges(found), *_lifts(found)) if found.past else ()


def _ranges(found: Comparison) -> tuple[Chart, ...]:
    now, then = (found.past[side] for side in SIDES)
    values = ((title, *_shares(now, then, name)) for name, title, _ in SHARES)
    rows = _counted(to_rows(found, values))
    if not rows:
        return ()
    said = (f"{title} {_both(found.past, name)}" for name, title, _ in SHARES)
    return (
        ranges(
            "chart-past",
            rows,
            title="Recall, precision and waste, with 95 % intervals",
            says=_says(found, said),
            colors=to_colors(found),
        ),
    )


def _shares(now: Evaluation, then: Evaluation, name: str) -> tuple[Row, Row]:
    first, second = getattr(now, name), getattr(then, name)
    return (
        _span(first.value, first.low, first.high),
        _span(second.value, second.low, second.high),
    )


def _both(found: Mapping[str, Evaluation], name: str) -> str:
    sides = (getattr(found[side], name) for side in SIDES)
    return " and ".join(f"{to_percent(one.value)} ({to_interval(one)})" for one in sides)


def _lifts(found: Comparison) -> tuple[Chart, ...]:
    pairs = list(zip(*(found.past[side].deciles for side in SIDES), strict=True))
    values = (
        (str(a.number), _span(a.lift, a.low, a.high), _span(b.lift, b.low, b.high))
        for a, b in pairs
    )
    rows = _counted(to_rows(found, values))
    if not rows:
        return ()
    said = (f"{a.number}: {tenths(a.lift).shown} and {tenths(b.lift).shown}" for a, b in pairs)
    return (
        lifts(
            "chart-lift",
            rows,
            title="Lift by tenth of the ranking, best first; dashed: as good as chance",
            says=_says(found, said),
            colors=to_colors(found),
        ),
    )


def _says(found: Comparison, said: Any) -> str:
    now, then = to_labels(found)
    return f"{now} and {then}: " + "; ".join(said)


def _span(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> Row:
    drawn = {"value": value, "low": low, "high": high}
    return {name: None if one is None else float(one) for name, one in drawn.items()}


def _counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["value"] is not None]
