"""Lists of the agreement that a rule may name instead of writing their words out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from accord.agreement import Agreement

_REASONS = ("returned", "deferred", "disqualified", "lost")

LISTS: tuple[str, ...] = (
    *(f"agreement.reasons.{name}" for name in _REASONS),
    *(f"agreement.{name}" for name in ("teams", "calendars", "steps", "kinds", "segments")),
)
"""Their names; ``kinds`` are the kinds of activities that score, ``steps`` those of a deal."""

PREFIX = "agreement."


def lists_of(agreement: Agreement) -> Mapping[str, tuple[str, ...]]:
    """Return the lists as an agreement has them, by name."""
    scoring = agreement.scoring
    reasons = {str(name): words for name, words in agreement.sla.reasons.items()}
    steps = [step for terms in agreement.stages.values() for step in terms.steps]
    kinds = [*scoring.engagement.activities, *scoring.intent.activities]
    return MappingProxyType(
        {
            **{f"agreement.reasons.{name}": reasons.get(name, ()) for name in _REASONS},
            "agreement.teams": tuple(agreement.teams),
            "agreement.calendars": tuple(agreement.calendars),
            "agreement.steps": tuple(steps),
            "agreement.kinds": tuple(kinds),
            "agreement.segments": tuple(one.name for one in agreement.segments),
        }
    )


def resolve(words: Iterable[str], lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Put the words of named lists in the place of their names."""
    found: list[str] = []
    for word in words:
        found += lists.get(word, ()) if word.startswith(PREFIX) else [word]
    return tuple(found)
