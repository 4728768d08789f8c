"""What a rescoring found, as values: two agreements side by side over the same leads.

``now`` is the agreement in force, ``then`` the candidate; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from accord.evaluation.shares import Evaluation

_AT_ONCE = 10_000
"""Rows of movers that are made values at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A lead that would come over the mql threshold or fall below it.

    Scores are in whole tenths by name. It is no stage that moves: decay never takes one back.
    """

    lead_id: str
    segment: str | None
    channel: str | None
    now: Mapping[str, int]
    then: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Movers:
    """All leads that would move one way, those first that are worked first; may be very many.

    ``rows``: lead_id, segment, channel, and of each score two columns, such as ``fit_now`` and
    ``fit_then``, in whole tenths.
    """

    rows: pa.Table

    def __len__(self) -> int:
        """Count them."""
        return int(self.rows.num_rows)

    def __iter__(self) -> Iterator[Mover]:
        """Yield them one by one, in their order."""
        for batch in self.rows.to_batches(max_chunksize=_AT_ONCE):
            yield from map(_to_mover, batch.to_pylist())

    def first(self, count: int) -> tuple[Mover, ...]:
        """Return the first of them, as a list that somebody reads is not endless."""
        return tuple(Movers(rows=self.rows.slice(0, count)))


def _to_mover(row: Mapping[str, Any]) -> Mover:
    return Mover(
        lead_id=row["lead_id"],
        segment=row["segment"],
        channel=row["channel"],
        now=_ending_in("_now", row),
        then=_ending_in("_then", row),
    )


def _ending_in(ending: str, row: Mapping[str, Any]) -> Mapping[str, int]:
    return {name.removesuffix(ending): row[name] for name in row if name.endswith(ending)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The leads of one segment or channel: how many are over the mql threshold now and then.

    Leads that have bought or were disqualified are not counted.
    """

    name: str
    leads: int
    mql_now: int
    mql_then: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Hand-offs that each agreement would have decided in one ISO week, against what reps can take.

    ``capacity_now`` and ``capacity_then`` count the leads that all development reps who were there
    may be given in that week, each by the capacity that its own agreement names; None where no rep
    is known, and where the comparison is limited to some leads: reps have to take the others too.
    """

    week: str
    starts_on: date
    now: int
    then: int
    capacity_now: int | None
    capacity_then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How many leads have a score of each band of ten points, 0-9.9 first, 90 and more last."""

    score: str
    now: tuple[int, ...]
    then: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that a rescoring says.

    ``segments_asked`` and ``leads_asked`` (None: all) say what it was limited to. ``leads`` were
    scored under both and ``changed`` of them have another score; ``settled`` of them have bought or
    were disqualified, and are counted neither in ``mql_now`` and ``mql_then`` nor among the movers
    and in the groups. ``past`` holds an evaluation of each agreement over the leads whose outcome
    is known, ``now`` and ``then``, and is empty unless some of these bought and others did not.
    ``stored`` counts the leads whose stored scores became others, None in a dry run.
    """

    as_of: datetime
    version_now: str
    version_then: str
    segments_asked: tuple[str, ...]
    leads_asked: int | None
    leads: int
    changed: int
    settled: int
    mql_now: int
    mql_then: int
    gained: Movers
    lost: Movers
    by_segment: tuple[Group, ...]
    by_channel: tuple[Group, ...]
    weeks: tuple[Week, ...]
    spreads: tuple[Spread, ...]
    past: Mapping[str, Evaluation]
    stored: int | None = None

    @property
    def is_limited(self) -> bool:
        """Whether some leads were left out because others were asked for."""
        return bool(self.segments_asked) or self.leads_asked is not None

    @property
    def movable(self) -> int:
        """How many leads can move: those that have neither bought nor were disqualified."""
        return self.leads - self.settled
