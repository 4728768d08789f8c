"""Which team takes a lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.agreement import RoutingRule
from accord.conditions import holds


def team_of(rules: Sequence[RoutingRule], lead: Mapping[str, Any]) -> str:
    """Return the team of the first rule that a lead's attributes satisfy.

    ``lead`` has the record's fields and ``segment``. The last rule of a list has no condition (the
    agreement is refused otherwise), so there always is a team.
    """
    for rule in rules[:-1]:
        if rule.when is None or holds(rule.when, lead):
            return rule.team
    return rules[-1].team
