"""Rescoring on demand: who would become or cease to be an MQL under an agreement.

Nothing is stored unless asked; only scores under the agreement in force may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from accord.agreement import Agreement, load
from accord.errors import InputError
from accord.ledger.fact_rows import read_leads
from accord.ledger.score_rows import read_known
from accord.services.score import run_score
from accord.services.scored import Scored, read_merges, read_rollup, score_leads
from accord.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoreResult:
    """Counts of leads: scored, with other numbers, over the mql threshold now and then.

    ``gained`` would become, ``lost`` would cease to be over the threshold; ``by_segment`` are lines
    of segment, gained and lost.
    """

    leads: int
    changed: int
    mql_now: int
    mql_then: int
    gained: int
    lost: int
    stored: int
    by_segment: tuple[Mapping[str, object], ...]


def run_rescore(
    workspace: Workspace, *, as_of: datetime, candidate: Path | None = None, apply: bool = False
) -> RescoreResult:
    """Score all leads as of an instant under a candidate and under the agreement in force.

    Without a candidate both are the agreement in force. ``apply`` stores the scores; InputError if
    a candidate is given with it: a candidate is signed and put in force first.
    """
    if apply and candidate is not None:
        raise InputError(
            where="--apply",
            found=f"{candidate} is a candidate",
            remedy="have both sides sign it as the agreement, then rescore without a candidate",
        )
    in_force = workspace.agreement(as_of)
    proposed = in_force if candidate is None else load(candidate)
    now = _score_all(workspace, in_force, as_of=as_of)
    then = now if proposed is in_force else _score_all(workspace, proposed, as_of=as_of)
    stored = run_score(workspace, as_of=as_of, full=True).scored if apply else 0
    return _compare(workspace, now, then, stored=stored)


def _score_all(workspace: Workspace, agreement: Agreement, *, as_of: datetime) -> list[Scored]:
    with workspace.ledger.read() as connection:
        merges = read_merges(connection, None)
        lead_ids = [one for one in read_known(connection, None) if merges.root(one) == one]
        rollup = read_rollup(workspace.log, None, merges, agreement, as_of=as_of)
        return score_leads(connection, lead_ids, rollup, agreement, as_of=as_of)


def _compare(
    workspace: Workspace, now: Sequence[Scored], then: Sequence[Scored], *, stored: int
) -> RescoreResult:
    over_now, over_then = _over(now), _over(then)
    gained, lost = over_then - over_now, over_now - over_then
    numbers = {one.lead_id: (one.fit, one.engagement, one.intent) for one in now}
    changed = [one for one in then if numbers[one.lead_id] != (one.fit, one.engagement, one.intent)]
    return RescoreResult(
        leads=len(then),
        changed=len(changed),
        mql_now=len(over_now),
        mql_then=len(over_then),
        gained=len(gained),
        lost=len(lost),
        stored=stored,
        by_segment=_by_segment(workspace, gained, lost),
    )


def _over(scored: Sequence[Scored]) -> set[str]:
    return {one.lead_id for one in scored if "mql" in one.qualifies}


def _by_segment(
    workspace: Workspace, gained: set[str], lost: set[str]
) -> tuple[Mapping[str, object], ...]:
    with workspace.ledger.read() as connection:
        leads = read_leads(connection, sorted(gained | lost))
    segments = {row["lead_id"]: row["segment"] for row in leads}
    more = Counter(segments[lead_id] for lead_id in gained)
    fewer = Counter(segments[lead_id] for lead_id in lost)
    return tuple(
        {"segment": name, "gained": more[name], "lost": fewer[name]}
        for name in sorted({*more, *fewer})
    )
