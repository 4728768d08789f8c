"""The segment that a lead was in when a clock began, where no hand-over says it.

By the attributes that were known of the lead then and the agreement in force then; before anything
was known of it, by what was known first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.identity import segment_fields, segments_of_rows
from accord.ledger.version_rows import read_said_over_time
from accord.services.agreement_eras import Eras
from accord.sla import LeadEvents

Row = Mapping[str, Any]


class Segments:
    """The segments of some leads over time, read when first asked for: most clocks do not ask."""

    def __init__(self, connection: Connection, eras: Eras, lead_ids: Sequence[str]) -> None:
        self._connection = connection
        self._eras = eras
        self._lead_ids = lead_ids
        self._said: Mapping[str, Sequence[Row]] | None = None
        self._decided: dict[str, dict[str, list[str]]] = {}

    def at(self, lead: LeadEvents, instant: datetime) -> str | None:
        """Return the segment of a lead at an instant; of one without versions that of now."""
        said = self._read().get(lead.lead_id)
        if not said:
            return lead.segment
        place = max(0, bisect_right(said, instant, key=lambda row: row["known_at"]) - 1)
        return self._of(self._eras.at(instant))[lead.lead_id][place]

    def _of(self, agreement: Agreement) -> dict[str, list[str]]:
        """Return the segments of every version of every lead under one agreement."""
        if agreement.fingerprint not in self._decided:
            self._decided[agreement.fingerprint] = {
                lead_id: segments_of_rows(said, agreement) for lead_id, said in self._read().items()
            }
        return self._decided[agreement.fingerprint]

    def _read(self) -> Mapping[str, Sequence[Row]]:
        if self._said is None:
            fields = {name: None for one in self._eras.agreements for name in segment_fields(one)}
            self._said = read_said_over_time(self._connection, self._lead_ids, fields)
        return self._said
