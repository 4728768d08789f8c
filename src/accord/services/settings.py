"""Settings: from the environment (``ACCORD_*``) or a ``.env`` file, never from the repository."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are.

    ``home`` holds the ledger, the activity log and reports; ``database_url`` replaces the ledger's
    SQLite file; ``agreement``, ``sources`` and ``quality`` are the files a team writes (without
    ``quality`` the shipped rules stand); ``crm`` names the adapter that receives hand-offs.
    """

    model_config = SettingsConfigDict(env_prefix="ACCORD_", env_file=".env", extra="ignore")

    home: Path = Path(".accord")
    database_url: str = ""
    agreement: Path = Path("agreement.yaml")
    sources: Path = Path("sources.yaml")
    quality: Path = Path("quality.yaml")
    crm: str = "file"

    @property
    def ledger_url(self) -> str:
        """The ledger's URL: as set, else a SQLite file in the home folder."""
        return self.database_url or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def log_path(self) -> Path:
        """The folder of the activity log."""
        return self.home / "activity"

    @property
    def spool_path(self) -> Path:
        """The folder where pages of pulled sources wait until they are taken."""
        return self.home / "spool"

    @property
    def staging_path(self) -> Path:
        """The folder of a large batch's rows on their way into the log; empty between runs."""
        return self.home / "staging"

    @property
    def report_path(self) -> Path:
        """The folder of the reports."""
        return self.home / "reports"

    @property
    def outbox_path(self) -> Path:
        """The folder that the ``file`` adapter writes to."""
        return self.home / "outbox"
