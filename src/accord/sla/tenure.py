"""One owner's time with a hand-off, and the attempts that count in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accord.records import Channel, HandoffStage, Origin, TouchOutcome
from accord.sla.events import owners_of
from accord.sla.model import Handoff

_CHANNELS = {channel: place for place, channel in enumerate(Channel)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to reach a lead, by which channel, and what came of it."""

    at: datetime
    channel: Channel
    rep_id: str | None = None
    outcome: TouchOutcome | None = None
    automatic: bool = False

    @property
    def is_connected(self) -> bool:
        """Whether the lead was reached."""
        return self.outcome is TouchOutcome.CONNECTED

    @property
    def order(self) -> tuple[datetime, bool, int, str, str]:
        """Where it stands in time; of one instant, the one that reached the lead comes first.

        A mail logged at the minute of the talk it sums up so belongs to what follows the talk.
        """
        place, outcome = _CHANNELS[self.channel], self.outcome or ""
        return (self.at, not self.is_connected, place, outcome, self.rep_id or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """The time for which one owner has a hand-off: ``until`` it ended, or the owner changed.

    ``until`` is None as long as neither happened.
    """

    handoff_id: str
    lead_id: str
    stage: HandoffStage
    origin: Origin
    rep_id: str | None
    team: str | None
    since: datetime
    until: datetime | None = None
    transferred: bool = False

    def counts(self, attempt: Attempt) -> bool:
        """Whether an attempt is this owner's for this lead.

        In a hand-off of ours it must be the owner's, in an observed one anybody's. One at the
        instant of the end counts, one at the instant of a transfer is the next owner's.
        """
        if attempt.automatic or attempt.at < self.since:
            return False
        if self.until is not None and (
            attempt.at > self.until or (self.transferred and attempt.at == self.until)
        ):
            return False
        theirs = attempt.rep_id is not None and attempt.rep_id == self.rep_id
        return theirs or self.origin is Origin.OBSERVED

    def made(self, attempts: Iterable[Attempt], *, until: datetime) -> list[Attempt]:
        """Return the attempts that count, up to and at an instant, in order of time."""
        mine = (one for one in attempts if one.at <= until and self.counts(one))
        return sorted(mine, key=lambda one: one.order)


def tenures_of(handoff: Handoff, *, lead_id: str, ended_at: datetime | None) -> Iterator[Tenure]:
    """Yield each owner's time with a hand-off, in order.

    Nobody as owner of a hand-off of ours owes nothing; nor does who came after its end.
    """
    if not handoff.owners:
        return
    owners = owners_of(handoff)
    ends = [*(owner.since for owner in owners[1:]), None]
    for owner, until in zip(owners, ends, strict=True):
        nobody = owner.rep_id is None and handoff.origin is Origin.DECIDED
        if nobody or (ended_at is not None and owner.since > ended_at):
            continue
        over = until is None or (ended_at is not None and ended_at < until)
        yield Tenure(
            handoff_id=handoff.handoff_id,
            lead_id=lead_id,
            stage=handoff.stage,
            origin=handoff.origin,
            rep_id=owner.rep_id,
            team=owner.team,
            since=owner.since,
            until=ended_at if over else until,
            transferred=not over,
        )
