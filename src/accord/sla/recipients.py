"""Whom a step of a ladder tells: roles become people, and nobody is told out of hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from accord.calendars import Calendar

REP, MANAGER = "rep", "manager"
_NEXT: Mapping[str, str] = MappingProxyType(
    {REP: MANAGER, MANAGER: "ceo", "marketing_owner": "cmo", "cmo": "ceo"}
)
"""Who is told where a role has nobody: the next one up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person to be told, in the role for which they are; ``calendar`` says when."""

    role: str
    person_id: str
    email: str
    calendar: Calendar


Find = Callable[[str], Recipient | None]
"""Finds the person of a role; None where there is nobody, or nobody with an address."""


def resolve(roles: Iterable[str], find: Find) -> tuple[Recipient, ...]:
    """Return the people of the roles, each once; a role without anybody climbs to the next.

    >>> resolve(["manager"], lambda role: None)
    ()
    """
    found: dict[str, Recipient] = {}
    for role in roles:
        recipient = next((each for each in map(find, _upwards(role)) if each is not None), None)
        if recipient is not None:
            found.setdefault(recipient.email, recipient)
    return tuple(found.values())


def _upwards(role: str | None) -> Iterator[str]:
    while role is not None:
        yield role
        role = _NEXT.get(role)


def send_at(
    recipient: Recipient,
    *,
    as_of: datetime,
    before_due: bool,
    quiet_hours: Literal["outside_calendar", "never"],
) -> datetime:
    """Return when a message may go to somebody.

    At once, or at their next opening where hours are quiet outside their calendar. The owner is
    told at once before the term runs out: later would be too late.
    """
    at_once = quiet_hours == "never" or (before_due and recipient.role == REP)
    return as_of if at_once else recipient.calendar.next_opening(as_of)
