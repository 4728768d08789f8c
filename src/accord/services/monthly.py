"""Every metric by month, stored as the weeks are: for the monthly review, and for BI.

A month's numbers are counted anew from all facts, not added up from weeks, which lie across months.
Closed months that changed are restated, with a revision.
"""

from __future__ import annotations

from datetime import datetime

from accord.ledger.metric_rows import read_since
from accord.metrics import Cube, Cut, cut
from accord.services.measure import read_facts
from accord.services.weekly import WeeklyResult, compute_stored, store_numbers
from accord.services.workspace import Workspace

_NEED = "weekly"


def run_monthly(workspace: Workspace, *, as_of: datetime) -> WeeklyResult:
    """Compute and store the metrics of every month from the first fact to ``as_of``.

    By the dimensions that weeks are stored by; ``weeks`` of the result names the months.
    """
    with workspace.ledger.lease(_NEED):
        agreement = workspace.agreement(as_of)
        with workspace.ledger.read() as connection:
            first = read_since(connection)
        if first is None or first > as_of:
            return WeeklyResult(weeks=(), written=0, restated=0)
        months = cut(Cut.MONTH, first=first, as_of=as_of, zone=agreement.timezone)
        cube = Cube(read_facts(workspace, agreement, as_of=as_of), months)
        numbers = compute_stored(cube, months.labels)
        with workspace.ledger.begin() as connection:
            return store_numbers(connection, numbers, months, months.labels)
