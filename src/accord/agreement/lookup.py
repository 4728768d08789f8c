"""Looking things up in an agreement: which segment a lead is in, which stage a word means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accord.agreement.model import Agreement
from accord.conditions import holds
from accord.records import Stage


def segment_of(agreement: Agreement, lead: Mapping[str, Any]) -> str:
    """Return the first segment whose condition holds for a lead's attributes.

    The last segment matches everything, so there always is one.
    """
    for segment in agreement.segments[:-1]:
        if segment.when is None or holds(segment.when, lead):
            return segment.name
    return agreement.segments[-1].name


def stage_of(agreement: Agreement, word: str) -> Stage | None:
    """Return the stage that a source's word means: a stage's own name or one of its aliases.

    Case and surrounding space do not count; None where the agreement does not know the word.
    """
    wanted = word.strip().casefold()
    for stage, terms in agreement.stages.items():
        if wanted == stage.value or wanted in (alias.strip().casefold() for alias in terms.aliases):
            return stage
    return None
