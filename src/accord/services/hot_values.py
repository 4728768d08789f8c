"""The list of hot leads as values: what each one needs, and who comes first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from accord.records import Stage, to_text
from accord.scoring import ScoreName

_NEVER = datetime.max.replace(tzinfo=UTC)


class Need(StrEnum):
    """What a hot lead needs, the most pressing first."""

    WAITS = "waits"
    """Nobody who should have it has it; the list says why."""
    CALL = "call"
    """Somebody has it and has not touched it."""
    DECIDE = "decide"
    """It was touched; the decision is due."""
    DEAL = "deal"
    """It is in an open deal."""
    LATER = "later"
    """Sales sent it back or put it off, and it may not be handed over yet."""


_ORDER = {need: place for place, need in enumerate(Need)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HotLead:
    """One hot lead and who has it.

    ``hot_since`` is when its scores began to hold the threshold without a break, None if they no
    longer do: then it was handed over hot and has cooled. ``why`` says why it waits. ``term`` is
    what of the agreement runs out next, at ``due_at``. Names are None unless they were asked for.
    """

    lead_id: str
    need: Need
    stage: Stage | None
    stage_since: datetime | None
    hot_since: datetime | None
    scores: Mapping[ScoreName, Decimal]
    owner: str | None = None
    team: str | None = None
    owner_since: datetime | None = None
    touched_at: datetime | None = None
    why: str | None = None
    term: str | None = None
    due_at: datetime | None = None
    late: bool = False
    name: str | None = None
    company: str | None = None
    owner_name: str | None = None

    @property
    def order(self) -> tuple[int, datetime, datetime, str]:
        """Sort key: by need, then what runs out first, then what has been so the longest."""
        since = self.owner_since or self.hot_since or self.stage_since or _NEVER
        return (_ORDER[self.need], self.due_at or _NEVER, since, self.lead_id)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; names only where they were asked for."""
        plain = {
            "lead_id": self.lead_id,
            "need": self.need.value,
            "stage": None if self.stage is None else self.stage.value,
            "stage_since": _text(self.stage_since),
            "hot_since": _text(self.hot_since),
            "scores": {name: str(points) for name, points in self.scores.items()},
            "owner": self.owner,
            "team": self.team,
            "owner_since": _text(self.owner_since),
            "touched_at": _text(self.touched_at),
            "why": self.why,
            "term": self.term,
            "due_at": _text(self.due_at),
            "late": self.late,
        }
        named = {"name": self.name, "company": self.company, "owner_name": self.owner_name}
        return plain | {key: value for key, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HotList:
    """Every hot lead, the one that needs a call first on top."""

    as_of: datetime
    leads: tuple[HotLead, ...]

    @property
    def counts(self) -> Mapping[Need, int]:
        """How many leads have each need."""
        found = Counter(lead.need for lead in self.leads)
        return {need: found[need] for need in Need}

    @property
    def late(self) -> int:
        """How many are late."""
        return sum(lead.late for lead in self.leads)

    @property
    def is_well(self) -> bool:
        """Whether none waits and none is late."""
        return not self.late and not self.counts[Need.WAITS]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "as_of": to_text(self.as_of),
            "counts": {need.value: count for need, count in self.counts.items()},
            "late": self.late,
            "leads": [lead.as_dict() for lead in self.leads],
        }


def rank(leads: Iterable[HotLead]) -> tuple[HotLead, ...]:
    """Return the leads in the order in which they need somebody."""
    return tuple(sorted(leads, key=lambda lead: lead.order))


def _text(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
