"""Which team takes a lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.agreement import RoutingRule
from accord.conditions import fields_of, holds


def team_of(rules: Sequence[RoutingRule], lead: Mapping[str, Any]) -> str:
    """Return the team of the first rule that a lead's attributes satisfy.

    ``lead`` has the record's fields and ``segment``. The last rule of a list has no condition (the
    agreement is refused otherwise), so there always is a team.
    """
    for rule in rules[:-1]:
        if rule.when is None or holds(rule.when, lead):
            return rule.team
    return rules[-1].team


class Teams:
    """One list of rules for many leads: for leads alike in all that the rules ask, once."""

    def __init__(self, rules: Sequence[RoutingRule]) -> None:
        asked = {name for rule in rules if rule.when for name in fields_of(rule.when)}
        self._rules = rules
        self._fields = tuple(sorted(asked))
        self._known: dict[tuple[tuple[type, Any], ...], str] = {}

    def of(self, lead: Mapping[str, Any]) -> str:
        """Return the team of a lead, as :func:`team_of` does."""
        values = [lead.get(name) for name in self._fields]
        key = tuple([(type(value), value) for value in values])  # true is not 1
        team = self._known.get(key)
        if team is None:
            team = self._known[key] = team_of(self._rules, lead)
        return team
