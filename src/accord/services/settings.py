"""Settings: from the environment (``ACCORD_*``) or a ``.env`` file, never from the repository."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from accord.crm import CrmSettings
from accord.errors import InputError
from accord.outbox import MessageSettings
from accord.records import HandoffStage

FEWEST_LEAD_MONTHS = 24
"""Leads that were lost, returned or disqualified come again: they are kept as long (A093)."""

_UNSET = SecretStr("")

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)]
Stages = dict[HandoffStage, Word]
"""Our stages as a CRM names its own; JSON in the environment: {"mql": "...", "sql": "..."}."""


class Settings(BaseSettings):
    """Where things are.

    ``home`` holds the ledger, the activity log and reports; ``database_url`` replaces the ledger's
    SQLite file; ``agreement``, ``sources`` and ``quality`` are the files a team writes (without
    ``quality`` the shipped rules stand); ``crm`` names the adapter that receives hand-offs,
    and ``crm_...``, ``hubspot_...`` and ``salesforce_...`` what it needs (docs/crm.md); secrets,
    and addresses that may hold one, are shown nowhere.
    ``message_...`` says how people are told (docs/messages.md); without it messages are lines of a
    file in the home folder. ``mail_templates`` is a folder of a team's own texts for the mails of
    the cadence (docs/cadence.md).
    ``engine`` scores all leads at night, and ``spark_master`` is where Spark does if it is named.

    What nobody sets is kept for ever. ``retention_lead_months`` after the last that was heard of a
    lead with nothing open the nightly run erases it; after so many days it empties rows of the
    quarantine that were decided on (``quarantine``) and what was sent (``outbox``), and gives up
    what was pulled and never taken (``spool``). InputError, with the reason, if one is too small.
    """

    model_config = SettingsConfigDict(env_prefix="ACCORD_", env_file=".env", extra="ignore")

    home: Path = Path(".accord")
    database_url: str = ""
    agreement: Path = Path("agreement.yaml")
    sources: Path = Path("sources.yaml")
    quality: Path = Path("quality.yaml")
    crm: str = "file"
    crm_url: SecretStr = _UNSET
    crm_token: SecretStr = _UNSET
    crm_secret: SecretStr = _UNSET
    crm_secret_before: SecretStr = _UNSET
    crm_timeout_seconds: float = Field(default=30, ge=0.1, le=600)
    crm_batch: int = Field(default=100, ge=1, le=1000)
    hubspot_token: SecretStr = _UNSET
    hubspot_url: str = "https://api.hubapi.com"
    hubspot_version: str = "v3"
    hubspot_source: str = "hubspot"
    hubspot_stages: Stages = Field(default_factory=dict)
    salesforce_url: str = "https://login.salesforce.com"
    salesforce_version: str = "59.0"
    salesforce_username: SecretStr = _UNSET
    salesforce_password: SecretStr = _UNSET
    salesforce_security_token: SecretStr = _UNSET
    salesforce_client_id: SecretStr = _UNSET
    salesforce_client_secret: SecretStr = _UNSET
    salesforce_source: str = "salesforce"
    salesforce_stages: Stages = Field(default_factory=dict)
    report_url: str = ""
    message_url: SecretStr = _UNSET
    message_urls: dict[str, SecretStr] = Field(default_factory=dict)
    message_test_to: SecretStr = _UNSET
    message_templates: Path | None = None
    mail_templates: Path | None = None
    message_pause_minutes: int = Field(default=15, ge=0, le=1440)
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark_master: str = "local[*]"
    retention_lead_months: int | None = Field(default=None, ge=FEWEST_LEAD_MONTHS, le=1200)
    retention_quarantine_days: int | None = Field(default=None, ge=1, le=36_500)
    retention_outbox_days: int | None = Field(default=None, ge=1, le=36_500)
    retention_spool_days: int | None = Field(default=None, ge=1, le=36_500)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _refused(error) from None
        except SettingsError as error:  # what should be JSON is none
            raise _unreadable(error) from None

    @property
    def ledger_url(self) -> str:
        """The ledger's URL: as set, else a SQLite file in the home folder."""
        return self.database_url or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def log_path(self) -> Path:
        """The folder of the activity log."""
        return self.home / "activity"

    @property
    def hashes_path(self) -> Path:
        """The file that keeps the hashes of local source files from run to run."""
        return self.home / "hashes.json"

    @property
    def spool_path(self) -> Path:
        """The folder where pages of pulled sources wait until they are taken."""
        return self.home / "spool"

    @property
    def staging_path(self) -> Path:
        """The folder of a large batch's rows on their way into the log; empty between runs."""
        return self.home / "staging"

    def link_to(self, page: Path) -> str:
        """Return how people reach a page: below ``ACCORD_REPORT_URL``, else by its path."""
        if not self.report_url:
            return page.resolve().as_uri()
        return f"{self.report_url.rstrip('/')}/{quote(page.name)}"

    @property
    def report_path(self) -> Path:
        """The folder of the reports."""
        return self.home / "reports"

    @property
    def outbox_path(self) -> Path:
        """The folder that the ``file`` adapter writes to."""
        return self.home / "outbox"

    @property
    def crm_systems(self) -> tuple[str, ...]:
        """The source that reads the CRM which hand-offs go to: the system of its leads' ids."""
        read = {"hubspot": self.hubspot_source, "salesforce": self.salesforce_source}
        return (read[self.crm],) if self.crm in read else ()

    @property
    def message_settings(self) -> MessageSettings:
        """How people are told; its secrets stand there in the open, and are not shown."""
        return MessageSettings(
            folder=self.outbox_path,
            url=_open(self.message_url),
            urls={role: _open(url) for role, url in self.message_urls.items()},
            test_to=_open(self.message_test_to).strip(),
            templates=self.message_templates,
            pause=timedelta(minutes=self.message_pause_minutes),
        )

    @property
    def crm_settings(self) -> CrmSettings:
        """What the adapter is told; its secrets stand there in the open, and are not shown."""
        told = {name: _open(getattr(self, name)) for name in _OF_CRMS}
        own = {name.removeprefix("crm_"): told.pop(name) for name in _OF_ANY}
        return CrmSettings(name=self.crm, folder=self.outbox_path, **own, **told)


_OF_ANY = tuple(name for name in Settings.model_fields if name.startswith("crm_"))
_OF_CRMS = tuple(
    name for name in Settings.model_fields if name.startswith(("crm_", "hubspot_", "salesforce_"))
)


def _open(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _refused(error: ValidationError) -> InputError:
    """Say the first setting that cannot be used, and why."""
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0])
    if name in _STAGES:
        return _no_stages(name, f"{fault['input']!r}")
    if name == _URLS:
        return _no_urls()
    expected = fault["msg"][:1].lower() + fault["msg"][1:]
    if name == "retention_lead_months":
        expected = (
            f"{FEWEST_LEAD_MONTHS} to 1200 months, or nothing to keep leads for ever: leads that"
            " were lost, returned or disqualified come again and are kept at least two years"
        )
    return InputError(
        where=f"ACCORD_{name.upper()}", found=f"{fault['input']!r}", expected=expected
    )


_URLS = "message_urls"
_STAGES = tuple(name for name in Settings.model_fields if name.endswith("_stages"))
_FIELD = re.compile(r'field "(\w+)"')


def _unreadable(error: SettingsError) -> InputError:
    """Say which setting is no JSON; what stands there is not repeated."""
    named = _FIELD.search(str(error))
    if named and named[1] == _URLS:
        return _no_urls()
    return _no_stages(named[1] if named else "", "is no JSON")


def _no_urls() -> InputError:
    return InputError(
        where=f"ACCORD_{_URLS.upper()}",
        found="no map from role to URL (not shown: it may hold a secret)",
        expected='JSON as {"rep": "mailto://...&to={email}", "ceo": "slack://..."}',
    )


def _no_stages(name: str, found: str) -> InputError:
    ours = ", ".join(f'"{stage}": "..."' for stage in HandoffStage)
    return InputError(
        where=f"ACCORD_{name.upper()}",
        found=found,
        expected=f"our stages in the CRM's words, at most 255 characters each: {{{ours}}}",
    )
