"""What a rescoring found, as values: two agreements side by side over the same leads.

``now`` is the agreement in force, ``then`` the candidate; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from accord.evaluation.shares import Evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A lead that would become or cease to be an MQL; scores in whole tenths by name."""

    lead_id: str
    segment: str | None
    channel: str | None
    now: Mapping[str, int]
    then: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The leads of one segment or channel: how many are over the mql threshold now and then."""

    name: str
    leads: int
    mql_now: int
    mql_then: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Hand-offs that each agreement would have decided in one ISO week, against what reps can take.

    ``capacity`` counts the leads that all development reps who were there may be given in a week,
    None where the agreement names no capacity.
    """

    week: str
    starts_on: date
    now: int
    then: int
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How many leads have a score of each band of ten points, 0-9.9 first, 90 and more last."""

    score: str
    now: tuple[int, ...]
    then: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that a rescoring says; ``stored`` counts the scores written, 0 in a dry run.

    ``segments_asked`` and ``leads_asked`` (None: all) say what it was limited to. ``past`` holds an
    evaluation of each agreement over the leads whose outcome is known, ``now`` and ``then``, and is
    empty where there are too few to say anything.
    """

    as_of: datetime
    version_now: str
    version_then: str
    segments_asked: tuple[str, ...]
    leads_asked: int | None
    leads: int
    changed: int
    mql_now: int
    mql_then: int
    gained: tuple[Mover, ...]
    lost: tuple[Mover, ...]
    by_segment: tuple[Group, ...]
    by_channel: tuple[Group, ...]
    weeks: tuple[Week, ...]
    spreads: tuple[Spread, ...]
    past: Mapping[str, Evaluation]
    stored: int = 0
