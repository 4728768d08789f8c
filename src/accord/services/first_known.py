"""Refusing to tell of a lead that nobody knows, or that nobody knew yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.history_rows import read_first_known
from accord.records import to_text


def refuse_unknown(connection: Connection, lead_id: str, *, at: datetime, options: str) -> None:
    """Raise InputError unless a lead had been taken by an instant.

    ``options`` are those of the command that name another one.
    """
    first = read_first_known(connection, lead_id)
    if first is None:
        raise InputError(
            where=lead_id,
            found="no lead of this id is known",
            expected="an id with its system, such as crm:L000123",
            remedy="look for it in the source; ids are kept as text as given",
        )
    if first > at:
        raise InputError(
            where=lead_id,
            found=f"was not known yet at {to_text(at)}",
            expected=f"an instant from {to_text(first)} on, when it was taken",
            remedy=f"ask for a later {options}",
        )
