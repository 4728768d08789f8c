"""Which leads the ledger knows, and since when: asked for every batch, so asked for little."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.ledger import Ledger
from accord.ledger.record_rows import read_all_created, read_created
from accord.records import to_us

_MANY = 20_000  # leads: from here on the whole list is read at once, and kept
_STAMP = pa.timestamp("us", "UTC")


class KnownLeads:
    """The leads as they were when the batch began; one a batch."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ids = pa.array([], pa.large_string())
        self._created = pa.array([], _STAMP)
        self._whole = False
        self._asked: set[str] = set()

    def created_at(self, lead_ids: pd.Series) -> pd.Series:
        """Return when each lead was created (datetime64[us, UTC]), NaT for an unknown one."""
        asked = pc.cast(pa.array(lead_ids), pa.large_string())
        coded = asked.dictionary_encode()
        self._learn(coded.dictionary)
        created = self._created.take(pc.index_in(coded.dictionary, value_set=self._ids))
        found = created.take(coded.indices)
        return pd.Series(found.to_pandas(), index=lead_ids.index, dtype="datetime64[us, UTC]")

    def _learn(self, lead_ids: pa.Array) -> None:
        """Read what is not known yet: of few leads theirs, of many all there are."""
        if self._whole or not len(lead_ids):
            return
        with self._ledger.read() as connection:
            if len(lead_ids) >= _MANY:
                found = read_all_created(connection)
                self._whole = True
                self._ids = pa.array([], pa.large_string())
                self._created = pa.array([], _STAMP)
            else:
                fresh = [one for one in lead_ids.to_pylist() if one not in self._asked]
                self._asked.update(fresh)
                created = read_created(connection, fresh)
                found = (list(created), [to_us(at) for at in created.values()])
        stamps = pa.array(found[1], pa.int64()).cast(_STAMP)
        self._ids = pa.concat_arrays([self._ids, pa.array(found[0], pa.large_string())])
        self._created = pa.concat_arrays([self._created, stamps])
