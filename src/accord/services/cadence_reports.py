"""What people ask about the cadence: who kept which step, by what means, and what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accord.errors import InputError
from accord.ledger.cadence_rows import is_known
from accord.metrics import quotient
from accord.records import Channel
from accord.services.cadence import Asked, Followed, follow_cadence
from accord.services.workspace import Workspace
from accord.sla import Became, Branch, FollowUp, Play, next_step

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What is counted of a group: hand-offs, attempts by channel, steps by what became of them."""

    handoffs: set[str] = field(default_factory=set)
    attempts: Counter[Channel] = field(default_factory=Counter)
    steps: Counter[Became] = field(default_factory=Counter)

    @property
    def due(self) -> int:
        """Steps whose time has come: done in time, done late, or not done."""
        return sum(self.steps[became] for became in (Became.ON_TIME, Became.LATE, Became.MISSED))

    def told(self) -> dict[str, Any]:
        """Return the steps as they are shown: counts, and the share done in time."""
        share = quotient(self.steps[Became.ON_TIME], self.due) if self.due else None
        counts = {became.value: self.steps[became] for became in Became}
        return {"due": self.due, **counts, "on_time_share": share}

    def tried(self) -> dict[str, Any]:
        """Return hand-offs and attempts, with the mean of attempts a hand-off."""
        made, handoffs = self.attempts.total(), len(self.handoffs)
        mean = quotient(made, handoffs) if handoffs else None
        by_channel = {channel.value: self.attempts[channel] for channel in Channel}
        return {
            "handoffs": handoffs,
            "attempts": made,
            "attempts_per_handoff": mean,
            **by_channel,
        }


def summarize_cadence(
    workspace: Workspace, *, as_of: datetime, asked: Asked
) -> dict[str, list[dict[str, Any]]]:
    """Count what became of every step: ``steps``, ``reps``, ``teams``, and ``attempts`` by channel.

    A step done late counts as late, one not done so far as missed; the share on time is of those
    three. Reps and teams are those who had the lead then. InputError if nobody is called so.
    """
    _refuse_unknown(workspace, asked, as_of=as_of)
    found = _follow(workspace, asked, as_of=as_of)
    return {
        "steps": _by_step(found),
        "reps": [
            {"rep": rep, "team": team, **tally.tried(), **tally.told()}
            for (rep, team), tally in _grouped(found, lambda one: (_rep(one), one.tenure.team))
        ],
        "teams": [
            {"team": team, **tally.tried(), **tally.told()}
            for (team,), tally in _grouped(found, lambda one: (one.tenure.team,))
        ],
        "attempts": _by_channel(found),
    }


def list_steps(workspace: Workspace, lead_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
    """List every step owed to one lead, in order: whose, when due, what became of it."""
    asked = Asked(lead_id=lead_id)
    _refuse_unknown(workspace, asked, as_of=as_of)
    return [
        {
            "handoff": one.tenure.handoff_id,
            "rep": one.tenure.rep_id,
            **_named(step.play),
            "due": step.due_at,
            "became": step.became.value,
            "done": step.done_at,
            "tried": step.tried_at,
        }
        for one in _follow(workspace, asked, as_of=as_of)
        for step in one.steps
    ]


def list_open_steps(workspace: Workspace, *, as_of: datetime, asked: Asked) -> list[dict[str, Any]]:
    """List the next step of every open hand-off, what is overdue first: a rep's list for the day.

    ``tried`` is an unanswered call that still wants a voicemail, ``next_due`` when the first step
    that is not overdue falls due.
    """
    _refuse_unknown(workspace, asked, as_of=as_of)
    found = _follow(workspace, asked, as_of=as_of)
    owed = [(one, step) for one in found if (step := next_step(one.steps)) is not None]
    owed.sort(key=lambda each: (each[1].due_at, each[0].tenure.lead_id))
    return [_to_do(one, step) for one, step in owed]


def find_owed_mail(
    workspace: Workspace, lead_id: str, *, as_of: datetime
) -> tuple[Followed, FollowUp] | None:
    """Find the next mail that is still owed to one lead, and in whose time; None if none is.

    What else is owed before it does not matter: the mail can be written early.
    """
    asked = Asked(lead_id=lead_id, running=True)
    _refuse_unknown(workspace, asked, as_of=as_of)
    found = _follow(workspace, asked, as_of=as_of)
    mails = [(one, _next_mail(one.steps)) for one in found]
    owed = [(one, step) for one, step in mails if step is not None]
    return min(owed, key=lambda each: (each[1].due_at, each[0].tenure.handoff_id), default=None)


def _next_mail(steps: Iterable[FollowUp]) -> FollowUp | None:
    return next_step(step for step in steps if step.play.channel is Channel.EMAIL)


def _to_do(one: Followed, step: FollowUp) -> dict[str, Any]:
    coming = (each.due_at for each in one.steps if each.is_to_do and each.became is Became.OPEN)
    return {
        "due": step.due_at,
        "overdue": step.became is Became.MISSED,
        "lead": one.tenure.lead_id,
        "rep": one.tenure.rep_id,
        "team": one.tenure.team,
        **_named(step.play),
        "template": step.play.template,
        "tried": step.tried_at,
        "next_due": min(coming, default=None),
        "attempts": len(one.attempts),
        "handoff": one.tenure.handoff_id,
    }


def _follow(workspace: Workspace, asked: Asked, *, as_of: datetime) -> tuple[Followed, ...]:
    path = workspace.settings.agreement
    return follow_cadence(workspace.ledger, path, as_of=as_of, asked=asked)


def _rep(one: Followed) -> str | None:
    return one.tenure.rep_id


Key = tuple[Any, ...]


def _grouped(found: Iterable[Followed], key: Callable[[Followed], Key]) -> list[tuple[Key, _Tally]]:
    """Count by a key, sorted; who is not named comes last."""
    tallies: dict[Key, _Tally] = {}
    for one in found:
        tally = tallies.setdefault(key(one), _Tally())
        tally.handoffs.add(one.tenure.handoff_id)
        tally.attempts.update(attempt.channel for attempt in one.attempts)
        tally.steps.update(step.became for step in one.steps)
    return sorted(
        tallies.items(), key=lambda each: [(part is None, part or "") for part in each[0]]
    )


def _by_step(found: Sequence[Followed]) -> list[dict[str, Any]]:
    """Count by step; agreements with another channel or term there have steps of their own."""
    tallies: dict[Key, tuple[Play, _Tally]] = {}
    for step in (step for one in found for step in one.steps):
        play = step.play
        key = (play.branch is Branch.CONNECTED, play.number, play.channel.value)
        _, tally = tallies.setdefault((*key, play.within), (play, _Tally()))
        tally.steps[step.became] += 1
    return [
        {**_named(play), "within": _length(play.within), **tally.told()}
        for _, (play, tally) in sorted(tallies.items())
    ]


def _by_channel(found: Sequence[Followed]) -> list[dict[str, Any]]:
    made = Counter(attempt.channel for one in found for attempt in one.attempts)
    reached = Counter(
        attempt.channel for one in found for attempt in one.attempts if attempt.is_connected
    )
    return [
        {
            "channel": channel.value,
            "attempts": made[channel],
            "share": quotient(made[channel], made.total()),
            "connected": reached[channel],
        }
        for channel in Channel
        if made[channel]
    ]


def _named(play: Play) -> dict[str, Any]:
    return {"branch": play.branch.value, "step": play.number, "channel": play.channel.value}


def _length(within: timedelta) -> str:
    """Write a term as the agreement does, in hours or minutes where it is whole in them."""
    if within and not within % _HOUR:
        return f"{within // _HOUR}h"
    if not within % _MINUTE:
        return f"{within // _MINUTE}m"
    return f"{within // timedelta(seconds=1)}s"


def _refuse_unknown(workspace: Workspace, asked: Asked, *, as_of: datetime) -> None:
    """A name that nobody has is a slip of the pen, and no reason to say that there is nothing."""
    names = {"lead": asked.lead_id, "rep": asked.rep_id, "team": asked.team}
    for what, name in names.items():
        if name is None or (what == "team" and name in workspace.agreement(as_of).teams):
            continue
        with workspace.ledger.read() as connection:
            known = is_known(connection, what, name)
        if not known:
            raise InputError(
                where=f"--{what}",
                found=f"there is no {what} {name!r}",
                expected=f"a {what} that the ledger or the agreement knows, spelled as there",
            )
