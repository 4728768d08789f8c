"""The tables of the ledger: the system of record for all that is decided.

Grain and key stand above each table. What a source said (``lead_version touch decision
handoff_report opportunity_version spend rep``) and what followed (``stage_change handoff clock
step outbox``) are apart, so what followed can be derived again. History is append-only: a change
that no longer holds is taken back by a row that names it, never edited.
"""

from accord.ledger.tables.agreed import agreement, signature
from accord.ledger.tables.base import EVERYONE, metadata
from accord.ledger.tables.decided import (
    approval,
    handoff,
    handoff_owner,
    handoff_run,
    score,
    score_change,
    stage_change,
    turn,
)
from accord.ledger.tables.facts import (
    decision,
    handoff_report,
    opportunity,
    opportunity_version,
    spend,
    touch,
)
from accord.ledger.tables.owed import clock, counted, metric, outbox, step
from accord.ledger.tables.people import (
    apart,
    certificate,
    erased_mailbox,
    erasure,
    lead,
    lead_version,
    merge,
    posting,
    rep,
    secret,
)
from accord.ledger.tables.taken import batch, flag, pending, quality, quarantine, sync

__all__ = [
    "EVERYONE",
    "agreement",
    "apart",
    "approval",
    "batch",
    "certificate",
    "clock",
    "counted",
    "decision",
    "erased_mailbox",
    "erasure",
    "flag",
    "handoff",
    "handoff_owner",
    "handoff_report",
    "handoff_run",
    "lead",
    "lead_version",
    "merge",
    "metadata",
    "metric",
    "opportunity",
    "opportunity_version",
    "outbox",
    "pending",
    "posting",
    "quality",
    "quarantine",
    "rep",
    "score",
    "score_change",
    "secret",
    "signature",
    "spend",
    "stage_change",
    "step",
    "sync",
    "touch",
    "turn",
]
