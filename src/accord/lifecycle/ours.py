"""What our own decisions do where the facts known by now say something else than was known then.

A decision of ours is a fact: it was made, and a rep may have been told. Entries that only our own
scoring speaks of (engaged, target, a programme) give way to what sources say; an entry into mql
stands, has its cycle, and is put back at once where it would not be made today.
"""

from __future__ import annotations

from accord.lifecycle.model import Fact, LeadState
from accord.records import FUNNEL, Stage

WAKE = "wake"
"""The cause of an entry into mql that a deferral asked for."""

_MERGE = "merge:"
_EARLY = (None, Stage.NEW_NAME, Stage.ENGAGED, Stage.TARGET)
_OPEN_TO_MARKETING = (*_EARLY, Stage.NURTURE, Stage.LOST)


def entered_by_us(state: LeadState, fact: Fact) -> Stage | None:
    """Return the stage that a decision of ours enters, None where it changes nothing.

    mql always; engaged and target only forward on the main path; a programme only from before mql,
    unless the lead stood aside because it was merged.
    """
    if fact.stage in (Stage.ENGAGED, Stage.TARGET):
        forward = state.stage in _EARLY and state.rank < FUNNEL.index(fact.stage)
        return fact.stage if forward else None
    if fact.stage is Stage.NURTURE and not fact.cause.startswith(_MERGE):
        return fact.stage if state.stage in _EARLY else None
    return None if fact.stage is state.stage is Stage.NURTURE else fact.stage


def would_decide(state: LeadState, fact: Fact) -> bool:
    """Whether an entry of ours into mql would be made by what is known of that time today.

    A wake presumes a deferral whose date has come; all else that sales neither has the lead in
    hand nor is through with it. Entries into other stages are never put back.
    """
    if fact.stage is not Stage.MQL:
        return True
    if fact.cause == WAKE:
        return state.stage is Stage.DEFERRED and state.until is not None and state.until <= fact.at
    return state.stage in _OPEN_TO_MARKETING
