"""When a source said that a deal had come to a step, read off the deals' versions."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection, func, select

from accord.ledger.metric_rows import in_us
from accord.ledger.tables import opportunity, opportunity_version


def read_deal_steps(connection: Connection) -> pd.DataFrame:
    """Return one row a deal and step: deal_id, step, entered_us, the first instant stated for it.

    Where no instant is stated, when the version became known. A deal without a step has no row.
    """
    found = []
    for table in (opportunity_version, opportunity):
        at = in_us(connection, func.coalesce(table.c.stage_at, table.c.known_at))
        query = select(table.c.opportunity_id, table.c.step, at).where(
            table.c.step.is_not(None), table.c.stage == "opportunity"
        )
        found += [tuple(row) for row in connection.execute(query)]
    frame = pd.DataFrame(
        {
            "deal_id": pd.Series([row[0] for row in found], dtype="str"),
            "step": pd.Series([row[1] for row in found], dtype="str"),
            "entered_us": pd.array([row[2] for row in found], dtype="Int64"),
        }
    )
    return frame.groupby(["deal_id", "step"], sort=True)["entered_us"].min().reset_index()
