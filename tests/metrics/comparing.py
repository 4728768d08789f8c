"""Holding metrics against their twins in SQL: by which dimensions, and number by number."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from accord.agreement import load
from accord.metrics import ALL, METRICS, dimensions_of, quotient
from tests.conftest import ROOT
from tests.metrics.independent import TWINS, ask, ask_values, bucket_sql

_BUCKETS = ("system_bucket", "system_open_bucket", "rep_bucket", "rep_open_bucket")
_DIMENSIONS = (ALL, "segment", "channel")
_OWN = ("source", "step", "kind", "reason", "product", "rule", "side", "campaign")
_TEAMS = load(ROOT / "agreement.yaml").teams.items()
_MARKETING = " ".join(
    f"WHEN '{channel}' THEN '{name}'" for name, team in _TEAMS for channel in team.channels
)
_PEOPLE = {"rep": "rep_id", "team": "team"}
_MEMBER = {
    ALL: "''",
    **_PEOPLE,
    **{name: name for name in (*_DIMENSIONS[1:], *_OWN)},
    "marketing_team": f"CASE channel {_MARKETING} END",
    **{name: bucket_sql(name) for name in _BUCKETS},
}
_UNTOLD = {
    # of whole tables that the twins make without the lead's campaign
    name: ("campaign",)
    for name, metric in METRICS.items()
    if {"followups", "attempted", "closings", "speeds", "touches"} & set(metric.frames)
}
_OF_OWNERS = ("cadence_on_time_share", "attempts_per_handoff")


def asked_dimensions(metric):
    """Return the dimensions by which a metric is held against its twin."""
    known = dimensions_of(metric)
    people = _PEOPLE if metric.name in _OF_OWNERS or "rep_days" in metric.frames else ()
    asked = (*_DIMENSIONS, *_OWN, "marketing_team", *_BUCKETS, *people)
    return [name for name in asked if name in known and name not in _UNTOLD.get(metric.name, ())]


def compare(found, metric, dimension, label, numbers, bounds) -> int:
    """Hold a metric's numbers of one period against its twin's; returns how many were there."""
    ours = {m: n for (period, m), n in numbers.items() if period == label}
    if metric.quantile is not None:
        return _compare_quantiles(found, metric, dimension, ours, bounds)
    member = _MEMBER[dimension]
    sqls = TWINS[metric.name]
    above, *rest = (ask(found, sql, member, **bounds) for sql in sqls)
    below = rest[0] if rest else None
    members = set(above) | set(below or {}) | set(ours)
    if below is not None and dimension in metric.parted_by:
        whole = ask(found, sqls[1], _MEMBER[ALL], **bounds).get("", 0)
        members = set(above) | set(ours)
        below = dict.fromkeys(members, whole)
    compared = 0
    for name in members:
        number = ours.get(name)
        expected = _exact(above.get(name, 0))
        base = None if below is None else _exact(below.get(name, 0))
        if number is None:
            assert not expected, (metric.name, label, name)
            assert not base or dimension in metric.parted_by, (metric.name, label, name)
            continue
        if number.numerator is None or (base is not None and number.denominator is None):
            # nothing was known of its source yet, or no amount stated: missing, not zero
            assert (
                metric.plus or metric.less or not (expected if number.numerator is None else base)
            )
            assert number.value is None
            continue
        assert number.numerator == expected, (metric.name, label, name)
        assert number.denominator == base, (metric.name, label, name)
        value = number.numerator
        if base is not None:
            value = _read(metric, expected, base) if base else None
        assert number.value == value
        _compare_limits(found, metric, number)
        compared += 1
    return compared


def _compare_limits(found, metric, number) -> None:
    """A share of counted things has its Wilson interval, by the formula as it is printed."""
    if not (metric.is_proportion and number.denominator):
        assert number.low is None
        assert number.high is None
        return
    low, high = found.execute(_WILSON, [int(number.numerator), int(number.denominator)]).fetchone()
    assert float(number.low) == pytest.approx(low, abs=1e-9)
    assert float(number.high) == pytest.approx(high, abs=1e-9)


_WILSON = """
SELECT (p + z * z / (2 * n) - z * r) / (1 + z * z / n),
  (p + z * z / (2 * n) + z * r) / (1 + z * z / n)
FROM (SELECT *, sqrt(p * (1 - p) / n + z * z / (4 * n * n)) AS r
      FROM (SELECT k / n AS p, n, 1.959963984540054::DOUBLE AS z
            FROM (SELECT ?::DOUBLE AS k, ?::DOUBLE AS n)))"""


def _read(metric, above: Decimal, below: Decimal) -> Decimal:
    if metric.name.endswith("_forecast_accuracy"):
        above, below = min(above, below), max(above, below)
    return quotient(Fraction(above), Fraction(below))


def _compare_quantiles(found, metric, dimension, ours, bounds) -> int:
    sql, share = TWINS[metric.name]
    theirs = ask_values(found, sql, _MEMBER[dimension], share, **bounds)
    stated = {m: n for m, n in ours.items() if n.denominator}
    assert set(stated) == set(theirs)
    for name, (count, value) in theirs.items():
        assert stated[name].denominator == count
        assert float(stated[name].value) == pytest.approx(float(value), rel=1e-9, abs=1e-9)
    return len(theirs)


def _exact(value) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))
