"""The terms of sources that are pulled: SQL, HubSpot and Salesforce in ``sources.yaml``.

Only shape and coherence stand here; the model of a source holds these terms, so nothing of it is
imported at run time. A secret is written as ``${NAME}`` and stays that reference: its value is
looked up when the source is pulled and is never part of a mapping, a fault or a batch's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, PlainValidator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from accord.agreement import Duration, parse_duration
from accord.conditions import fields_of

if TYPE_CHECKING:
    from accord.sources.model import Source

_Duration = Annotated[
    Duration, PlainValidator(parse_duration), PlainSerializer(str, return_type=str)
]

HUBSPOT_ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks", "communications")
"""The kinds of engagement; each is an object of its own."""

HUBSPOT_OBJECTS = ("contacts", "companies", "deals", "owners", *HUBSPOT_ENGAGEMENTS)
"""The objects that can be pulled from HubSpot."""

_HUBSPOT_TOP = ("id", "createdAt", "updatedAt", "archived")

SALESFORCE_OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "User")
"""The objects that can be pulled from Salesforce."""


def _version(value: Any) -> Any:
    """Take ``59.0`` without quotes for the text that it is."""
    return str(value) if isinstance(value, float) else value


_Version = Annotated[str, BeforeValidator(_version)]


class Terms(BaseModel):
    """Base of the terms of a pull: frozen, unknown keys forbidden.

    ``page`` is the number of records asked for at once; ``tries`` and ``patience`` bound how often
    and how long in all a request is repeated; ``timeout`` is that of one answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    overlap: _Duration = parse_duration("10m")
    timeout: _Duration = parse_duration("30s")
    tries: int = 8
    patience: _Duration = parse_duration("10m")


class SqlTerms(Terms):
    """A query or a table of any database that SQLAlchemy knows.

    ``watermark`` is a column that only grows (a stamp or a number): each run reads from the last
    one taken, less ``overlap`` for a stamp (or ``overlap_count`` for a number), since rows may be
    committed late. Without it each run reads the whole result.
    """

    url: str = "${WAREHOUSE_URL}"
    query: str | None = None
    table: str | None = None
    watermark: str | None = None
    overlap_count: int = 0
    page: int = 5000


class HubspotTerms(Terms):
    """One object of HubSpot, by a private app's token; ``version`` is part of each path."""

    object: str
    token: str = "${HUBSPOT_TOKEN}"  # noqa: S105 - the name of a variable, no token
    version: _Version = "v3"
    url: str = "https://api.hubapi.com"
    page: int = 200


class SalesforceTerms(Terms):
    """One object of Salesforce, by a user's login or a connected app's client credentials.

    ``domain`` is login, test or a My Domain name such as acme.my; ``url`` replaces the whole
    address of the login. ``deleted`` reads records in the recycle bin too: map ``IsDeleted``.
    """

    object: str
    username: str | None = None
    password: str | None = None
    security_token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    domain: str = "login"
    url: str | None = None
    version: _Version = "59.0"
    deleted: bool = False
    page: int = 2000


Pulled = SqlTerms | HubspotTerms | SalesforceTerms

Fault = tuple[str, str, str]
"""Path below the source, what was found, what to do."""

_REFERENCE = re.compile(r"\$\{\w+\}")
_FOLDER = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_HUBSPOT_VERSION = re.compile(r"v[0-9]+|[0-9]{4}-[0-9]{2}(-beta)?")
_SALESFORCE_VERSION = re.compile(r"[0-9]{2,3}\.0")
_HUBSPOT_PAGE = 200
_SALESFORCE_PAGES = (200, 2000)


def check_pulled(source: Source) -> Iterator[Fault]:
    """Find what makes the terms of a pull incoherent; a source of files has no such fault."""
    if source.sql is not None:
        yield from _check_sql(source.sql)
    if source.hubspot is not None:
        yield from _check_hubspot(source.hubspot, source)
    if source.salesforce is not None:
        yield from _check_salesforce(source.salesforce, source)
    for key, terms in _terms(source).items():
        yield from _check_terms(key, terms)
    if _terms(source) and not _FOLDER.fullmatch(source.name):
        yield "name", "is no name of a folder", "Use letters, digits, - and _."


def _terms(source: Source) -> dict[str, Terms]:
    terms = {"sql": source.sql, "hubspot": source.hubspot, "salesforce": source.salesforce}
    return {key: one for key, one in terms.items() if one is not None}


def _check_terms(key: str, terms: Terms) -> Iterator[Fault]:
    if terms.tries < 1:
        yield f"{key}.tries", f"{terms.tries} is less than one", "Write 1 or more."
    if not terms.timeout.count:
        yield f"{key}.timeout", "is no time at all", "Write a time such as 30s."


def _check_sql(terms: SqlTerms) -> Iterator[Fault]:
    if (terms.query is None) == (terms.table is None):
        yield "sql.query", "needs a query or a table, and not both", "Write one."
    if terms.page < 1:
        yield "sql.page", f"{terms.page} is less than one", "Write 1 or more."
    if terms.overlap_count < 0:
        yield "sql.overlap_count", f"{terms.overlap_count} is negative", "Write 0 or more."
    written = {"overlap", "overlap_count"} & terms.model_fields_set
    if terms.watermark is None:
        for name in sorted(written):
            yield f"sql.{name}", "means nothing without a watermark", "Add watermark: COLUMN."
    yield from _check_database(terms.url)


def _check_database(url: str) -> Iterator[Fault]:
    if _REFERENCE.fullmatch(url):
        return
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        remedy = "Write url: ${WAREHOUSE_URL}, and driver://user@host/name in the environment."
        yield "sql.url", "is no URL of a database", remedy
        return
    secrets = [parsed.password or ""]
    secrets += [str(one) for name, one in parsed.query.items() if "pass" in name or "token" in name]
    if any(secret and not _REFERENCE.fullmatch(secret) for secret in secrets):
        remedy = "Write url: ${WAREHOUSE_URL} and set that in the environment."
        yield "sql.url", "holds a password", remedy


def _check_hubspot(terms: HubspotTerms, source: Source) -> Iterator[Fault]:
    yield from _check_object("hubspot", terms.object, HUBSPOT_OBJECTS)
    yield from _check_secret("hubspot.token", terms.token, "${HUBSPOT_TOKEN}")
    yield from _check_url("hubspot", terms.url)
    if not 1 <= terms.page <= _HUBSPOT_PAGE:
        yield "hubspot.page", f"{terms.page} is not within 1..200", "Write 1 to 200."
    if not _HUBSPOT_VERSION.fullmatch(terms.version):
        remedy = "Write v3, or a dated version such as 2026-03."
        yield "hubspot.version", f"{terms.version!r} is no version", remedy
    if terms.object == "owners":
        return
    for path, name in _columns(source):
        kind, _, rest = name.partition(".")
        if kind == "associations":
            yield from _check_object(path, rest, HUBSPOT_OBJECTS, ".column")
        elif (kind != "properties" or not rest) and name not in _HUBSPOT_TOP:
            remedy = "Write properties.NAME, associations.OBJECT, or id, createdAt, updatedAt."
            yield f"{path}.column", f"{name!r} is no column of HubSpot", remedy


def _check_salesforce(terms: SalesforceTerms, source: Source) -> Iterator[Fault]:
    yield from _check_object("salesforce", terms.object, SALESFORCE_OBJECTS)
    yield from _check_login(terms)
    if terms.url is not None:
        yield from _check_url("salesforce", terms.url)
    least, most = _SALESFORCE_PAGES
    if not least <= terms.page <= most:
        found = f"{terms.page} is not within {least}..{most}"
        yield "salesforce.page", found, f"Write {least} to {most}."
    if not _SALESFORCE_VERSION.fullmatch(terms.version):
        yield "salesforce.version", f"{terms.version!r} is no version", 'Write "59.0".'
    for path, name in _columns(source):
        if not _FIELD.fullmatch(name):
            remedy = "Write a field such as Email, or of a related record, such as Owner.Email."
            yield f"{path}.column", f"{name!r} is no field of Salesforce", remedy


def _check_login(terms: SalesforceTerms) -> Iterator[Fault]:
    app = terms.client_id is not None and terms.client_secret is not None
    user = terms.username is not None and terms.password is not None
    if app == user:
        remedy = "Write client_id and client_secret, or username, password and security_token."
        yield "salesforce.client_id", "names no login, or two", remedy
    if app and terms.domain in {"login", "test"} and terms.url is None:
        remedy = "Write your own domain, such as domain: acme.my."
        yield "salesforce.domain", f"{terms.domain!r} takes no client credentials", remedy
    for name in ("password", "security_token", "client_secret"):
        value = getattr(terms, name)
        if value is not None:
            variable = f"${{SALESFORCE_{name.upper()}}}"
            yield from _check_secret(f"salesforce.{name}", value, variable)


def _check_object(
    path: str, name: str, known: tuple[str, ...], below: str = ".object"
) -> Iterator[Fault]:
    if name not in known:
        close = get_close_matches(name, known, n=1, cutoff=0.5)
        remedy = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."
        yield f"{path}{below}", f"{name!r} is no object that can be pulled", remedy


def _check_secret(path: str, value: str, variable: str) -> Iterator[Fault]:
    if not _REFERENCE.fullmatch(value):
        remedy = f"Write {variable} and set that in the environment; renew the secret."
        yield path, "is a secret, which has no place in a file", remedy


def _check_url(key: str, url: str) -> Iterator[Fault]:
    """A token goes to nobody who listens on the way; this machine itself is no way."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if not (_REFERENCE.fullmatch(url) or here or (parts.scheme == "https" and parts.hostname)):
        yield f"{key}.url", "does not begin with https://", "Write https://HOST."


def _columns(source: Source) -> Iterator[tuple[str, str]]:
    for field, mapping in source.fields.items():
        if mapping.column is not None:
            yield f"fields.{field}", mapping.column
    for name in () if source.only is None else fields_of(source.only):
        yield "only", name
