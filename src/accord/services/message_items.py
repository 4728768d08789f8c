"""The variables of a message's template, from entries, their clocks and the people. Ids only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.ledger.clock_rows import read_reps
from accord.ledger.message_rows import read_clocks_of
from accord.services.clock_messages import about
from accord.services.clock_records import instant_text, reps_of
from accord.services.clock_reports import status_at
from accord.sla import Rep

Row = Mapping[str, Any]

_NEXT = {
    "touch": "get in touch with the lead and record it, or decide on it",
    "touched": "get in touch with the lead and record it",
    "decision": "decide: convert, defer, return or disqualify",
    "returned": "send the lead back, or decide on it",
    "nurture_activity": "send or enrol the lead in its programme",
    "activity": "engage the lead: nothing of it has counted yet",
    "closed": "close the opportunity as won or lost",
    "week_ended": "look at the week with accord sla breaches, and agree how to catch up",
}
_ENTERED = "entered_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What messages say of clocks at ``as_of``: the clocks by id, the reps, the zone to show."""

    clocks: Mapping[str, Row]
    reps: Mapping[str, Rep]
    zone: ZoneInfo
    as_of: datetime

    @classmethod
    def read(
        cls, connection: Connection, rows: Sequence[Row], *, zone: str, as_of: datetime
    ) -> Facts:
        """Read what the entries' messages will say."""
        ids = sorted({row["clock_id"] for row in rows if row["clock_id"] is not None})
        return cls(
            clocks=read_clocks_of(connection, ids),
            reps=reps_of(read_reps(connection)),
            zone=ZoneInfo(zone),
            as_of=as_of,
        )

    def variables(self, rows: Sequence[Row], *, role: str, test: bool) -> dict[str, Any]:
        """Return the variables of one message that tells of these entries.

        ``item`` is the first of ``items``, and the only one in a message about one step.
        """
        items = [self._item(row) for row in rows]
        return {
            "recipient": {"role": role, "id": rows[0]["recipient"]},
            "as_of": self._shown(self.as_of),
            "items": items,
            "item": items[0],
            "late": sum(item["is_late"] for item in items),
            "test": test,
        }

    def _item(self, row: Row) -> dict[str, Any]:
        """Return what one entry tells; its lateness is that of now, not of when it was written."""
        told = row["payload"]
        due = datetime.fromisoformat(told["due"])
        clock = self.clocks.get(row["clock_id"] or "")
        late = max(self.as_of - due, timedelta(0))
        business = late if clock is None else status_at(clock, self.reps, self.as_of).late_business
        return {
            **{name: told[name] for name in _AS_TOLD},
            "reference": reference(row["key"]),
            "repeated": row["leased_by"] is not None,
            "about": about(told),
            "owner": told["owner_id"] or told["team"] or told["side"],
            "at": told["step_at"],
            "started": self._shown(datetime.fromisoformat(told["started_at"])),
            "due": self._shown(due),
            "is_late": not told["step_at"].endswith("%") or late > timedelta(0),
            "late_wall": length_text(late),
            "late_business": length_text(business),
            "next": next_action(told["until_event"]),
        }

    def _shown(self, at: datetime) -> str:
        return instant_text(at.astimezone(self.zone))


_AS_TOLD = (
    "clock_id",
    "term",
    "side",
    "lead_id",
    "segment",
    "team",
    "from_event",
    "until_event",
)


def reference(key: str) -> str:
    """Return the short name of an entry that stays the same however often it is told.

    >>> reference("message:c:0:crm:ann") == reference("message:c:0:crm:ann")
    True
    """
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def next_action(until_event: str) -> str:
    """Return what would end a clock, as somebody is told to do it.

    >>> next_action("entered_sql")
    'move the lead on to sql, or decide on it'
    """
    if until_event.startswith(_ENTERED):
        return f"move the lead on to {until_event.removeprefix(_ENTERED)}, or decide on it"
    return _NEXT.get(until_event, f"see to it that {until_event} happens")


def length_text(length: timedelta) -> str:
    """Return a length as people say it, whole minutes rounded down.

    >>> length_text(timedelta(hours=26, minutes=5)), length_text(timedelta(seconds=20))
    ('26 h 5 min', '0 min')
    """
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
