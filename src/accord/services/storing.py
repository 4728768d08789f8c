"""Storing what passed of a batch: what is new of its records, and the work that it makes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.batch_rows import add_pending
from accord.ledger.record_rows import (
    VERSIONS,
    read_former_leads,
    read_hashes,
    write_records,
)
from accord.log import ROW_NUMBER
from accord.records import SCHEMAS, Entity, Kind, to_us
from accord.services.identity import complete_leads, created_of, settle_people
from accord.services.known_leads import Arriving
from accord.services.record_columns import (
    RecordColumns,
    find_fresh,
    last_of_each,
    pick,
    to_columns,
    values_of,
)
from accord.services.rep_news import look_at_clocks, write_rep_news
from accord.sources import Batch, Records

Positions = np.ndarray[Any, np.dtype[np.int64]]

NEEDS: Mapping[Entity, tuple[str, ...]] = MappingProxyType(
    {
        Entity.LEAD: ("lifecycle", "score"),
        Entity.ACTIVITY: ("clock", "score"),
        Entity.HANDOFF: ("lifecycle",),
        Entity.TOUCH: ("lifecycle",),
        Entity.DECISION: ("lifecycle",),
        Entity.OPPORTUNITY: ("lifecycle",),
    }
)
"""The work that something new of an entity makes for its lead."""


def store_records(  # noqa: PLR0913 - told apart by keywords
    connection: Connection,
    batch: Batch,
    pieces: Sequence[Records],
    failing: Positions,
    *,
    agreement: Agreement,
    as_of: datetime,
    arriving: Arriving,
) -> Positions:
    """Write what is new among a batch's records, but for the rows numbered in ``failing``.

    Returns the numbers of the rows that said something new; the others repeat what is known.
    Before anything is written ``arriving`` is told which leads the batch brings.
    """
    frame, numbers = _passed(pieces, failing)
    entity = batch.source.entity
    if entity is Entity.LEAD:
        arriving.bring(frame["lead_id"], created_of(connection, frame, as_of=as_of))
    if frame.empty:
        return numbers
    key = SCHEMAS[entity].key
    columns = to_columns(entity, frame)
    known = read_hashes(connection, entity, list(dict.fromkeys(columns[key])))
    fresh = find_fresh(columns[key], columns["row_hash"], known)
    if not fresh:
        return numbers[:0]
    new = _New(connection, batch, agreement=agreement, as_of=as_of, known=known)
    if len(fresh) < len(frame):
        frame = frame.iloc[fresh].reset_index(drop=True)
    new.write(frame, pick(columns, fresh), numbers[fresh])
    return numbers[fresh]


def _passed(pieces: Sequence[Records], failing: Positions) -> tuple[pd.DataFrame, Positions]:
    """Join the pieces without the failing rows; index from 0, beside their rows' numbers."""
    frames, numbers = [], []
    for piece in pieces:
        kept = np.isin(piece.row_numbers, failing, invert=True)
        frames.append(piece.frame if kept.all() else piece.frame[kept])
        numbers.append(piece.row_numbers[kept])
    if len(frames) == 1:
        return frames[0].reset_index(drop=True), numbers[0]
    return pd.concat(frames, ignore_index=True), np.concatenate(numbers)


class _New:
    """The records of one batch that say something new, on their way into the ledger."""

    def __init__(
        self,
        connection: Connection,
        batch: Batch,
        *,
        agreement: Agreement,
        as_of: datetime,
        known: Container[str],
    ) -> None:
        self._connection = connection
        self._known = known
        self._batch = batch
        self._entity = batch.source.entity
        self._agreement = agreement
        self._as_of = as_of

    def write(self, frame: pd.DataFrame, columns: RecordColumns, numbers: Positions) -> None:
        """Write newest content, versions, what follows for people, and the work for stages."""
        added: RecordColumns = {}
        if self._entity is Entity.LEAD:
            added = self._complete(frame, columns)
        keys = columns[SCHEMAS[self._entity].key]
        newest = last_of_each(keys)
        known = [key for key in dict.fromkeys(keys) if key in self._known]
        moved = (
            write_rep_news(self._connection, columns, as_of=self._as_of)
            if self._entity is Entity.REP
            else {}
        )
        former = read_former_leads(self._connection, self._entity, known)
        write_records(
            self._connection,
            self._entity,
            newest=pick(columns | added | self._known_at(len(numbers)), newest),
            versions=self._versions(columns, numbers) if self._entity in VERSIONS else {},
        )
        self._add_work(columns, former)
        look_at_clocks(self._connection, moved)

    def _complete(self, frame: pd.DataFrame, columns: RecordColumns) -> RecordColumns:
        """Add what the ledger keeps of a lead besides its source's fields."""
        leads = frame.assign(row_hash=columns["row_hash"], position=np.arange(len(frame)))
        full = complete_leads(self._connection, leads, agreement=self._agreement, as_of=self._as_of)
        columns["created_at"] = values_of(full["created_at"], Kind.INSTANT)
        names = ("mailbox", "domain", "company_key", "segment")
        added = {name: values_of(full[name], Kind.TEXT) for name in names}
        return added | {"inferred": [None] * len(frame)}

    def _known_at(self, count: int) -> RecordColumns:
        return {"known_at": [to_us(self._as_of)] * count}

    def _versions(self, columns: RecordColumns, numbers: Positions) -> RecordColumns:
        count = len(numbers)
        return {
            **{name: columns[name] for name in SCHEMAS[self._entity].names},
            **self._known_at(count),
            "batch_id": [self._batch.batch_id] * count,
            "row_number": numbers.tolist(),
        }

    def _add_work(self, columns: RecordColumns, former: Iterable[str]) -> None:
        """Note what stages must look at; a lead that has lost a record to another is one of it."""
        named = (*columns.get("lead_id", ()), *sorted(former))
        leads = list(dict.fromkeys(lead_id for lead_id in named if lead_id))
        unknown = None
        if self._entity is Entity.LEAD:
            others = settle_people(
                self._connection, leads, agreement=self._agreement, as_of=self._as_of
            )
            leads.extend(others)
            unknown = ()  # all have just been written
        needs = NEEDS.get(self._entity, ())
        if needs:
            add_pending(self._connection, needs, leads, unknown=unknown)


def to_log_table(records: Records) -> pa.Table:
    """Turn activities into the log's columns, time as ``occurred_us``, with their rows' numbers."""
    frame = records.frame
    texts = {
        name: pa.array(frame[name], pa.string())
        for name in ("activity_id", "lead_id", "kind", "detail")
    }
    stamps = frame["occurred_at"].to_numpy(dtype="datetime64[us]").view("int64")
    return pa.table(
        {
            **texts,
            "occurred_us": pa.array(stamps, mask=frame["occurred_at"].isna().to_numpy()),
            ROW_NUMBER: pa.array(records.row_numbers),
        }
    )
