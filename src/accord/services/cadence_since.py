"""Following the cadence of the hand-offs that can matter from an instant on, and no others.

What is counted of a cadence is a step as it is settled (done in time, or run out), and a hand-off
as it ends. A hand-off that ended earlier has neither. One that is open has steps to settle only if
somebody got it, or reached its lead, since an instant that the calendars tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.calendars import Calendar
from accord.ledger import Ledger
from accord.ledger.cadence_rows import (
    Rows,
    read_ended_since,
    read_first_owned,
    read_owned_since,
    read_reached_since,
)
from accord.ledger.clock_rows import read_reps
from accord.ledger.posting_rows import read_postings
from accord.services.agreements_over_time import AgreementsOverTime, begin_of
from accord.services.cadence import Asked, Followed, follow_cadence
from accord.services.clock_records import reps_of
from accord.services.merges import read_merges
from accord.sla import Became, begun_to_be_settled, playbook_of

_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_FIRST = 100  # hand-overs, of which one is looked for that owed a step


def follow_since(
    ledger: Ledger, path: Path, *, since: datetime | None = None
) -> tuple[Followed, ...]:
    """Return every owner's time that can count in a period from ``since`` on, for good.

    All are followed to the end of time: a period that ends earlier does not see what comes later.
    Some that cannot count are among them: others of the same leads, and the first that there were,
    which tell that something had been owed by then. Where they do not tell, everything is followed,
    as without ``since``.
    """
    if since is None:
        return follow_cadence(ledger, path, as_of=_FOREVER)
    contents = AgreementsOverTime(ledger, path).contents
    with ledger.read() as connection:
        reaching = _read_reaching(connection, contents, since)
        first = _read_first(connection, contents)
    if reaching is not None:
        asked = Asked(lead_ids=frozenset(reaching | {row["lead_id"] for row in first}))
        found = follow_cadence(ledger, path, as_of=_FOREVER, asked=asked)
        if _had_begun(found, first, before=since):
            return found
    return follow_cadence(ledger, path, as_of=_FOREVER)


def _read_reaching(
    connection: Connection, contents: Sequence[Agreement], since: datetime
) -> set[str] | None:
    """Return the leads whose cadence can count; None if the calendars do not tell."""
    plays = [play for content in contents for play in playbook_of(content).plays]
    calendars = {
        Calendar.parse(entry) for content in contents for entry in content.calendars.values()
    }
    reps = reps_of(read_reps(connection), read_postings(connection)).values()
    begun = begun_to_be_settled(
        calendars,
        max((play.within for play in plays), default=timedelta(0)),
        before=since,
        changes=max((len(rep.postings) for rep in reps), default=0),
    )
    if begun is None:
        return None
    reached = read_reached_since(connection, begun)
    merges = read_merges(connection, sorted(reached))
    return (
        read_ended_since(connection, since)
        | read_owned_since(connection, begun)
        | {merges.root(lead_id) for lead_id in reached}
    )


def _read_first(connection: Connection, contents: Sequence[Agreement]) -> Rows:
    """Read the first hand-overs that there were, and the first under any agreement."""
    agreed = min(map(begin_of, contents), default=None)
    return [
        row
        for since in dict.fromkeys((None, agreed))
        for row in read_first_owned(connection, since, limit=_FIRST)
    ]


def _had_begun(found: Sequence[Followed], first: Rows, *, before: datetime) -> bool:
    """Whether a step was owed, and a hand-over that somebody had was queued, before an instant."""
    early = [one for one in found if one.tenure.since < before]
    owed = any(step.became is not Became.NOT_NEEDED for one in early for step in one.steps)
    queued = {row["handoff_id"] for row in first if row["queued_at"] < before}
    return owed and any(one.tenure.handoff_id in queued for one in found)
