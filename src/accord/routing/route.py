"""Routing a queue: in order of priority, each lead to one rep, or back to wait with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import timedelta

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
from accord.routing.stranded import Stranded, Why
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
    week's capacity is filled evenly; hot ones, and those whose rep has left, are not levelled and
    never wait while anybody of the team is there. Equal leads are decided alike in one run or in
    many.
    """
    room = _Room(candidates, turns=turns, accounts=accounts, limit=hold_at_most, periods=periods)
    placed = [room.place(waiting) for waiting in sorted(queue, key=priority_of)]
    held = tuple(one for one in placed if isinstance(one, Held))
    return Routed(
        assignments=tuple(one for one in placed if isinstance(one, Assignment)),
        held=held,
        turns={key: turns.stretch() for key, turns in room.turns.items()},
        findings=tuple(room.stranded.findings()),
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
        self.stranded = Stranded()

    def place(self, waiting: Waiting) -> Assignment | Held:
        """Place one lead."""
        former = self._desks.get(waiting.former_rep or "")
        if former is not None:
            return self._give(waiting, former, kept=True, forced=former.is_full)
        desks = self._teams.get(waiting.team)
        if not desks:
            return self.stranded.hold(waiting, Why.NO_REP)
        owner = self._owner_of(waiting, desks[0].candidate.role)
        if owner is not None:
            return self._with_owner(waiting, owner, desks)
        there = [desk for desk in desks if not desk.is_away]
        if not there:
            return self.stranded.hold(waiting, Why.ALL_AWAY)
        if self._goes_at_once(waiting):
            return self._now(waiting, there)
        return self._level(waiting, desks, there)

    def _owner_of(self, waiting: Waiting, role: Role) -> Desk | None:
        if waiting.account is None:
            return None
        return self._desks.get(self._accounts.get((role, waiting.account), ""))

    def _goes_at_once(self, waiting: Waiting) -> bool:
        """Whether a lead waits for no share: it is hot, was given before, or has waited enough."""
        return waiting.hot or waiting.reassigned or self._is_overdue(waiting)

    def _with_owner(
        self, waiting: Waiting, owner: Desk, desks: Sequence[Desk]
    ) -> Assignment | Held:
        """Keep a lead with its account's rep; only what cannot wait for him goes elsewhere."""
        at_once = self._goes_at_once(waiting)
        if at_once and (owner.is_away or (waiting.hot and not owner.is_open)):
            elsewhere = self._instead_of(waiting, owner, desks)
            if elsewhere is not None:
                return elsewhere
        if owner.is_away:
            if at_once:  # nor is any colleague there: nobody is, whoever has the company
                return self.stranded.hold(waiting, Why.ALL_AWAY)
            return Held(handoff_id=waiting.handoff_id, reason=OWNER_AWAY)
        if at_once or (not owner.is_full and owner.has_share):
            return self._give(waiting, owner, kept=True, forced=owner.is_full)
        return Held(handoff_id=waiting.handoff_id, reason=OWNER_FULL)

    def _instead_of(
        self, waiting: Waiting, owner: Desk, desks: Sequence[Desk]
    ) -> Assignment | None:
        """Give what cannot wait for its account's rep to a colleague.

        Whoever is there stands in for one who is away; for one whose office is closed only somebody
        with capacity who is at work now does.
        """
        there = [desk for desk in desks if not desk.is_away]
        if not owner.is_away:
            there = [desk for desk in there if desk.is_available and desk.is_open]
        return self._now(waiting, there) if there else None

    def _now(self, waiting: Waiting, there: Sequence[Desk]) -> Assignment:
        """Whose turn it is of those with capacity, else the least loaded, over capacity.

        For a hot lead those whose office is open now come first, both times.
        """
        opened = [desk for desk in there if desk.is_open] if waiting.hot else []
        for desks in (opened, there):
            chosen = self._by_turn(waiting, desks, able=lambda _: True)
            if chosen is not None:
                return chosen
        return self._give(waiting, min(opened or there, key=lambda desk: desk.load), forced=True)

    def _level(
        self, waiting: Waiting, desks: Sequence[Desk], there: Sequence[Desk]
    ) -> Assignment | Held:
        """Within today's share; else the lead waits, in vain if nobody ever takes any."""
        chosen = self._by_turn(waiting, there, able=lambda desk: desk.has_share)
        if chosen is not None:
            return chosen
        if not any(desk.takes_leads for desk in desks):
            return self.stranded.hold(waiting, Why.NO_CAPACITY)
        if not any(desk.takes_leads for desk in there):
            return self.stranded.hold(waiting, Why.TAKERS_AWAY)
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
            # As the next run would see it: the newest hand-over says who has the company.
            self._accounts[desk.candidate.role, waiting.account] = desk.rep_id
        return Assignment(
            handoff_id=waiting.handoff_id,
            rep_id=desk.rep_id,
            team=team,
            forced=forced,
            kept=kept,
        )

    def _is_overdue(self, waiting: Waiting) -> bool:
        return self._at - waiting.queued_at >= self._limit
