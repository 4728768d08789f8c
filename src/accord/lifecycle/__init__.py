"""Stages, transitions, who owns each, and folds of history. Pure: facts in, moves out."""

from accord.lifecycle.derive import Ending, History, derive, differences, endings
from accord.lifecycle.model import (
    Fact,
    FactKind,
    LeadState,
    ObservedHandoff,
    StageChange,
    fold,
    is_return,
)
from accord.lifecycle.transitions import Entry, enter, moves_of

__all__ = [
    "Ending",
    "Entry",
    "Fact",
    "FactKind",
    "History",
    "LeadState",
    "ObservedHandoff",
    "StageChange",
    "derive",
    "differences",
    "endings",
    "enter",
    "fold",
    "is_return",
    "moves_of",
]
