"""One pass over the records of a service that changed since the last: where it stands.

Both readers go the same way. First the newest instant of change is asked for: up to there this
pass is sure to see everything. Then the records changed since the last pass come in the order of
their ids, each page from the id after the last one's. Neither the order nor the bound moves when
records change meanwhile, as an offset into a list sorted by time would; such a record is read as
it is then, and again by the next pass, which begins at the newest instant of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Record = dict[str, Any]

Page = tuple[list[Record], dict[str, Any]]
"""Records in order, and the cursor once they are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A pass under way: records changed at or after ``since``, with an id above ``after``.

    ``since`` and ``until`` are instants as the service writes them, None where there is none yet.
    """

    since: str | None = None
    until: str | None = None
    after: str | None = None

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> Pass:
        """Read a cursor; an empty one is the very first pass."""
        return cls(**{name: cursor.get(name) for name in ("since", "until", "after")})

    def cursor(self, last_id: str, *, is_last: bool) -> dict[str, Any]:
        """Return where things stand once the page that ends with ``last_id`` is taken."""
        if is_last:
            return {"since": self.until}
        return {"since": self.since, "until": self.until, "after": last_id}

    def moved(self, last_id: str) -> Pass:
        """Return the same pass after the page that ends with ``last_id``."""
        return replace(self, after=last_id)


def read_passes(
    cursor: Mapping[str, Any],
    *,
    begin: Callable[[Pass], Pass | None],
    read: Callable[[Pass], Iterator[Page]],
) -> Iterator[Page]:
    """Read the pass that a cursor was broken off in to its end, and then a new one.

    ``begin`` makes the pass that follows another, None if nothing has changed since.
    """
    stored = Pass.of(cursor)
    if stored.after is not None:
        yield from read(stored)
        stored = Pass(since=stored.until)
    begun = begin(stored)
    if begun is not None:
        yield from read(begun)


def name_columns(columns: Sequence[str], prefix: str) -> list[str]:
    """Return what stands behind a prefix in the names of columns, each once, in order."""
    found = (name.removeprefix(prefix) for name in columns if name.startswith(prefix))
    return list(dict.fromkeys(found))
