"""What makes an agreement incoherent: the policy is the two lists below.

A rule is a function from the raw content to findings; it knows one kind of fault and passes over
whatever has not the shape it looks for. Rules do not depend on each other or on their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from accord.agreement.checks.calendars import find_calendar_faults, find_unknown_zone
from accord.agreement.checks.cases import (
    find_covered_entries,
    find_open_ends,
    find_unknown_fields,
    find_unknown_words,
    find_wrong_kinds,
)
from accord.agreement.checks.clocks import (
    find_cadence_out_of_order,
    find_days_in_cadence,
    find_days_on_business_clocks,
    find_days_on_business_ladders,
    find_steps_out_of_order,
)
from accord.agreement.checks.goals import (
    warn_shares_against_targets,
    warn_shares_not_whole,
)
from accord.agreement.checks.names import (
    find_aliases_used_twice,
    find_kinds_in_two_scores,
    find_names_used_twice,
    find_reserved_lines,
    find_reserved_people,
    find_sides_signed_twice,
    find_words_used_twice,
)
from accord.agreement.checks.references import (
    find_unknown_names,
    find_unknown_segments,
    find_untold_steps,
    find_wrong_roles,
)
from accord.agreement.checks.reviews import find_review_faults
from accord.agreement.checks.stages import (
    find_misplaced_words,
    find_missing_stages,
    find_wrong_owners,
)
from accord.agreement.checks.warnings import warn_channels_shared
from accord.agreement.tree import Tree
from accord.findings import Finding

Rule = Callable[[Tree], Iterator[Finding]]
"""From the raw content to what is wrong with it."""

RULES: tuple[Rule, ...] = (
    # who signed, which words mean which stage, who owns it
    find_sides_signed_twice,
    find_missing_stages,
    find_wrong_owners,
    find_misplaced_words,
    find_aliases_used_twice,
    # names: each defined once, each use defined
    find_names_used_twice,
    find_words_used_twice,
    find_kinds_in_two_scores,
    find_reserved_lines,
    find_reserved_people,
    find_unknown_names,
    find_unknown_segments,
    find_wrong_roles,
    find_untold_steps,
    # conditions: fields that exist, values that can stand there, lists that decide every lead
    find_unknown_fields,
    find_wrong_kinds,
    find_unknown_words,
    find_covered_entries,
    find_open_ends,
    # time
    find_unknown_zone,
    find_calendar_faults,
    find_days_on_business_clocks,
    find_days_on_business_ladders,
    find_days_in_cadence,
    find_steps_out_of_order,
    find_cadence_out_of_order,
    find_review_faults,
)
"""Every kind of fault: an agreement with any of these is not loaded."""

WARNINGS: tuple[Rule, ...] = (
    warn_shares_against_targets,
    warn_shares_not_whole,
    warn_channels_shared,
)
"""What is worth saying of an agreement that is loaded all the same."""


def find_faults(tree: Tree) -> tuple[Finding, ...]:
    """Return everything that is wrong with the content."""
    return tuple(finding for rule in RULES for finding in rule(tree))


def find_warnings(tree: Tree) -> tuple[Finding, ...]:
    """Return everything worth saying about a content without faults."""
    return tuple(finding for rule in WARNINGS for finding in rule(tree))
