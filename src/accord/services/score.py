"""The stage that scores: the leads with something new, or all of them.

Gather (who is due, their attributes, their activities), decide (:mod:`accord.scoring`), apply
(scores, their changes, crossings upwards), one transaction a portion of leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.killpoints import reach
from accord.ledger import Ledger
from accord.ledger.score_rows import (
    NEED,
    clear_pending,
    delete_scores,
    read_attributes,
    read_known,
    read_pending,
    read_stored,
    touch_scores,
)
from accord.services.evidence import read_evidence
from accord.services.merges import Merges, read_merges
from accord.services.score_rows import ScoreResult, write_scored
from accord.services.scored import fit_fields, score_with_reasons
from accord.services.spark_scores import score_on_engine
from accord.services.unlike import find_differing, leads_among, with_reasons
from accord.services.workspace import Workspace

__all__ = ["ScoreResult", "apply_scores", "run_score"]

_Begin = Callable[[], AbstractContextManager[Connection]]

PORTION = 20_000
"""Leads a transaction: what fits into memory with ease, and what another writer waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """Whose score is due: leads that stand for themselves, and the merges that concern them."""

    lead_ids: tuple[str, ...]
    news: tuple[str, ...]  # those of them of whom there is something new
    merges: Merges
    up_to: int  # the highest row of pending that was read
    full: bool

    @property
    def is_nobody(self) -> bool:
        return not self.lead_ids and not self.merges.into


def run_score(workspace: Workspace, *, as_of: datetime, full: bool = False) -> ScoreResult:
    """Score the leads that have something new, or all leads if ``full``, as they are at ``as_of``.

    Activities of a merged lead count for the lead it was merged into; a merged lead has no score.
    An activity of a lead that nobody has told us of waits until the lead arrives. A crossing is
    seen where a lead holds a threshold (engaged, target, mql) that its former score did not hold;
    the furthest stands in ``crossed`` until a stage has acted on it. Decay alone crosses nothing
    and takes nothing back: a threshold that a score comes to while a negative kind fades is held
    once something happens. Up to 20,000 leads are one transaction, more are several; killed
    anywhere, the next run goes on. A score that a full run finds as it was, of a lead without news,
    is not written again: its ``scored_at`` alone moves.
    """
    return _run(workspace, None, as_of=as_of, full=full, at_once=False)


def apply_scores(workspace: Workspace, agreement: Agreement, *, as_of: datetime) -> ScoreResult:
    """Score all leads under an agreement in one transaction: all of the scores or none.

    Whether the agreement may be applied is the caller's to ask.
    """
    return _run(workspace, agreement, as_of=as_of, full=True, at_once=True)


def _run(
    workspace: Workspace,
    agreement: Agreement | None,
    *,
    as_of: datetime,
    full: bool,
    at_once: bool,
) -> ScoreResult:
    with workspace.ledger.lease("score"):
        with workspace.ledger.read() as connection:
            due = _read_due(connection, full=full)
        if due.is_nobody:
            return ScoreResult(scored=0, changed=0, crossed=0)
        terms = agreement or workspace.agreement(as_of)
        with _transactions(workspace.ledger, at_once=at_once) as begin:
            written = _score(workspace, due, terms, as_of=as_of, begin=begin)
            return _total(written, looked_at=len(due.lead_ids))


def _read_due(connection: Connection, *, full: bool) -> _Due:
    """Read who is due; a merged lead's work is its root's."""
    waiting, up_to = read_pending(connection, NEED)
    merges = read_merges(connection, None if full else waiting)
    wanted = read_known(connection, None) if full else waiting
    roots = {merges.root(lead_id) for lead_id in wanted}
    known = tuple(one for one in wanted if one in roots) if full else read_known(connection, roots)
    told = {merges.root(lead_id) for lead_id in waiting}
    news = tuple(one for one in known if one in told)
    return _Due(lead_ids=known, news=news, merges=merges, up_to=up_to, full=full)


def _score(
    workspace: Workspace, due: _Due, agreement: Agreement, *, as_of: datetime, begin: _Begin
) -> Iterator[ScoreResult]:
    """Write portion by portion what was found; the work is done with the last one."""
    portions = _score_all if due.full else _score_news
    found = portions(workspace, due, agreement, as_of=as_of)
    news = pa.array(due.news, pa.string())
    for scored, is_last in _with_last(found):
        reach("score.before_write")
        with begin() as connection:
            written = write_scored(
                connection, scored, news=news, version=agreement.version, as_of=as_of
            )
            if is_last:
                _finish(connection, due, as_of=as_of)
            reach("score.before_commit")
        yield written


def _score_news(
    workspace: Workspace, due: _Due, agreement: Agreement, *, as_of: datetime
) -> Iterator[pa.Table]:
    """Yield the leads with something new, scored, in portions; at least one."""
    for portion in _portions(due.lead_ids):
        merges = due.merges.among(portion)
        evidence = read_evidence(workspace.log, portion, merges, agreement, as_of=as_of)
        with workspace.ledger.read() as connection:
            leads = read_attributes(connection, portion, fit_fields(agreement))
        yield score_with_reasons(leads, evidence, agreement, as_of=as_of)


def _score_all(
    workspace: Workspace, due: _Due, agreement: Agreement, *, as_of: datetime
) -> Iterator[pa.Table]:
    """Yield the leads with something new or another score than is stored; at least one portion."""
    evidence = read_evidence(workspace.log, None, due.merges, agreement, as_of=as_of)
    if len(due.lead_ids) <= PORTION:  # memory has less overhead than the engine
        evidence = evidence.to_arrow_table()
    with workspace.ledger.read() as connection:
        leads = leads_among(read_attributes(connection, None, fit_fields(agreement)), due.lead_ids)
        stored = read_stored(connection)
    found = score_on_engine(
        workspace, leads, evidence, merges=due.merges, agreement=agreement, as_of=as_of
    )
    changed = find_differing(found, stored, version=agreement.version, news=due.news)
    yield from with_reasons(changed, leads, evidence, agreement, as_of=as_of, at_once=PORTION)


def _finish(connection: Connection, due: _Due, *, as_of: datetime) -> None:
    """Delete the scores of those who no longer stand for themselves, and the work that is done."""
    delete_scores(connection, due.merges.into)
    if due.full:
        touch_scores(connection, as_of)
    clear_pending(connection, NEED, up_to=due.up_to)


def _portions(lead_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, max(len(lead_ids), 1), PORTION):
        yield lead_ids[start : start + PORTION]


def _with_last(portions: Iterator[pa.Table]) -> Iterator[tuple[pa.Table, bool]]:
    """Yield each portion and whether it is the last."""
    before = next(portions)
    for portion in portions:
        yield before, False
        before = portion
    yield before, True


@contextmanager
def _transactions(ledger: Ledger, *, at_once: bool) -> Iterator[_Begin]:
    """Give what begins a transaction a portion, or the one transaction of all portions.

    That one begins with the first portion: nobody need wait while the scores are computed.
    """
    if not at_once:
        yield ledger.begin
        return
    with ExitStack() as until_the_end:
        begun: list[Connection] = []

        def begin() -> AbstractContextManager[Connection]:
            if not begun:
                begun.append(until_the_end.enter_context(ledger.begin(large=True)))
            return nullcontext(begun[0])

        yield begin


def _total(results: Iterable[ScoreResult], *, looked_at: int) -> ScoreResult:
    """Add up; a full run looked at all leads, whatever it wrote."""
    counted = list(results)
    return ScoreResult(
        scored=looked_at,
        changed=sum(one.changed for one in counted),
        crossed=sum(one.crossed for one in counted),
    )
