"""A calendar that can be asked: due, elapsed, next opening, for one value and for arrays.

The table behind it grows by years as it is asked; the answers do not depend on what was asked
before. One value is the definition; arrays are held to it by tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord.calendars.arrays import answer_many
from accord.calendars.faults import CalendarError, Faults
from accord.calendars.hours import read_hours
from accord.calendars.parts import PARTS, Part, join_parts, one_part, read_parts, text_of
from accord.calendars.spans import (
    Micros,
    Span,
    SpanSet,
    clip,
    empty_set,
    instant_us,
    merge,
    us_instant,
)
from accord.calendars.table import Table, build_table

_MICROSECOND = timedelta(microseconds=1)
_FIRST_YEAR, _LAST_YEAR = 2, 9990
_YEARS_AHEAD = 2
_FIRST_US, _LAST_US = int(np.iinfo(np.int64).min), int(np.iinfo(np.int64).max)


class Calendar:
    """When somebody is at work.

    Instants are aware; answers are in UTC, exact to the microsecond. Equal calendars (same terms,
    same absences) are equal and hash alike.
    """

    __slots__ = ("_holes", "_key", "_parts", "_table", "_terms")

    def __init__(self, *, parts: tuple[Part, ...], holes: SpanSet) -> None:
        self._parts = parts
        self._terms = text_of(parts)
        self._holes = holes
        self._key = (self._terms, holes[0].tobytes(), holes[1].tobytes())
        self._table: Table | None = None

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Calendar:
        """Read one entry of the agreement's ``calendars:``; CalendarError carries every fault.

        Values may be dates or ISO text. Equal entries give the same object. What :attr:`terms`
        says of a calendar made by :meth:`then` is read as well.

        >>> hours = {"mon-fri": ["09:00-17:00"]}
        >>> office = Calendar.parse({"timezone": "Europe/Berlin", "hours": hours})
        >>> saturday = datetime.fromisoformat("2026-11-21T20:00+01:00")
        >>> office.due(saturday, timedelta(hours=1)).isoformat()
        '2026-11-23T09:00:00+00:00'
        """
        if not isinstance(entry, Mapping):
            faults = Faults()
            faults.add("no_map", "calendar", "is no map", "write timezone, hours, ...")
            raise CalendarError(faults=faults.found)
        plain = _plain(entry)
        return _parsed(json.dumps(plain)) if plain is not None else _read(entry)

    @property
    def terms(self) -> dict[str, Any]:
        """The entry as it was written, in plain JSON values: parses to an equal calendar.

        Of a calendar made by :meth:`then` a list of ``parts``: entries, each but the first with
        the instant ``since`` when it holds.
        """
        terms: dict[str, Any] = json.loads(self._terms)
        return terms

    @property
    def zone(self) -> str:
        """The name of the calendar's zone; of several parts, the first one's."""
        return self._parts[0].hours.zone

    @property
    def parts(self) -> tuple[tuple[datetime | None, Calendar], ...]:
        """Since when which hours hold, in order; None is from the beginning. Absences are none."""
        return tuple(
            (
                None if part.since is None else us_instant(part.since),
                Calendar(parts=one_part(part.terms), holes=empty_set()),
            )
            for part in self._parts
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Calendar({self._terms}, closed spans: {len(self._holes[0])})"

    def without(self, spans: Iterable[Span]) -> Calendar:
        """Return this calendar, closed from (included) until (excluded) of each span as well."""
        pairs = [(instant_us(start), instant_us(end)) for start, end in spans]
        if not pairs:
            return self
        more = np.array(pairs, np.int64)
        holes = merge(
            np.concatenate([self._holes[0], more[:, 0]]),
            np.concatenate([self._holes[1], more[:, 1]]),
        )
        return Calendar(parts=self._parts, holes=holes)

    def then(self, since: datetime, other: Calendar) -> Calendar:
        """Return this calendar up to an instant, and another from it (included) on.

        Any number of times; what either is closed for besides its hours stays with its own part.

        >>> early = Calendar.parse({"timezone": "UTC", "hours": {"mon-sun": ["06:00-12:00"]}})
        >>> late = Calendar.parse({"timezone": "UTC", "hours": {"mon-sun": ["12:00-18:00"]}})
        >>> noon, morning = (datetime.fromisoformat(f"2026-11-23T{at}Z") for at in ("12", "06"))
        >>> early.then(noon, late).elapsed(morning, morning + timedelta(days=1)).seconds // 3600
        12
        """
        at = instant_us(since)
        before, after = clip(self._holes, _FIRST_US, at), clip(other._holes, at, _LAST_US)
        holes = merge(*(np.concatenate(ends) for ends in zip(before, after, strict=True)))
        return Calendar(parts=join_parts(self._parts, at, other._parts), holes=holes)

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at this instant: at opening yes, at closing no."""
        return self.next_opening(at) == at

    def next_opening(self, at: datetime) -> datetime:
        """Return the instant itself if it is open, else the next opening."""
        return self.due(at, timedelta(0))

    def due(self, start: datetime, within: timedelta) -> datetime:
        """Return the earliest instant at which so much open time has passed since the start.

        A term that runs out at closing is due at closing. A term of zero is due at the start, or
        at the next opening if it is closed then. CalendarError if the term is negative or there
        is not that much open time to come.
        """
        begin, term = instant_us(start), within // _MICROSECOND
        _refuse_negative(term)
        table = self._covering(begin, begin)
        while table.open_until_one(begin) + max(term, 1) > table.total:
            table = self._grown(table)
        if not term:
            return us_instant(table.next_open_one(begin))
        return us_instant(table.reached_one(table.open_until_one(begin) + term))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two instants; none if the end is not after the start."""
        low, high = instant_us(start), instant_us(end)
        if high <= low:
            return timedelta(0)
        table = self._covering(low, high)
        return (table.open_until_one(high) - table.open_until_one(low)) * _MICROSECOND

    def due_many(
        self, starts: NDArray[np.datetime64], withins: NDArray[np.timedelta64] | np.timedelta64
    ) -> NDArray[np.datetime64]:
        """Return ``due`` of each pair: ``datetime64[us]`` in UTC; a missing value gives NaT.

        The two are broadcast against each other.
        """
        ats, spans = np.asarray(starts, "M8[us]"), np.asarray(withins, "m8[us]")
        return answer_many(self._due_us, ats, spans, unit="M8[us]")

    def elapsed_many(
        self, starts: NDArray[np.datetime64], ends: NDArray[np.datetime64]
    ) -> NDArray[np.timedelta64]:
        """Return ``elapsed`` of each pair: ``timedelta64[us]``; a missing value gives NaT."""
        low, high = np.asarray(starts, "M8[us]"), np.asarray(ends, "M8[us]")
        return answer_many(self._elapsed_us, low, high, unit="m8[us]")

    def next_opening_many(self, ats: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Return ``next_opening`` of each: ``datetime64[us]`` in UTC; a missing value gives NaT."""
        return self.due_many(ats, np.timedelta64(0, "us"))

    def _due_us(self, starts: Micros, withins: Micros) -> Micros:
        if not len(starts):
            return starts
        _refuse_negative(int(withins.min()))
        table = self._covering(int(starts.min()), int(starts.max()))
        least = np.maximum(withins, 1)
        while int((reached := table.open_until(starts) + least).max()) > table.total:
            table = self._grown(table)
        due = table.reached(reached)
        zero = withins == 0
        if zero.any():
            due[zero] = table.next_open(starts[zero])
        return due

    def _elapsed_us(self, starts: Micros, ends: Micros) -> Micros:
        if not len(starts):
            return starts
        low = min(int(starts.min()), int(ends.min()))
        table = self._covering(low, max(int(starts.max()), int(ends.max())))
        return np.asarray(np.maximum(table.open_until(ends) - table.open_until(starts), 0))

    def _covering(self, low: int, high: int) -> Table:
        table = self._table
        if table is not None and table.start <= low and high < table.end:
            return table
        first, last = us_instant(low).year, us_instant(high).year + _YEARS_AHEAD
        if table is not None:
            first, last = min(first, table.first_year), max(last, table.last_year)
        return self._built(first, last)

    def _grown(self, table: Table) -> Table:
        """Return a table twice as long into the future."""
        if table.last_year >= self._last_open_year():
            remedy = "shorten the term, or give the calendar more hours"
            raise _refused("never_due", "has not that much open time to come", remedy)
        length = table.last_year - table.first_year + 1
        return self._built(table.first_year, table.last_year + length)

    def _last_open_year(self) -> int:
        last = self._parts[-1]
        if any(last.hours.week):
            return _LAST_YEAR
        begun = [] if last.since is None else [us_instant(last.since).year]
        return max([*begun, *(day.year for day, opened in last.hours.opened if opened)]) + 1

    def _built(self, first: int, last: int) -> Table:
        low, high = max(first, _FIRST_YEAR), min(last, _LAST_YEAR)
        self._table = build_table(self._parts, self._holes, low, high)
        return self._table


def _refuse_negative(within: int) -> None:
    if within < 0:
        raise _refused("negative_term", "a term is negative", "write a term of zero or more")


def _refused(kind: str, sentence: str, remedy: str) -> CalendarError:
    faults = Faults()
    faults.add(kind, "calendar", sentence, remedy)
    return CalendarError(faults=faults.found)


def _plain(value: Any) -> Any:
    """Return the value in JSON's own types, dates as ISO text; None if it holds anything else."""
    if isinstance(value, Mapping):
        pairs = {_plain_key(key): _plain(each) for key, each in value.items()}
        whole = len(pairs) == len(value) and None not in pairs.values()
        return pairs if whole else None
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        items = [_plain(each) for each in value]
        return None if None in items else items
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else None


def _plain_key(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


@lru_cache(maxsize=4096)
def _parsed(terms: str) -> Calendar:
    entry = json.loads(terms)
    parts = read_parts(entry) if PARTS in entry else one_part(terms)
    return Calendar(parts=parts, holes=empty_set())


def _read(entry: Mapping[str, Any]) -> Calendar:
    """Read an entry that holds something odd: its faults are wanted, with its own values."""
    present = {key: value for key, value in entry.items() if value is not None}
    if len(present) < len(entry):
        return Calendar.parse(present)
    part = Part(since=None, hours=read_hours(entry), terms=json.dumps(entry, default=str))
    return Calendar(parts=(part,), holes=empty_set())


ALWAYS_OPEN = Calendar.parse({"timezone": "UTC", "hours": {"mon-sun": ["00:00-24:00"]}})
"""Wall-clock time as a calendar: what remains of it without absences is what counts."""
