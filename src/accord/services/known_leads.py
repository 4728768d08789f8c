"""Which leads the ledger knows, and since when: asked for every batch, so asked for little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from accord.ledger import Ledger
from accord.ledger.record_rows import read_all_created, read_created
from accord.log import ActivityLog
from accord.records import to_us

Mask = np.ndarray[Any, np.dtype[np.bool_]]

_MANY = 20_000  # rows: from here on the whole list of leads is read at once, and kept


class KnownLeads:
    """The leads as they were when the batch began; one a batch.

    A few are looked up in the ledger; for many rows all are read once and joined by DuckDB.
    """

    def __init__(self, ledger: Ledger, log: ActivityLog) -> None:
        self._ledger = ledger
        self._log = log
        self._all: Any = None
        self._some: dict[str, int | None] = {}

    def created_at(self, lead_ids: pd.Series) -> pd.Series:
        """Return when each lead was created (datetime64[us, UTC]), NaT for an unknown one."""
        if self._all is None and len(lead_ids) < _MANY:
            stamps = self._of_some(lead_ids)
        else:
            stamps = self._of_all(lead_ids)
        return pd.Series(pd.DatetimeIndex(stamps).tz_localize("UTC"), index=lead_ids.index)

    def are_known(self, lead_ids: pd.Series) -> Mask:
        """Say of each lead whether it is known; a null is not."""
        if self._all is None and len(lead_ids) < _MANY:
            return np.asarray(~np.isnat(self._of_some(lead_ids)))
        known: Mask = np.ones(len(lead_ids), dtype=np.bool_)
        unknown = self._asked(lead_ids).join(self._whole(), "lead_id", how="anti")
        known[unknown.select("place").to_arrow_table()["place"].to_numpy()] = False
        return known

    def _of_some(self, lead_ids: pd.Series) -> np.ndarray[Any, Any]:
        asked = lead_ids.astype(object).where(lead_ids.notna(), None).tolist()
        fresh = [one for one in dict.fromkeys(asked) if one is not None and one not in self._some]
        if fresh:
            with self._ledger.read() as connection:
                created = read_created(connection, fresh)
            self._some |= {one: to_us(created[one]) if one in created else None for one in fresh}
        found = [self._some.get(one) if one is not None else None for one in asked]
        stamps = pa.array(found, pa.int64()).cast(pa.timestamp("us"))
        return np.asarray(stamps.to_numpy(zero_copy_only=False))

    def _of_all(self, lead_ids: pd.Series) -> np.ndarray[Any, Any]:
        joined = self._asked(lead_ids).join(self._whole(), "lead_id", how="inner")
        found = joined.select("place", "created_us").to_arrow_table()
        stamps = np.full(len(lead_ids), np.datetime64("NaT", "us"))
        stamps[found["place"].to_numpy()] = found["created_us"].to_numpy().view("datetime64[us]")
        return stamps

    def _asked(self, lead_ids: pd.Series) -> Any:
        places = pa.array(np.arange(len(lead_ids), dtype=np.int64))
        asked = pa.table({"lead_id": pa.array(lead_ids, pa.large_string()), "place": places})
        return self._log.connection.from_arrow(asked)

    def _whole(self) -> Any:
        """Return all leads as a relation, read once."""
        if self._all is None:
            with self._ledger.read() as connection:
                ids, created = read_all_created(connection)
            stamps = pa.array(created, pa.int64())
            leads = pa.table({"lead_id": pa.array(ids, pa.string()), "created_us": stamps})
            self._all = self._log.connection.from_arrow(leads)
        return self._all
