"""Reading HubSpot: what to ask for, page by page; how it is sent stands in ``hubspot_http``.

Contacts, companies, deals and engagements come through the search endpoint. Its offsets end at
10,000 and move when records change, so each page is a search of its own (see ``passes``): changed
since, and with an id above the last page's. Owners have no search and come whole each time.
Archived records are in no search: what they said before they were archived stays.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from accord.crm.hubspot_http import HubspotHttp
from accord.crm.passes import Page, Pass, Record, name_columns, read_passes
from accord.errors import SourceError

OBJECTS: Mapping[str, str] = {
    "contacts": "lastmodifieddate",
    "companies": "hs_lastmodifieddate",
    "deals": "hs_lastmodifieddate",
    "calls": "hs_lastmodifieddate",
    "emails": "hs_lastmodifieddate",
    "meetings": "hs_lastmodifieddate",
    "notes": "hs_lastmodifieddate",
    "tasks": "hs_lastmodifieddate",
    "communications": "hs_lastmodifieddate",
}
"""The objects that can be searched, and the property that says when one was last changed."""

_ID = "hs_object_id"
_OWNER_PAGE = 100
_TOP = ("id", "createdAt", "updatedAt", "archived")
_OWNER = ("id", "email", "firstName", "lastName", "userId", "type", *_TOP[1:])
_PROPERTY = "properties."
_ASSOCIATION = "associations."


@dataclass(frozen=True, slots=True, kw_only=True)
class HubspotReader:
    """Reads one object; ``columns`` are those that are mapped and decide what is asked for.

    ``properties.NAME`` is a property, ``associations.OBJECT`` the lowest id of what is associated,
    the others are ``id``, ``createdAt``, ``updatedAt`` and ``archived``. Every record has every
    column that was asked for, null where it is empty.
    """

    http: HubspotHttp
    object: str
    columns: tuple[str, ...]
    page: int
    overlap: timedelta

    def pages(self, cursor: Mapping[str, Any]) -> Generator[Page]:
        """Read what changed since a cursor, page by page; SourceError when it goes no further.

        A pass that was broken off is read to its end, and then a new one. Owners come whole, from
        whichever cursor.
        """
        if self.object == "owners":
            yield from self._owners()
            return
        self._check_columns()
        yield from read_passes(cursor, begin=self._begin, read=self._read)

    def _read(self, under_way: Pass) -> Generator[Page]:
        is_last = False
        while not is_last:
            records, is_last = self._search_page(under_way)
            if not records:
                return
            last = str(records[-1]["id"])
            yield self._finish(records), under_way.cursor(last, is_last=is_last)
            under_way = under_way.moved(last)

    def _begin(self, stored: Pass) -> Pass | None:
        """Ask how far this pass reaches; None if there is no record at all."""
        modified = OBJECTS[self.object]
        newest = self.http.search(
            self.object,
            {
                "limit": 1,
                "properties": [modified],
                "sorts": [{"propertyName": modified, "direction": "DESCENDING"}],
            },
        )
        found = newest["results"]
        if not found:
            return None
        self._check_records(found, Pass())
        until = found[0]["properties"].get(modified)
        return Pass(since=self._reach_back(stored.since), until=until)

    def _reach_back(self, since: str | None) -> str | None:
        if since is None:
            return None
        return (_instant(since) - self.overlap).isoformat()

    def _search_page(self, under_way: Pass) -> tuple[list[Record], bool]:
        answer = self.http.search(
            self.object,
            {
                "limit": self.page,
                "properties": [OBJECTS[self.object], *name_columns(self.columns, _PROPERTY)],
                "sorts": [{"propertyName": _ID, "direction": "ASCENDING"}],
                "filterGroups": [{"filters": self._filters(under_way)}],
            },
        )
        records = answer["results"]
        self._check_records(records, under_way)
        return records, "next" not in (answer.get("paging") or {})

    def _filters(self, under_way: Pass) -> list[dict[str, str]]:
        filters = [{"propertyName": _ID, "operator": "GT", "value": under_way.after or "0"}]
        if under_way.since is not None:
            bound = str(int(_instant(under_way.since).timestamp() * 1000))
            modified = OBJECTS[self.object]
            filters.append({"propertyName": modified, "operator": "GTE", "value": bound})
        return filters

    def _check_records(self, records: list[Record], under_way: Pass) -> None:
        """Going from id to id loses nothing only while there are ids, and they rise."""
        ids = [int(under_way.after or 0)]
        for record in records:
            said = str(record.get("id")) if isinstance(record, dict) else ""
            whole = said.isdecimal() and isinstance(record.get("properties"), dict)
            ids.append(int(said) if whole else -1)
        if any(one >= other for one, other in pairwise(ids)):
            raise self._reshaped()

    def _finish(self, records: list[Record]) -> list[Record]:
        """Bring records to the columns that are mapped, with what is associated."""
        wanted = name_columns(self.columns, _PROPERTY)
        kinds = name_columns(self.columns, _ASSOCIATION)
        ids = [str(record["id"]) for record in records]
        found = {kind: self.http.associated(self.object, kind, ids) for kind in kinds}
        return [
            {name: record.get(name) for name in _TOP}
            | {"properties": {name: record["properties"].get(name) for name in wanted}}
            | {"associations": {kind: found[kind].get(str(record["id"])) for kind in kinds}}
            for record in records
        ]

    def _check_columns(self) -> None:
        """Find a mapped column that is none: a search leaves unknown properties out in silence."""
        wanted = name_columns(self.columns, _PROPERTY)
        known = self.http.property_names(self.object) if wanted else []
        valid = {*_TOP, *(f"{_PROPERTY}{name}" for name in known)}
        for column in self.columns:
            if column not in valid and not column.startswith(_ASSOCIATION):
                raise self._unknown(column, sorted(valid))

    def _unknown(self, column: str, valid: list[str]) -> SourceError:
        close = get_close_matches(column, valid, n=1, cutoff=0.5)
        return SourceError(
            where=self.http.where,
            found=f"{column!r} is no column of {self.object}",
            expected="id, createdAt, updatedAt, archived, properties.NAME or associations.OBJECT",
            remedy=f"did you mean {close[0]}?" if close else "correct the mapping",
        )

    def _owners(self) -> Iterator[Page]:
        for column in self.columns:
            if column not in _OWNER:
                raise self._unknown(column, sorted(_OWNER))
        after = None
        while True:
            answer = self.http.owners(limit=_OWNER_PAGE, after=after)
            owners = [self._owner(one) for one in answer["results"]]
            after = ((answer.get("paging") or {}).get("next") or {}).get("after")
            yield owners, {}
            if after is None:
                return

    def _owner(self, one: Any) -> Record:
        if not isinstance(one, dict) or "id" not in one:
            raise self._reshaped()
        return {name: one.get(name) for name in _OWNER}

    def _reshaped(self) -> SourceError:
        return SourceError(
            where=self.http.where,
            found=f"{self.object} came in another shape or order",
            expected="records with id and properties, sorted by hs_object_id",
            remedy="try another version: of the API",
        )


def _instant(said: str) -> datetime:
    instant = datetime.fromisoformat(said)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
