"""Parameters that flows share: typed, described, so that the form in the UI explains itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

AsOf = Annotated[
    datetime | None,
    Field(
        title="As of",
        description="The instant to work at; now if empty. A past instant catches up to that only.",
    ),
]
DryRun = Annotated[
    bool,
    Field(title="Dry run", description="Show what would be handed over; hand over nothing."),
]
Full = Annotated[
    bool,
    Field(title="All leads", description="Score every lead, not only those with something new."),
]
Week = Annotated[
    str | None,
    Field(
        title="ISO week",
        description="Such as 2026-W46; the newest if empty.",
        pattern=r"^\d{4}-W\d{2}$",
    ),
]


def moment_of(as_of: datetime | None) -> datetime:
    """Return the instant a run works at, in UTC: as asked, else now. Read once, at the start."""
    if as_of is None:
        return datetime.now(UTC)
    return as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of.astimezone(UTC)
