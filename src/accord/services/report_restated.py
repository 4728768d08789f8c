"""Which numbers of closed weeks were restated since the report of the week before was printed.

When that was is read off the stored numbers: a report is printed with the first numbers that are
computed once its week has closed. So a page says the same whenever it is made again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from accord.ledger.restated_rows import first_closed_at, read_restated
from accord.metrics import METRICS, week_of
from accord.report import Asked, Kind, Restated, RestatedNumber

_INSTANT = timedelta(microseconds=1)


def gather_restated(connection: Connection, asked: Asked, *, as_of: datetime) -> Restated:
    """Gather what was restated between the last week's print and this one's, or ``as_of``."""
    if asked.kind is not Kind.WEEK:
        return Restated()
    before = week_of(asked.period.start - _INSTANT, asked.zone).label
    since = first_closed_at(connection, before)
    if since is None or since > as_of:
        return Restated()
    printed = first_closed_at(connection, asked.period.label)
    until = as_of if printed is None else min(as_of, printed)
    rows = read_restated(connection, since=since, until=until, before=asked.period.label)
    found = (
        RestatedNumber(
            period=row["period"],
            metric=row["metric"],
            dimension=row["dimension"],
            member=row["member"],
            was=_number(row["was"]),
            now=_number(row["now"]),
        )
        for row in rows
        if row["metric"] in METRICS
    )
    return Restated(since=since, numbers=tuple(one for one in found if one.was != one.now))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
