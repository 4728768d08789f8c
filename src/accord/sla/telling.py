"""Who is told now, and what goes together: one message a recipient, and a pause between two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.agreement import StepAt
from accord.sla.recipients import REP


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One entry that waits to tell somebody of a step.

    ``channel`` is the way it goes: what goes different ways is never one message. ``is_due`` is
    false of one that failed and whose own time to be tried again has not come: it only goes along.
    ``at_once`` is a reminder that no pause may hold.
    """

    entry_id: int
    recipient: str
    channel: str
    is_due: bool
    at_once: bool


def goes_at_once(role: str, at: StepAt) -> bool:
    """Say whether a step may not wait for a digest: the owner's reminders up to the due time.

    >>> from accord.agreement import parse_step_at
    >>> [goes_at_once("rep", parse_step_at(at)) for at in ("80%", "due", "due+30m")]
    [True, True, False]
    >>> goes_at_once("manager", parse_step_at("due"))
    False
    """
    return role == REP and (at.share is not None or not at.after)


def told_now(
    waiting: Iterable[Telling],
    last_told: Mapping[str, datetime],
    *,
    pause: timedelta,
    as_of: datetime,
) -> tuple[tuple[int, ...], ...]:
    """Return the messages that go now, each the entries that it tells of, in their order.

    All that waits for one recipient on one channel is one message. It goes if something of it is
    due and nothing was told to that recipient within the ``pause``, or if something of it goes at
    once: then what waits for the pause goes along. A pause that ends at exactly ``as_of`` is over.
    """
    groups: dict[tuple[str, str], list[Telling]] = {}
    for one in waiting:
        groups.setdefault((one.recipient, one.channel), []).append(one)

    def goes(group: list[Telling]) -> bool:
        last = last_told.get(group[0].recipient)
        rested = last is None or last + pause <= as_of
        return any(one.is_due and (rested or one.at_once) for one in group)

    return tuple(tuple(one.entry_id for one in group) for group in groups.values() if goes(group))
