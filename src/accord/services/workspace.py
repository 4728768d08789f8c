"""What every stage works on: the ledger, the activity log, and the agreement in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accord.agreement import Agreement
from accord.ledger import Ledger
from accord.log import ActivityLog
from accord.services.agreements import agreement_in_force
from accord.services.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One deployment's stores, opened once a process.

    ``now`` is the clock of whoever opened it, for what must be fresh on the wire; None where time
    is simulated. Nothing is decided by it.
    """

    settings: Settings
    ledger: Ledger
    log: ActivityLog
    now: Callable[[], datetime] | None = None

    @classmethod
    def open(cls, settings: Settings, *, now: Callable[[], datetime] | None = None) -> Workspace:
        """Open (and make, the first time) ledger and activity log."""
        settings.home.mkdir(parents=True, exist_ok=True)
        return cls(
            settings=settings,
            ledger=Ledger.open(settings.ledger_url),
            log=ActivityLog.open(str(settings.log_path)),
            now=now,
        )

    def agreement(self, as_of: datetime) -> Agreement:
        """Return the agreement in force at ``as_of``."""
        return agreement_in_force(self.ledger, self.settings.agreement, as_of=as_of)

    def close(self) -> None:
        """Give back connections."""
        self.ledger.close()
        self.log.close()
