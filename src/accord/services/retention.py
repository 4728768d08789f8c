"""Retention: what was kept long enough goes, every night, by the settings' terms.

A lead of whom nothing was heard for the agreed months, and where nothing is open, is erased as if
asked for, but may become a lead again. Counts stay in every case.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from accord.ledger.erase_person import read_people
from accord.ledger.retention_rows import (
    empty_decided,
    empty_sent,
    read_silent,
)
from accord.records import to_us
from accord.services.erase import erase_leads, finish_begun
from accord.services.workspace import Workspace
from accord.sources.pulling import spool_folders

AT_ONCE = 200
"""People erased in one night: each is looked for everywhere. The rest follow in the next nights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult:
    """Counts of one night: erasures brought to their end, leads erased, what was emptied."""

    finished: int = 0
    erased: int = 0
    quarantine_emptied: int = 0
    outbox_emptied: int = 0
    spool_removed: int = 0


def run_retention(workspace: Workspace, *, as_of: datetime) -> RetentionResult:
    """Remove what the settings' terms say; without terms only interrupted erasures are ended.

    LeaseHeldError if a stage is at work.
    """
    terms = workspace.settings
    finished = finish_begun(workspace)
    erased = 0
    if terms.retention_lead_months is not None:
        until = months_before(as_of, terms.retention_lead_months)
        people = find_silent(workspace, until=until)
        certificate = erase_leads(workspace, people, as_of=as_of, why="retention")
        erased = 0 if certificate is None else len(certificate.leads)
    quarantine, outbox = _empty(workspace, as_of=as_of)
    return RetentionResult(
        finished=finished,
        erased=erased,
        quarantine_emptied=quarantine,
        outbox_emptied=outbox,
        spool_removed=_give_up_spooled(workspace, as_of=as_of),
    )


def months_before(at: datetime, months: int) -> datetime:
    """Return the same time of day so many months earlier, on the month's last day at the latest.

    >>> from datetime import UTC
    >>> months_before(datetime(2026, 3, 31, 4, tzinfo=UTC), 25).date().isoformat()
    '2024-02-29'
    """
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)


def find_silent(workspace: Workspace, *, until: datetime) -> list[str]:
    """Find people of whom nothing was heard after ``until``, the longest silent first.

    Exactly at ``until`` is long enough. A person counts as a whole: while one of their records was
    heard of, all stay.
    """
    with workspace.ledger.read() as connection:
        silent = read_silent(connection, until=until)
        if not silent:
            return []
        active = workspace.log.read(lead_ids=silent, from_us=to_us(until) + 1)
        heard = {row[0] for row in active.select("lead_id").distinct().fetchall()}
        return _whole_people(connection, [one for one in silent if one not in heard])


def _whole_people(connection: Connection, silent: list[str]) -> list[str]:
    """Keep the leads all of whose person's records are silent, at most a night's worth."""
    among = set(silent)
    found: list[str] = []
    seen: set[str] = set()
    for lead_id in silent:
        if lead_id in seen:
            continue
        person = read_people(connection, [lead_id])
        seen.update(person)
        if among.issuperset(person):
            found.append(lead_id)
        if len(found) >= AT_ONCE:
            break
    return found


def _empty(workspace: Workspace, *, as_of: datetime) -> tuple[int, int]:
    terms = workspace.settings
    with workspace.ledger.begin() as connection:
        quarantine = outbox = 0
        if terms.retention_quarantine_days is not None:
            until = as_of - timedelta(days=terms.retention_quarantine_days)
            quarantine = empty_decided(connection, until=until)
        if terms.retention_outbox_days is not None:
            until = as_of - timedelta(days=terms.retention_outbox_days)
            outbox = empty_sent(connection, until=until)
    return quarantine, outbox


def _give_up_spooled(workspace: Workspace, *, as_of: datetime) -> int:
    """Remove what was pulled so long ago and never taken: its batch is held, nobody mended it."""
    days = workspace.settings.retention_spool_days
    if days is None:
        return 0
    until = (as_of - timedelta(days=days)).timestamp()
    removed = 0
    with workspace.ledger.lease("ingest"):
        for folder in spool_folders(workspace.settings.spool_path):
            for path in sorted(folder.glob("*.jsonl")):
                if path.stat().st_mtime <= until:
                    path.unlink()
                    path.with_suffix(".json").unlink(missing_ok=True)
                    removed += 1
    return removed
