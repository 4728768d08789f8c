"""Speed to lead, split: what the system took, what the rep took, what the lead saw."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from accord.metrics.buckets import BUCKETS
from accord.metrics.definition import Direction, Metric, Part, Unit
from accord.records import Side

_REQUIREMENTS = ("A050", "A053", "A067")
_HALF, _NINE_TENTHS = Decimal("0.5"), Decimal("0.9")


def _quantiles(name: str, what: str, *, column: str, at: str, owner: Side) -> Iterator[Metric]:
    for end, which, share in (("", "median", _HALF), ("_p90", "90th percentile", _NINE_TENTHS)):
        for kind, suffix, value in (("wall-clock", "", "_us"), ("open", "_business", "_open_us")):
            yield Metric(
                name=f"{name}{suffix}{end}",
                title=f"{name.replace('_', ' ').capitalize()}, {kind} minutes ({which})",
                formula=(
                    f"{which} (linear interpolation) of {kind} minutes from {what}, of hand-overs"
                    f" at mql, by the instant of {'assignment' if at == 'assigned_us' else 'touch'}"
                ),
                grain="hand-over at mql",
                unit=Unit.MINUTES,
                owner=owner,
                direction=Direction.DOWN,
                requirements=_REQUIREMENTS,
                numerator=Part(frame="speeds", at=at, value=f"{column}{value}"),
                quantile=share,
                weekly=("team", "rep"),
            )


def _count(name: str, title: str, formula: str, *, part: Part, by: tuple[str, ...]) -> Metric:
    return Metric(
        name=name,
        title=title,
        formula=formula,
        grain="hand-over at mql",
        unit=Unit.COUNT,
        owner=Side.SALES,
        direction=Direction.NONE,
        requirements=_REQUIREMENTS,
        numerator=part,
        weekly=(*by, "team", "rep"),
    )


_WAITED = tuple(label for label, _ in BUCKETS)

SPEED = (
    *_quantiles(
        "system_delay", "the lead's arrival to assignment",
        column="system", at="assigned_us", owner=Side.MARKETING,
    ),
    *_quantiles(
        "rep_delay", "assignment to the first touch",
        column="rep", at="touched_us", owner=Side.SALES,
    ),
    *_quantiles(
        "lead_response", "the lead's arrival to the first touch",
        column="total", at="touched_us", owner=Side.SALES,
    ),
    _count(
        "assigned_after", "Assigned, by system delay",
        "hand-overs at mql assigned whose arrival is known; their buckets: to 5, 10, 30 minutes,"
        " 1 hour, 1 day, longer, by the wall (system_bucket) and in open time (system_open_bucket)",
        part=Part(frame="speeds", at="assigned_us", where={"system_bucket": _WAITED}),
        by=("system_bucket", "system_open_bucket"),
    ),
    _count(
        "touched_after", "First touched, by rep delay",
        "hand-overs at mql touched for the first time; their buckets: to 5, 10, 30 minutes,"
        " 1 hour, 1 day, longer, by the wall (rep_bucket) and in open time (rep_open_bucket)",
        part=Part(frame="speeds", at="touched_us"),
        by=("rep_bucket", "rep_open_bucket"),
    ),
)  # fmt: skip
"""Median and 90th percentile of each part, by the wall and in open time, and the buckets."""
