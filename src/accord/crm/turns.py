"""Sending a batch in turns: what later concerns one lead comes later, and each item has an end.

Shared by the adapters that write several records an item and more than one request a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from accord.crm.emptied import emptied
from accord.crm.port import Item, Kept, Landed, Outcome, Result
from accord.crm.sending import Input, Record, Written, settled
from accord.errors import DeliveryError


@dataclass(slots=True)
class Turn:
    """What is known so far of the items of one turn, by place in the batch.

    ``owners`` are the CRM's ids of who gets the item, the first of them its own; ``others`` the
    tasks of the rest, owner -> task; ``kept`` what people set. ``halt`` is why nothing more goes
    out.
    """

    items: dict[int, Item]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    owners: dict[int, list[str]] = field(default_factory=dict)
    others: dict[int, dict[str, str]] = field(default_factory=dict)
    kept: dict[int, tuple[Kept, ...]] = field(default_factory=dict)
    halt: DeliveryError | None = None

    def open(self, kind: str | None = None) -> dict[int, Item]:
        """Return the items, of one kind or all, that have no outcome yet."""
        return {
            place: one
            for place, one in self.items.items()
            if place not in self.outcomes and kind in (None, one.kind)
        }

    def refuse(self, place: int, error: str) -> None:
        """Note that an item is not sent, and why."""
        key = self.items[place].key
        self.outcomes[place] = Outcome(key=key, result=Result.REFUSED, error=error)

    def find_there(self, there: Mapping[str, Landed]) -> None:
        """Settle what is there already: nothing of it is written again, or over."""
        for place, item in self.items.items():
            landed = there.get(item.key)
            if landed is not None:
                taken = Outcome(key=item.key, result=Result.TAKEN, landed=landed)
                self.outcomes[place] = settled(item, landed.payload_hash) or taken

    def write(self, inputs: Sequence[Input], send: Callable[[Sequence[Input]], Written]) -> Written:
        """Send records unless nothing more goes out."""
        written = Written(halt=self.halt)
        if self.halt is not None:
            written.fail(inputs, Result.REFUSED, f"not sent: {self.halt.found}")
            return written
        return send(inputs) if inputs else written

    def take(self, written: Written) -> dict[int, Record]:
        """Note what failed; return what is done."""
        self.outcomes |= written.outcomes(self.items)
        self.halt = self.halt or written.halt
        return written.done

    def end(self, place: int, landed: Landed) -> None:
        """Note that an item is there, wholly."""
        self.outcomes[place] = Outcome(
            key=self.items[place].key,
            result=Result.TAKEN,
            landed=landed,
            kept=self.kept.get(place, ()),
        )

    def refuse_rest(self) -> None:
        """Note of every item without an outcome that it was not sent."""
        halt = self.halt or DeliveryError(target="crm", found="nothing was sent")
        for place, item in self.open().items():
            self.outcomes[place] = Outcome(
                key=item.key,
                result=Result.REFUSED,
                error=f"not sent: {halt.found}",
                retry_after=halt.retry_after,
            )


def send_in_turns(
    items: Sequence[Item], *, at_once: int, send: Callable[[Turn], None]
) -> tuple[Outcome, ...]:
    """Send turn by turn; after a turn that halts, what is left is refused unsent.

    DeliveryError where nothing at all could be sent. What was emptied is refused alone.
    """
    empty = {place: one for place, item in enumerate(items) if (one := emptied(item)) is not None}
    outcomes: dict[int, Outcome] = {}
    halt: DeliveryError | None = None
    whole = {place: item for place, item in enumerate(items) if place not in empty}
    for members in _turns(whole, at_once=at_once):
        turn = Turn(items=members, halt=halt)
        try:
            if halt is None:
                send(turn)
        except DeliveryError as error:
            if not outcomes:
                raise
            turn.halt = error
        turn.refuse_rest()
        halt = turn.halt
        outcomes |= turn.outcomes
    outcomes |= empty
    return tuple(outcomes[place] for place in range(len(items)))


def others_of(owners: Mapping[str, str]) -> dict[str, str]:
    """Name the tasks of a message's other recipients, owner -> task, as ``remote`` does.

    >>> others_of({"507": "1002"})
    {'task:507': '1002'}
    """
    return {f"task:{owner}": task for owner, task in owners.items()}


def _turns(items: Mapping[int, Item], *, at_once: int) -> Iterator[dict[int, Item]]:
    """Divide items, each with its place, so that nobody stands in one turn twice.

    Services refuse a request that names one record twice, and what is sent later about a lead must
    come later. Same key, same lead and same address are taken for the same record.
    """
    waiting = dict(items)
    while waiting:
        seen: set[str] = set()
        turn: dict[int, Item] = {}
        for place, item in waiting.items():
            names = _names(item)
            if len(turn) < at_once and seen.isdisjoint(names):
                turn[place] = item
            seen |= names
        for place in turn:
            del waiting[place]
        yield turn


def _names(item: Item) -> set[str]:
    lead, payload = item.payload.get("lead") or {}, item.payload
    said = {"key": item.key, "lead": payload.get("lead_id"), "address": lead.get("email")}
    return {f"{kind} {str(name).casefold()}" for kind, name in said.items() if name}
