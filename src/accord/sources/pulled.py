"""The terms of sources that are pulled: SQL, HubSpot and Salesforce in ``sources.yaml``.

Only shape and coherence stand here; the model of a source holds these terms, so nothing of it is
imported at run time. A secret is written as ``${NAME}`` and stays that reference: its value is
looked up when the source is pulled and is never part of a mapping, a fault or a batch's name.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

from accord.agreement import Duration, parse_duration

_Duration = Annotated[
    Duration, PlainValidator(parse_duration), PlainSerializer(str, return_type=str)
]

HUBSPOT_ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks", "communications")
"""The kinds of engagement; each is an object of its own."""

HUBSPOT_OBJECTS = ("contacts", "companies", "deals", "owners", *HUBSPOT_ENGAGEMENTS)
"""The objects that can be pulled from HubSpot."""

SALESFORCE_OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "User")
"""The objects that can be pulled from Salesforce."""


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
    version: str = "v3"
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
    version: str = "59.0"
    deleted: bool = False
    page: int = 2000


Pulled = SqlTerms | HubspotTerms | SalesforceTerms
