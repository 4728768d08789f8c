"""Who answers for a move: marketing up to mql and out of nurture, sales for those after."""

from __future__ import annotations

from accord.lifecycle.model import StageChange
from accord.records import FUNNEL, Programme, Side, Stage

_MARKETINGS = FUNNEL[: FUNNEL.index(Stage.MQL) + 1]


def owner_of_move(change: StageChange) -> Side:
    """Return the side of the agreement that answers for a move.

    Marketing: every entry up to mql, all that leaves nurture, and the programme for new prospects.
    Sales: every entry after mql, what it sets aside, and the wake of a lead that it put on hold.
    A stage that was skipped belongs to whoever would have moved the lead there.
    """
    if change.from_stage is Stage.DEFERRED:
        return Side.SALES
    if change.from_stage is Stage.NURTURE or change.to_stage in _MARKETINGS:
        return Side.MARKETING
    new = change.to_stage is Stage.NURTURE and change.programme is Programme.NEW
    return Side.MARKETING if new else Side.SALES
