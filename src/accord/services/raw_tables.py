"""The plain tables that metrics are counted from: the ledger's, and what follows from the cadence.

What a cadence owed is decided from the ledger's rows, calendars and agreements, and stored nowhere:
it is worked out here and counted like any table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from accord.ledger import Ledger
from accord.ledger.metric_rows import read_raw
from accord.metrics import FRAMES, tables_for
from accord.records import to_us
from accord.services.cadence import Followed
from accord.services.cadence_since import follow_since
from accord.sla import Became, FollowUp

Made = tuple[Followed, ...]


def read_tables(
    ledger: Ledger,
    path: Path,
    frames: Iterable[str] = tuple(FRAMES),
    *,
    since: datetime | None = None,
) -> dict[str, pd.DataFrame]:
    """Read the tables that these fact frames are made of; ``path`` is the agreement's file.

    ``since`` is where the first period that is asked about begins: cadences that cannot count from
    then on need not be followed.
    """
    names = tables_for(frames)
    with ledger.read() as connection:
        raw = {name: read_raw(connection, name) for name in names if name not in _MADE}
    if any(name in _MADE for name in names):
        followed = follow_since(ledger, path, since=since)
        raw |= {name: _MADE[name](followed) for name in names if name in _MADE}
    return raw


def _follow_ups(followed: Made) -> pd.DataFrame:
    """One row a step that was owed: not those that were never needed.

    ``verdict`` is kept (done at or before due) or broken, ``settled_us`` when that was certain: as
    it was done, or the microsecond after it was due. Both are the same whenever they are asked for;
    a period that ends before does not see them.
    """
    steps = [
        (one, step)
        for one in followed
        for step in one.steps
        if step.became is not Became.NOT_NEEDED
    ]
    texts: dict[str, list[Any]] = {
        "handoff_id": [one.tenure.handoff_id for one, _ in steps],
        "lead_id": [one.tenure.lead_id for one, _ in steps],
        "rep": [one.tenure.rep_id for one, _ in steps],
        "team": [one.tenure.team for one, _ in steps],
        "step": [step.play.name for _, step in steps],
        "verdict": ["kept" if _is_kept(step) else "broken" for _, step in steps],
    }
    instants: dict[str, list[Any]] = {
        "since_us": [to_us(one.tenure.since) for one, _ in steps],
        "due_us": [to_us(step.due_at) for _, step in steps],
        "done_us": [None if step.done_at is None else to_us(step.done_at) for _, step in steps],
        "settled_us": [_settled_us(step) for _, step in steps],
    }
    return _frame(texts, instants)


def _is_kept(step: FollowUp) -> bool:
    return step.became is Became.ON_TIME


def _settled_us(step: FollowUp) -> int:
    if step.done_at is not None and step.became is Became.ON_TIME:
        return to_us(step.done_at)
    return to_us(step.due_at) + 1


def _attempted(followed: Made) -> pd.DataFrame:
    """One row a hand-off that somebody had: how many attempts its owners made."""
    made: dict[str, int] = {}
    for one in followed:
        handoff_id = one.tenure.handoff_id
        made[handoff_id] = made.get(handoff_id, 0) + len(one.attempts)
    return _frame({"handoff_id": list(made)}, {"attempts": list(made.values())})


def _frame(texts: Mapping[str, list[Any]], numbers: Mapping[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **{name: pd.Series(values, dtype="str") for name, values in texts.items()},
            **{name: pd.array(values, dtype="Int64") for name, values in numbers.items()},
        }
    )


_MADE: Mapping[str, Callable[[Made], pd.DataFrame]] = MappingProxyType(
    {"followup": _follow_ups, "attempted": _attempted}
)
"""The tables that are no table of the ledger."""
