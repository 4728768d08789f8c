"""What records of reps say that is new: team, calendar, absences, and since when.

What clocks of a rep's leads follow from is compared before and after, so that only those are looked
at again that something has changed for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.clock_rows import hold_clocks, note_reps_changed
from accord.ledger.posting_rows import read_absence_texts, read_postings, write_postings
from accord.records import from_us
from accord.services.record_columns import RecordColumns
from accord.sla import (
    BEGINNING,
    Statement,
    first_difference,
    is_news,
    parse_absences,
    postings_of,
)

_SAID = ("since", "known_at", "stated", "team", "calendar")


def statement_of(row: Mapping[str, Any]) -> Statement:
    """Return what a row of the ledger says."""
    return Statement(**{name: row[name] for name in _SAID})


def write_rep_news(
    connection: Connection, columns: RecordColumns, *, as_of: datetime
) -> dict[str, datetime]:
    """Keep what records (in the ledger's values) say of reps that is new, before they are written.

    Returns the reps for whose clocks something has changed, and since when: ``BEGINNING`` for what
    is first known of a rep.
    """
    rep_ids = list(dict.fromkeys(columns["rep_id"]))
    absences = read_absence_texts(connection, rep_ids)
    if len(absences) < len(rep_ids):
        # Who makes clocks holds the rows of reps meanwhile, but a newcomer has none yet: their
        # clocks are either made already, and looked at again, or made when this is known.
        hold_clocks(connection)
    known = {
        rep_id: [statement_of(row) for row in rows]
        for rep_id, rows in read_postings(connection, rep_ids).items()
    }
    said = {rep_id: list(known.get(rep_id, ())) for rep_id in rep_ids}
    rows = [
        {"rep_id": rep_id, **{name: getattr(one, name) for name in _SAID}}
        for rep_id, one in _statements(columns, as_of)
        if _add(said[rep_id], one)
    ]
    write_postings(connection, rows)
    away = dict(zip(columns["rep_id"], columns["absences"], strict=True))
    changes = {
        rep_id: [
            first_difference(postings_of(known.get(rep_id, ())), postings_of(said[rep_id])),
            _first_other(absences.get(rep_id), away[rep_id]),
        ]
        for rep_id in rep_ids
    }
    return {
        rep_id: min(at for at in moments if at is not None)
        for rep_id, moments in changes.items()
        if any(at is not None for at in moments)
    }


def _statements(columns: RecordColumns, as_of: datetime) -> Iterable[tuple[str, Statement]]:
    fields = (columns[name] for name in ("rep_id", "since", "team", "calendar"))
    for rep_id, since, team, calendar in zip(*fields, strict=True):
        yield (
            rep_id,
            Statement(
                since=as_of if since is None else from_us(since),
                known_at=as_of,
                stated=since is not None,
                team=team,
                calendar=calendar,
            ),
        )


def _add(said: list[Statement], one: Statement) -> bool:
    """Add a statement if it is news; what was learnt of that instant just before gives way."""
    if not is_news(said, one):
        return False
    said[:] = [each for each in said if (each.since, each.known_at) != (one.since, one.known_at)]
    said.append(one)
    return True


def _first_other(before: str | None, after: str | None) -> datetime | None:
    """Return the first beginning of an absence that one of two records has and the other not."""
    spans = set(parse_absences(before)) ^ set(parse_absences(after))
    return min((start for start, _ in spans), default=None)


def look_at_clocks(connection: Connection, changed: Mapping[str, datetime]) -> None:
    """Let the next sweep look at the clocks of these reps that ran at their change, or since."""
    groups: dict[datetime, list[str]] = {}
    for rep_id, since in changed.items():
        groups.setdefault(since, []).append(rep_id)
    for since, rep_ids in sorted(groups.items()):
        _look(connection, rep_ids, since)


def _look(connection: Connection, rep_ids: Sequence[str], since: datetime) -> None:
    note_reps_changed(connection, rep_ids, since=None if since == BEGINNING else since)
