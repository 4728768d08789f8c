"""The agreements that clocks are counted by: each version's, and the one in force at an instant."""

from __future__ import annotations

from accord.agreement import Agreement
from accord.services.agreement_eras import Eras
from accord.sla import Books, TermBook, term_book

_MOST = 1_000
_KNOWN: dict[str, TermBook] = {}


def books_of(eras: Eras) -> Books:
    """Return what each era says of clocks; a version that no era has counts as the last one."""
    books = tuple(map(book_of, eras.agreements))
    named = {one.version: book for one, book in zip(eras.agreements, books, strict=True)}
    return Books(since=eras.since, books=books, named=named)


def book_of(agreement: Agreement) -> TermBook:
    """Read what an agreement says of clocks; once a document, a sweep comes every minute."""
    known = _KNOWN.get(agreement.fingerprint)
    if known is None:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        known = _KNOWN[agreement.fingerprint] = term_book(agreement)
    return known
