"""Receiving systems that behave badly on purpose; they implement the port, in memory."""

from __future__ import annotations

from collections.abc import Callable

from accord.crm import Item, Landed, Outcome, Result
from accord.errors import DeliveryError


class Receiver:
    """Takes everything, and remembers each send in order."""

    def __init__(self, behave: Callable[[Item, int], Outcome | None] | None = None) -> None:
        self.effects: dict[str, Item] = {}
        self.sends: list[str] = []
        self.is_down = False
        self.retry_after: float | None = None
        self.behave = behave
        self.hashes: dict[str, str] = {}

    def upsert(self, items, *, sent_at):  # noqa: ARG002 - the port's parameter
        if self.is_down:
            raise DeliveryError(target="crm", found="503", retry_after=self.retry_after)
        return tuple(self._take(item) for item in items)

    def _take(self, item: Item) -> Outcome:
        self.sends.append(item.key)
        odd = self.behave(item, self.sends.count(item.key)) if self.behave else None
        if odd is not None:
            if odd.result is Result.UNKNOWN and odd.error == "cut after applying":
                self.effects[item.key] = item
            return odd
        self.effects[item.key] = item
        return Outcome(key=item.key, result=Result.TAKEN)

    def read_back(self, keys):
        if self.is_down:
            raise DeliveryError(target="crm", found="503")
        there = {key: Landed() for key in keys if key in self.effects}
        return there | {key: Landed(payload_hash=self.hashes[key]) for key in self.hashes}
