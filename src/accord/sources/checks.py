"""What makes a source incoherent, rule by rule; all rules look at every source."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from accord.findings import Finding
from accord.records import SCHEMAS, Kind
from accord.sources.model import PULLED, ColumnMapping, Source, reader_of
from accord.sources.pulled import check_pulled

EPOCHS = ("epoch_s", "epoch_ms", "epoch_us")
"""Format words for stamps that count from 1970 UTC."""

EXCEL_DAYS = ("excel", "excel_1904")
"""Format words for Excel's numbers of days, from 1900 or 1904, in local time."""

_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.MONEY})
_STAMPS = frozenset({Kind.INSTANT, Kind.DATE})
_ZONED = frozenset({Kind.INSTANT, Kind.SPANS})
_SAMPLE = datetime(2026, 11, 21, 13, 45, 56, tzinfo=UTC)

Fault = tuple[str, str, str]
"""Path below the source, what was found, what to do."""


def check_source(source: Source, *, here: str) -> list[Finding]:
    """Return every fault of a source whose shape is right; ``here`` is its path."""
    return [
        Finding(
            rule=f"sources.{rule.__name__.removeprefix('_').removeprefix('check_')}",
            subject=f"{here}.{path}",
            sentence=f"{found}.",
            remedy=remedy,
        )
        for rule in RULES
        for path, found, remedy in rule(source)
    ]


def _check_places(source: Source) -> Iterator[Fault]:
    if source.is_pulled:
        return
    if source.query is None:
        if source.files is not None:
            yield "files", "is for a query", "Write path:, or add query:."
        elif source.path is None:
            yield "path", "is missing", "Name a file, a glob or a URL."
    elif source.path is not None:
        yield "path", "cannot stand beside query", "Name the query's files under files:."
    elif not source.files:
        yield "files", "is missing", "Name the query's files: files: {name: path}."
    for name in source.files or {}:
        if not name.isidentifier():
            yield f"files.{name}", "is no name of a table", "Use letters, digits and _."


def _check_origin(source: Source) -> Iterator[Fault]:
    """A pulled source has one place to pull from, and no files."""
    pulled = [key for key in PULLED if getattr(source, key) is not None]
    for key in pulled[1:]:
        yield key, f"cannot stand beside {pulled[0]}", "Make two sources of it."
    for key in ("path", "files", "query", "reader", "sheet", "settle"):
        if pulled and getattr(source, key) is not None:
            yield key, f"cannot stand beside {pulled[0]}", "Leave one of them out."


def _check_sheet(source: Source) -> Iterator[Fault]:
    if isinstance(source.sheet, int) and source.sheet < 1:
        yield "sheet", f"{source.sheet} is no sheet", "Count from 1, or write its name."
    readers = {source.reader or reader_of(place) for place in source.places.values()}
    if source.sheet is not None and readers and readers.isdisjoint({"excel", None}):
        yield "sheet", "means nothing for files that are no Excel", "Leave it out."


def _check_reader(source: Source) -> Iterator[Fault]:
    for name, place in source.places.items():
        if source.reader is None and reader_of(place) is None:
            path = f"files.{name}" if name else "path"
            remedy = "Say reader: csv, jsonl, parquet or excel."
            yield path, "has an ending that names no reader", remedy


def _check_encoding(source: Source) -> Iterator[Fault]:
    try:
        codecs.lookup(source.encoding)
    except LookupError:
        yield "encoding", f"{source.encoding!r} is no encoding", "Write utf-8, latin-1, cp1252 ..."


def _check_delimiter(source: Source) -> Iterator[Fault]:
    if len(source.delimiter) != 1 or source.delimiter in '"\r\n':
        yield (
            "delimiter",
            f"{source.delimiter!r} is not one character",
            'Write "," or ";" or "\\t".',
        )


def _check_zones(source: Source) -> Iterator[Fault]:
    zones = {"timezone": source.timezone} | {
        f"fields.{name}.timezone": mapping.timezone for name, mapping in source.fields.items()
    }
    for path, zone in zones.items():
        if zone is not None and not _is_zone(zone):
            yield path, f"{zone!r} is no time zone", "Write an IANA name such as Europe/Berlin."


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of zones
        return False
    return True


def _check_field_names(source: Source) -> Iterator[Fault]:
    names = SCHEMAS[source.entity].names
    for name in source.fields:
        if name not in names:
            close = get_close_matches(name, names, n=1, cutoff=0.5)
            remedy = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(names)}."
            yield f"fields.{name}", f"{name!r} is no field of {source.entity}", remedy


def _check_required(source: Source) -> Iterator[Fault]:
    for field in SCHEMAS[source.entity].fields:
        if field.required and field.name not in source.fields:
            remedy = f"Map it: {field.name}: COLUMN, or {field.name}: {{constant: ...}}."
            yield f"fields.{field.name}", "is required and not mapped", remedy


def _check_mappings(source: Source) -> Iterator[Fault]:
    for name, mapping in source.fields.items():
        if (mapping.column is None) == (mapping.constant is None):
            yield f"fields.{name}", "needs a column or a constant, and not both", "Write one."
        if name in SCHEMAS[source.entity].names:
            kind = SCHEMAS[source.entity].field(name).kind
            for option, found, remedy in _misplaced(mapping, kind):
                yield f"fields.{name}.{option}", found, remedy


def _misplaced(mapping: ColumnMapping, kind: Kind) -> Iterator[Fault]:
    if mapping.formats and kind not in _STAMPS:
        yield "formats", f"mean nothing for a field of kind {kind}", "Leave them out."
    if mapping.timezone is not None and kind not in _ZONED:
        yield "timezone", f"means nothing for a field of kind {kind}", "Leave it out."
    if mapping.decimal is not None and kind not in _NUMBERS:
        yield "decimal", f"means nothing for a field of kind {kind}", "Leave it out."
    if mapping.system is not None and kind is not Kind.ID:
        yield "system", f"means nothing for a field of kind {kind}", "Leave it out."


def _check_formats(source: Source) -> Iterator[Fault]:
    for name, mapping in source.fields.items():
        for index, form in enumerate(mapping.formats):
            if form not in (*EPOCHS, *EXCEL_DAYS) and not _is_format(form):
                remedy = "Use strptime's directives with year, month and day, such as %d.%m.%Y."
                yield f"fields.{name}.formats[{index}]", f"{form!r} is no format of a date", remedy


def _is_format(form: str) -> bool:
    """Say whether a format can be read back and keeps the day."""
    try:
        return datetime.strptime(_SAMPLE.strftime(form), form).date() == _SAMPLE.date()  # noqa: DTZ007
    except ValueError:
        return False


def _check_ignored(source: Source) -> Iterator[Fault]:
    mapped = {mapping.column: name for name, mapping in source.fields.items()}
    for column, reason in source.ignored.items():
        if column in mapped:
            remedy = f"fields.{mapped[column]} maps it: leave one of them out."
            yield f"ignored.{column}", "is mapped as well", remedy
        if not reason.strip():
            yield f"ignored.{column}", "has no reason", "Say in a sentence why it feeds nothing."


RULES: tuple[Callable[[Source], Iterator[Fault]], ...] = (
    _check_places,
    _check_origin,
    _check_sheet,
    _check_reader,
    _check_encoding,
    _check_delimiter,
    _check_zones,
    _check_field_names,
    _check_required,
    _check_mappings,
    _check_formats,
    _check_ignored,
    check_pulled,
)
"""The policy: every rule that a source must satisfy."""
