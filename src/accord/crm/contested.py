"""The contested fields in one CRM's words and ours, and which lead a record there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.crm.edits import OWNER, STAGE
from accord.crm.port import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """``source`` names the source that reads the CRM; ``stages`` are our stages in its words."""

    source: str
    stages: Mapping[str, str]

    def wanted(self, payload: Mapping[str, Any], owners: Sequence[str]) -> dict[str, str | None]:
        """Return what we want in the contested fields, as the CRM says it.

        ``owners`` as in a turn. What there is no word for is not wanted.
        """
        stage = self.stages.get(str(payload.get("stage")))
        said = {OWNER: owners[0] if owners else None, STAGE: stage}
        return {name: value for name, value in said.items() if value is not None}

    def say(self, field: str, value: str | None) -> str | None:
        """Say an owner as the source that reads the CRM does, and a stage as we do."""
        if value is None:
            return None
        if field == OWNER:
            return f"{self.source}:{value}"
        names = {there: here for here, there in self.stages.items()}
        return names.get(value, value)


def claim(item: Item, *, record: str, bears: str | None) -> str | None:
    """Say why a hand-off may not have the record that its lead's address led to; None if it may.

    ``bears`` is the lead that we wrote the record for. It must be this one, or one that was merged
    into it (``merged`` in the payload): else two leads would take one record from each other.
    """
    lead_id = str(item.payload["lead_id"])
    if bears is None or bears == lead_id or bears in (item.payload.get("merged") or ()):
        return None
    return (
        f"{item.key}: {record} with the address of lead {lead_id} is lead {bears} already;"
        f" if they are one person: accord identity merge {lead_id} {bears}"
    )
