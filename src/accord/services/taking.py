"""Taking batches, each whole or not at all: the single way in for files, pulled pages and releases.

While one batch is stored the next is read and judged, so that both cores have something to do.
Killed anywhere, the next run takes the same batches to the same end.
"""

from __future__ import annotations

import gc
import shutil
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from accord.agreement import Agreement
from accord.errors import SourceError
from accord.log import Staging
from accord.records import Entity
from accord.services.known_leads import Arriving
from accord.services.one_batch import Also, Counts, OneBatch, Taken
from accord.services.workspace import Workspace
from accord.sources import Batch, Rows, read_pieces, read_rows

__all__ = ["Also", "Counts", "Offer", "Taken", "offer_of", "take", "take_each"]

_AT_ONCE = 1_000_000  # rows of a piece
_OBJECTS_APART = 5_000_000
_TURN_SECONDS = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A batch to take, in the pieces that it is judged in.

    ``also`` runs in the transaction that says what became of it. ``accepted``: a person lets it
    in. Nothing holds it, and one that was held is taken now.
    """

    batch: Batch
    pieces: Iterable[Rows]
    also: Also | None = None
    accepted: bool = False


def offer_of(batch: Batch, *, also: Also | None = None, accepted: bool = False) -> Offer:
    """Offer a batch to be read from its files.

    What the ledger keeps is judged whole: it is far less than the activities.
    """
    return Offer(batch=batch, pieces=_pieces_of(batch), also=also, accepted=accepted)


def _pieces_of(batch: Batch) -> Iterator[Rows]:
    if batch.source.entity is Entity.ACTIVITY:
        yield from read_pieces(batch, at_once=_AT_ONCE)
    else:
        yield read_rows(batch)


def take(workspace: Workspace, offer: Offer, *, agreement: Agreement, as_of: datetime) -> Taken:
    """Judge and store one batch.

    The caller holds the lease ``ingest``. SourceError if a piece cannot be read or mapped: nothing
    of the batch is taken then.
    """
    (outcome,) = take_each(workspace, [offer], agreement=agreement, as_of=as_of)
    if isinstance(outcome, SourceError):
        raise outcome
    return outcome


def take_each(
    workspace: Workspace, offers: Iterable[Offer], *, agreement: Agreement, as_of: datetime
) -> Iterator[Taken | SourceError]:
    """Judge and store batches in order, as :func:`take` does each; yields what became of it.

    The next offer is asked for, read and judged while one is stored, so no offer may depend on
    what became of the one before.
    """
    folder = workspace.settings.staging_path
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    way = _Way(workspace, iter(offers), agreement=agreement, as_of=as_of)
    try:
        with _two_at_work():
            while (looked := way.next()) is not None:
                yield _ended(*looked)
    finally:
        way.close()
        shutil.rmtree(folder, ignore_errors=True)


class _Way:
    """Batches on their way in: one is being stored, or about to be, and the next is looked at."""

    def __init__(
        self,
        workspace: Workspace,
        offers: Iterator[Offer],
        *,
        agreement: Agreement,
        as_of: datetime,
    ) -> None:
        self._workspace = workspace
        self._offers = offers
        self._agreement = agreement
        self._as_of = as_of
        self._number = 0
        self._before: Arriving | None = None
        self._looking: deque[tuple[OneBatch, Offer, Future[None]]] = deque()
        self._stopped = Event()
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="accord-look")

    def next(self) -> tuple[OneBatch, Also | None] | None:
        """Return the next batch once it has been looked at, None if there is no more."""
        while len(self._looking) < 2 and self._begin():  # noqa: PLR2004 - this one and the next
            pass
        if not self._looking:
            return None
        one, offer, done = self._looking[0]
        done.result()
        self._looking.popleft()
        return one, offer.also

    def _begin(self) -> bool:
        offer = next(self._offers, None)
        if offer is None:
            return False
        folder = self._workspace.settings.staging_path / f"{self._number:06d}"
        one = OneBatch(
            self._workspace,
            offer.batch,
            agreement=self._agreement,
            as_of=self._as_of,
            staging=Staging(folder, batch_id=offer.batch.batch_id, taken_at=self._as_of),
            accepted=offer.accepted,
            before=self._before,
        )
        done = self._threads.submit(one.look, offer.pieces, stopped=self._stopped)
        self._looking.append((one, offer, done))
        self._before = one.arriving
        self._number += 1
        return True

    def close(self) -> None:
        """Let nothing go on: what was looked at and not stored is forgotten."""
        self._stopped.set()
        for one, _, _ in self._looking:
            one.arriving.bring_none()
        self._threads.shutdown()


def _ended(one: OneBatch, also: Also | None) -> Taken | SourceError:
    try:
        return one.end(also)
    except SourceError as error:
        return error


@contextmanager
def _two_at_work() -> Iterator[None]:
    """Let Python look for cycles only now and then, and threads take turns quickly.

    A million rows are millions of plain values: looking at them again and again is a quarter of the
    time that a large batch takes. And where one thread waits for Python's lock while the other
    prepares rows for the store, both cores idle half of the time.
    """
    usual, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(_OBJECTS_APART, *usual[1:])
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        sys.setswitchinterval(turn)
