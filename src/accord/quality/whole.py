"""Judging a batch as a whole: its measures against the rules about batches and its source's past.

The measures stand in a frame of one row, a column a rule, and Great Expectations says which of
them lie within their bounds; so a batch may come in any number of pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import pandas as pd

from accord.quality.checked import Probe
from accord.quality.engine import failing
from accord.quality.lists import resolve
from accord.quality.model import BatchRule
from accord.quality.profile import OTHER, Measures, Profile
from accord.quality.wording import expected, worded
from accord.records import SCHEMAS

_BETWEEN = "ExpectColumnValuesToBeBetween"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One earlier batch of the same source that was taken."""

    taken_at: datetime
    rows: int
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a rule measured of the batch, and the bounds that it lies in or out of."""

    rule: BatchRule
    value: float
    low: float | None = None
    high: float | None = None
    within: bool = True

    @property
    def sentence(self) -> str:
        """Say what was measured and what should be."""
        own = f"{self.rule.sentence}: " if self.rule.sentence and not self.within else ""
        shown = worded(self.rule, self.value)
        return f"{own}{shown}; expected {expected(self.rule, self.low, self.high)}"


def needs_past(rules: Sequence[BatchRule]) -> int:
    """Return how many weeks back the rules look; 0 if none does."""
    terms = [one for rule in rules for one in (rule.row_count, rule.drift) if one is not None]
    return max((one.weeks for one in terms), default=0)


def check_batch(
    measures: Measures,
    *,
    past: Sequence[Past],
    as_of: datetime,
    lists: Mapping[str, tuple[str, ...]],
) -> tuple[Measured, ...]:
    """Judge a whole batch; one result a rule that had enough rows and history to say something.

    ``past`` are batches of the same source, in any order; each rule looks back its own weeks from
    ``as_of``. A measure exactly at a bound passes.
    """
    found = [
        measured
        for rule in measures.rules
        if (measured := _measure(rule, measures, past, as_of, lists)) is not None
    ]
    verdicts = failing([_probe(one) for one in found])
    return tuple(
        Measured(rule=one.rule, value=one.value, low=one.low, high=one.high, within=not len(rows))
        for one, rows in zip(found, verdicts, strict=True)
    )


def _probe(measured: Measured) -> Probe:
    bounds = {"min_value": measured.low, "max_value": measured.high}
    return Probe(
        rule=measured.rule.rule,
        column=pd.Series([measured.value], dtype="float64"),
        expectation=_BETWEEN,
        terms={name: value for name, value in bounds.items() if value is not None},
    )


def _measure(
    rule: BatchRule,
    measures: Measures,
    past: Sequence[Past],
    as_of: datetime,
    lists: Mapping[str, tuple[str, ...]],
) -> Measured | None:
    """Measure what a rule is about; None where too little is known to say anything."""
    if rule.row_count is not None:
        return _row_count(rule, measures, past, as_of)
    if measures.rows < rule.min_rows:
        return None
    if rule.freshness is not None:
        return _age(rule, measures, as_of)
    if rule.nulls is not None:
        share = measures.nulls[str(rule.field)] / measures.rows
        return Measured(rule=rule, value=share, high=rule.nulls.at_most)
    shares = measures.shares(str(rule.field))
    if rule.drift is not None:
        return _drift(rule, shares, past, as_of)
    return _share(rule, shares, lists) if shares else None


def _age(rule: BatchRule, measures: Measures, as_of: datetime) -> Measured | None:
    newest = measures.newest.get(str(rule.field or SCHEMAS[measures.entity].at))
    if newest is None or rule.freshness is None:
        return None
    age = (as_of - newest.to_pydatetime()).total_seconds()
    return Measured(rule=rule, value=age, high=float(rule.freshness.seconds))


def _share(
    rule: BatchRule, shares: Mapping[str, float], lists: Mapping[str, tuple[str, ...]]
) -> Measured | None:
    if rule.share is not None:
        low, high = rule.share.between
        return Measured(rule=rule, value=shares.get(rule.share.of, 0.0), low=low, high=high)
    if rule.unknown is None:
        return None
    known = set(resolve(rule.unknown.allowed, lists))
    found = sum(share for word, share in shares.items() if word not in known)
    return Measured(rule=rule, value=found, high=rule.unknown.at_most)


def _recent(past: Sequence[Past], weeks: int, as_of: datetime) -> list[Past]:
    return [one for one in past if (as_of - one.taken_at).total_seconds() <= weeks * 7 * 86_400]


def _row_count(
    rule: BatchRule, measures: Measures, past: Sequence[Past], as_of: datetime
) -> Measured | None:
    """Measure the rows as a multiple of the usual; a batch is small only beside what is usual."""
    terms = rule.row_count
    if terms is None:
        return None
    recent = [one.rows for one in _recent(past, terms.weeks, as_of)]
    if len(recent) < terms.history:
        return None
    usual = median(recent)
    if max(usual, measures.rows) < rule.min_rows or not usual:
        return None
    low, high = terms.between
    return Measured(rule=rule, value=measures.rows / usual, low=low, high=high)


def _drift(
    rule: BatchRule, shares: Mapping[str, float], past: Sequence[Past], as_of: datetime
) -> Measured | None:
    terms = rule.drift
    if terms is None:
        return None
    usual: dict[str, float] = {}
    known = 0
    for one in _recent(past, terms.weeks, as_of):
        before = _shares_of(one.profile, str(rule.field))
        known += bool(before)
        for word, share in before.items():
            usual[word] = usual.get(word, 0.0) + share * one.rows
    total = sum(usual.values())
    if known < terms.history or not total or not shares:
        return None
    value = _distance(shares, {word: part / total for word, part in usual.items()})
    return Measured(rule=rule, value=value, high=terms.at_most)


def _shares_of(profile: Profile, name: str) -> dict[str, float]:
    prefix = f"values.{name}."
    return {
        key.removeprefix(prefix): float(share or 0)
        for key, share in profile.items()
        if key.startswith(prefix)
    }


def _distance(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """Return the total variation distance; words that the past did not keep count as its others."""
    shared = dict(now)
    if OTHER in before:
        rest = [word for word in shared if word not in before]
        shared[OTHER] = sum(shared.pop(word) for word in rest)
    words = shared.keys() | before.keys()
    return sum(abs(shared.get(word, 0.0) - before.get(word, 0.0)) for word in words) / 2
