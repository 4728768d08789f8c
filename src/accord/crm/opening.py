"""Choosing the adapter that the settings name, and what it has to be told.

The settings' words stand in ``services.settings``; this is all that an adapter learns of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from accord.crm.file import FileCrm
from accord.crm.port import Crm
from accord.errors import InputError

_FILE_NAME = "crm.jsonl"

Clock = Callable[[], datetime]
"""Tells the time as it is, in UTC: only who runs us may read a clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmSettings:
    """Where hand-offs and messages go; secrets, and addresses that may hold one, are not shown.

    ``name`` is the adapter and ``folder`` where ``file`` keeps its lines. ``url`` is the database
    of ``sql`` or the receiver of ``webhook``; ``secret`` signs for the latter, ``secret_before``
    too while receivers change over, ``token`` goes along if there is one. ``timeout_seconds`` is
    how long one answer may take, ``batch`` how many items go in one request at most (an adapter
    whose system takes fewer sends fewer). ``..._source`` is the source in ``sources.yaml`` that
    reads the same CRM: its leads' and reps' ids are the CRM's own. ``..._stages`` are our stages as
    that CRM names its own, where it names them otherwise than the adapter does; a stage whose word
    is empty is not written.
    """

    name: str = "file"
    folder: Path = Path()
    url: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    secret_before: str = field(default="", repr=False)
    timeout_seconds: float = 30.0
    batch: int = 100
    hubspot_token: str = field(default="", repr=False)
    hubspot_url: str = "https://api.hubapi.com"
    hubspot_version: str = "v3"
    hubspot_source: str = "hubspot"
    hubspot_stages: Mapping[str, str] = field(default_factory=dict)
    salesforce_url: str = "https://login.salesforce.com"
    salesforce_version: str = "59.0"
    salesforce_username: str = field(default="", repr=False)
    salesforce_password: str = field(default="", repr=False)
    salesforce_security_token: str = field(default="", repr=False)
    salesforce_client_id: str = field(default="", repr=False)
    salesforce_client_secret: str = field(default="", repr=False)
    salesforce_source: str = "salesforce"
    salesforce_stages: Mapping[str, str] = field(default_factory=dict)


def words_of(ours: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Return our stages in a CRM's words: the settings' before the adapter's, empty ones left out.

    >>> words_of({"mql": "lead", "sql": "hot lead"}, {"mql": "8841", "sql": ""})
    {'mql': '8841'}
    """
    return {stage: word for stage, word in {**ours, **told}.items() if word}


def open_crm(settings: CrmSettings, *, as_of: datetime, now: Clock | None = None) -> Crm:
    """Return the adapter that the settings name, for a run at ``as_of``; close it after use.

    ``now`` tells the time as it is, for what a receiver compares with its own clock: a signature
    of ``webhook``. Without it that is the time of the run. Nothing is connected yet. InputError,
    naming the variable, if there is no such adapter or something that it needs is not set.
    """
    opener = _OPENERS.get(settings.name)
    if opener is None:
        near = get_close_matches(settings.name, _OPENERS, n=1)
        raise InputError(
            where="ACCORD_CRM",
            found=f"{settings.name!r} is no adapter",
            expected=" or ".join([", ".join([*_OPENERS][:-1]), [*_OPENERS][-1]]),
            remedy=f"set ACCORD_CRM={near[0]}" if near else "set one, or leave it out for file",
        )
    return opener(settings, as_of, now)


def _open_file(settings: CrmSettings, _as_of: datetime, _now: Clock | None) -> Crm:
    return _file_crm((settings.folder / _FILE_NAME).absolute())


@lru_cache(maxsize=8)
def _file_crm(path: Path) -> FileCrm:
    """Keep one a file and process: it knows what it has read of the file already."""
    return FileCrm(path)


# What an adapter needs is slow to import: only the one that is asked for is.


def _open_sql(settings: CrmSettings, _as_of: datetime, _now: Clock | None) -> Crm:
    from accord.crm.sql import open_sql

    return open_sql(settings)


def _open_webhook(settings: CrmSettings, as_of: datetime, now: Clock | None) -> Crm:
    from accord.crm.webhook_opening import open_webhook

    return open_webhook(settings, as_of=as_of, now=now)


def _open_hubspot(settings: CrmSettings, _as_of: datetime, _now: Clock | None) -> Crm:
    from accord.crm.hubspot_write import open_hubspot

    return open_hubspot(settings)


def _open_salesforce(settings: CrmSettings, _as_of: datetime, _now: Clock | None) -> Crm:
    from accord.crm.salesforce_write import open_salesforce

    return open_salesforce(settings)


_OPENERS: Mapping[str, Callable[[CrmSettings, datetime, Clock | None], Crm]] = {
    "file": _open_file,
    "sql": _open_sql,
    "webhook": _open_webhook,
    "hubspot": _open_hubspot,
    "salesforce": _open_salesforce,
}
