"""Pulling: what changed in a database or a CRM becomes batches, each taken exactly once.

Read, spool, take, in this order. Pages are gathered in a file of the spool; the file is a batch
like any other; where the next pull begins moves in the transaction that decides on the batch; then
the file is removed. Killed anywhere, the next run finds the file and takes it first, or reads the
same again from where the last batch ended.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from accord.errors import SourceError
from accord.killpoints import reach
from accord.ledger.sync_rows import Sync, move_sync, read_batch_status, read_sync
from accord.services.pull_readers import Page, asked_for, is_whole, open_reader
from accord.services.taking import Offer, offer_of
from accord.services.workspace import Workspace
from accord.sources import Source
from accord.sources.pulling import Spool, Spooled

_ENOUGH_ROWS = 5_000
"""Rows that make a batch: pages are small, and each batch is judged and stored at some cost."""


def pulled_batches(
    workspace: Workspace, source: Source, *, as_of: datetime
) -> Iterator[Offer | SourceError]:
    """Pull what is new of a source, batch by batch, each to be taken before the next is asked for.

    Where the next pull begins moves in the transaction that decides on the batch. What waits since
    an earlier run comes first. A batch that is held leaves its rows in the spool until they
    are taken under a corrected mapping; one that cannot be read ends the pull, and so does an
    error of the system, after what was read before it.
    """
    yield from _Pull(workspace=workspace, source=source, as_of=as_of).batches()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pull:
    workspace: Workspace
    source: Source
    as_of: datetime

    def batches(self) -> Iterator[Offer | SourceError]:
        asked = asked_for(self.source)
        for spooled in self._waiting(asked):
            if not (yield from self._offer(spooled)):
                return
        sync = self._sync()
        cursor = sync.cursor if sync.asked == asked else {}
        try:
            with (
                open_reader(self.source, os.environ) as reader,
                closing(reader.pages(cursor)) as pages,
            ):
                yield from self._read_on(pages, asked)
        except SourceError as error:
            yield error

    def _read_on(self, pages: Iterator[Page], asked: str) -> Generator[Offer | SourceError]:
        """Gather pages into batches until there are no more; an error comes after its batch."""
        while True:
            spooled, end = self._gather(pages, asked)
            if spooled is not None:
                reach("pull.after_spool")
                if not (yield from self._offer(spooled)):
                    return
            if isinstance(end, SourceError):
                yield end
            if end is not None:
                return

    def _gather(
        self, pages: Iterator[Page], asked: str
    ) -> tuple[Spooled | None, SourceError | bool | None]:
        """Spool pages until they make a batch; also return why there are no more, if so."""
        whole = is_whole(self.source)
        end: SourceError | bool | None = None
        with self._spool.open(self._next_number(), asked=asked) as file:
            cursor: Mapping[str, object] = {}
            try:
                while (whole or file.count < _ENOUGH_ROWS) and end is None:
                    page = next(pages, None)
                    if page is None:
                        end = True
                    else:
                        rows, cursor = page
                        file.write(rows)
                        reach("pull.after_page")
            except SourceError as error:
                end = error
            broken_off = whole and end is not True
            spooled = file.finish(cursor) if file.count and not broken_off else None
        return spooled, end

    def _waiting(self, asked: str) -> Iterator[Spooled]:
        """Find what is to be offered again; what was asked for otherwise is pulled anew."""
        stands_at = self._sync().number
        for spooled in self._spool.waiting():
            status = self._status(spooled)
            if spooled.asked != asked or (status == "taken" and spooled.number <= stands_at):
                spooled.remove()
            elif status != "held" or spooled.number > stands_at:
                yield spooled

    def _offer(self, spooled: Spooled) -> Generator[Offer | SourceError, None, bool]:
        """Offer a batch and clear up after it; False if it could not be decided on."""
        batch = spooled.batch(self.source)
        if isinstance(batch, SourceError):
            yield batch
            return False
        to = Sync(number=spooled.number, asked=spooled.asked, cursor=spooled.cursor)
        yield offer_of(batch, also=partial(self._move, to=to, batch_id=batch.batch_id))
        status = self._status(spooled)
        if status == "taken" or (status == "held" and self._waits_already(spooled)):
            reach("pull.after_take")
            spooled.remove()
        return status is not None

    def _move(self, connection: Connection, *, to: Sync, batch_id: str) -> None:
        move_sync(connection, self.source.name, to, batch_id=batch_id, at=self.as_of)

    def _waits_already(self, spooled: Spooled) -> bool:
        """Whether an older pull with the same rows waits: one of them is enough."""
        return any(
            one.digest == spooled.digest and one.number < spooled.number
            for one in self._spool.waiting()
        )

    def _status(self, spooled: Spooled) -> str | None:
        batch = spooled.batch(self.source)
        if isinstance(batch, SourceError):
            return None
        with self.workspace.ledger.read() as connection:
            return read_batch_status(connection, batch.batch_id)

    def _sync(self) -> Sync:
        with self.workspace.ledger.read() as connection:
            return read_sync(connection, self.source.name)

    def _next_number(self) -> int:
        waiting = [spooled.number for spooled in self._spool.waiting()]
        return max([self._sync().number, *waiting]) + 1

    @property
    def _spool(self) -> Spool:
        return Spool(folder=self.workspace.settings.spool_path / self.source.name)
