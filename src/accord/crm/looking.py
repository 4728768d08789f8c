"""Looking whether the adapter that the settings name can take what we send, before anything goes.

Nothing is sent, and nothing is made unless it is asked for. What is found names no address and no
secret: an address may hold one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from accord.crm.opening import CrmSettings, open_crm
from accord.errors import InputError

if TYPE_CHECKING:
    from accord.crm.file import FileCrm
    from accord.crm.hubspot_write import HubspotCrm
    from accord.crm.salesforce_write import SalesforceCrm
    from accord.crm.sql import SqlCrm
    from accord.crm.webhook import WebhookCrm

Missing = Mapping[str, tuple[str, ...]]


def look_at_crm(settings: CrmSettings, *, as_of: datetime, create: bool = False) -> str:
    """Return in a line what the adapter of the settings finds, its name first.

    ``create`` makes what is missing where that can be made from here, and says what it made.
    InputError where a setting is at fault; DeliveryError where the CRM does not answer or could
    not take what we send.
    """
    crm = open_crm(settings, as_of=as_of)
    try:
        return f"{settings.name}: {_LOOKS[settings.name](crm, settings, create)}"
    finally:
        crm.close()


def _look_at_file(crm: FileCrm, settings: CrmSettings, create: bool) -> str:
    """A file that is there must be writable, else the nearest folder that is."""
    if create:
        settings.folder.mkdir(parents=True, exist_ok=True)
    path = crm.path
    while not path.exists():
        path = path.parent
    if not os.access(path, os.W_OK) or (path != crm.path and not path.is_dir()):
        raise InputError(where=str(path), found="cannot be written to")
    return f"{crm.path} can be written to"


def _look_at_sql(crm: SqlCrm, _settings: CrmSettings, create: bool) -> str:
    missing = crm.missing_tables(create=create)
    database = f"the database ({crm.engine.dialect.name}) answers"
    if not missing:
        return f"{database}, its tables are there"
    listed = ", ".join(missing)
    if create:
        return f"{database}; made {listed}"
    return f"{database}; {listed}: made with the first hand-off, or by accord doctor --create"


def _look_at_webhook(_crm: WebhookCrm, settings: CrmSettings, _create: bool) -> str:
    token = " and a token" if settings.token else ""
    also = ", the secret before too" if settings.secret_before else ""
    return (
        f"address and secret are set{token}{also};"
        " the receiver itself is asked with the first hand-off only"
    )


def _look_at_hubspot(crm: HubspotCrm, _settings: CrmSettings, create: bool) -> str:
    from accord.crm.hubspot_setup import create_properties

    made = create_properties(crm.sender) if create else {}
    crm.prepare()
    crm.check_stages()
    return f"made {_named(made)}" if made else "the account has our properties and stages"


def _look_at_salesforce(crm: SalesforceCrm, _settings: CrmSettings, _create: bool) -> str:
    """Its fields are for an administrator to make: the error names each with its type."""
    crm.prepare()
    crm.check_stages()
    return "the organisation has our fields and stages"


def _named(made: Missing) -> str:
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in made.items())


_LOOKS: Mapping[str, Callable[..., str]] = {
    "file": _look_at_file,
    "sql": _look_at_sql,
    "webhook": _look_at_webhook,
    "hubspot": _look_at_hubspot,
    "salesforce": _look_at_salesforce,
}
