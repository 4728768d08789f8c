"""Taking batches, each whole or not at all: the single way in for files, pulled pages and releases.

While one batch is stored the next is read and judged, so that both cores have something to do.
Killed anywhere, the next run takes the same batches to the same end.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from accord.agreement import Agreement
from accord.errors import SourceError
from accord.log import Staging
from accord.records import Entity
from accord.services.ahead import ahead
from accord.services.known_leads import Arriving
from accord.services.one_batch import Also, Counts, OneBatch, Taken
from accord.services.workspace import Workspace
from accord.sources import Batch, Rows, read_pieces, read_rows

__all__ = ["Also", "Counts", "Offer", "Taken", "offer_of", "take", "take_each"]

_AT_ONCE = 1_000_000  # rows of a piece
_OBJECTS_APART = 500_000


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
    staging = workspace.settings.staging_path
    shutil.rmtree(staging, ignore_errors=True)  # what a killed run left
    stopped = Event()

    def looked_at() -> Iterator[tuple[OneBatch, Also | None]]:
        before: Arriving | None = None
        for number, offer in enumerate(offers):
            one = OneBatch(
                workspace,
                offer.batch,
                agreement=agreement,
                as_of=as_of,
                staging=Staging(
                    staging / f"{number:06d}", batch_id=offer.batch.batch_id, taken_at=as_of
                ),
                accepted=offer.accepted,
                before=before,
            )
            one.look(offer.pieces, stopped=stopped)
            before = one.arriving
            yield one, offer.also

    batches = ahead(looked_at(), first_alone=False)
    try:
        with _rarely_collecting():
            for one, also in batches:
                yield _ended(one, also)
    finally:
        stopped.set()
        batches.close()
        shutil.rmtree(staging, ignore_errors=True)


def _ended(one: OneBatch, also: Also | None) -> Taken | SourceError:
    try:
        return one.end(also)
    except SourceError as error:
        return error


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Let Python look for cycles only now and then: a million rows are millions of plain values.

    Looking at them again and again is a quarter of the time that a large batch takes.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_APART, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
