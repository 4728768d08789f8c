"""Reading a database page by page: a query or a table, from a watermark on if there is one.

Any database that SQLAlchemy knows. Every value becomes the exact text that its type stands for;
nothing is written, and no message of the driver reaches an error, since it may hold the address
or values of rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnClause,
    Connection,
    CursorResult,
    Executable,
    FromClause,
    Select,
    bindparam,
    column,
    create_engine,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from accord.errors import SourceError
from accord.sources.pulled import SqlTerms

Page = tuple[list[dict[str, str | None]], dict[str, Any]]
"""Rows in order, column -> exact text, and the cursor once they are taken."""

_Watermark = datetime | date | int | Decimal | str


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlReader:
    """Reads one query or table at ``url``; ``where`` names the source in errors."""

    terms: SqlTerms
    url: str
    where: str

    def pages(self, cursor: Mapping[str, Any]) -> Generator[Page]:
        """Read from a cursor on, in the order of the watermark; without one, all of it.

        One statement gives all pages, so rows that are written meanwhile move none of them. Rows
        from the watermark less the overlap on are read; those read before are read again.
        SourceError if the database refuses, or a value has no exact text.
        """
        since = _stored(cursor["watermark"]) if "watermark" in cursor else None
        with self._explained(), self._result(since) as result:
            names = self._names(result)
            for rows in result.partitions(self.terms.page):
                yield self._page(names, rows)

    def _page(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Page:
        texts = [
            {name: self._text(name, value) for name, value in zip(names, row, strict=True)}
            for row in rows
        ]
        if self.terms.watermark is None:
            return texts, {}
        place = names.index(self.terms.watermark)
        if any(row[place] is None for row in rows):
            found = f"the watermark {self.terms.watermark} is null in some rows"
            raise self._fault(found, "choose a column that is never null, or filter such rows out")
        return texts, {"watermark": self._stored_form(rows[-1][place])}

    def _stored_form(self, value: Any) -> list[str]:
        for kind, word in _KINDS:
            if isinstance(value, kind) and not isinstance(value, bool):
                return [word, value.isoformat() if isinstance(value, date) else str(value)]
        found = f"the watermark {self.terms.watermark} is a {type(value).__name__}"
        raise self._fault(found, "choose a stamp or a whole number that only grows")

    @contextmanager
    def _result(self, since: _Watermark | None) -> Iterator[CursorResult[Any]]:
        try:
            engine = create_engine(self.url, hide_parameters=True)
        except (SQLAlchemyError, ImportError, ValueError):
            remedy = "write driver://user:password@host/name there; the driver must be installed"
            raise self._fault(f"{self.terms.url} is no URL of a database here", remedy) from None
        try:
            with (
                engine.connect() as connection,
                _streaming(connection, self.terms.page).execute(self._statement(since)) as result,
            ):
                yield result
        finally:
            engine.dispose()

    def _statement(self, since: _Watermark | None) -> Executable:
        if self.terms.watermark is None and self.terms.query is not None:
            return text(self._own_query())
        whole = self._relation()
        statement: Select[Any] = select(literal_column("*")).select_from(whole)
        if self.terms.watermark is None:
            return statement
        mark = whole.c[self.terms.watermark]
        if since is not None:
            bound: BindParameter[Any] = bindparam("since", self._reach_back(since))
            statement = statement.where(or_(mark >= bound, mark.is_(None)))
        return statement.order_by(mark)

    def _relation(self) -> FromClause:
        """Wrap the query, or name the table; only the watermark's column need be known."""
        marks: list[ColumnClause[Any]] = []
        if self.terms.watermark is not None:
            marks = [column(self.terms.watermark)]
        if self.terms.query is None:
            schema, _, name = (self.terms.table or "").rpartition(".")
            return table(name, *marks, schema=schema or None)
        return text(self._own_query()).columns(*marks).subquery("pulled")

    def _own_query(self) -> str:
        """Return the query as it is to be sent: every colon is its own, none a parameter."""
        query = (self.terms.query or "").strip().removesuffix(";").replace(":", r"\:")
        return f"{query}\n"  # a comment at its end ends there

    def _reach_back(self, since: _Watermark) -> _Watermark:
        overlap = self.terms.overlap.delta
        if isinstance(since, str):
            return self._earlier_text(since, overlap)
        if isinstance(since, int | Decimal):
            return since - self.terms.overlap_count
        if isinstance(since, datetime):
            return since - overlap
        return since - timedelta(days=-(-overlap // timedelta(days=1)))

    def _earlier_text(self, since: str, overlap: timedelta) -> str:
        """Move a stamp that is text back, in the shape it has, so that text still compares."""
        try:
            earlier = datetime.fromisoformat(since) - overlap
        except (ValueError, OverflowError):
            found = f"the watermark {self.terms.watermark} is text that is no ISO stamp"
            raise self._fault(found, "cast it to a stamp in the query") from None
        if len(since) == len("2026-01-31"):
            return earlier.date().isoformat()
        digits = len(since.partition(".")[2].rstrip("Z").partition("+")[0])
        timespec = "seconds" if not digits else "milliseconds" if digits == 3 else "microseconds"  # noqa: PLR2004
        shaped = earlier.isoformat(sep=since[10], timespec=timespec)
        return shaped.replace("+00:00", "Z") if since.endswith("Z") else shaped

    def _names(self, result: CursorResult[Any]) -> list[str]:
        names = list(result.keys())
        for name in names:
            if names.count(name) > 1:
                raise self._fault(f"gives two columns named {name!r}", "name them apart with AS")
        if self.terms.watermark is not None and self.terms.watermark not in names:
            found = f"gives no column {self.terms.watermark!r}, the watermark"
            raise self._fault(found, f"its columns are {', '.join(names)}")
        return names

    def _text(self, name: str, value: Any) -> str | None:
        try:
            return exact_text(value)
        except TypeError:
            found = f"the column {name!r} holds {type(value).__name__}, which is no text"
            raise self._fault(
                found, "leave it out of the query, or cast it to text there"
            ) from None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the database says into one error that tells no secret and no row."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None)
            name = type(cause if cause is not None else error).__name__
            code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
            found = f"the database refuses: {name}{f' {code}' if code else ''}"
            raise self._fault(found, "check that it runs, and the query, there") from None

    def _fault(self, found: str, remedy: str) -> SourceError:
        return SourceError(where=self.where, found=found, remedy=remedy)


def exact_text(value: Any) -> str | None:
    """Write a database's value as the text that it exactly is; TypeError if it has none.

    A stamp with a zone becomes UTC, one without stays naive and is read in the source's zone.

    >>> exact_text(Decimal("10.50")), exact_text(9223372036854775807), exact_text(True)
    ('10.50', '9223372036854775807', 'true')
    """
    if value is None or isinstance(value, str):
        return value
    if type(value) is int:  # by far the most common of the others
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)  # TypeError where it holds what is no JSON
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise TypeError


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (Decimal, lambda value: format(value, "f")),
    (date, lambda value: value.isoformat()),
    (time, lambda value: value.isoformat()),
    (int, str),
    (float, str),
    (UUID, str),
)
_KINDS: tuple[tuple[type, str], ...] = (
    (datetime, "stamp"),
    (date, "day"),
    (int, "int"),
    (Decimal, "decimal"),
    (str, "text"),
)
_READERS: Mapping[str, Any] = {
    "stamp": datetime.fromisoformat,
    "day": date.fromisoformat,
    "int": int,
    "decimal": Decimal,
    "text": str,
}


def _stored(form: Sequence[str]) -> _Watermark:
    value: _Watermark = _READERS[form[0]](form[1])
    return value


def _streaming(connection: Connection, page: int) -> Connection:
    """Read a page at a time where the driver can, and promise PostgreSQL to write nothing."""
    options: dict[str, Any] = {"stream_results": True, "max_row_buffer": page}
    if connection.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    return connection.execution_options(**options)
