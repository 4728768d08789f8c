"""The leads whose scores are no longer as they are stored, with their reasons, in portions."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accord.agreement import Agreement
from accord.scoring import SCORES
from accord.services.scored import reason_lines, with_lines
from accord.services.thresholds import codes_of, listed

_LINES = 200_000
"""Reason lines that the engine hands over at once."""


def leads_among(leads: pa.Table, lead_ids: Sequence[str]) -> pa.Table:
    """Return the rows of these leads, in the order they stand in."""
    return leads.filter(pc.is_in(leads.column("lead_id"), pa.array(lead_ids, pa.string())))


def find_differing(
    found: pa.Table, stored: pa.Table, *, version: str, news: Sequence[str]
) -> pa.Table:
    """Return the rows of ``found`` that are not as they are stored, or have news, in their order.

    ``found`` as ``score_table`` gives it, ``stored`` as ``read_stored``. A score is as it is stored
    if numbers, position, thresholds and version are; how it shares out among its reasons is not
    compared: without news it is fading alone that moves it.
    """
    former = take_beside(found, stored)
    same = pc.and_(pc.equal(former.column("version"), version), same_numbers(found, former))
    same = pc.and_(same, pc.equal(_position(found), _position(former)))
    same = pc.and_(same, pc.equal(listed(codes_of(found)), former.column("qualifies")))
    is_unlike = pc.invert(pc.fill_null(same, fill_value=False))
    has_news = pc.is_in(found.column("lead_id"), pa.array(news, pa.string()))
    return found.filter(pc.or_(is_unlike, has_news))


def take_beside(found: pa.Table, stored: pa.Table) -> pa.Table:
    """Return the stored row of each found lead in their order, nulls where there is none."""
    known = stored.column("lead_id").combine_chunks()
    rows: pa.Table = stored.take(pc.index_in(found.column("lead_id"), known)).combine_chunks()
    return rows


def same_numbers(one: pa.Table, other: pa.Table) -> Any:
    """Say row by row whether the three scores are the same; null where either has none."""
    fit, engagement, intent = (pc.equal(one.column(name), other.column(name)) for name in SCORES)
    return pc.and_(pc.and_(fit, engagement), intent)


def with_reasons(
    changed: pa.Table,
    leads: pa.Table,
    evidence: Any,
    agreement: Agreement,
    *,
    as_of: datetime,
    at_once: int,
) -> Iterator[pa.Table]:
    """Yield the rows of ``changed`` with their reasons, ``at_once`` leads a portion, at least one.

    The engine sorts the reasons by lead, and they are taken from it as they come: memory does not
    grow with the leads. ``changed``: rows of ``score_table`` in its order; ``leads`` and
    ``evidence`` as for it.
    """
    ids = changed.column("lead_id").to_pylist()
    if not ids:
        yield with_lines(changed, None)
        return
    lines = reason_lines(leads_among(leads, ids), evidence, agreement, as_of=as_of)
    with closing(_batches_of(lines.sort("lead_id").to_native())) as batches:
        in_order = _Lines(batches)
        for start in range(0, len(ids), at_once):
            rows = changed.slice(start, at_once)
            yield with_lines(rows, in_order.up_to(ids[start + rows.num_rows - 1]))


class _Lines:
    """Reason lines in the order of their leads, of which one takes the next ones."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._next: pa.RecordBatch | None = next(self._batches, None)

    def up_to(self, lead_id: str) -> pa.Table | None:
        """Take the lines of the leads up to this one, itself included; None if none is left."""
        taken: list[pa.RecordBatch] = []
        while self._next is not None:
            ids = self._next.column("lead_id")
            count = pc.sum(pc.less_equal(ids, lead_id)).as_py() or 0
            taken.append(self._next.slice(0, count))
            if count < len(ids):
                self._next = self._next.slice(count)
                break
            self._next = next(self._batches, None)
        return pa.Table.from_batches(taken) if taken else None


def _batches_of(lines: Any) -> Generator[pa.RecordBatch, None, None]:
    """Yield the batches of an Arrow table, or of a DuckDB relation while it computes.

    Closed before the end it gives up the computing: its connection is busy until then.
    """
    if isinstance(lines, pa.Table):
        yield from lines.to_batches()
        return
    with closing(lines.to_arrow_reader(_LINES)) as reader:
        yield from reader


def _position(rows: pa.Table) -> Any:
    return pc.fill_null(rows.column("position"), "")
