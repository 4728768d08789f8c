"""Routing a queue: in order of priority, each lead to one rep, or back to wait with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import timedelta

from accord.findings import Finding
from accord.records import Role
from accord.routing.desks import Desk, desks_of, has_changed
from accord.routing.model import (
    Assignment,
    Candidate,
    Held,
    Routed,
    Stretch,
    Waiting,
    priority_of,
)
from accord.routing.periods import Periods
from accord.routing.turns import Turns

CAPACITY = "capacity"
LEVELLING = "levelling"
OWNER_AWAY = "its account's rep is away"
OWNER_FULL = "capacity of its account's rep"

Accounts = Mapping[tuple[Role, str], str]
"""Who has a company in hand: (role, domain) -> rep_id."""


def route(
    queue: Iterable[Waiting],
    candidates: Sequence[Candidate],
    *,
    turns: Mapping[tuple[str, bool], Stretch],
    accounts: Accounts,
    hold_at_most: timedelta,
    periods: Periods,
) -> Routed:
    """Decide who takes which lead now.

    ``candidates`` are all active reps of all teams. Leads that are not hot are released so that the
    week's capacity is filled evenly; hot ones are not levelled and never wait while anybody of the
    team is there. Equal leads are decided alike in one run or in many.
    """
    room = _Room(candidates, turns=turns, accounts=accounts, limit=hold_at_most, periods=periods)
    placed = [room.place(waiting) for waiting in sorted(queue, key=priority_of)]
    held = tuple(one for one in placed if isinstance(one, Held))
    return Routed(
        assignments=tuple(one for one in placed if isinstance(one, Assignment)),
        held=held,
        turns={key: turns.stretch() for key, turns in room.turns.items()},
        findings=tuple(room.findings()),
    )


class _Room:
    """One run's desks, turns and accounts, while leads are placed one by one."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        turns: Mapping[tuple[str, bool], Stretch],
        accounts: Accounts,
        limit: timedelta,
        periods: Periods,
    ) -> None:
        self.turns: dict[tuple[str, bool], Turns] = {}
        self._stretches = turns
        self._teams = desks_of(candidates, periods=periods)
        self._desks = {desk.rep_id: desk for desks in self._teams.values() for desk in desks}
        self._accounts: MutableMapping[tuple[Role, str], str] = dict(accounts)
        self._limit = limit
        self._at = periods.as_of
        self._stranded: Counter[tuple[str, str]] = Counter()

    def place(self, waiting: Waiting) -> Assignment | Held:
        """Place one lead."""
        former = self._desks.get(waiting.former_rep or "")
        if former is not None:
            return self._give(waiting, former, kept=True, forced=former.is_full)
        desks = self._teams.get(waiting.team)
        if not desks:
            return self._strand(waiting, "routing.no_rep", f"no rep in team {waiting.team}")
        owner = self._owner_of(waiting, desks[0].candidate.role)
        if owner is not None:
            return self._with_owner(waiting, owner, desks)
        if all(desk.is_away for desk in desks):
            reason = f"every rep of team {waiting.team} is away"
            return self._strand(waiting, "routing.all_away", reason)
        return self._place_hot(waiting, desks) if waiting.hot else self._level(waiting, desks)

    def findings(self) -> Iterable[Finding]:
        """One finding a team that leads wait for in vain."""
        for (rule, team), count in sorted(self._stranded.items()):
            leads = "1 lead waits" if count == 1 else f"{count} leads wait"
            why = "has no active rep" if rule == "routing.no_rep" else "has nobody who is not away"
            yield Finding(
                rule=rule,
                subject=f"team {team}",
                sentence=f"{leads}: team {team} {why}.",
                remedy="Add a rep to the team, or route its leads to another team.",
            )

    def _owner_of(self, waiting: Waiting, role: Role) -> Desk | None:
        if waiting.account is None:
            return None
        return self._desks.get(self._accounts.get((role, waiting.account), ""))

    def _with_owner(
        self, waiting: Waiting, owner: Desk, desks: Sequence[Desk]
    ) -> Assignment | Held:
        """Keep a lead with its account's rep; only what cannot wait for him goes elsewhere."""
        cannot_wait = waiting.hot or self._is_overdue(waiting)
        if owner.is_away:
            there = [desk for desk in desks if not desk.is_away]
            if cannot_wait and there:
                return self._now(waiting, there)
            return Held(handoff_id=waiting.handoff_id, reason=OWNER_AWAY)
        if cannot_wait or (not owner.is_full and owner.has_share):
            return self._give(waiting, owner, kept=True, forced=owner.is_full)
        return Held(handoff_id=waiting.handoff_id, reason=OWNER_FULL)

    def _place_hot(self, waiting: Waiting, desks: Sequence[Desk]) -> Assignment | Held:
        """Whose office is open now, else anybody with capacity, else the least loaded."""
        there = [desk for desk in desks if not desk.is_away]
        opened = [desk for desk in there if desk.is_available and desk.is_open]
        return self._now(waiting, opened or there)

    def _now(self, waiting: Waiting, there: Sequence[Desk]) -> Assignment:
        """Whose turn it is of those with capacity, else the least loaded, over capacity."""
        chosen = self._by_turn(waiting, there, able=lambda _: True)
        return chosen or self._give(waiting, min(there, key=lambda desk: desk.load), forced=True)

    def _level(self, waiting: Waiting, desks: Sequence[Desk]) -> Assignment | Held:
        """Within today's share, or, when held long enough, whoever is least loaded."""
        there = [desk for desk in desks if not desk.is_away]
        if self._is_overdue(waiting):
            return self._now(waiting, there)
        chosen = self._by_turn(waiting, there, able=lambda desk: desk.has_share)
        if chosen is not None:
            return chosen
        full = not any(desk.is_available for desk in there)
        return Held(handoff_id=waiting.handoff_id, reason=CAPACITY if full else LEVELLING)

    def _by_turn(
        self, waiting: Waiting, desks: Sequence[Desk], *, able: Callable[[Desk], bool]
    ) -> Assignment | None:
        """Give the lead to whose turn it is among the available; None if nobody can take it."""
        available = {desk.rep_id: desk for desk in desks if desk.is_available}
        if not available:
            return None
        turns = self._turns_of(waiting.team, hot=waiting.hot)
        turns.open({key: desk.weight for key, desk in available.items()}, at=self._at)
        rep_id = turns.choose({key for key, desk in available.items() if able(desk)})
        if rep_id is None:
            return None
        turns.take(rep_id, at=self._at)
        return self._give(waiting, available[rep_id])

    def _turns_of(self, team: str, *, hot: bool) -> Turns:
        """Return the team's turns; what changed since the last turn has ended the stretch."""
        turns = self.turns.get((team, hot))
        if turns is None:
            turns = Turns(self._stretches.get((team, hot), Stretch()))
            last = turns.last_at
            if last is not None and has_changed(self._teams[team], last, self._at, hot=hot):
                turns.close()
            self.turns[team, hot] = turns
        return turns

    def _give(
        self, waiting: Waiting, desk: Desk, *, forced: bool = False, kept: bool = False
    ) -> Assignment:
        was_full = desk.is_full
        desk.take()
        team = desk.candidate.team
        if desk.is_full and not was_full:
            for hot in (False, True):
                self._turns_of(team, hot=hot).close()
        if waiting.account is not None:
            key = (desk.candidate.role, waiting.account)
            if self._accounts.get(key, "") not in self._desks:
                self._accounts[key] = desk.rep_id
        return Assignment(
            handoff_id=waiting.handoff_id,
            rep_id=desk.rep_id,
            team=team,
            forced=forced,
            kept=kept,
        )

    def _is_overdue(self, waiting: Waiting) -> bool:
        return self._at - waiting.queued_at >= self._limit

    def _strand(self, waiting: Waiting, rule: str, reason: str) -> Held:
        self._stranded[rule, waiting.team] += 1
        return Held(handoff_id=waiting.handoff_id, reason=reason)
