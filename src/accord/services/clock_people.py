"""The people of a clock: its owner, the owner's manager, and those the agreement names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.agreement import Agreement
from accord.calendars import Calendar
from accord.records import Role, Side
from accord.services.clock_records import reps_of
from accord.sla import MANAGER, REP, Recipient, Rep, TermBook, term_book

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody who may be told at an instant; who has left or has no address is nobody."""

    agreement: Agreement
    book: TermBook
    reps: Mapping[str, Rep]
    rows: Mapping[str, Row]

    @classmethod
    def of(cls, agreement: Agreement, rows: Sequence[Row], *, as_of: datetime) -> People:
        """Gather the people of an agreement and of the rep records."""
        here = [row for row in rows if row["left_at"] is None or row["left_at"] > as_of]
        return cls(
            agreement=agreement,
            book=term_book(agreement),
            reps=reps_of(rows),
            rows={row["rep_id"]: row for row in here},
        )

    def find(self, role: str, clock: Row) -> Recipient | None:
        """Return who has a role for a clock (a row of the ledger)."""
        if role == REP:
            return self._recipient(role, self.rows.get(clock["owner_id"] or ""), clock)
        if role == MANAGER:
            return self._recipient(role, self._manager(clock), clock)
        person = self.agreement.sla.people.get(role)
        if person is None:
            return None
        return Recipient(
            role=role,
            person_id=role,
            email=person.email,
            calendar=Calendar.parse(self.book.calendars[person.calendar]),
        )

    def _manager(self, clock: Row) -> Row | None:
        """Return the owner's manager, else the first manager of the clock's team."""
        owner = self.reps.get(clock["owner_id"] or "")
        named = self.rows.get(clock["owner_id"] or "", {}).get("manager_id")
        if named is not None and named in self.rows:
            return self.rows[named]
        team = clock["team"] if owner is None or owner.team is None else owner.team
        managers = (
            row
            for row in self.rows.values()
            if row["role"] == Role.MANAGER and team is not None and row["team"] == team
        )
        return min(managers, key=lambda row: str(row["rep_id"]), default=None)

    def _recipient(self, role: str, row: Row | None, clock: Row) -> Recipient | None:
        """A manager without a calendar of their own keeps the hours of the owner's team."""
        if row is None or not row["email"]:
            return None
        own = row["calendar"] if role == MANAGER else None
        hours = self.reps.get(clock["owner_id"] or "") if role == MANAGER else None
        rep = Rep(
            rep_id=row["rep_id"],
            calendar=own if role == MANAGER else row["calendar"],
            team=hours.team if hours is not None and hours.team else row["team"],
        )
        name = self.book.calendar_of(rep, team=clock["team"], side=Side(clock["side"]))
        return Recipient(
            role=role,
            person_id=row["rep_id"],
            email=row["email"],
            calendar=Calendar.parse(self.book.calendars[name]),
        )
