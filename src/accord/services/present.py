"""Lists of what is now: a question about the past is refused, where the ledger keeps only now.

Scores, queue and reasons are kept as they are; asked of an earlier time, such a list would mix then
and now and say so nowhere.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.handoff_rows import read_newest_score
from accord.ledger.routing_rows import read_last_run
from accord.records import to_text


def refuse_past(connection: Connection, *, as_of: datetime) -> None:
    """Refuse a time before the newest scores or the newest run of the hand-off with InputError."""
    known = [
        (at, what)
        for at, what in (
            (read_newest_score(connection), "leads were scored"),
            (read_last_run(connection), "leads were handed over"),
        )
        if at is not None
    ]
    newest, what = max(known, default=(as_of, ""))
    if as_of < newest:
        raise InputError(
            where="as_of",
            found=f"{to_text(as_of)} is past: {what} at {to_text(newest)}, and the list is of now",
            expected=f"{to_text(newest)} or later",
        )
