"""Which leads are handed over now: entries into mql, wakes, and those converted to sql.

Each decision appends its moves to the history and gives the row that waits in the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement, Requalify
from accord.ledger.approval_rows import APPROVAL
from accord.ledger.fact_rows import clear_crossings, read_absorbed
from accord.ledger.handoff_rows import read_handoff_ids, read_origins, read_scores
from accord.ledger.stage_rows import Moves, append_changes, move_of, place_of, read_moves
from accord.lifecycle import Entry, LeadState, StageChange, enter
from accord.log import ActivityLog
from accord.records import HandoffStage, Origin, Stage, from_us, to_us
from accord.services.handoff_keys import free_handoff_id
from accord.services.lifecycle import read_states
from accord.services.workspace import Workspace

_BEFORE = (None, Stage.NEW_NAME, Stage.ENGAGED, Stage.TARGET)
_NO_SCORE: Mapping[str, Any] = {"fit": None, "engagement": None, "intent": None, "qualifies": ()}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """Hand-offs decided in this run: rows of the queue, and what was entered for them.

    ``histories`` are those of leads of which all moves are known, these included.
    """

    rows: tuple[Row, ...] = ()
    entered: Mapping[str, Moves] = field(default_factory=dict)
    histories: Mapping[str, Moves] = field(default_factory=dict)

    @classmethod
    def of(cls, *parts: New) -> New:
        """Join several, of different leads."""
        return cls(
            rows=tuple(row for part in parts for row in part.rows),
            histories={key: one for part in parts for key, one in part.histories.items()},
        )

    def after(self, moves: Mapping[str, Moves]) -> New:
        """Return these with the histories of the leads whose moves before are given."""
        known = self.entered.keys() & moves.keys()
        histories = {key: [*moves[key], *self.entered[key]] for key in known}
        return New(rows=self.rows, entered=self.entered, histories=histories)

    def queued(self, *, waits_for_approval: bool) -> New:
        """Return these as they enter the queue: those that are not hot may wait for approval."""
        rows = tuple(
            {**row, "waits_for": APPROVAL if waits_for_approval and not row["hot"] else None}
            for row in self.rows
        )
        return New(rows=rows, histories=self.histories)


def decide_entries(
    connection: Connection,
    workspace: Workspace,
    agreement: Agreement,
    crossed: Sequence[Row],
    nurtured: Sequence[Row],
    *,
    as_of: datetime,
) -> New:
    """Enter into mql who crossed the threshold, and who may come again after a return.

    Crossings are thereby acted on, whatever came of them: a lead that sales has in hand, or that is
    deferred, disqualified or a customer, is never entered by its score.
    """
    seen = {row["lead_id"]: row["scored_at"] for row in (*crossed, *nurtured)}
    early = sorted(row["lead_id"] for row in crossed if row["current_stage"] in _BEFORE)
    moves = read_moves(connection, early)
    states = {
        **read_states(connection, sorted(seen.keys() - set(early))),
        **{lead_id: place_of(moves.get(lead_id, ())) for lead_id in early},
    }
    fresh = {lead_id for lead_id, state in states.items() if state.stage in _BEFORE}
    fresh |= {lead_id for lead_id in _crossed_ids(crossed) if _is_new_to_sales(states[lead_id])}
    back = {
        lead_id: state
        for lead_id, state in states.items()
        if state.stage is Stage.NURTURE and state.returned_at is not None
    }
    again = may_come_again(connection, workspace.log, agreement, back, scored_at=seen)
    chosen = {lead_id: states[lead_id] for lead_id in sorted(fresh | again)}
    clear_crossings(connection, sorted(_crossed_ids(crossed)))
    entered = _enter_mql(connection, agreement, chosen, cause="score", as_of=as_of)
    return entered.after(moves)


def _crossed_ids(crossed: Iterable[Row]) -> set[str]:
    return {row["lead_id"] for row in crossed}


def _is_new_to_sales(state: LeadState) -> bool:
    """Whether a lead in nurture was never sent back: a crossing is all it needs."""
    return state.stage is Stage.NURTURE and state.returned_at is None


def decide_wakes(
    connection: Connection, agreement: Agreement, lead_ids: Sequence[str], *, as_of: datetime
) -> New:
    """Wake deferred leads whose date has come: a new cycle at mql."""
    states = read_states(connection, lead_ids)
    due = {
        lead_id: state
        for lead_id, state in states.items()
        if state.stage is Stage.DEFERRED and state.until is not None and state.until <= as_of
    }
    return _enter_mql(connection, agreement, due, cause="wake", as_of=as_of)


def decide_sql(connection: Connection, agreement: Agreement, lead_ids: Sequence[str]) -> New:
    """Ask for an executive for leads at sql, queued since they entered it."""
    states = read_states(connection, lead_ids)
    queued = {
        lead_id: (state.cycle, state.since)
        for lead_id, state in states.items()
        if state.stage is Stage.SQL and state.since is not None
    }
    return _queue_rows(connection, agreement, queued, stage=HandoffStage.SQL)


def _enter_mql(
    connection: Connection,
    agreement: Agreement,
    states: Mapping[str, LeadState],
    *,
    cause: str,
    as_of: datetime,
) -> New:
    entry = Entry(
        stage=Stage.MQL,
        at=as_of,
        cause=cause,
        origin=Origin.DECIDED,
        version=agreement.version,
    )
    moves: list[StageChange] = []
    entered: dict[str, Moves] = {}
    queued: dict[str, tuple[int, datetime]] = {}
    for lead_id, state in states.items():
        steps = enter(state, entry, lead_id=lead_id)
        moves.extend(steps)
        entered[lead_id] = [move_of(step) for step in steps]
        queued[lead_id] = (steps[-1].cycle, as_of)
    append_changes(connection, moves, known_at=as_of, newest=True)
    new = _queue_rows(connection, agreement, queued, stage=HandoffStage.MQL)
    return New(rows=new.rows, entered=entered)


def _queue_rows(
    connection: Connection,
    agreement: Agreement,
    queued: Mapping[str, tuple[int, datetime]],
    *,
    stage: HandoffStage,
) -> New:
    lead_ids = sorted(queued)
    scores = read_scores(connection, lead_ids)
    used = read_handoff_ids(connection, [one for one in lead_ids if queued[one][0] > 1])
    rows = []
    for lead in read_origins(connection, lead_ids):
        cycle, since = queued[lead["lead_id"]]
        score = scores.get(lead["lead_id"], _NO_SCORE)
        rows.append(
            {
                "handoff_id": free_handoff_id(lead["lead_id"], cycle, stage, used=used),
                "lead_id": lead["lead_id"],
                "cycle": cycle,
                "stage": stage.value,
                "origin": Origin.DECIDED.value,
                "segment": lead["segment"],
                "channel": lead["channel"],
                "campaign": lead["campaign"],
                "hot": "hot" in score["qualifies"],
                "qualifies": score["qualifies"],
                "forced": False,
                "kept": False,
                "queued_at": since,
                "fit": score["fit"],
                "engagement": score["engagement"],
                "intent": score["intent"],
                "version": agreement.version,
            }
        )
    return New(rows=tuple(sorted(rows, key=lambda row: row["lead_id"])))


def may_come_again(
    connection: Connection,
    log: ActivityLog,
    agreement: Agreement,
    back: Mapping[str, LeadState],
    *,
    scored_at: Mapping[str, datetime],
) -> set[str]:
    """Return the leads that sales sent back and that may come again, as their scoring saw it.

    Wall-clock time since the last return is at least ``after`` and, where asked for, an activity
    with points above zero came later than the return.
    """
    terms = agreement.qualification.requalify
    rested = {
        lead_id: state.returned_at
        for lead_id, state in back.items()
        if state.returned_at is not None and is_rested(terms, state.returned_at, scored_at[lead_id])
    }
    if not rested or not terms.fresh_activity:
        return set(rested)
    latest = _latest_activity(connection, log, agreement, rested, scored_at=scored_at)
    return {lead_id for lead_id, at in latest.items() if at > rested[lead_id]}


def is_rested(terms: Requalify, returned_at: datetime, scored_at: datetime) -> bool:
    """Say whether enough wall-clock time has passed since a return; at exactly ``after`` it has."""
    rest: timedelta = terms.after.delta
    return scored_at - returned_at >= rest


def _latest_activity(
    connection: Connection,
    log: ActivityLog,
    agreement: Agreement,
    rested: Mapping[str, datetime],
    *,
    scored_at: Mapping[str, datetime],
) -> dict[str, datetime]:
    """Return each lead's latest activity with points, no later than its scoring."""
    absorbed = read_absorbed(connection, sorted(rested))
    activities = log.read(
        lead_ids=[*sorted(rested), *sorted(absorbed)],
        kinds=positive_kinds(agreement),
        from_us=to_us(min(rested.values())),
        until_us=to_us(max(scored_at[lead_id] for lead_id in rested)),
    )
    latest: dict[str, datetime] = {}
    for lead_id, occurred_us in activities.project("lead_id, occurred_us").fetchall():
        survivor = absorbed.get(lead_id, lead_id)
        at = from_us(occurred_us)
        if at <= scored_at[survivor] and at > latest.get(survivor, rested[survivor]):
            latest[survivor] = at
    return latest


def positive_kinds(agreement: Agreement) -> list[str]:
    """Return the kinds of activity that give points above zero."""
    scores = (agreement.scoring.engagement, agreement.scoring.intent)
    return sorted(
        kind for score in scores for kind, terms in score.activities.items() if terms.points > 0
    )
