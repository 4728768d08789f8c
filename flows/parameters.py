"""Parameters that flows share. What each means stands in the flow's docstring.

Prefect takes a parameter's description from there and makes the form in the UI of it; the type
says what may be entered, and the server refuses anything else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

AsOf = datetime | None
Names = Annotated[tuple[str, ...], Field(max_length=1000)]
Review = Annotated[str, Field(min_length=1, max_length=200)]
Week = Annotated[str | None, Field(pattern=r"^\d{4}-W\d{2}$")]


def moment_of(as_of: datetime | None) -> datetime:
    """Return the instant a run works at, in UTC: as asked, else now. Read once, at the start."""
    if as_of is None:
        return datetime.now(UTC)
    return as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of.astimezone(UTC)
