"""A world that earns: leads handed over, accepted, won; agreements that change."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accord.ledger import tables, upsert_rows
from tests.services.handoff_world import DAY, HOUR, MONDAY
from tests.services.ways_world import Ways

NOON = MONDAY + 3 * HOUR


class Earning(Ways):
    """Leads go the whole way: through scoring's crossing, the hand-off, sales' words, a deal."""

    def hand_over(self, *leads: str, at: datetime = MONDAY, **attributes: Any) -> None:
        """Make MQLs and hand them over."""
        told = {"channel": "paid_search", "campaign": "autumn", **attributes}
        self.mqls(*leads, at=at, **told)
        self.run(at)

    def accept(self, lead_id: str, *, at: datetime = NOON, **terms: Any) -> None:
        self.say(lead_id, "accept", at=at, rep="r1", **terms)

    def win(
        self,
        deal_id: str,
        lead_id: str | None,
        *,
        opened: datetime | None,
        closed: datetime | None,
        amount: str | None = "10000.00",
        stage: str = "customer",
        known: datetime | None = None,
        **more: Any,
    ) -> None:
        """A source tells of a deal, or tells otherwise of it."""
        at = known or closed or MONDAY
        row = {
            "opportunity_id": deal_id, "lead_id": lead_id, "stage": stage, "opened_at": opened,
            "closed_at": closed, "amount": None if amount is None else Decimal(amount),
            "known_at": at, **more,
        }  # fmt: skip
        version = {**row, "batch_id": f"b{at.isoformat()}", "row_number": 1}
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.opportunity, [{**row, "row_hash": "x"}])
            upsert_rows(connection, tables.opportunity_version, [version])
        if lead_id is not None:
            self.learn(lead_id, known=at)

    def agree(self, *, since: str, mql: str, share: str, at: datetime) -> None:
        """The teams agree on other rates; the new version is seen at an instant."""
        path = self.workspace.settings.agreement
        text = path.read_text("utf-8").replace('version: "2026', 'version: "next-2026', 1)
        text = re.sub(r"effective_from: \S+", f"effective_from: {since}", text, count=1)
        rates = f"marketing: {{per_accepted_mql: {mql}, of_won_revenue: {share}}}"
        text = re.sub(r"marketing: \{per_accepted_mql.*\}", rates, text)
        path.write_text(text, encoding="utf-8")
        self.workspace.agreement(at)


__all__ = ["DAY", "HOUR", "MONDAY", "NOON", "Earning", "timedelta"]
