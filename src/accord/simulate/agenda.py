"""What is still to happen, in order of time; rows of one instant in order of their ids."""

from __future__ import annotations

import heapq
from datetime import datetime
from itertools import count

from accord.records import Entity
from accord.simulate.diary import Record
from accord.simulate.dirt import Flaw
from accord.simulate.files import Row


class Agenda:
    """Records to come; a dirty one stands behind a clean one of the same instant and id."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, bool, int, Record, Flaw | None]] = []
        self._numbers = count()

    def put(self, record: Record, flaw: Flaw | None = None) -> None:
        """Note what will happen, and what is wrong with its row."""
        key = (record.at, record.record_id, flaw is not None, next(self._numbers))
        heapq.heappush(self._heap, (*key, record, flaw))

    def take(self, until: datetime) -> dict[Entity, list[Row]]:
        """Take out all that happened up to and with ``until``, by entity, in order of time."""
        taken: dict[Entity, list[Row]] = {}
        while self._heap and self._heap[0][0] <= until:
            *_, record, flaw = heapq.heappop(self._heap)
            taken.setdefault(record.entity, []).append((record, flaw))
        return taken
