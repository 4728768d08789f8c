"""The agreements that clocks' hours are read from: each version's, and that in force at an instant.

They are read when a clock asks for them, which few do: most run on hours that nothing changes.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from accord.agreement import Agreement
from accord.errors import InputError
from accord.services.agreement_seen import content_of, read_seen, read_stored
from accord.services.agreements import agreement_then
from accord.services.workspace import Workspace
from accord.sla import Books, TermBook, term_book


def read_books(workspace: Workspace, book: TermBook, *, as_of: datetime) -> Books:
    """Return the books beside the one of now, by what was known at ``as_of``.

    Where the ledger does not keep a version, or nothing was in force yet, the book of now serves.
    Writes nothing.
    """
    made: dict[str, TermBook] = {}
    version = next((term.version for term in book.terms), None)

    def book_of(agreement: Agreement) -> TermBook:
        if agreement.version == version:
            return book
        if agreement.fingerprint not in made:
            made[agreement.fingerprint] = term_book(agreement)
        return made[agreement.fingerprint]

    def of_version(name: str) -> TermBook:
        found = None if name == version else _read_version(workspace, name)
        return book if found is None else book_of(found)

    def in_force(at: datetime) -> TermBook:
        try:  # one that came later rewrites nothing
            return book_of(_in_force(workspace, at, known_at=min(at, as_of)))
        except InputError:
            return book

    return Books(of_version=lru_cache(of_version), in_force=lru_cache(in_force))


def _read_version(workspace: Workspace, name: str) -> Agreement | None:
    with workspace.ledger.read() as connection:
        seen = [one for one in read_seen(connection) if one.version == name]
    if not seen:
        return None
    return read_stored(workspace.ledger, content_of(seen, agreed=(), in_force=None))


def _in_force(workspace: Workspace, at: datetime, *, known_at: datetime) -> Agreement:
    path = workspace.settings.agreement
    return agreement_then(workspace.ledger, path, as_of=at, known_at=known_at)
