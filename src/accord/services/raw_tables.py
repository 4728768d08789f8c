"""The plain tables that metrics are counted from: the ledger's, and what follows from agreements.

What a cadence owed, what a day was to bring and what a rep could take are decided from the ledger's
rows, calendars and agreements, and stored nowhere: worked out here and counted like any table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger import Ledger
from accord.ledger.metric_rows import read_raw
from accord.ledger.period_rows import (
    count_leads,
    had_begun,
    read_begun_since,
    read_dealt_leads,
    read_first_leads,
    read_leads_since,
    read_sent_back_since,
)
from accord.metrics import (
    BEGINS,
    FRAMES,
    LONGEST_COHORT,
    Cut,
    prepare,
    rates_table,
    tables_for,
)
from accord.records import to_us
from accord.services.agreements_over_time import AgreementsOverTime
from accord.services.cadence import Followed
from accord.services.cadence_since import follow_since
from accord.services.goals import Day, goals, read_agreed_days, rep_days, targets
from accord.services.merges import read_merges
from accord.sla import Became, FollowUp

Made = tuple[Followed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: which frames, under which agreement (``path`` is its file), of which periods.

    ``since`` is where the first period begins; None asks of all time. ``as_of`` is where the last
    stops. ``shown`` is where the first period begins of which numbers are wanted: those before it
    are there for the cohorts that reach into it, and what only flows is not read of them.
    """

    agreement: Agreement
    path: Path
    as_of: datetime
    since: datetime | None = None
    shown: datetime | None = None
    frames: tuple[str, ...] = tuple(FRAMES)

    @property
    def flows_since(self) -> datetime | None:
        """From when on what flows, or stands, is counted."""
        return self.since if self.shown is None else self.shown


def read_frames(ledger: Ledger, asked: Question) -> dict[str, pd.DataFrame]:
    """Read the fact frames that are asked for.

    With ``since``: of leads that cannot count from then on a few are among them, and no others.
    Every number of periods from then on is the same.
    """
    frames = _prepared(ledger, asked)
    if asked.since is not None and not _tell_what_had_begun(ledger, frames, asked.since):
        frames = _prepared(ledger, replace(asked, since=None))
    return frames


def _prepared(ledger: Ledger, asked: Question) -> dict[str, pd.DataFrame]:
    return prepare(read_tables(ledger, asked), asked.agreement, frames=asked.frames)


def _tell_what_had_begun(
    ledger: Ledger, frames: Mapping[str, pd.DataFrame], since: datetime
) -> bool:
    """Whether each frame has a fact from before the periods, if the ledger has any.

    Before the first fact a number is missing, from then on it is zero.
    """
    with ledger.read() as connection:
        return all(
            (frames[name][BEGINS[name]] < to_us(since)).any()
            or not had_begun(connection, table, since)
            for name, table in _BEGAN.items()
            if name in frames
        )


def read_tables(ledger: Ledger, asked: Question) -> dict[str, pd.DataFrame]:
    """Read the tables that these fact frames are made of.

    With ``since``, what is about the leads that :func:`read_frames` needs.
    """
    names = tables_for(asked.frames)
    made: dict[str, pd.DataFrame] = {}
    leads: set[str] = set()
    if any(name in _MADE for name in names):
        followed = follow_since(ledger, asked.path, since=asked.flows_since)
        made = {name: _MADE[name](followed) for name in names if name in _MADE}
        leads = {one.tenure.lead_id for one in followed}
    if _RATES in names:
        made[_RATES] = rates_table(AgreementsOverTime(ledger, asked.path).spans())
    with ledger.read() as connection:
        made |= _agreed(connection, ledger, asked, names)
        flows = _concerned(connection, leads, asked.flows_since)
        cohorts = flows if asked.shown is None else _begun(connection, flows, asked.since)
        by_lead = dict.fromkeys(_FLOWING, flows) | {
            "move": cohorts,
            "lead": _and_dealt(connection, cohorts),
        }
        return made | {
            name: read_raw(connection, name, lead_ids=by_lead.get(name))
            for name in names
            if name not in made
        }


def _agreed(
    connection: Connection, ledger: Ledger, asked: Question, names: Iterable[str]
) -> dict[str, pd.DataFrame]:
    wanted = [name for name in names if name in _AGREED]
    if not wanted:
        return {}
    agreement = asked.agreement
    days = read_agreed_days(connection, ledger, agreement, as_of=asked.as_of, since=asked.since)
    return {name: _AGREED[name](connection, days, agreement.timezone) for name in wanted}


def _concerned(connection: Connection, leads: set[str], since: datetime | None) -> list[str] | None:
    """Return the leads that can count, these and the first among them; None of all, or of most."""
    if since is None:
        return None
    found = leads | read_leads_since(connection, since) | read_first_leads(connection, limit=_FIRST)
    found |= read_sent_back_since(connection, since - _LONG)
    return _with_merged(connection, found)


def _with_merged(connection: Connection, found: set[str]) -> list[str] | None:
    merges = read_merges(connection, None)
    roots = {merges.root(lead_id) for lead_id in found}
    found = found | roots | merges.among(roots).into.keys()
    return None if _MOST * len(found) > count_leads(connection) else sorted(found)


def _begun(
    connection: Connection, flows: list[str] | None, since: datetime | None
) -> list[str] | None:
    """Return those leads, and those that came or moved since an instant; None of all, or of most.

    Of what else befell these before the periods shown nothing is asked.
    """
    if flows is None or since is None:
        return None
    return _with_merged(connection, set(flows) | read_begun_since(connection, since))


def _and_dealt(connection: Connection, cohorts: list[str] | None) -> list[str] | None:
    """Return those leads, and those of whom deals are: the deals are read whole."""
    if cohorts is None:
        return None
    return _with_merged(connection, set(cohorts) | read_dealt_leads(connection))


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


_FLOWING = ("handoff", "overtaken", "first_owner", "clock", "touch")
"""The tables of which no cohort is made: of time before the periods shown they are not read.

Whose a lead was at an entry is told by its hand-overs, and no cohort is stored by that.
"""

_BEGAN: Mapping[str, str] = MappingProxyType(
    {
        "leads": "lead",
        "entries": "move",
        "handoffs": "handoff",
        "clocks": "clock",
        "speeds": "handoff",
        "touches": "touch",
        "earnings": "accepted",
    }
)
"""Where a frame's first fact stands, of those that are made of the leads concerned."""

_LONG = timedelta(weeks=Cut.WEEK.span) * LONGEST_COHORT  # how far back who was sent back counts
_FIRST = 20  # facts of each kind, of which one is looked for that a frame has
_MOST = 2  # where more than one in so many leads is concerned, to read all is quicker

_RATES = "rates"
"""What the agreements over time pay."""

_MADE: Mapping[str, Callable[[Made], pd.DataFrame]] = MappingProxyType(
    {"followup": _follow_ups, "attempted": _attempted}
)
"""The tables that follow from the cadence."""

_AGREED: Mapping[str, Callable[[Connection, Sequence[Day], str], pd.DataFrame]] = MappingProxyType(
    {
        "goal": lambda _connection, days, _zone: goals(days),
        "target": lambda _connection, days, zone: targets(days, zone),
        "rep_day": lambda connection, days, _zone: rep_days(connection, days),
    }
)
"""The tables that follow from what was agreed for each day."""
