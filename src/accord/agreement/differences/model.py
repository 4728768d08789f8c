"""One difference as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["changed", "added", "removed", "reordered", "rewritten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two agreements say differently.

    ``section`` is the chapter of the document, ``path`` the place in the file. ``rewritten`` is
    another way to write the same: no lead is concerned, but the fingerprint is another.
    """

    section: str
    path: str
    kind: Kind
    sentence: str
    before: str | None = None
    after: str | None = None
