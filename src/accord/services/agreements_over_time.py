"""The agreement in force at each of many instants: what was agreed when something began."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from accord.agreement import Agreement, AgreementError
from accord.errors import InputError
from accord.ledger import Ledger
from accord.records import from_us
from accord.services.agreement_seen import Seen, read_seen, read_stored
from accord.services.agreements import agreement_then, read_filed


class AgreementsOverTime:
    """Answers for any instant, and asks the ledger once a stretch in which the answer is the same.

    At an instant counts what was in force and known then: a later version, a version that came
    later with an earlier first day, and a later content of the same version rewrite nothing. Where
    nothing in force was known by then (history that was loaded), all that is known now counts.
    """

    def __init__(self, ledger: Ledger, path: Path) -> None:
        self._ledger = ledger
        self._path = path
        with ledger.read() as connection:
            seen = read_seen(connection)
        self._contents = tuple(self._read_contents(seen))
        self._turns = sorted(set(self._when_it_may_change(seen)))
        self._known: dict[int, Agreement | None] = {}

    @property
    def contents(self) -> tuple[Agreement, ...]:
        """Every content that can be the answer for some instant, in no order."""
        return self._contents

    def at(self, instant: datetime) -> Agreement | None:
        """Return the agreement in force at an instant; None before the first one began."""
        place = bisect_right(self._turns, instant)
        if place not in self._known:
            self._known[place] = self._find(self._turns[place - 1] if place else instant)
        return self._known[place]

    def spans(self) -> tuple[tuple[datetime, Agreement | None], ...]:
        """Return every answer with the instant since which it holds, in order; before them none."""
        return tuple((since, self.at(since)) for since in self._turns)

    def _find(self, instant: datetime) -> Agreement | None:
        try:
            return agreement_then(self._ledger, self._path, as_of=instant, known_at=instant)
        except AgreementError:
            raise
        except InputError:
            return None  # none was in force yet

    def _read_contents(self, seen: tuple[Seen, ...]) -> Iterator[Agreement]:
        for one in seen:
            with suppress(AgreementError):  # an old text that the checks of today refuse
                yield read_stored(self._ledger, one)
        filed = read_filed(self._path)
        if filed is not None:
            yield filed

    def _when_it_may_change(self, seen: tuple[Seen, ...]) -> Iterator[datetime]:
        yield from (one.seen_at for one in seen)
        yield from map(begin_of, self._contents)
        with suppress(FileNotFoundError):
            yield from_us(self._path.stat().st_mtime_ns // 1_000)


def begin_of(agreement: Agreement) -> datetime:
    """Return when an agreement's first day begins, in its zone."""
    return datetime.combine(agreement.effective_from, time(), ZoneInfo(agreement.timezone))
