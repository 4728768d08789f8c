"""Which leads the ledger knows, and since when: asked for every batch, so asked for little."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.ledger import Ledger
from accord.ledger.record_rows import read_all_created, read_created
from accord.log import connect
from accord.records import to_us

Mask = np.ndarray[Any, np.dtype[np.bool_]]

_MANY = 20_000  # rows: from here on the whole list of leads is read at once, and kept


class Arriving:
    """The leads that a batch brings into the ledger: decided on long before they are stored."""

    def __init__(self) -> None:
        self._leads: Future[pa.Table] = Future()

    def bring(self, lead_ids: pd.Series, created_at: pd.Series) -> None:
        """Say which leads will be known, and when each was created; the last of a lead counts."""
        leads = _leads(lead_ids, created_at.astype("datetime64[us, UTC]").astype("int64"))
        if pc.count_distinct(leads["lead_id"]).as_py() < leads.num_rows:
            leads = leads.filter(pa.array(~lead_ids.duplicated(keep="last").to_numpy()))
        self._leads.set_result(leads)

    def bring_none(self) -> None:
        """Say that it brings none, unless it has been said which."""
        if not self._leads.done():
            self._leads.set_result(_leads([], []))

    def leads(self) -> pa.Table:
        """Return them (lead_id, created_us), each once; waits until it is known."""
        return self._leads.result()


def _leads(lead_ids: Any, created_us: Any) -> pa.Table:
    ids = pa.array(lead_ids, pa.large_string())
    return pa.table({"lead_id": ids, "created_us": pa.array(created_us, pa.int64())})


class KnownLeads:
    """The leads as they are once the batch ``before`` is stored; one a batch.

    A few are looked up in the ledger; for many rows all are read once and joined by DuckDB.
    """

    def __init__(self, ledger: Ledger, *, before: Arriving | None = None) -> None:
        self._ledger = ledger
        self._before = before
        self._all: Any = None
        self._connection: Any = None
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

    def unknown_among(self, lead_ids: pa.Array) -> list[str]:
        """Return those of the leads (no nulls) that are not known."""
        known = self.are_known(lead_ids.to_pandas())
        unknown: list[str] = lead_ids.filter(pa.array(~known)).to_pylist()
        return unknown

    def _of_some(self, lead_ids: pd.Series) -> np.ndarray[Any, Any]:
        asked = lead_ids.astype(object).where(lead_ids.notna(), None).tolist()
        fresh = [one for one in dict.fromkeys(asked) if one is not None and one not in self._some]
        if fresh:
            self._some |= dict.fromkeys(fresh) | self._stored(fresh) | self._arrived(fresh)
        found = [self._some.get(one) if one is not None else None for one in asked]
        stamps = pa.array(found, pa.int64()).cast(pa.timestamp("us"))
        return np.asarray(stamps.to_numpy(zero_copy_only=False))

    def _stored(self, lead_ids: list[str]) -> dict[str, int]:
        with self._ledger.read() as connection:
            created = read_created(connection, lead_ids)
        return {one: to_us(at) for one, at in created.items()}

    def _arrived(self, lead_ids: list[str]) -> dict[str, int]:
        leads = self._arriving()
        if not leads.num_rows:
            return {}
        wanted = leads.filter(pc.is_in(leads["lead_id"], pa.array(lead_ids, pa.large_string())))
        return dict(zip(*(wanted[name].to_pylist() for name in wanted.column_names), strict=True))

    def _of_all(self, lead_ids: pd.Series) -> np.ndarray[Any, Any]:
        joined = self._asked(lead_ids).join(self._whole(), "lead_id", how="inner")
        found = joined.select("place", "created_us").to_arrow_table()
        stamps = np.full(len(lead_ids), np.datetime64("NaT", "us"))
        stamps[found["place"].to_numpy()] = found["created_us"].to_numpy().view("datetime64[us]")
        return stamps

    def _asked(self, lead_ids: pd.Series) -> Any:
        places = pa.array(np.arange(len(lead_ids), dtype=np.int64))
        asked = pa.table({"lead_id": pa.array(lead_ids, pa.large_string()), "place": places})
        return self._connect().from_arrow(asked)

    def _whole(self) -> Any:
        """Return all leads as a relation, read once."""
        if self._all is None:
            arriving = self._arriving()
            with self._ledger.read() as connection:
                stored = _leads(*read_all_created(connection))
            if arriving.num_rows and stored.num_rows:
                again = pc.is_in(stored["lead_id"], arriving["lead_id"].combine_chunks())
                stored = stored.filter(pc.invert(again))
            self._all = self._connect().from_arrow(pa.concat_tables([stored, arriving]))
        return self._all

    def _connect(self) -> Any:
        """Return a connection of its own: the log's may be at work in another thread."""
        if self._connection is None:
            self._connection = connect(beside=True)
        return self._connection

    def _arriving(self) -> pa.Table:
        return _leads([], []) if self._before is None else self._before.leads()
