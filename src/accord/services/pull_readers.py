"""Opening the reader of a pulled source: its terms, and secrets from the environment.

A secret is looked up here and given to the reader; an error names the variable, never its value.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from accord.conditions import fields_of
from accord.crm.hubspot import HubspotReader
from accord.crm.hubspot_http import HubspotHttp
from accord.crm.patience import Patience
from accord.crm.salesforce import SalesforceReader
from accord.crm.salesforce_http import Login, SalesforceHttp
from accord.errors import SourceError
from accord.sources import Source
from accord.sources.pulled import HubspotTerms, SalesforceTerms, Terms
from accord.sources.sql import SqlReader

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRETS = ("username", "password", "security_token", "client_id", "client_secret")

Page = tuple[list[dict[str, Any]], dict[str, Any]]


class Reader(Protocol):
    """Anything that reads a system page by page from a cursor on."""

    def pages(self, cursor: Mapping[str, Any]) -> Generator[Page]:
        """Read records and, with each page, the cursor once it is taken."""


def columns_of(source: Source) -> tuple[str, ...]:
    """Return the columns that a source's mapping looks at, each once, in order."""
    mapped = [one.column for one in source.fields.values() if one.column is not None]
    filtered = () if source.only is None else fields_of(source.only)
    return tuple(dict.fromkeys([*mapped, *filtered]))


def is_whole(source: Source) -> bool:
    """Say whether every pull reads all there is: the result is one batch, known by content."""
    if source.sql is not None:
        return source.sql.watermark is None
    return source.hubspot is not None and source.hubspot.object == "owners"


def asked_for(source: Source) -> str:
    """Name what is asked for; where it changes, what was read before does not count.

    How it is asked (page, overlap, version, address) is no part of it.
    """
    if source.sql is not None:
        names = {"query", "table", "watermark"}
        asked: list[Any] = ["sql", source.sql.model_dump(include=names)]
    else:
        terms = source.hubspot or source.salesforce
        names = {"object", "deleted"}
        what = {} if terms is None else terms.model_dump(include=names)
        asked = [type(terms).__name__, what, sorted(columns_of(source))]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@contextmanager
def open_reader(source: Source, environment: Mapping[str, str]) -> Iterator[Reader]:
    """Open the reader of a pulled source; SourceError if a variable that it names is not set."""
    names = _Names(source=source, environment=environment)
    if source.sql is not None:
        yield SqlReader(terms=source.sql, url=names.value(source.sql.url), where=names.where)
    elif source.hubspot is not None:
        yield from _open_hubspot(source.hubspot, names)
    elif source.salesforce is not None:
        yield from _open_salesforce(source.salesforce, names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """A source's place in errors, and the values of the variables that it names."""

    source: Source
    environment: Mapping[str, str]

    @property
    def where(self) -> str:
        kinds = ("sql", "hubspot", "salesforce")
        kind = next(kind for kind in kinds if getattr(self.source, kind) is not None)
        return f"sources.{self.source.name}.{kind}"

    def value(self, written: str) -> str:
        for name in _VARIABLE.findall(written):
            if not self.environment.get(name):
                raise SourceError(
                    where=self.where,
                    found=f"names {name}, which is not set",
                    remedy="set it in the environment",
                )
        return _VARIABLE.sub(lambda found: self.environment[found[1]], written)


def _patience(terms: Terms) -> Patience:
    return Patience(tries=terms.tries, wait_seconds=terms.patience.seconds)


def _open_hubspot(terms: HubspotTerms, names: _Names) -> Iterator[Reader]:
    http = HubspotHttp.open(
        url=names.value(terms.url),
        token=names.value(terms.token),
        timeout_seconds=terms.timeout.seconds,
        where=names.where,
        version=terms.version,
        variable=" ".join(_VARIABLE.findall(terms.token)),
        patience=_patience(terms),
    )
    try:
        yield HubspotReader(
            http=http,
            object=terms.object,
            columns=columns_of(names.source),
            page=terms.page,
            overlap=terms.overlap.delta,
        )
    finally:
        http.close()


def _open_salesforce(terms: SalesforceTerms, names: _Names) -> Iterator[Reader]:
    written = {name: getattr(terms, name) for name in _SECRETS if getattr(terms, name) is not None}
    http = SalesforceHttp(
        login=Login(
            url=(names.value(terms.url) if terms.url else _login_at(terms.domain)).rstrip("/"),
            version=terms.version,
            variables=", ".join(
                name for one in written.values() for name in _VARIABLE.findall(one)
            ),
            **{name: names.value(one) for name, one in written.items()},
        ),
        where=names.where,
        timeout_seconds=terms.timeout.seconds,
        patience=_patience(terms),
    )
    try:
        yield SalesforceReader(
            http=http,
            object=terms.object,
            columns=columns_of(names.source),
            page=terms.page,
            overlap=terms.overlap.delta,
            deleted=terms.deleted,
        )
    finally:
        http.close()


def _login_at(domain: str) -> str:
    return f"https://{domain}.salesforce.com"
