"""Reading Salesforce: what to ask for, page by page; how it is sent stands in ``salesforce_http``.

Each pass (see ``passes``) is one SOQL query in the order of ids, read on along its
``nextRecordsUrl``; broken off, it is asked anew from the last id taken. Deleted records are in no
query unless ``deleted`` asks for the recycle bin too; then ``IsDeleted`` tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accord.crm.passes import Page, Pass, Record, read_passes
from accord.crm.salesforce_http import LostPlaceError, SalesforceHttp
from accord.errors import SourceError

OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "User")
"""The objects that can be read."""

MODIFIED = "SystemModstamp"
"""The field that says when a record was last changed, by anybody."""

_ID = re.compile(r"[A-Za-z0-9]{15,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceReader:
    """Reads one object; ``columns`` are those that are mapped and decide what is asked for.

    A column is a field (``Email``) or a field of a related record (``Owner.Email``). Every record
    has ``Id``, ``SystemModstamp`` and every column asked for, null where it is empty.
    """

    http: SalesforceHttp
    object: str
    columns: tuple[str, ...]
    page: int
    overlap: timedelta
    deleted: bool

    def pages(self, cursor: Mapping[str, Any]) -> Generator[Page]:
        """Read what changed since a cursor, page by page; SourceError when it goes no further.

        A pass that was broken off is read to its end, and then a new one.
        """
        yield from read_passes(cursor, begin=self._begin, read=self._read)

    def _read(self, under_way: Pass) -> Generator[Page]:
        answer = self._start(under_way)
        while answer["records"]:
            records = [self._finish(record) for record in answer["records"]]
            last, following = self._id(records[-1]), answer.get("nextRecordsUrl")
            yield records, under_way.cursor(last, is_last=following is None)
            if following is None:
                return
            under_way = under_way.moved(last)
            answer = self._go_on(following, under_way)

    def _begin(self, stored: Pass) -> Pass | None:
        """Ask how far this pass reaches; None if there is no record at all."""
        newest = f"SELECT {MODIFIED} FROM {self.object} ORDER BY {MODIFIED} DESC LIMIT 1"  # noqa: S608 - checked names
        found = self._query(newest)["records"]
        if not found:
            return None
        since = None if stored.since is None else _text(_instant(stored.since) - self.overlap)
        return Pass(since=since, until=_value(found[0], MODIFIED))

    def _start(self, under_way: Pass) -> dict[str, Any]:
        bounds = []
        if under_way.since is not None:
            bounds.append(f"{MODIFIED} >= {_text(_instant(under_way.since))}")
        if under_way.after is not None:
            bounds.append(f"Id > '{under_way.after}'")
        where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
        fields = ", ".join(self._fields())
        return self._query(f"SELECT {fields} FROM {self.object}{where} ORDER BY Id")  # noqa: S608 - checked names

    def _query(self, soql: str) -> dict[str, Any]:
        return self.http.query(soql, page=self.page, deleted=self.deleted)

    def _go_on(self, following: str, under_way: Pass) -> dict[str, Any]:
        """Read the next page; a place that the service no longer keeps is found by the last id."""
        try:
            return self.http.go_on(following, page=self.page)
        except LostPlaceError:
            return self._start(under_way)

    def _fields(self) -> list[str]:
        return list(dict.fromkeys(["Id", MODIFIED, *self.columns]))

    def _finish(self, record: Mapping[str, Any]) -> Record:
        return {name: _value(record, name) for name in self._fields()}

    def _id(self, record: Record) -> str:
        if not _ID.fullmatch(str(record["Id"])):
            raise SourceError(
                where=self.http.where, found="Salesforce sent a record without an id of its own"
            )
        return str(record["Id"])


def _value(record: Mapping[str, Any], path: str) -> Any:
    """Follow a dotted path; a related record that is not there leaves its fields empty."""
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _instant(said: str) -> datetime:
    instant = datetime.fromisoformat(said)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _text(instant: datetime) -> str:
    """Write an instant as SOQL takes it, which knows milliseconds: never later than it is."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"
