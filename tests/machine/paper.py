"""The agreement as both teams write and sign it, and our own account of who has signed what."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from accord.agreement import load
from accord.errors import InputError
from accord.ledger import Ledger
from accord.records import Side
from accord.services.agreements import sign

ROOT = Path(__file__).resolve().parents[2]
BOTH = ("marketing", "sales")

TERMS: dict[str, tuple[str, ...]] = {
    "per_week": ("3", "2", "30"),
    "hold_at_most": ("2d", "5d", "12h"),
    "approval_above": ("1", "3"),
    "intent": ("40", "70", "20"),  # of intent, from which on a lead of some fit is mql
    "after": ("3d", "30d"),
    "first_touch": ("5m", "4h"),
}
"""What they change from version to version, each with its first value in front."""

_PLACES = {
    "per_week": r"(?<=per_week: )\d+(?=, per_month)",
    "hold_at_most": r"(?<=hold_at_most: )\w+",
    "approval_above": r"(?<=approval_above: )\d+",
    "intent": r"(?<=\{fit: \{gte: 30\}, intent: \{gte: )40(?=\}\}\])",
    "after": r"(?<=requalify: \{after: )\w+",
    "first_touch": r"(?<=touch,    within: )5m",
}


@dataclass(slots=True, kw_only=True)
class _Version:
    """One version: since when it is in force, its newest content, and the content a side signed."""

    name: str
    effective_from: date
    turn: int
    content: str
    signed: dict[str, str] = field(default_factory=dict)

    @property
    def is_signed(self) -> bool:
        return all(self.signed.get(side) == self.content for side in BOTH)


class Paper:
    """The file, and every version that was in it: which is in force, and whether it is signed.

    Nothing here asks the ledger: law L9 is held to what people did.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shipped = (ROOT / "agreement.yaml").read_text()
        self._numbers = itertools.count(1)
        self._terms = {name: values[0] for name, values in TERMS.items()}
        self._versions: list[_Version] = []

    @property
    def terms(self) -> dict[str, str]:
        """The terms in the file."""
        return dict(self._terms)

    def write(self, *, on: date, sides: tuple[str, ...] = BOTH, **terms: str) -> None:
        """Write a new version into the file, signed by these sides."""
        self._terms |= terms
        number = next(self._numbers)
        version = _Version(
            name=f"m.{number}", effective_from=on, turn=number, content=str(self._terms)
        )
        version.signed = dict.fromkeys(sides, version.content)
        self._versions.append(version)
        self._put(version, sides)

    def change(self, **terms: str) -> None:
        """Change what stands in the file, without a new version: whoever signed it did not."""
        self._terms |= terms
        filed = self._versions[-1]
        filed.content = str(self._terms)
        self._put(filed, tuple(filed.signed))

    def sign(self, ledger: Ledger, side: str, *, at: datetime) -> bool:
        """Let a side sign the version in the file; whether it was allowed to."""
        filed = self._versions[-1]
        may = all(content == filed.content for content in filed.signed.values())
        try:
            sign(ledger, load(self._path), side=Side(side), name="VP", at=at)
        except InputError:
            assert not may
            return False
        assert may
        filed.signed.setdefault(side, filed.content)
        return True

    def in_force(self, as_of: datetime) -> str | None:
        """Return the version in force if both sides have signed it as it stands; None if not."""
        today = as_of.astimezone(ZoneInfo("America/New_York")).date()
        begun = [one for one in self._versions if one.effective_from <= today]
        newest = max(begun, key=lambda one: (one.effective_from, one.turn))
        return newest.name if newest.is_signed else None

    def _put(self, version: _Version, sides: tuple[str, ...]) -> None:
        text = self._shipped
        for name, place in _PLACES.items():
            text, found = re.subn(place, self._terms[name], text)
            assert found == 1, name
        signed = "".join(
            f"\n  - {{team: {side}, name: VP, date: {version.effective_from}}}" for side in sides
        )
        heads = {
            r'^version: ".*"$': f'version: "{version.name}"',
            r"^effective_from: \S+$": f"effective_from: {version.effective_from}",
            r"^signed_by:.*(\n  - .*)+$": f"signed_by:{signed or ' []'}",
        }
        for head, line in heads.items():
            text, found = re.subn(head, line, text, flags=re.MULTILINE)
            assert found == 1, head
        self._path.write_text(text)
