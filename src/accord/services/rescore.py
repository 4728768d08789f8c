"""Rescoring on demand: what another agreement would change, before anybody signs it.

Gather (leads, evidence, ends, as they are known), decide (:mod:`accord.scoring`), compare. Nothing
is written unless asked, not even that an agreement was seen; only scores under the agreement in
force may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accord.agreement import Agreement, load
from accord.evaluation import Comparison, Evaluation, Week
from accord.ledger.outcome_rows import read_ends
from accord.ledger.routing_rows import read_active_reps
from accord.metrics import Period, parse_week
from accord.records import to_us
from accord.services.agreements import agreement_then
from accord.services.evidence import read_each
from accord.services.replay import Then, read_then
from accord.services.rescore_apply import check_applicable
from accord.services.rescore_compare import Pair
from accord.services.rescore_leads import Asked, read_asked
from accord.services.rescore_moments import Trial
from accord.services.rescore_past import Ends, evaluate_past, find_ends
from accord.services.rescore_weeks import count_handoffs, weekly_capacity, weeks_before
from accord.services.score import apply_scores
from accord.services.workspace import Workspace


def run_rescore(
    workspace: Workspace,
    *,
    as_of: datetime,
    candidate: Path | Agreement | None = None,
    segments: Sequence[str] = (),
    lead_ids: Sequence[str] | None = None,
    apply: bool = False,
) -> Comparison:
    """Score leads as of an instant under a candidate and under the agreement in force, and compare.

    In force is what was so at ``as_of`` as was known then, as in a replay. Leads that have bought
    or were disqualified are not counted among those who move: nobody hands them over again. Without
    a candidate both are the agreement in force. ``segments`` (of the agreement in force, by the
    attributes known then) and ``lead_ids`` limit what is compared; an unknown one is an
    InputError, and a candidate with faults an AgreementError with all of them. ``apply`` stores the
    scores of all leads in one transaction; InputError unless the agreement is in force and signed
    by both sides.
    """
    in_force = _read_in_force(workspace, as_of=as_of, apply=apply)
    proposed = load(candidate) if isinstance(candidate, Path) else candidate or in_force
    asked = Asked.of(in_force, segments=segments, lead_ids=lead_ids)
    if apply:
        check_applicable(workspace, proposed, as_of=as_of, is_limited=asked.is_limited)
    found = _compare(workspace, in_force, proposed, asked, as_of=as_of)
    if not apply:
        return found
    return replace(found, stored=apply_scores(workspace, in_force, as_of=as_of).changed)


def _read_in_force(workspace: Workspace, *, as_of: datetime, apply: bool) -> Agreement:
    """Read it as a replay does; what is applied is the file as it is, which is registered."""
    if apply:
        return workspace.agreement(as_of)
    path = workspace.settings.agreement
    return agreement_then(workspace.ledger, path, as_of=as_of, known_at=as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """What both agreements are asked about the past: of which leads, which weeks, which ends."""

    leads: pa.Table
    weeks: tuple[Period, ...]
    ends: Ends

    def handoffs(self, trial: Trial) -> tuple[int, ...]:
        return count_handoffs(trial, self.weeks, leads=self.leads, settled=self.ends.settled)

    def evaluation(self, trial: Trial) -> Evaluation:
        return evaluate_past(trial, self.ends.past, leads=self.leads)

    @property
    def tells(self) -> bool:
        """Whether there are both winners and others to tell apart."""
        won = self.ends.past["won"]
        return bool(pc.any(won).as_py()) and not pc.all(won).as_py()


def _compare(
    workspace: Workspace,
    in_force: Agreement,
    proposed: Agreement,
    asked: Asked,
    *,
    as_of: datetime,
) -> Comparison:
    now = _try_out(workspace, in_force, asked, as_of=as_of)
    is_other = proposed.fingerprint != in_force.fingerprint
    then = _try_out(workspace, proposed, asked, as_of=as_of) if is_other else now
    leads = read_asked(workspace, now.then, asked)
    pair = Pair.of(leads, now=now.scores, then=then.scores)
    back = _read_back(workspace, now.then, pair.leads)
    movable = pair.without(back.ends.settled["lead_id"])
    mql_now, mql_then = movable.mql()
    return Comparison(
        as_of=as_of,
        version_now=in_force.version,
        version_then=proposed.version,
        segments_asked=asked.segments,
        leads_asked=None if asked.lead_ids is None else len(asked.lead_ids),
        leads=pair.leads.num_rows,
        changed=pair.changed(),
        settled=pair.leads.num_rows - movable.leads.num_rows,
        mql_now=mql_now,
        mql_then=mql_then,
        gained=movable.gained(),
        lost=movable.lost(),
        by_segment=movable.groups("segment", order=[one.name for one in in_force.segments]),
        by_channel=movable.groups("channel"),
        weeks=_weeks(back, _read_reps(workspace, back, asked), now=now, then=then),
        spreads=pair.spreads(),
        past=_past(back, now=now, then=then),
    )


def _try_out(workspace: Workspace, agreement: Agreement, asked: Asked, *, as_of: datetime) -> Trial:
    then = read_then(workspace, as_of=as_of, agreement=agreement, lead_ids=asked.lead_ids)
    rows = read_each(workspace.log, then.merges, agreement, as_of=as_of, known_at=then.known_at)
    connection = workspace.log.connection
    return Trial(then=then, scores=then.table(), rows=rows, connection=connection)


def _read_back(workspace: Workspace, then: Then, leads: pa.Table) -> _Back:
    connection = workspace.log.connection
    with workspace.ledger.read() as ledger:
        stated = read_ends(ledger, known_at=then.known_at)
    ends = find_ends(stated, then.merges, connection=connection, as_of_us=to_us(then.as_of))
    return _Back(
        leads=leads,
        weeks=weeks_before(then.as_of, then.agreement.timezone),
        ends=ends.among(leads["lead_id"]),
    )


def _read_reps(workspace: Workspace, back: _Back, asked: Asked) -> list[dict[str, Any]]:
    """Read who could take the weeks' hand-offs; nobody is set against those of some leads only."""
    if asked.is_limited:
        return []
    with workspace.ledger.read() as connection:
        return read_active_reps(connection, as_of=back.weeks[0].start)


def _weeks(
    back: _Back, reps: Sequence[Mapping[str, Any]], *, now: Trial, then: Trial
) -> tuple[Week, ...]:
    counted = back.handoffs(now)
    proposed = counted if then is now else back.handoffs(then)
    return tuple(
        Week(
            week=week.label,
            starts_on=parse_week(week.label),
            now=mine,
            then=other,
            capacity_now=weekly_capacity(reps, now.then.agreement, week),
            capacity_then=weekly_capacity(reps, then.then.agreement, week),
        )
        for week, mine, other in zip(back.weeks, counted, proposed, strict=True)
    )


def _past(back: _Back, *, now: Trial, then: Trial) -> Mapping[str, Evaluation]:
    if not back.tells:
        return {}
    evaluated = back.evaluation(now)
    return {"now": evaluated, "then": evaluated if then is now else back.evaluation(then)}
