"""Sentences of rules, written from what a rule says: for reasons, findings and the policy in words.

A sentence never repeats what a record's field holds; ``{}`` stands for what is missing, or was no
value, and is put in for each row.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from accord.quality.lists import LISTS, PREFIX
from accord.quality.model import LEAD_CREATED, BatchRule, Bound, Range, Rule

_DAY_SECONDS = 86_400


def sentence_of(rule: Rule) -> str:
    """Say why a row fails the rule: as the policy says it, else written from its terms."""
    return rule.sentence or _written(rule)


def _written(rule: Rule) -> str:
    said = ""
    if rule.required is not None:
        said = "lacks {}"
    elif rule.type is not None:
        said = "{}"
    elif rule.known_lead:
        said = "its lead is not known yet; it counts once the lead arrives"
    elif rule.range is not None:
        bounds = rule.range
        timed = bounds.earliest is not None or bounds.latest is not None
        said = f"{rule.field} {_beyond(bounds) if timed else _outside(bounds)}"
    elif rule.not_before is not None:
        other = "its lead was created" if rule.not_before == LEAD_CREATED else rule.not_before
        said = f"{rule.field} lies before {other}"
    elif rule.pattern is not None:
        said = f"{rule.field} has not the form that it should have"
    else:
        said = f"{rule.field} is not among {_among(rule.allowed or ())}"
    return said


def _beyond(bounds: Range) -> str:
    ends = []
    if bounds.earliest is not None:
        ends.append(f"before {_time(bounds.earliest)}")
    if bounds.latest is not None:
        ends.append(_after(bounds.latest))
    return f"lies {' or '.join(ends)}"


def _outside(bounds: Range) -> str:
    low = bounds.min if bounds.above is None else bounds.above
    if low is None:
        return f"is more than {_number(bounds.max or 0)}"
    if bounds.max is not None:
        return f"is not between {_number(low)} and {_number(bounds.max)}"
    if bounds.above is not None:
        return f"is not above {_number(low)}"
    return "is negative" if low == 0 else f"is less than {_number(low)}"


def _time(bound: Bound) -> str:
    if bound.instant is None:
        return f"{bound.written} of the run"
    return bound.written.removesuffix("-01-01")


def _after(bound: Bound) -> str:
    return "in the future" if bound.instant is None else f"after {_time(bound)}"


def _number(value: float) -> str:
    return f"{value:,g}" if value != int(value) else f"{int(value):,}"


def _among(allowed: tuple[str, ...]) -> str:
    if len(allowed) == 1 and allowed[0] in LISTS:
        name = allowed[0].removeprefix(PREFIX)
        if name.startswith("reasons."):
            return f"the agreement's reasons for {name.removeprefix('reasons.')}"
        return f"the agreement's {name}"
    return "the words that may stand there"


def batch_sentence_of(rule: BatchRule) -> str:
    """Say what a batch that fails the rule is: as the policy says it, else from its terms."""
    return rule.sentence or _written_of_batch(rule)


def _written_of_batch(rule: BatchRule) -> str:
    name, said = rule.field, ""
    if rule.row_count is not None:
        low, high = (_number(one) for one in rule.row_count.between)
        usual = f"the median of the source's batches of the last {rule.row_count.weeks} weeks"
        said = f"its rows are not between {low} and {high} times {usual}"
    elif rule.freshness is not None:
        said = f"its newest {name or 'record'} is older than {rule.freshness}"
    elif rule.nulls is not None:
        said = f"more than {_percent(rule.nulls.at_most)} of its rows have no {name}"
    elif rule.share is not None:
        low, high = (_percent(one) for one in rule.share.between)
        said = f"the share of {rule.share.of} in {name} is not between {low} and {high}"
    elif rule.drift is not None:
        said = f"{name} is spread otherwise than in the source's last {rule.drift.weeks} weeks"
    elif rule.unknown is not None:
        most = _percent(rule.unknown.at_most)
        said = f"more than {most} of {name} are not among {_among(rule.unknown.allowed)}"
    return said


def worded(rule: BatchRule, value: float) -> str:
    """Write what a rule measured of a batch.

    >>> rule = BatchRule(id="a", severity="flag", field="email", nulls={"at_most": 0.1})
    >>> worded(rule, 0.25)
    'nulls of email 25 %'
    """
    if rule.row_count is not None:
        return f"rows {_hundredths(value)} times the usual"
    if rule.freshness is not None:
        return f"newest {rule.field or 'record'} {_hundredths(value / _DAY_SECONDS)} days old"
    shown = f"{rule.field} {_hundredths(value * 100)} %"
    if rule.nulls is not None:
        return f"nulls of {shown}"
    if rule.share is not None:
        return f"share of {rule.share.of} in {shown}"
    return f"drift of {shown}" if rule.drift is not None else f"unknown words of {shown}"


def expected(rule: BatchRule, low: float | None, high: float | None) -> str:
    """Write the bounds that a measure of the rule should lie in.

    >>> rule = BatchRule(id="a", severity="flag", field="email", nulls={"at_most": 0.1})
    >>> expected(rule, None, 0.1)
    'at most 10 %'
    """
    unit, word = 100.0, " %"
    if rule.row_count is not None:
        unit, word = 1.0, " times"
    elif rule.freshness is not None:
        unit, word = 1 / _DAY_SECONDS, " days"
    ends = [None if end is None else _hundredths(end * unit) for end in (low, high)]
    if None not in ends:
        return f"{ends[0]} to {ends[1]}{word}"
    return f"at most {ends[1]}{word}" if ends[1] is not None else f"at least {ends[0]}{word}"


def _hundredths(value: float) -> str:
    """Write a number with at most two decimals, half up."""
    exact = Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    whole = exact == exact.to_integral_value()
    return f"{exact.to_integral_value() if whole else exact.normalize():f}"


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
