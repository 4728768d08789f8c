"""What can be wrong with a calendar as it is written, or with what it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from accord.errors import InputError
from accord.findings import Finding


class CalendarError(InputError):
    """A calendar that cannot be used: ``faults`` holds every fault, its path and the remedy."""

    def __init__(self, *, faults: Sequence[Finding], where: str = "calendar") -> None:
        self.faults = tuple(faults)
        super().__init__(where=where, found=". ".join(str(fault) for fault in self.faults))


class Faults:
    """The faults found so far while a calendar is read."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, kind: str, path: str, sentence: str, remedy: str) -> None:
        """Note one fault at a path within the calendar, such as ``hours.mon-fri[1]``."""
        self.found.append(
            Finding(rule=f"calendar.{kind}", subject=path, sentence=f"{sentence};", remedy=remedy)
        )
