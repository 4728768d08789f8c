"""The shape of ``sources.yaml``: frozen pydantic models, unknown keys forbidden.

Only shape stands here. What makes a source incoherent (an unknown field, an unmapped required
one) is checked in :mod:`accord.sources.checks`; where files are is found in
:mod:`accord.sources.files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, PlainValidator

from accord.agreement import Duration, parse_duration
from accord.conditions import Condition, ConditionError, parse_condition, write_condition
from accord.records import Entity
from accord.sources.pulled import HubspotTerms, SalesforceTerms, SqlTerms

Reader = Literal["csv", "jsonl", "parquet", "excel"]
Decimals = Literal[".", ","]
Ragged = Literal["quarantine", "refuse"]

PULLED = ("sql", "hubspot", "salesforce")
"""The keys of a source whose records are pulled and lie in no file."""

_SUFFIXES: Mapping[str, Reader] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
}
PACKINGS: Mapping[str, str] = {".gz": "gzip", ".zst": "zstd"}
"""The endings of packed files and what packed them."""


def _text(value: Any) -> Any:
    """Turn a plain YAML word into the text that a file would hold; a float is not told apart."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        message = f"{value!r} is a number that can be written in several ways; put it in quotes"
        raise ValueError(message)  # noqa: TRY004 - pydantic lists ValueErrors, and only those
    return value


def _texts(value: Any) -> Any:
    return [_text(item) for item in value] if isinstance(value, list) else _text(value)


def _text_keys(value: Any) -> Any:
    return {_text(key): item for key, item in value.items()} if isinstance(value, dict) else value


def _column(value: Any) -> Any:
    """Let ``lead_id: id`` stand for ``lead_id: {column: id}``."""
    return value if isinstance(value, dict | ColumnMapping) else {"column": _text(value)}


_BOUNDS = frozenset({"lt", "lte", "gt", "gte"})


def _texts_of_condition(value: Any) -> Any:
    """Turn every value of a condition over a file's columns into text, as the columns are."""
    if isinstance(value, dict):
        if _BOUNDS & value.keys():
            message = "columns of a file are text and are not compared by size; list the values"
            raise ValueError(message)
        return {
            key: item if key == "present" else _texts_of_condition(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_texts_of_condition(item) for item in value]
    return _text(value)


def _filter(value: Any) -> Any:
    if value is None or isinstance(value, Condition):
        return value
    try:
        return parse_condition(_texts_of_condition(value))
    except ConditionError as error:
        raise ValueError(str(error)) from None


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_texts)]
_Duration = Annotated[
    Duration, PlainValidator(parse_duration), PlainSerializer(str, return_type=str)
]


class Part(BaseModel):
    """Base of every part of ``sources.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class ColumnMapping(Part):
    """Where one field comes from: a column of the file or a constant, and how it is read.

    ``values`` maps words of the file to words of ours (null: missing); ``nulls`` are words that
    mean missing, besides the source's; ``formats`` are strptime formats, or ``epoch_s``,
    ``epoch_ms``, ``epoch_us``, ``excel``, ``excel_1904``, tried before ISO 8601; ``system``
    prefixes an id instead of the source's (empty: the id is prefixed already); an ``optional``
    column may be absent.
    """

    column: Text | None = None
    constant: Text | None = None
    nulls: Texts = ()
    values: Annotated[Mapping[str, Text | None], BeforeValidator(_text_keys)] = {}
    formats: Texts = ()
    timezone: str | None = None
    decimal: Decimals | None = None
    system: str | None = None
    optional: bool = False


FieldMapping = Annotated[ColumnMapping, BeforeValidator(_column)]


class Source(Part):
    """One source: files, how they are read, and which column is which field.

    ``path`` (or, beside a ``query``, ``files`` by name) is relative to ``sources.yaml`` and may be
    a glob or an fsspec URL; instead, ``sql``, ``hubspot`` or ``salesforce`` say where to pull from.
    ``timezone`` is the zone of stamps that name none. ``sheet`` is the name or the number (from 1)
    of an Excel file's sheet. A line of a CSV file with more or fewer cells than the header is set
    aside, or refuses the file, as ``ragged`` says. A file younger than ``settle`` waits.
    ``ignored`` names columns that feed nothing, each with the reason.
    """

    name: str
    entity: Entity
    system: str | None = None
    reader: Reader | None = None
    path: str | None = None
    files: Mapping[str, str] | None = None
    query: str | None = None
    sql: SqlTerms | None = None
    hubspot: HubspotTerms | None = None
    salesforce: SalesforceTerms | None = None
    sheet: str | int | None = None
    ragged: Ragged = "quarantine"
    settle: _Duration | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[str, BeforeValidator(_text)] = ","
    nulls: Texts = ()
    timezone: str = "UTC"
    decimal: Decimals = "."
    only: Annotated[Condition | None, BeforeValidator(_filter)] = None
    fields: Mapping[str, FieldMapping]
    ignored: Annotated[Mapping[str, str], BeforeValidator(_text_keys)] = {}

    @property
    def prefix(self) -> str:
        """The system whose ids these are."""
        return self.name if self.system is None else self.system

    @property
    def is_pulled(self) -> bool:
        """Whether its records come from a database or a service, and not from files."""
        return any(getattr(self, key) is not None for key in PULLED)

    @property
    def places(self) -> Mapping[str, str]:
        """Where its files are, by name; the name is empty for the one ``path``; none if pulled."""
        return {"": self.path} if self.path is not None else dict(self.files or {})

    @property
    def required_columns(self) -> frozenset[str]:
        """The columns that every file must have: the filter's, and the mapped ones not optional."""
        mapped = {one.column for one in self.fields.values() if one.column and not one.optional}
        return frozenset(mapped | (set() if self.only is None else set(_fields_of(self.only))))

    def canonical(self) -> dict[str, Any]:
        """Return all that decides what a file becomes, as plain values; places are left out.

        Keys that came later stand here only where they are used, so that the batches of older
        ledgers keep their names.
        """
        left_out = {"path", "files", "only", "settle", "ignored", *PULLED}
        content = self.model_dump(mode="json", exclude=left_out)
        for key, plain in (("sheet", None), ("ragged", "quarantine")):
            if content[key] == plain:
                del content[key]
        content["only"] = None if self.only is None else write_condition(self.only)
        content["fields"] = {name: content["fields"][name] for name in sorted(content["fields"])}
        return content


class Sources(Part):
    """All sources of a deployment, in the order they are written; ``folder`` is their file's.

    ``left_out`` names files that are no source, by path or glob, each with the reason.
    """

    sources: tuple[Source, ...]
    left_out: Mapping[str, str] = {}
    folder: Path = Path()


def _fields_of(condition: Condition) -> list[str]:
    names = [test.field for test in condition.tests]
    return names + [name for part in condition.any_of for name in _fields_of(part)]


def reader_of(place: str) -> Reader | None:
    """Return the reader that a name or glob asks for, packing aside; None if it asks for none."""
    name = place.rstrip("*")
    for packing in PACKINGS:
        name = name.removesuffix(packing)
    name = name.rstrip("*").casefold()
    for suffix, reader in _SUFFIXES.items():
        if name.endswith(suffix):
            return reader
    return None
