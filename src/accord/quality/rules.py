"""The rules of quality, as data: the lists below are the policy.

A rule names a Great Expectations expectation over a column of the checked frame (see
:mod:`accord.quality.checked`), what happens to a row that fails it, and why in a sentence. A
sentence never repeats what a person's field holds; ``{}`` stands for the checked column's own
text, which is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from accord.records import Entity

LATEST = "$latest"
"""Stands for a day after the run's as_of: clocks of sources go wrong by hours, not by days."""

EARLIEST = "$earliest"
"""Stands for 1990: before it nobody kept such records, and wrong dates are usually 1900 or 1970."""

_NULL = "ExpectColumnValuesToBeNull"
_BETWEEN = "ExpectColumnValuesToBeBetween"
_IN_SET = "ExpectColumnValuesToBeInSet"
_MATCH = "ExpectColumnValuesToMatchRegex"


class Severity(StrEnum):
    """What happens to a row that fails: set aside whole, or taken and flagged."""

    QUARANTINE = "quarantine"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its stable id, severity, expectation over a column, and the reason in a sentence.

    No rule says anything about a null: what is missing is named in a column of its own.
    """

    rule: str
    severity: Severity
    expectation: str
    column: str
    sentence: str
    terms: Mapping[str, Any] = field(default_factory=dict)


def _rule(rule: str, expectation: str, column: str, sentence: str, **terms: Any) -> Rule:
    return Rule(
        rule=rule,
        severity=Severity.QUARANTINE,
        expectation=expectation,
        column=column,
        sentence=sentence,
        terms=terms,
    )


def _flag(rule: str, expectation: str, column: str, sentence: str, **terms: Any) -> Rule:
    return Rule(
        rule=rule,
        severity=Severity.FLAG,
        expectation=expectation,
        column=column,
        sentence=sentence,
        terms=terms,
    )


def _basics(entity: Entity) -> tuple[Rule, ...]:
    """Every entity: required fields are there, and every text was a value of its field."""
    return tuple(
        Rule(
            rule=f"{entity}.{name}",
            severity=Severity.QUARANTINE,
            expectation=_NULL,
            column=name,
            sentence=sentence,
        )
        for name, sentence in (("missing", "lacks {}"), ("unparsed", "{}"))
    )


def _when(entity: Entity, column: str) -> Rule:
    return _rule(
        f"{entity}.{column}",
        _BETWEEN,
        column,
        min_value=EARLIEST,
        max_value=LATEST,
        sentence=f"{column} lies before 1990 or in the future",
    )


def _not_negative(entity: Entity, column: str) -> Rule:
    sentence = f"{column} is negative"
    return _rule(f"{entity}.{column}", _BETWEEN, column, min_value=0, sentence=sentence)


def _known_lead(entity: Entity) -> Rule:
    return _flag(
        f"{entity}.unknown_lead",
        _IN_SET,
        "lead_known",
        value_set=[True],
        sentence="its lead is not known yet; it counts once the lead arrives",
    )


def _after_lead(entity: Entity, sentence: str) -> Rule:
    return _flag(
        f"{entity}.before_lead", _BETWEEN, "days_after_lead", min_value=0, sentence=sentence
    )


def _listed(entity: Entity, column: str) -> Rule:
    return _flag(f"{entity}.{column}", _NULL, column, sentence="{}")


MAILBOX = r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+$"
"""The shape of a mail address: one @, a dot in the domain, no blanks. Not whether it exists."""

LEAD = (
    *_basics(Entity.LEAD),
    _rule("lead.email", _MATCH, "email", regex=MAILBOX, sentence="email is not a mail address"),
    _not_negative(Entity.LEAD, "employees"),
    _not_negative(Entity.LEAD, "budget"),
    _not_negative(Entity.LEAD, "timeline_days"),
    _when(Entity.LEAD, "created_at"),
    _when(Entity.LEAD, "stage_at"),
    _flag(
        "lead.country",
        _MATCH,
        "country",
        regex="^[A-Za-z]{2}$",
        sentence="country is not an ISO 3166 code of two letters; rules by country pass it over",
    ),
)

ACTIVITY = (
    *_basics(Entity.ACTIVITY),
    _when(Entity.ACTIVITY, "occurred_at"),
    _known_lead(Entity.ACTIVITY),
)

HANDOFF = (
    *_basics(Entity.HANDOFF),
    _when(Entity.HANDOFF, "handed_at"),
    _known_lead(Entity.HANDOFF),
    _after_lead(Entity.HANDOFF, "handed over before its lead was created"),
)

TOUCH = (
    *_basics(Entity.TOUCH),
    _when(Entity.TOUCH, "touched_at"),
    _known_lead(Entity.TOUCH),
    _after_lead(Entity.TOUCH, "touched before its lead was created"),
)

DECISION = (
    *_basics(Entity.DECISION),
    _when(Entity.DECISION, "decided_at"),
    _known_lead(Entity.DECISION),
    _after_lead(Entity.DECISION, "decided before its lead was created"),
    _listed(Entity.DECISION, "unlisted_reason"),
    _listed(Entity.DECISION, "endless_deferral"),
)

OPPORTUNITY = (
    *_basics(Entity.OPPORTUNITY),
    _when(Entity.OPPORTUNITY, "opened_at"),
    _when(Entity.OPPORTUNITY, "stage_at"),
    _when(Entity.OPPORTUNITY, "closed_at"),
    _not_negative(Entity.OPPORTUNITY, "amount"),
    _not_negative(Entity.OPPORTUNITY, "cost"),
    _flag(
        "opportunity.closed_before_opened",
        _BETWEEN,
        "days_open",
        min_value=0,
        sentence="closed before it was opened",
    ),
    _known_lead(Entity.OPPORTUNITY),
    _after_lead(Entity.OPPORTUNITY, "won, lost or opened before its lead was created"),
    _listed(Entity.OPPORTUNITY, "undated_close"),
    _listed(Entity.OPPORTUNITY, "unlisted_reason"),
    _listed(Entity.OPPORTUNITY, "unlisted_step"),
)

SPEND = (
    *_basics(Entity.SPEND),
    _when(Entity.SPEND, "spent_on"),
    _not_negative(Entity.SPEND, "amount"),
)

REP = (
    *_basics(Entity.REP),
    _flag("rep.email", _MATCH, "email", regex=MAILBOX, sentence="email is not a mail address"),
    _rule(
        "rep.weight",
        _BETWEEN,
        "weight",
        min_value=0,
        strict_min=True,
        sentence="weight is not above zero",
    ),
    _not_negative(Entity.REP, "per_week"),
    _not_negative(Entity.REP, "per_month"),
    _rule("rep.unlisted_calendar", _NULL, "unlisted_calendar", sentence="{}"),
    _listed(Entity.REP, "unlisted_team"),
)

RULES: Mapping[Entity, tuple[Rule, ...]] = MappingProxyType(
    {
        Entity.LEAD: LEAD,
        Entity.ACTIVITY: ACTIVITY,
        Entity.HANDOFF: HANDOFF,
        Entity.TOUCH: TOUCH,
        Entity.DECISION: DECISION,
        Entity.OPPORTUNITY: OPPORTUNITY,
        Entity.SPEND: SPEND,
        Entity.REP: REP,
    }
)
"""The policy: every entity's rules, in the order in which reasons are listed."""
